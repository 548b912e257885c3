"""Which sections each kind of letter has, in their order, and those that are made for the case."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from second_opinion.cases.notices import NoticeKind, RideChange
from second_opinion.letters.blocks import Block, Facts, Heading, Statement
from second_opinion.letters.page import Page, listed, told
from second_opinion.letters.texts import GENERIC

_REDRESS = (  # H&S 1367.01(h)(4), 1368.02(b), 1374.30(i); 42 CFR 438.404(b)
    "copies",
    "expert",
    "terminal",
    "appeal",
    "expedited",
    "continuing",
    "grievance",
    "hearing",
    "imr",
    "statement",
    "ombudsman",
    "help",
)
_SECTIONS: Mapping[NoticeKind, tuple[str, ...]] = MappingProxyType(
    {
        NoticeKind.DENIAL: ("reason", "rule", "considered", *_REDRESS),
        NoticeKind.MODIFICATION: ("approved", "reason", "rule", "considered", *_REDRESS),
        NoticeKind.DELAY: ("missing", "explanation", "grieve-delay", "copies", "statement", "ombudsman", "help"),
        NoticeKind.APPROVAL: ("granted", "explanation", "choices", "eligibility", "next", "help"),
        NoticeKind.INFORMATION: ("questions", "help"),
        NoticeKind.WITHDRAWAL: ("ask-again", "help"),
        NoticeKind.URGENCY_CHANGED: ("explanation", "grieve-urgency", "statement", "ombudsman", "help"),
        NoticeKind.RIDE_CHANGED: ("ride-change", "ride-next", "grieve-ride", "statement", "ombudsman", "help"),
    }
)


_ASKED_BEFORE = frozenset({"appeal", "expedited", "continuing"})  # once an appeal is answered, there is no other


def sections(page: Page) -> Iterator[Block]:
    """All sections of the letter; one the case gives no cause for is left out."""
    answers_appeal = page.letter.answers_appeal
    if answers_appeal:
        yield from page.section("appeal-answer" if page.letter.kind.is_adverse else "appeal-granted")
    for name in _SECTIONS[page.letter.kind]:
        if not (answers_appeal and name in _ASKED_BEFORE):
            yield from _MADE[name](page) if name in _MADE else page.section(name)


def _reason(page: Page) -> Iterator[Block]:
    decision = page.letter.decision
    assert decision is not None  # noqa: S101 - a letter of this kind has one
    if decision.expired:
        yield from page.section("expired-reason")
        return
    coded = (told(page.wording.reasons[code]) for code in decision.reasons)
    yield from page.section("reason", *page.rationale(), *coded)


def _rule(page: Page) -> Iterator[Block]:
    decision = page.letter.decision
    assert decision is not None  # noqa: S101 - a letter of this kind has one
    if decision.expired:
        yield from page.section("expired-rule")
        return
    words = page.wording.clauses
    cited = [words.get(clause, words[GENERIC]).format(clause=clause) for clause in decision.clauses]
    yield from page.section("rule", listed(cited))


def _considered(page: Page) -> Iterator[Block]:
    offered = page.letter.decision.offered if page.letter.decision else ()
    if offered:
        yield from page.section("considered", page.doctors(offered))
    else:
        yield from page.section("none-considered")


def _approved(page: Page) -> Iterator[Block]:
    grant, labels = page.letter.grant, page.wording.labels
    assert grant is not None  # noqa: S101 - a modification has one
    assert grant.doctor is not None  # noqa: S101 - and names the doctor
    rows = [(labels["visits"], (grant.visits,))] if grant.visits else []
    yield from page.section("approved", page.doctors((grant.doctor,)), *([Facts(tuple(rows))] if rows else []))


def _granted(page: Page) -> Iterator[Block]:
    return page.section("granted") if page.letter.grant else iter(())


def _choices(page: Page) -> Iterator[Block]:
    return page.section("choices", page.doctors(page.letter.choices)) if page.letter.choices else iter(())


def _eligibility(page: Page) -> Iterator[Block]:
    return page.section("eligibility") if page.letter.depends_on_eligibility else iter(())


def _explanation(page: Page) -> Iterator[Block]:
    """Why, where there is something to say: the lawful ground of a delay, a reason's sentence, the reviewer's words."""
    letter, said = page.letter, list(page.rationale())
    coded = [told(page.wording.reasons[code]) for code in (letter.decision.reasons if letter.decision else ())]
    if letter.extension:
        said.insert(0, told(page.wording.justifications[letter.extension.justification]))
        coded = []
    return page.section("explanation", *said, *coded) if said or coded else iter(())


def _missing(page: Page) -> Iterator[Block]:
    assert page.letter.extension is not None  # noqa: S101 - a delay has one
    return page.section("missing", listed(page.letter.extension.missing))


def _questions(page: Page) -> Iterator[Block]:
    assert page.letter.asked is not None  # noqa: S101 - a letter of this kind has one
    asked = [page.wording.questions.get(fact, words) for fact, words in page.letter.asked.questions]
    return page.section("questions", listed(dict.fromkeys(asked)))


def _ride_change(page: Page) -> Iterator[Block]:
    assert page.letter.ride is not None  # noqa: S101 - a letter of this kind has one
    return page.section(f"ride-{page.letter.ride.change}")


def _ride_next(page: Page) -> Iterator[Block]:
    """What a person of the plan's does now; a moved appointment gives her nothing to do."""
    assert page.letter.ride is not None  # noqa: S101 - a letter of this kind has one
    return iter(()) if page.letter.ride.change is RideChange.OTHER_TIME else page.section("ride-next")


def _hearing(page: Page) -> Iterator[Block]:
    """The right with the contact block of the state's own form."""
    head, labels = page.letterhead, page.wording.labels
    rows = (
        (labels["call"], (f"{head.hearing_phone} (TDD {head.hearing_tdd})",)),
        (labels["write_to"], head.hearing_address),
        (labels["fax"], (head.hearing_fax,)),
    )
    return page.section("hearing", Facts(rows))


def _statement(page: Page) -> Iterator[Block]:
    text = page.wording.sections["statement"]
    yield Heading(text.heading)
    yield Statement(page.runs(text.text[0]))


_MADE: Mapping[str, Callable[[Page], Iterator[Block]]] = MappingProxyType(
    {
        "reason": _reason,
        "rule": _rule,
        "considered": _considered,
        "approved": _approved,
        "granted": _granted,
        "choices": _choices,
        "eligibility": _eligibility,
        "explanation": _explanation,
        "missing": _missing,
        "questions": _questions,
        "ride-change": _ride_change,
        "ride-next": _ride_next,
        "hearing": _hearing,
        "statement": _statement,
    }
)
