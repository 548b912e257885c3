"""Whether somebody in the network can give the opinion instead: every candidate with its verdict and its reason."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, islice
from types import MappingProxyType

from second_opinion.directory.candidate import Candidate, Verdict, judge
from second_opinion.directory.lookup import Lookup
from second_opinion.directory.model import Period, Role
from second_opinion.directory.network import contracts
from second_opinion.directory.providers import role_specialties

SHOWN = 20  # the longest choice list (wire: alternative-provider 0..20)


@dataclass(frozen=True)
class Candidates:
    """Every candidate of a specialty in some networks, judged for the days of ``window`` in one snapshot."""

    networks: tuple[str, ...]
    accepted: tuple[str, ...]
    window: Period  # the verdicts are the same on all these days
    ordered: tuple[Candidate, ...]
    by_practitioner: Mapping[str, tuple[Candidate, ...]]
    by_organization: Mapping[str, tuple[Candidate, ...]]
    by_verdict: Mapping[Verdict, tuple[Candidate, ...]]


@dataclass(frozen=True)
class Exclusions:
    """Who cannot be this request's alternative, and who is the member's own provider."""

    initial: frozenset[str] = frozenset()  # Practitioner ids
    practices: frozenset[str] = frozenset()  # Organization ids of the initial provider
    requested: frozenset[str] = frozenset()  # Practitioner ids
    requested_organizations: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()  # Practitioner/id and Organization/id of the member's primary care


@dataclass(frozen=True)
class Alternatives:
    """The answer: available yes, no, or None where the directory does not settle it."""

    available: bool | None
    why: str
    offered: tuple[tuple[str, str], ...] = ()  # (PractitionerRole/id, words), at most 20
    excluded: tuple[tuple[str, str], ...] = ()  # (PractitionerRole/id, why) for this request alone


def candidates(networks: tuple[str, ...], accepted: Collection[str], day: date, lookup: Lookup) -> Candidates:
    """Every role of an accepted specialty, judged for the day and for as many days around it as nothing changes."""
    codes = frozenset(accepted)
    found = {role.id: role for code in sorted(codes) for role in lookup.roles_of_specialty(code)}
    roles = [role for role in found.values() if not codes.isdisjoint(role_specialties(role, lookup))]
    judged = sorted((judge(role, networks, day, lookup) for role in roles), key=lambda each: (each.words, each.role))
    return Candidates(
        networks=networks,
        accepted=tuple(sorted(codes)),
        window=_window(day, _periods(roles, networks, lookup)),
        ordered=tuple(judged),
        by_practitioner=_grouped((each.practitioner, each) for each in judged),
        by_organization=_grouped((each.organization, each) for each in judged),
        by_verdict=MappingProxyType({verdict: tuple(c for c in judged if c.verdict is verdict) for verdict in Verdict}),
    )


def choose(found: Candidates, exclusions: Exclusions) -> Alternatives:
    """The answer for one request: candidates less those who cannot be its alternative."""
    excluded = _excluded(found, exclusions)
    reasons = tuple((f"PractitionerRole/{role}", why) for role, why in sorted(excluded.items()))
    openings = chain(_own_provider(found, exclusions), found.by_verdict[Verdict.OPEN])
    offered = list(islice((each for each in openings if each.role not in excluded), SHOWN))
    if offered:
        listed = tuple((f"PractitionerRole/{each.role}", each.words) for each in offered)
        return Alternatives(available=True, why="a candidate takes new patients", offered=listed, excluded=reasons)
    if any(each.role not in excluded for each in found.by_verdict[Verdict.NOT_STATED]):
        why = "candidates are in the network, and none says whether it takes new patients"
        return Alternatives(available=None, why=why, excluded=reasons)
    closed = any(each.role not in excluded for each in found.by_verdict[Verdict.CLOSED])
    why = "every candidate is closed to new patients" if closed else "the network has no candidate"
    return Alternatives(available=False, why=why, excluded=reasons)


def _excluded(found: Candidates, exclusions: Exclusions) -> dict[str, str]:
    """Role ids with the first reason that rules each out for this request."""
    reasons: dict[str, str] = {}
    for index, keys, why in (
        (found.by_practitioner, exclusions.initial, "is the initial provider"),
        (found.by_organization, exclusions.practices, "practises with the initial provider"),
        (found.by_practitioner, exclusions.requested, "is the provider requested"),
        (found.by_organization, exclusions.requested_organizations, "is the provider requested"),
    ):
        for key in keys:
            for each in index.get(key, ()):
                if each.verdict is not Verdict.UNFIT:  # those have failed already, whoever asks
                    reasons.setdefault(each.role, why)
    return reasons


def _own_provider(found: Candidates, exclusions: Exclusions) -> Iterator[Candidate]:
    """Candidates closed to all but their own patients, of whom the member is one."""
    for reference in sorted(exclusions.own):
        kind, _, key = reference.partition("/")
        if kind == "Practitioner":
            here = found.by_practitioner.get(key, ())
        else:  # an organization's own role; its doctors are other providers than the organization
            here = tuple(each for each in found.by_organization.get(key, ()) if each.practitioner is None)
        yield from (each for each in here if each.existing)


def _grouped(pairs: Iterable[tuple[str | None, Candidate]]) -> Mapping[str, tuple[Candidate, ...]]:
    groups: dict[str, list[Candidate]] = {}
    for key, candidate in pairs:
        if key is not None:
            groups.setdefault(key, []).append(candidate)
    return MappingProxyType({key: tuple(each) for key, each in groups.items()})


def _periods(roles: list[Role], networks: tuple[str, ...], lookup: Lookup) -> Iterator[Period]:
    """Every period a verdict depends on."""
    for organization in {role.organization for role in roles if role.organization}:
        yield from (affiliation.period for affiliation in contracts(organization, networks, lookup))
    yield from (role.period for role in roles)


def _window(day: date, periods: Iterable[Period]) -> Period:
    """The days around ``day`` between which no period begins or ends."""
    start: date | None = None
    end: date | None = None
    for period in periods:
        for first in (period.start, period.end and _next(period.end)):
            if first is None:
                continue
            if first <= day:
                start = first if start is None else max(start, first)
            else:
                end = _before(first) if end is None else min(end, _before(first))
    return Period(start, end)


def _next(day: date) -> date | None:
    return day + timedelta(days=1) if day < date.max else None


def _before(day: date) -> date:
    return day - timedelta(days=1)
