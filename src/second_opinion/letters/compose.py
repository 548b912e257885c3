"""A letter put into words: the content, the plan's wording and letterhead become one document."""

from collections.abc import Iterator, Mapping
from datetime import date

from second_opinion.cases.notices import ENCLOSURES, Addressee, NoticeKind
from second_opinion.letters.blocks import Block, Document, Facts, Paragraph, Run
from second_opinion.letters.letter import Letter, Party, RideTold
from second_opinion.letters.letterhead import Letterhead
from second_opinion.letters.page import Page
from second_opinion.letters.sections import sections
from second_opinion.letters.texts import EXPIRED, OTHER_RIDE, WITHOUT_AUTHORIZATION
from second_opinion.letters.wording import Wording


def compose(letter: Letter, wording: Wording, letterhead: Letterhead) -> Document:
    """The letter as a document in the wording's language."""
    page, labels = Page(letter, wording, letterhead, _values(letter, wording, letterhead)), wording.labels
    mailed = wording.day(letter.mailed_on) if letter.mailed_on else labels["not_mailed"]
    to_provider = letter.addressee is Addressee.PROVIDER
    names = tuple(wording.enclosures[name] for name in ENCLOSURES) if letter.kind.is_adverse else ()
    return Document(
        language=wording.language,
        title=wording.titles[_title(letter)],
        kicker=labels["notice_of_action"] if letter.kind.is_adverse else None,
        plan=letterhead.name,
        plan_lines=(*letterhead.address, f"{letterhead.phone} (TTY {letterhead.tty})", letterhead.website),
        to=(letter.to.name, *letter.to.address),
        dated=(labels["date_mailed"], mailed),
        copy_note=labels["provider_copy"] if to_provider else None,
        facts=_facts(page),
        blocks=tuple(_body(page)),
        signature=_signature(page),
        enclosed=(labels["enclosed"], names) if names else None,
        page=labels["page"],
        footer=f"{labels['case']} {letter.case_number}",
    )


def _title(letter: Letter) -> str:
    if letter.kind is NoticeKind.APPROVAL and letter.grant is None:
        return WITHOUT_AUTHORIZATION
    return letter.kind


def _opening(letter: Letter) -> str:
    return (
        EXPIRED if letter.kind is NoticeKind.DENIAL and letter.decision and letter.decision.expired else _title(letter)
    )


def _body(page: Page) -> Iterator[Block]:
    letter = page.letter
    yield Paragraph((Run(page.wording.labels["dear"].format(name=letter.to.name)),))
    yield from page.texts(page.wording.openings[letter.addressee][_opening(letter)])
    if letter.addressee is Addressee.PROVIDER:
        if letter.decider is not None:
            yield from page.section("decider", _decider(page))
        yield from page.section("member-text")
    yield from sections(page)


def _decider(page: Page) -> Facts:
    """H&S 1367.01(h)(4): the name and the direct number of who decided, on the provider's copy alone."""
    decider, labels = page.letter.decider, page.wording.labels
    assert decider is not None  # noqa: S101 - only then is there such a section
    return Facts(((labels["decided_by"], (decider.name,)), (labels["direct_phone"], (decider.phone,))))


def _facts(page: Page) -> Facts:
    letter, labels = page.letter, page.wording.labels
    rows = [
        (labels["member"], _lines(letter.member, on_envelope=letter.addressee is Addressee.MEMBER)),
        (labels["service"], (_service(page),)),
        (labels["asked"], (page.wording.day(letter.received_on),)),
        (labels["case"], (letter.case_number,)),
        (labels["letter"], (letter.number,)),
    ]
    if letter.provider is not None:
        doctor = _lines(letter.provider, on_envelope=letter.addressee is Addressee.PROVIDER)
        rows.insert(1, (labels["doctor"], doctor))
    return Facts(tuple(rows))


def _lines(party: Party, *, on_envelope: bool) -> tuple[str, ...]:
    return (party.name,) if on_envelope else (party.name, *party.address)


def _service(page: Page) -> str:
    asked, services = page.letter.service, page.wording.services
    if asked is None:
        return services["plain"]
    specialty = page.specialty(asked)
    if asked.name and specialty:
        return services["doctor_and_specialty"].format(doctor=asked.name, specialty=specialty)
    if asked.name:
        return services["doctor"].format(doctor=asked.name)
    return services["specialty"].format(specialty=specialty) if specialty else services["plain"]


def _signature(page: Page) -> tuple[str, ...]:
    labels = page.wording.labels
    signed = labels["signed"] if page.letter.kind.is_adverse else labels["signed_computer"]
    return (labels["sincerely"], signed, page.letterhead.name)


def _values(letter: Letter, wording: Wording, letterhead: Letterhead) -> Mapping[str, str]:
    """Everything any text may fill in; what this letter has nothing for is empty, and no section of it asks for it."""

    def day(of: date | None) -> str:
        return wording.day(of) if of else ""

    grant, extension, asked = letter.grant, letter.extension, letter.asked
    return {
        "plan": letterhead.name,
        "phone": letterhead.phone,
        "tty": letterhead.tty,
        "website": letterhead.website,
        "address": ", ".join(letterhead.address),
        "statement_phone": letterhead.statement_phone,
        "dmhc_phone": letterhead.dmhc_phone,
        "dmhc_tdd": letterhead.dmhc_tdd,
        "dmhc_website": letterhead.dmhc_website,
        "ombudsman": letterhead.ombudsman,
        "decided": day(letter.decided_on),
        "authorization": grant.number if grant else "",
        "first_day": day(grant.first_day if grant else None),
        "last_day": day(grant.last_day if grant else None),
        "until": day(extension.until if extension else None),
        "answer_by": day(asked.answer_by if asked else None),
        "appeal_by": day(letter.appeal_by),
        "due": day(letter.due_on),
        **_ride(letter.ride, wording),
    }


def _ride(ride: RideTold | None, wording: Wording) -> Mapping[str, str]:
    """The ride in words: what was asked for, what is driven, when the visit is."""

    def mode(code: str | None) -> str:
        return wording.rides.get(code or OTHER_RIDE, wording.rides[OTHER_RIDE])

    return {
        "ride_asked": mode(ride.asked if ride else None),
        "ride_offered": mode(ride.offered if ride else None),
        "visit": wording.moment(ride.visit) if ride and ride.visit else "",
    }
