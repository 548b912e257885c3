"""The loaded directory: the judgment's look-ups, read from the store once for each snapshot and then remembered."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from threading import RLock
from typing import Any, Protocol, Self, TypeVar, cast

import orjson

from second_opinion.directory.lookup import DirectoryMoved
from second_opinion.directory.model import Group, Product, Role
from second_opinion.fhir import directory_reading as reading
from second_opinion.fhir.directory_terms import EVERY, LISTED, QUALIFICATION, SERVICE, SUBSCRIBER
from second_opinion.fhir.search_terms import SEPARATOR, bounded

T = TypeVar("T")
Found = tuple[int, Sequence[tuple[str, bytes]]]  # number of the snapshot; id and JSON of each resource

REMEMBERED = 8192  # answers kept of each kind of look-up


class Kept(Protocol):
    """What the directory asks of the store; every answer is of the snapshot in force."""

    def active_snapshot(self) -> int:
        """The number of the snapshot in force."""

    def one_in_force(self, type: str, id: str) -> Found:  # noqa: A002 - the store's own words
        """The number of the snapshot in force, and the resource, if there is one."""

    def in_force(self, type: str, parameters: Sequence[str], value: str, prefix: bool = False) -> Found:  # noqa: A002, FBT001, FBT002 - the store's own words
        """The number of the snapshot in force, and every resource found by the term of any of the parameters."""


class StoredDirectory:
    """The directory in force. Loading another makes the next request read that one."""

    def __init__(self, store: Kept) -> None:
        self._store = store
        self._held: Snapshot | None = None

    def snapshot(self) -> "Snapshot":
        """The snapshot in force, with all that is remembered of it."""
        number, held = self._store.active_snapshot(), self._held
        if held is None or held.snapshot != number:
            held = self._held = Snapshot(self._store, number)
        return held


class Snapshot:
    """One snapshot as the judgment's ``Lookup``.

    Raises DirectoryMoved where it has to read and another snapshot is in force: the request is then read again.
    """

    def __init__(self, store: Kept, number: int) -> None:
        self._store = store
        self.snapshot = number
        self._remembered: OrderedDict[Hashable, object] = OrderedDict()
        self._lock = RLock()
        self.member = self._by_id("Patient", reading.member)
        self.coverage = self._by_id("Coverage", reading.coverage)
        self.practitioner = self._by_id("Practitioner", reading.practitioner)
        self.organization = self._by_id("Organization", reading.organization)
        self.role = self._by_id("PractitionerRole", reading.role)
        self.service = self._by_id("HealthcareService", reading.service)
        self.place = self._by_id("Location", reading.place)
        self.members = self._numbered("Patient", ("identifier",), reading.member)
        self.coverages_numbered = self._numbered("Coverage", ("identifier", SUBSCRIBER), reading.coverage)
        self.practitioners = self._numbered("Practitioner", ("identifier",), reading.practitioner)
        self.organizations = self._numbered("Organization", ("identifier",), reading.organization)
        self.coverages = self._referring("Coverage", "beneficiary", "Patient", reading.coverage)
        self.roles_of_practitioner = self._referring("PractitionerRole", "practitioner", "Practitioner", reading.role)
        self.roles_of_organization = self._referring("PractitionerRole", "organization", "Organization", reading.role)
        self.affiliations = self._referring(
            "OrganizationAffiliation", "participating-organization", "Organization", reading.affiliation
        )
        self.roles_of_specialty = _remembering(self._roles_of_specialty)

    def __enter__(self) -> Self:
        return self  # nothing is held open: a snapshot is a number and what is remembered under it

    def __exit__(self, *_: object) -> None:
        return None

    def products(self) -> Sequence[Product]:
        """Every InsurancePlan."""
        return self.remember("products", lambda: self._found("InsurancePlan", LISTED, EVERY, reading.product))

    def networks(self) -> Sequence[Group]:
        """Organizations typed as network, else all that a role or affiliation names as its network."""
        return self.remember("networks", self._networks)

    def payers(self) -> Sequence[Group]:
        """Organizations typed as payer: Plan-Net's code, or those of R4."""
        return self.remember("payers", lambda: self._of_type("payer", "pay", "ins"))

    def remember(self, key: Hashable, make: Callable[[], T]) -> T:
        """What ``make`` answers, made once; the longest unused is forgotten."""
        with self._lock:
            if key in self._remembered:
                self._remembered.move_to_end(key)
                return cast("T", self._remembered[key])
            made = make()
            self._remembered[key] = made
            if len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
            return made

    def _by_id(self, kind: str, read: Callable[[Mapping[str, Any]], T]) -> "Callable[[str], T | None]":
        def find(key: str) -> T | None:
            rows = self._of_this(self._store.one_in_force(kind, key))
            return read(orjson.loads(rows[0][1])) if rows else None

        return _remembering(find)

    def _numbered(
        self, kind: str, parameters: tuple[str, ...], read: Callable[[Mapping[str, Any]], T]
    ) -> Callable[[str], tuple[T, ...]]:
        def find(value: str) -> tuple[T, ...]:
            start = bounded(value) + SEPARATOR
            return _distinct(self._rows(kind, *parameters, value=start, prefix=True), read)

        return _remembering(find)

    def _referring(
        self, kind: str, parameter: str, target: str, read: Callable[[Mapping[str, Any]], T]
    ) -> Callable[[str], tuple[T, ...]]:
        return _remembering(lambda key: self._found(kind, parameter, f"{target}/{key}", read))

    def _found(
        self, kind: str, parameter: str, value: str, read: Callable[[Mapping[str, Any]], T], *, prefix: bool = False
    ) -> tuple[T, ...]:
        return _distinct(self._rows(kind, parameter, value=value, prefix=prefix), read)

    def _rows(self, kind: str, *parameters: str, value: str, prefix: bool) -> Sequence[tuple[str, bytes]]:
        return self._of_this(self._store.in_force(kind, parameters, value, prefix=prefix))

    def _of_this(self, found: Found) -> Sequence[tuple[str, bytes]]:
        """Nothing of a later snapshot may be remembered as this one's."""
        number, rows = found
        if number != self.snapshot:
            raise DirectoryMoved
        return rows

    def _roles_of_specialty(self, code: str) -> tuple[Role, ...]:
        start = bounded(code) + SEPARATOR
        rows = list(self._rows("PractitionerRole", "specialty", value=start, prefix=True))
        for service, _ in self._rows("HealthcareService", "specialty", value=start, prefix=True):
            rows += self._rows("PractitionerRole", SERVICE, value=f"HealthcareService/{service}", prefix=False)
        for person, _ in self._rows("Practitioner", QUALIFICATION, value=start, prefix=True):
            rows += self._rows("PractitionerRole", "practitioner", value=f"Practitioner/{person}", prefix=False)
        return _distinct(rows, reading.role)

    def _of_type(self, *codes: str) -> tuple[Group, ...]:
        return tuple(
            group
            for code in codes
            for group in self._found("Organization", "type", code + SEPARATOR, reading.organization, prefix=True)
        )

    def _networks(self) -> tuple[Group, ...]:
        if typed := self._of_type("ntwk"):
            return typed
        roles = self._found("PractitionerRole", "network", "Organization/", reading.role, prefix=True)
        contracts = self._found("OrganizationAffiliation", "network", "Organization/", reading.affiliation, prefix=True)
        named = {key for role in roles for key in role.networks}
        named.update(key for contract in contracts for key in contract.networks)
        return tuple(group for key in sorted(named) if (group := self.organization(key)))


def _distinct(rows: Iterable[tuple[str, bytes]], read: Callable[[Mapping[str, Any]], T]) -> tuple[T, ...]:
    """What the rows say, each resource once, in the order of their ids."""
    by_id = dict(rows)
    return tuple(read(orjson.loads(by_id[key])) for key in sorted(by_id))


def _remembering(find: Callable[[str], T]) -> Callable[[str], T]:
    return lru_cache(maxsize=REMEMBERED)(find)
