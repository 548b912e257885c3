"""What a search should find, worked out the slow way over a small shelf of synthetic resources."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from second_opinion.store.changes import CaseWrite, Changes, ResourceWrite
from second_opinion.store.query import (
    Clause,
    Contains,
    EndsWith,
    Exactly,
    HasId,
    Linked,
    LinkedBy,
    Match,
    Present,
    Query,
    Sort,
    StartsWith,
    Updated,
    Visibility,
    Within,
)
from second_opinion.store.stored import microseconds
from store.entries import a_case, a_resource

WORDS = (  # the first only to ask for: no value is empty
    "",
    "a",
    "ab",
    "aba",
    "b",
    "bab",
    'x":["',
    "é",
    "\U0001f600",
    "a\x1fs",
    "%",
    "_",
    "Z",
)
DAYS = range(1, 9)
OPEN_START, OPEN_END = -(2**63), 2**63 - 1
PARTIES = ("partner:ehr", "npi:1234567893")

_COMPARED: dict[str, Callable[[int, int, int, int], bool]] = {
    "eq": lambda first, last, low, high: low <= first and last <= high,
    "ne": lambda first, last, low, high: not (low <= first and last <= high),
    "gt": lambda _, last, __, high: last > high,
    "lt": lambda first, _, low, __: first < low,
    "ge": lambda first, last, low, high: last > high or (low <= first and last <= high),
    "le": lambda first, last, low, high: first < low or (low <= first and last <= high),
    "sa": lambda first, _, __, high: first > high,
    "eb": lambda _, last, low, __: last < low,
    "ap": lambda first, last, low, high: last >= low and first <= high,
}


@dataclass(frozen=True)
class Shelf:
    """The resources, and who takes part in which case."""

    resources: tuple[ResourceWrite, ...]
    parties: dict[int, frozenset[str]]
    members: dict[int, str]

    def changes(self) -> list[Changes]:
        """What puts the shelf into a store."""
        cases: list[Changes] = []
        for number, parties in self.parties.items():
            case: CaseWrite = a_case(number, member=self.members[number])
            cases.append(Changes(case=case, parties=set(parties)))
        return [*cases, Changes(resources=list(self.resources))]

    def found(self, query: Query, visibility: Visibility) -> list[ResourceWrite]:
        """Every resource the query is for, in its order."""
        found = [
            each
            for each in self.resources
            if each.type == query.type and self.seen(each, visibility) and self._holds(each, query.clauses, visibility)
        ]
        for sort in reversed(query.sort):
            found.sort(key=lambda each, sort=sort: _sort_key(each, sort), reverse=sort.descending)  # type: ignore[misc]  # bound now
        return found

    def seen(self, resource: ResourceWrite, visibility: Visibility) -> bool:
        """Whether the caller may see the resource, and its scopes name it."""
        named = visibility.alternatives(resource.type) or ((),)
        return self._open(resource, visibility) and any(self._holds(resource, each, visibility) for each in named)

    def _open(self, resource: ResourceWrite, visibility: Visibility) -> bool:
        if visibility.types is not None and resource.type not in visibility.types:
            return False
        if visibility.everything or resource.type == "Practitioner":
            return True
        member = resource.id if resource.type == "Patient" else resource.member
        if resource.type in {"Patient", "Coverage"}:
            cases = {number for number, whose in self.members.items() if whose == member}
        else:
            cases = {resource.case} if resource.case else set()
        taking_part = any(self.parties.get(number, frozenset()) & set(visibility.parties) for number in cases)
        own = visibility.partner is not None and resource.partner == visibility.partner
        return taking_part or own or member in visibility.members

    def _holds(self, resource: ResourceWrite, clauses: Sequence[Clause], visibility: Visibility) -> bool:
        return all(
            any(self._matches(resource, match, visibility) for match in clause.matches) is not clause.negated
            for clause in clauses
        )

    def _matches(self, resource: ResourceWrite, match: Match, visibility: Visibility) -> bool:
        if isinstance(match, Linked):
            targets = [f"{match.type}/{each.id}" for each in self._inner(match.type, match.inner, visibility)]
            return any(name == match.parameter and value in targets for name, value in resource.terms)
        if isinstance(match, LinkedBy):
            here = (match.parameter, f"{resource.type}/{resource.id}")
            return any(here in each.terms for each in self._inner(match.type, match.inner, visibility))
        return _matches_alone(resource, match)

    def _inner(self, kind: str, inner: tuple[Match, ...], visibility: Visibility) -> list[ResourceWrite]:
        return self.found(Query(kind, (Clause(inner),)), visibility)


def _matches_alone(resource: ResourceWrite, match: Match) -> bool:
    if isinstance(match, HasId):
        return resource.id == match.id
    if isinstance(match, Updated):
        at = microseconds(resource.last_updated)
        return _COMPARED[match.prefix](at, at, match.first, match.last)
    assert not isinstance(match, Linked | LinkedBy)
    values = [value for name, value in resource.terms if name == match.parameter]
    spans = [span[1:] for span in resource.spans if span[0] == match.parameter]
    if isinstance(match, Present):
        return bool(values or spans) is not match.missing
    if isinstance(match, Within):
        return any(_COMPARED[match.prefix](*span, match.first, match.last) for span in spans)
    tests: dict[type, Callable[[str], bool]] = {
        Exactly: lambda value: value == match.value,
        StartsWith: lambda value: value.startswith(match.value),
        Contains: lambda value: match.value in value,
        EndsWith: lambda value: value.endswith(match.value),
    }
    return any(tests[type(match)](value) for value in values)


def _sort_key(resource: ResourceWrite, sort: Sort) -> Any:
    """The key; one that is lacking sorts last either way."""
    if sort.kind == "id":
        return resource.id
    if sort.kind == "updated":
        return resource.last_updated
    if sort.kind == "date":
        keys: list[Any] = [span[2 if sort.descending else 1] for span in resource.spans if span[0] == sort.parameter]
    else:
        keys = [value for name, value in resource.terms if name == sort.parameter]
    if not keys:
        return (not sort.descending, 0 if sort.kind == "date" else "")
    return (sort.descending, max(keys) if sort.descending else min(keys))


def a_shelf() -> Shelf:
    """Forty Tasks and the Patients and ServiceRequests about them, the same every time."""
    chance = Random(20260302)  # noqa: S311 - examples, not secrets
    cases = range(1, 13)
    parties = {number: frozenset(chance.sample(PARTIES, chance.randrange(3))) for number in cases}
    members = {number: f"p{number % 5}" for number in cases}
    resources: list[ResourceWrite] = []
    for number in range(10):
        terms = [("identifier", f"M{number}"), ("family", chance.choice(WORDS[1:]))]
        resources.append(a_resource("Patient", f"p{number}", terms=terms))
        resources.append(a_resource("ServiceRequest", f"s{number}", terms=[("identifier", f"O{number}")], case=number))
    for number in range(40):
        case = chance.choice([None, *cases])
        terms = [("status", chance.choice(WORDS[1:])) for _ in range(chance.randrange(3))]
        terms += [("patient", f"Patient/p{chance.randrange(12)}")] * (number % 3 > 0)
        terms += [("focus", f"ServiceRequest/s{chance.randrange(10)}")]
        spans = [("due", *_a_span(chance)) for _ in range(chance.randrange(3))]
        resource = a_resource(
            "Task",
            f"t{number * 7 % 40:02}",
            terms=list(dict.fromkeys(terms)),
            spans=list(dict.fromkeys(spans)),
            case=case,
            member=members.get(case or 0),
            partner=chance.choice([None, "ehr", "hospital"]) if case is None else None,
            last_updated=a_resource(version=1 + number % 6).last_updated,
        )
        resources.append(resource)
    return Shelf(tuple(resources), parties, members)


def _a_span(chance: Random) -> tuple[int, int]:
    first, last = sorted(chance.choices(DAYS, k=2))
    return chance.choice([(first, last), (first, first), (OPEN_START, last), (first, OPEN_END)])
