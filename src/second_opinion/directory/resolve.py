"""What a request's words mean against the directory: its facts, each with its source, and who is meant by whom."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import Any, TypeVar

from second_opinion.directory.answers import ANSWERS
from second_opinion.directory.coverage import Days
from second_opinion.directory.lookup import DirectoryMoved, Lookup, SpecialtyTables
from second_opinion.directory.members import Identification, identify
from second_opinion.directory.model import Member
from second_opinion.directory.providers import FoundProvider
from second_opinion.directory.question import Question
from second_opinion.directory.stated import PartyKind, Stated, StatedParty
from second_opinion.errors import Unavailable
from second_opinion.review.facts import Facts

T = TypeVar("T")
log = logging.getLogger(__name__)

NO_WORDS: tuple[str, ...] = ()
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class ResolvedParty:
    """A stated party with what the directory knows of it."""

    kind: PartyKind
    reference: str | None  # "Type/id" in our directory
    npi: str | None
    display: str | None


@dataclass(frozen=True)
class Resolution:
    """A request understood. A fact whose look-up failed is the text ``failed: <class>``, so a person decides."""

    facts: Facts
    snapshot: int
    days: Days
    member: Member | None = None  # None: not identified, and nothing but ``facts`` and ``days`` is filled
    coverage: str | None = None  # "Coverage/id" to use; None: none in force
    insurer: str | None = None  # "Organization/id" of the payer
    covered_on_receipt: bool = False
    covered_on_service: bool | None = None  # None: no day stated
    requester: ResolvedParty | None = None
    initial_provider: ResolvedParty | None = None
    second_doctor: ResolvedParty | None = None
    specialties: tuple[str, ...] = ()  # NUCC codes needed
    networks: tuple[str, ...] = ()  # "Organization/id"
    alternatives: tuple[tuple[str, str], ...] = ()  # ("PractitionerRole/id", name, specialty, phone), at most 20
    evidence: Mapping[str, bytes] = field(default_factory=lambda: NOTHING)  # SHA-256 → JSON
    summary: Mapping[str, Any] = field(default_factory=lambda: NOTHING)  # for the trace; JSON

    @property
    def specialty(self) -> str | None:
        """The NUCC code needed, the first where several are."""
        return self.specialties[0] if self.specialties else None


def resolve(stated: Stated, lookup: Lookup, tables: SpecialtyTables, received_at: datetime, zone: tzinfo) -> Resolution:
    """The request's facts on the day of receipt in the plan's zone.

    Networks and alternatives are judged on the first day of the service where it is stated and later.
    Raises DirectoryMoved and Unavailable; any other fault becomes a failed fact.
    """
    days = Days(received_at.astimezone(zone).date(), stated.service_from, stated.service_to)
    identification = identify(stated.member, lookup)
    if identification.member is None:
        sources = {"member_identified": identification.why}
        return Resolution(Facts(member_identified=False, sources=sources), lookup.snapshot, days)
    question = Question(stated, identification.member, days, lookup, tables)
    return _resolution(question, _facts(question, identification))


def failed(fault: Exception) -> str:
    """What stands in a fact whose look-up failed, and in its source."""
    return f"failed: {type(fault).__name__}"


def _facts(question: Question, identification: Identification) -> Facts:
    values: dict[str, Any] = {"member_identified": True}
    sources = {"member_identified": identification.why}
    for name, answer in ANSWERS.items():
        try:
            values[name], sources[name] = answer(question)
        except (DirectoryMoved, Unavailable):
            raise
        except Exception as fault:  # noqa: BLE001 - whatever broke, one fact is missing and a person decides
            log.error("fact %s %s", name, failed(fault))  # noqa: TRY400 - a traceback may hold health data
            values[name] = sources[name] = failed(fault)
    return Facts(**values, sources=sources)


def _resolution(question: Question, facts: Facts) -> Resolution:
    stated, proven = question.stated, _or(lambda: question.proven, None)
    standing = _or(lambda: question.standing, None)
    coverage = _or(lambda: question.coverage, None)
    return Resolution(
        facts=facts,
        snapshot=question.lookup.snapshot,
        days=question.days,
        member=question.member,
        coverage=coverage.reference if coverage else None,
        insurer=f"Organization/{standing.insurer}" if standing and standing.insurer else None,
        covered_on_receipt=bool(standing and standing.covered_on_receipt),
        covered_on_service=standing.covered_on_service if standing else None,
        requester=_requester(question),
        initial_provider=_party(_or(lambda: question.initial_party, None), _or(lambda: question.initial, None)),
        second_doctor=_party(stated.requested_provider, _or(lambda: question.requested, None)),
        specialties=_or(lambda: question.specialties[0], NO_WORDS),
        networks=tuple(f"Organization/{each}" for each in _or(lambda: question.networks[0], NO_WORDS)),
        alternatives=_or(lambda: question.alternatives.offered, ()),
        evidence={proven.digest: proven.body} if proven else {},
        summary=_or(lambda: _summary(question), NOTHING),
    )


def _or(ask: Callable[[], T], otherwise: T) -> T:
    """What ``ask`` answers, or ``otherwise`` where the look-up fails; the fact that rests on it says failed."""
    try:
        return ask()
    except (DirectoryMoved, Unavailable):
        raise
    except Exception:  # noqa: BLE001 - reported once, as the failed fact
        return otherwise


def _requester(question: Question) -> ResolvedParty | None:
    """The requester; the member asking for herself is the Patient of our own file."""
    party = question.stated.requester
    if _or(lambda: question.asked_by_member, otherwise=False):
        return ResolvedParty(PartyKind.PATIENT, question.member.reference, None, None)
    return _party(party, _or(lambda: question.requester, None))


def _party(party: StatedParty | None, found: FoundProvider | None) -> ResolvedParty | None:
    if party is None:
        return None
    known = found.party if found else None
    npi = party.npis[0] if party.npis else known.npi if known else None
    name = known.name if known and known.name else party.display
    return ResolvedParty(party.kind, found.reference if found else None, npi, name)


def _summary(question: Question) -> Mapping[str, Any]:
    networks, where = question.networks
    answer, proven = question.alternatives, question.proven
    return {
        "snapshot": question.lookup.snapshot,
        "day": question.days.judged.isoformat(),
        "networks": [f"Organization/{each}" for each in networks],
        "networks_by": where,
        "specialties": list(question.specialties[0]),
        "specialties_by": question.specialties[1],
        "accepted": list(proven.found.accepted) if proven else [],
        "candidates": len(proven.found.ordered) if proven else 0,
        "evidence": proven.digest if proven else None,
        "excluded": [{"role": role, "why": why} for role, why in answer.excluded],
        "offered": [role for role, _ in answer.offered],
        "available": answer.available,
        "why": answer.why,
    }
