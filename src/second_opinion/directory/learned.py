"""What is learned of a case after its request came: one named fact each, with who said it and what proves it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from second_opinion.directory.stated import Stated, StatedParty, StatedTransportation
from second_opinion.review.facts import CareSource, Facts, RequesterKind, Urgency


class LearnedName(StrEnum):
    """What may be said later; the values are the names of $add-information."""

    REQUESTER_KIND = "requester-kind"
    INITIAL_PROVIDER = "initial-provider"
    CARE_SOURCE = "care-source"
    REQUESTED_PROVIDER = "requested-provider"
    ALTERNATIVE = "in-network-alternative"
    URGENCY = "urgency"
    REASON = "reason"
    SPECIALTY = "specialty"
    OPINION_NUMBER = "opinion-number"
    TRANSPORTATION = "transportation"
    VISIT = "visit"
    PHYSICIAN_CERTIFICATION = "physician-certification"


@dataclass(frozen=True)
class LearnedFact:
    """One fact as somebody said it. ``value`` is its code, or for a reason in words those words."""

    name: LearnedName
    by: str  # registry id, or "computer"
    at: datetime
    value: str = ""
    party: StatedParty | None = None  # of initial-provider and requested-provider
    ride: StatedTransportation | None = None  # of transportation
    day: datetime | None = None  # of visit: when the appointment is, or was
    coded: bool = True  # a reason: a code of second-opinion-reason rather than words
    evidence: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """Where the fact comes from, for the trace."""
        return "; ".join((f"said by {self.by} on {self.at:%Y-%m-%d %H:%M} UTC", *self.evidence))


NOT_STATED, UNKNOWN = "not-stated", "unknown"  # values that say nothing
ALTERNATIVE: Mapping[str, bool | None] = MappingProxyType({"yes": True, "no": False, UNKNOWN: None})


def told(stated: Stated, fact: LearnedFact) -> Stated:
    """What the request states once the fact is part of it; unchanged by facts that no request states."""
    tell = _TELL.get(fact.name)
    return tell(stated, fact) if tell else stated


def known(facts: Facts, learned: tuple[LearnedFact, ...]) -> Facts:
    """The facts with what was learned in place of what the directory or the request says."""
    for fact in learned:
        if fact.name in _KNOWN:
            name, read = _KNOWN[fact.name]
            values: dict[str, Any] = {name: read(fact.value)}
            facts = replace(facts, **values, sources={**facts.sources, name: fact.source})
    return facts


def remembered(before: tuple[LearnedFact, ...], learned: tuple[LearnedFact, ...]) -> tuple[LearnedFact, ...]:
    """What must be put in place again whenever the table is asked: of each fact, what was said last."""
    latest = {fact.name: fact for fact in (*before, *learned) if fact.name in _KNOWN}
    return tuple(latest.values())


def _reason(stated: Stated, fact: LearnedFact) -> Stated:
    if not fact.coded:
        return replace(stated, reason_words=True, reason_is_empty=False)
    codes = tuple(dict.fromkeys((*stated.reason_codes, fact.value)))
    return replace(stated, reason_codes=codes, reason_is_empty=False)


def _urgency(stated: Stated, fact: LearnedFact) -> Stated:
    if fact.value != Urgency.URGENT:
        return replace(stated, urgent=False, priority="routine")
    urgent = stated.priority if stated.priority in {"asap", "stat"} else "urgent"
    return replace(stated, urgent=True, priority=urgent)


_TELL: Mapping[LearnedName, Callable[[Stated, LearnedFact], Stated]] = MappingProxyType(
    {
        LearnedName.INITIAL_PROVIDER: lambda stated, fact: replace(stated, initial_provider=fact.party),
        LearnedName.REQUESTED_PROVIDER: lambda stated, fact: replace(stated, requested_provider=fact.party),
        LearnedName.URGENCY: _urgency,
        LearnedName.REASON: _reason,
        LearnedName.SPECIALTY: lambda stated, fact: replace(stated, specialties_needed=(fact.value,)),
        LearnedName.OPINION_NUMBER: lambda stated, fact: replace(stated, opinion_number=int(fact.value)),
        LearnedName.TRANSPORTATION: lambda stated, fact: replace(stated, transportation=fact.ride),
    }
)

_KNOWN: Mapping[LearnedName, tuple[str, Callable[[str], object]]] = MappingProxyType(
    {
        LearnedName.REQUESTER_KIND: (
            "requester_kind",
            lambda value: None if value == NOT_STATED else RequesterKind(value),
        ),
        LearnedName.CARE_SOURCE: ("care_source", lambda value: None if value == UNKNOWN else CareSource(value)),
        LearnedName.ALTERNATIVE: ("alternative_available", lambda value: ALTERNATIVE[value]),
        LearnedName.URGENCY: ("urgency", Urgency),
    }
)
