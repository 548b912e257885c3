"""The plan's directory in our words: members and their coverage, providers and their contracts."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from second_opinion.directory.stated import NPI, Identifier


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``start`` to ``end``, both included; None is open."""

    start: date | None = None
    end: date | None = None

    def covers(self, day: date) -> bool:
        """Whether the day lies in it."""
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)

    def meets(self, first: date, last: date) -> bool:
        """Whether any day from ``first`` to ``last`` lies in it."""
        return (self.start is None or self.start <= last) and (self.end is None or first <= self.end)


ALWAYS = Period()


@dataclass(frozen=True, slots=True)
class Pointer:
    """A reference inside the directory: ``Type/id`` here, or identifiers, or both."""

    reference: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    display: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A person the plan knows, from Patient."""

    id: str
    identifiers: tuple[Identifier, ...] = ()
    active: bool = True
    birth_date: str | None = None  # as kept, may be partial
    families: tuple[str, ...] = ()  # of every name ever used
    general_practitioners: tuple[Pointer, ...] = ()
    language: str | None = None  # BCP 47, the preferred one
    confidential_address: bool = False  # Patient.address confidential-communication

    @property
    def reference(self) -> str:
        """``Patient/id``."""
        return f"Patient/{self.id}"


@dataclass(frozen=True, slots=True)
class CoverageRecord:
    """A member's coverage."""

    id: str
    member: str | None = None  # Patient id
    numbers: tuple[Identifier, ...] = ()  # identifiers, and the subscriber id
    active: bool = True  # Coverage.status is active
    period: Period = ALWAYS
    payors: tuple[Pointer, ...] = ()
    classes: tuple[tuple[str, str | None], ...] = ()  # (value, name) of plan, subplan and group
    network: str | None = None  # Coverage.network, in the insurer's words
    order: int | None = None  # Coverage.order, 1 pays first

    @property
    def reference(self) -> str:
        """``Coverage/id``."""
        return f"Coverage/{self.id}"


@dataclass(frozen=True, slots=True)
class Practitioner:
    """A person who gives care."""

    id: str
    identifiers: tuple[Identifier, ...] = ()
    active: bool = True
    disqualified: str | None = None  # why, where a qualification says so
    name: str | None = None
    specialties: tuple[str, ...] = ()  # NUCC codes of its qualifications
    specialty_words: str | None = None
    phone: str | None = None

    @property
    def reference(self) -> str:
        """``Practitioner/id``."""
        return f"Practitioner/{self.id}"

    @property
    def npi(self) -> str | None:
        """The National Provider Identifier, where known."""
        return npi_among(self.identifiers)


@dataclass(frozen=True, slots=True)
class Group:
    """An Organization: practice, IPA, hospital, vendor, payer or network."""

    id: str
    identifiers: tuple[Identifier, ...] = ()
    active: bool = True
    name: str | None = None
    aliases: tuple[str, ...] = ()
    types: tuple[str, ...] = ()  # codes: prvgrp, payer, ntwk, …
    part_of: str | None = None  # Organization id
    phone: str | None = None

    @property
    def reference(self) -> str:
        """``Organization/id``."""
        return f"Organization/{self.id}"

    @property
    def npi(self) -> str | None:
        """The National Provider Identifier, where known."""
        return npi_among(self.identifiers)


class Accepts(StrEnum):
    """Whether new patients are taken, as the directory states it (Plan-Net AcceptingPatientsCS)."""

    NONE = "nopt"
    NEW = "newpt"
    EXISTING = "existptonly"
    FAMILIES = "existptfam"


@dataclass(frozen=True, slots=True)
class Accepting:
    """One statement about new patients; ``network`` (Organization id) None means every network."""

    accepts: Accepts
    network: str | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A HealthcareService: what a role shares with its colleagues."""

    id: str
    active: bool = True
    specialties: tuple[str, ...] = ()
    specialty_words: str | None = None
    accepting: tuple[Accepting, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A Location."""

    id: str
    active: bool = True
    accepting: tuple[Accepting, ...] = ()
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """A PractitionerRole: a practitioner in an organization, or an organization's own."""

    id: str
    active: bool = True
    period: Period = ALWAYS
    practitioner: str | None = None  # Practitioner id
    organization: str | None = None  # Organization id
    networks: tuple[str, ...] = ()  # Organization ids of network-reference
    specialties: tuple[str, ...] = ()  # NUCC codes of the role itself
    specialty_words: str | None = None
    accepting: tuple[Accepting, ...] = ()
    services: tuple[str, ...] = ()  # HealthcareService ids
    places: tuple[str, ...] = ()  # Location ids
    phone: str | None = None

    @property
    def reference(self) -> str:
        """``PractitionerRole/id``."""
        return f"PractitionerRole/{self.id}"


@dataclass(frozen=True, slots=True)
class Affiliation:
    """An OrganizationAffiliation: the contract that puts an organization into networks."""

    id: str
    active: bool = True
    period: Period = ALWAYS
    participating: str | None = None  # Organization id
    networks: tuple[str, ...] = ()  # Organization ids

    @property
    def reference(self) -> str:
        """``OrganizationAffiliation/id``."""
        return f"OrganizationAffiliation/{self.id}"


@dataclass(frozen=True, slots=True)
class Product:
    """An InsurancePlan: which networks a coverage opens."""

    id: str
    active: bool = True
    names: tuple[str, ...] = ()  # id, name, aliases and identifier values a Coverage may call it by
    networks: tuple[str, ...] = ()  # Organization ids
    variants: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()  # (names, networks) of each plan within
    owners: tuple[str, ...] = ()  # Organization ids of ownedBy and administeredBy


def npi_among(identifiers: tuple[Identifier, ...]) -> str | None:
    """The first National Provider Identifier among them."""
    return next((each.value for each in identifiers if each.system == NPI), None)
