"""A search in our words: what the FHIR parameters mean once read. The store turns it into SQL."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Exactly:
    """The parameter has this value."""

    parameter: str
    value: str


@dataclass(frozen=True)
class StartsWith:
    """The parameter has a value that starts so."""

    parameter: str
    value: str


@dataclass(frozen=True)
class Contains:
    """The parameter has a value with this inside."""

    parameter: str
    value: str


@dataclass(frozen=True)
class EndsWith:
    """The parameter has a value that ends so."""

    parameter: str
    value: str


@dataclass(frozen=True)
class Within:
    """The parameter's span against [first, last] in microseconds, by FHIR prefix (eq ne gt lt ge le sa eb ap)."""

    parameter: str
    prefix: str
    first: int
    last: int


@dataclass(frozen=True)
class Present:
    """The parameter has any value (or, ``missing``, none)."""

    parameter: str
    missing: bool


@dataclass(frozen=True)
class HasId:
    """The resource's id is this one."""

    id: str


@dataclass(frozen=True)
class Updated:
    """The resource's last update against [first, last], by FHIR prefix."""

    prefix: str
    first: int
    last: int


@dataclass(frozen=True)
class Linked:
    """A reference parameter points at a resource of ``type`` for which ``inner`` holds (one step of chaining)."""

    parameter: str
    type: str
    inner: "tuple[Match, ...]"  # any of them


@dataclass(frozen=True)
class LinkedBy:
    """A resource of ``type`` whose reference ``parameter`` points here satisfies ``inner`` (_has)."""

    type: str
    parameter: str
    inner: "tuple[Match, ...]"


Match = Exactly | StartsWith | Contains | EndsWith | Within | Present | HasId | Updated | Linked | LinkedBy


@dataclass(frozen=True)
class Clause:
    """Any of ``matches`` holds; with ``negated`` none does."""

    matches: tuple[Match, ...]
    negated: bool = False
    selective: bool = False  # few resources satisfy it: the search starts from here


@dataclass(frozen=True)
class Sort:
    """One sort key: a date parameter, a term parameter, ``_id`` or ``_lastUpdated``."""

    parameter: str
    kind: str  # date, term, id, updated
    descending: bool = False


@dataclass(frozen=True)
class Query:
    """All clauses hold; sorted, one page of ``count`` after ``after`` (the sort position of the last row shown)."""

    type: str
    clauses: tuple[Clause, ...] = ()
    sort: tuple[Sort, ...] = ()
    count: int = 20
    after: tuple[Any, ...] | None = None
    total_only: bool = False


@dataclass(frozen=True)
class Narrowed:
    """Of a type only resources for which all clauses of one of the alternatives hold."""

    type: str
    alternatives: tuple[tuple[Clause, ...], ...]


@dataclass(frozen=True)
class Visibility:
    """Which rows a caller may see, applied before the query.

    ``everything`` for plan staff; else cases one of ``parties`` takes part in, resources ``partner`` submitted,
    members of those cases, and ``members`` outright. ``types``: only these types at all (None: every type).
    ``narrowed``: of these types only what the caller's scopes name, in its current version.
    ``audiences``: only what is for one of these (None: for anybody), and nothing that is for one of ``hidden``.
    ``sealed_from``: nothing sealed so far or further. ``granted``: no case that was denied, withdrawn or not ours.
    The provider directory (Practitioner, PractitionerRole, Organization, …) is open to every caller with the scope.
    """

    everything: bool = False
    parties: tuple[str, ...] = ()
    partner: str | None = None
    members: tuple[str, ...] = ()
    types: frozenset[str] | None = None
    narrowed: tuple[Narrowed, ...] = ()
    audiences: tuple[str, ...] | None = None
    hidden: tuple[str, ...] = ()
    sealed_from: int = 3
    granted: bool = False

    def alternatives(self, kind: str) -> tuple[tuple[Clause, ...], ...]:
        """What the scopes demand of a resource of this type, one of them; empty: nothing."""
        return next((each.alternatives for each in self.narrowed if each.type == kind), ())
