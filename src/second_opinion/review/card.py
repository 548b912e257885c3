"""A card: one rule of the written policy, beside the clause it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from second_opinion.errors import SecondOpinionError
from second_opinion.review.criteria import Answer
from second_opinion.review.determination import Ask, Outcome


class PolicyError(SecondOpinionError):
    """A plan's file is wrong; the service does not start with it. Names file and rule, and what would be right."""


@dataclass(frozen=True)
class Wording:
    """The clause's words from ``since`` on, the numbers they set, and when they were last compared with the source."""

    since: date
    source: str
    text: str
    confirmed: date
    limits: Mapping[str, int]


@dataclass(frozen=True)
class Card:
    """When every question in ``when`` has one of its answers, then the outcome ``then``."""

    rule: str
    is_gate: bool  # gates come before the table: they route or mark, and approve nothing
    clause: str
    heading: str
    when: Mapping[str, tuple[Answer, ...]]
    then: Outcome
    plain: str
    reason: str | None
    ask: Ask | None
    wording: tuple[Wording, ...]  # oldest first

    def in_force(self, on: date) -> Wording | None:
        """The words in force on the day, if the clause existed then."""
        return next((each for each in reversed(self.wording) if each.since <= on), None)
