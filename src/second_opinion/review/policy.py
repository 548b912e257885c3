"""A plan's policy: its cards, read and refused as a whole, ready to be asked."""

import hashlib
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

from second_opinion.review import cards as reading_cards
from second_opinion.review import reasons
from second_opinion.review.card import Card, PolicyError, Wording
from second_opinion.review.criteria import CRITERIA, Answer
from second_opinion.review.determination import Outcome, Verdict
from second_opinion.review.reading import Section, did_you_mean, toml
from second_opinion.review.walk import Possible, walk

PLANS = Path(__file__).parent.parent / "policies"
FILE = "policy.toml"


class Question(NamedTuple):
    """A criterion with the limits it is asked with; equal ones share their answer through ``slot``."""

    name: str
    slot: int
    holds: Callable[..., object]
    facts: tuple[tuple[str, type], ...]
    limits: Mapping[str, int]


class Line(NamedTuple):
    """A card as it is tried on a day: the wording in force, its questions and the answers it waits for."""

    card: Card
    wording: Wording
    questions: tuple[tuple[Question, tuple[Answer, ...]], ...]
    facts: tuple[str, ...]  # every fact its questions read, each once
    verdict: Verdict  # what it comes to when every answer agrees


Lines = tuple[Line, ...]


@dataclass(frozen=True)
class Policy:
    """One plan's policy. ``digest`` is the SHA-256 of its file and names this version of it."""

    plan: str
    title: str
    file: str
    digest: str
    cards: tuple[Card, ...]  # gates, then rules, in the order they are tried
    _days: tuple[date, ...] = field(init=False, repr=False)  # on each of these the lines change
    _lines: tuple[Lines, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        days = sorted({wording.since for card in self.cards for wording in card.wording})
        object.__setattr__(self, "_days", tuple(days))
        object.__setattr__(self, "_lines", tuple(_lines(self.cards, day) for day in days))

    def in_force(self, on: date) -> Lines:
        """The lines to try on the day, in order; none before the first wording."""
        period = bisect_right(self._days, on)
        return self._lines[period - 1] if period else ()

    def periods(self) -> Iterator[tuple[date, Lines]]:
        """Each day on which the lines change, with those in force from then on."""
        return zip(self._days, self._lines, strict=True)


def load(path: Path) -> Policy:
    """The policy in a file, or in a plan's folder; ``PolicyError`` if anything in it could mislead."""
    file = path / FILE if path.is_dir() else path
    content, raw = toml(file)
    document = Section(str(file), content)
    document.allow("plan", "title", "gates", "rules")
    policy = Policy(
        plan=document.text("plan"),
        title=document.text("title"),
        file=str(file),
        digest=hashlib.sha256(raw).hexdigest(),
        cards=reading_cards.read(document),
    )
    _refuse_wrong_reasons(policy, file.parent)
    _refuse_gaps(policy)
    return policy


def available() -> tuple[str, ...]:
    """The plans that come with the service, by folder name."""
    return tuple(sorted(each.parent.name for each in PLANS.glob(f"*/{FILE}")))


def folder(name_or_path: str) -> Path:
    """The folder of a plan: one that comes with the service by its name, any other by its path."""
    for candidate in (PLANS / name_or_path, Path(name_or_path)):
        if (candidate / FILE).is_file():
            return candidate
    raise PolicyError(f"there is no plan '{name_or_path}'{did_you_mean(name_or_path, available())}")


def _lines(cards: tuple[Card, ...], on: date) -> Lines:
    slots: dict[tuple[str, tuple[tuple[str, int], ...]], int] = {}
    lines: list[Line] = []
    for card in cards:
        wording = card.in_force(on)
        if wording is None:
            continue
        questions: list[tuple[Question, tuple[Answer, ...]]] = []
        for name, wanted in card.when.items():
            criterion = CRITERIA[name]
            limits = {limit: wording.limits[limit] for limit in criterion.limits}
            slot = slots.setdefault((name, tuple(limits.items())), len(slots))
            questions.append((Question(name, slot, criterion.holds, criterion.facts, limits), wanted))
        facts = dict.fromkeys(fact for question, _ in questions for fact, _ in question.facts)
        verdict = Verdict.NOTED if card.then is Outcome.GO_ON else Verdict.MET
        lines.append(Line(card, wording, tuple(questions), tuple(facts), verdict))
    return tuple(lines)


def _refuse_wrong_reasons(policy: Policy, plan: Path) -> None:
    known = {each.code: each for each in reasons.load(plan / reasons.FILE)} if (plan / reasons.FILE).is_file() else {}
    for card in policy.cards:
        if card.reason is None:
            continue
        where = f"{policy.file}: rule {card.rule}: 'reason'"
        if card.reason not in known:
            raise PolicyError(f"{where}: {reasons.FILE} has no '{card.reason}'{did_you_mean(card.reason, known)}")
        if not known[card.reason].stands_for(card.then):
            outcomes = ", ".join(known[card.reason].outcomes)
            raise PolicyError(f"{where}: '{card.reason}' stands for {outcomes}, not for '{card.then}'")


def _refuse_gaps(policy: Policy) -> None:
    reached: set[str] = set()
    for day, lines in policy.periods():
        found = walk([line.card for line in lines])
        if found.gaps:
            raise PolicyError(f"{policy.file}: no rule decides, from {day}: {_in_words(found.gaps[0])}")
        reached |= found.reached
    for card in policy.cards:
        if card.rule not in reached:
            raise PolicyError(
                f"{policy.file}: rule {card.rule}: is never reached; earlier rules decide every case it describes: "
                "move it up, or narrow them"
            )


def _in_words(gap: Possible) -> str:
    answers = "; ".join(f"{question} = {' or '.join(possible)}" for question, possible in gap.items())
    return f"{answers or 'any answers'}; add a rule for this combination"
