"""Small worked directories: a lookup over a handful of records, and the records themselves with one thing varied."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from second_opinion.directory.model import (
    Accepting,
    Accepts,
    Affiliation,
    CoverageRecord,
    Group,
    Member,
    Period,
    Place,
    Practitioner,
    Product,
    Role,
    Service,
)
from second_opinion.directory.stated import NPI, Identifier, PartyKind, Stated, StatedMember, StatedParty

T = TypeVar("T")

PACIFIC = ZoneInfo("America/Los_Angeles")
DAY = date(2026, 3, 2)
NUMBERS = "https://plan.example/member"
CARDIOLOGY, INTERVENTIONAL, FAMILY_MEDICINE, DENTIST = "207RC0000X", "207RI0011X", "207Q00000X", "122300000X"
OPEN = (Accepting(Accepts.NEW),)
CLOSED = (Accepting(Accepts.NONE),)


class Tables:
    """Interventional cardiologists stand for cardiologists; family medicine is primary care; dentists are elsewhere."""

    def accepted(self, needed: str, /) -> frozenset[str]:
        return frozenset({CARDIOLOGY, INTERVENTIONAL}) if needed == CARDIOLOGY else frozenset({needed})

    def is_primary_care(self, code: str, /) -> bool:
        return code == FAMILY_MEDICINE

    def belongs_elsewhere(self, code: str, /) -> bool:
        return code == DENTIST


@dataclass
class Worked:
    """A directory of a few records, looked up by going through them."""

    members_: list[Member] = field(default_factory=list)
    coverages_: list[CoverageRecord] = field(default_factory=list)
    practitioners_: list[Practitioner] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)
    affiliations_: list[Affiliation] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    products_: list[Product] = field(default_factory=list)
    snapshot: int = 7
    kept: dict[Hashable, object] = field(default_factory=dict)

    def member(self, key: str, /) -> Member | None:
        return _named(self.members_, key)

    def members(self, value: str, /) -> Sequence[Member]:
        return [each for each in self.members_ if value in _values(each)]

    def coverage(self, key: str, /) -> CoverageRecord | None:
        return _named(self.coverages_, key)

    def coverages(self, member: str, /) -> Sequence[CoverageRecord]:
        return [each for each in self.coverages_ if each.member == member]

    def coverages_numbered(self, value: str, /) -> Sequence[CoverageRecord]:
        return [each for each in self.coverages_ if value in {number.value for number in each.numbers}]

    def practitioner(self, key: str, /) -> Practitioner | None:
        return _named(self.practitioners_, key)

    def practitioners(self, value: str, /) -> Sequence[Practitioner]:
        return [each for each in self.practitioners_ if value in _values(each)]

    def organization(self, key: str, /) -> Group | None:
        return _named(self.groups, key)

    def organizations(self, value: str, /) -> Sequence[Group]:
        return [each for each in self.groups if value in _values(each)]

    def role(self, key: str, /) -> Role | None:
        return _named(self.roles, key)

    def roles_of_practitioner(self, key: str, /) -> Sequence[Role]:
        return [each for each in self.roles if each.practitioner == key]

    def roles_of_organization(self, key: str, /) -> Sequence[Role]:
        return [each for each in self.roles if each.organization == key]

    def roles_of_specialty(self, _code: str, /) -> Sequence[Role]:
        return self.roles

    def affiliations(self, organization: str, /) -> Sequence[Affiliation]:
        return [each for each in self.affiliations_ if each.participating == organization]

    def service(self, key: str, /) -> Service | None:
        return _named(self.services, key)

    def place(self, key: str, /) -> Place | None:
        return _named(self.places, key)

    def products(self) -> Sequence[Product]:
        return self.products_

    def networks(self) -> Sequence[Group]:
        return [each for each in self.groups if "ntwk" in each.types]

    def payers(self) -> Sequence[Group]:
        return [each for each in self.groups if "payer" in each.types]

    def remember(self, key: Hashable, make: Callable[[], T], /) -> T:
        return cast("T", self.kept.setdefault(key, make()))


def _named(records: Sequence[T], key: str) -> T | None:
    return next((each for each in records if cast("Any", each).id == key), None)


def _values(record: Member | Practitioner | Group) -> set[str]:
    return {each.value for each in record.identifiers}


def directory(**changes: Any) -> Worked:
    """One member covered since 2024, one network, and two cardiologists in it: the initial provider's rival is open."""
    made = Worked(
        members_=[Member("m1", (Identifier("M1", NUMBERS),), birth_date="1980-05-06", families=("Alder",))],
        coverages_=[
            CoverageRecord(
                "c1", "m1", (Identifier("M1", NUMBERS),), period=Period(date(2024, 1, 1)), classes=(("HMO", None),)
            )
        ],
        practitioners_=[person("initial"), person("rival"), person("outsider")],
        groups=[Group("net", types=("ntwk",), name="Network"), Group("payer", types=("payer",))],
        roles=[
            rival(id="r-initial", practitioner="initial", organization="here", accepting=()),
            rival(),
            Role("r-outsider", practitioner="outsider", organization="far", specialties=(CARDIOLOGY,)),
        ],
        products_=[Product("product", names=("HMO",), networks=("net",), owners=("payer",))],
    )
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def person(key: str, **changes: Any) -> Practitioner:
    """A practitioner whose NPI is its id."""
    return Practitioner(key, (Identifier(f"npi-{key}", NPI),), name=key.title(), **changes)


def rival(**changes: Any) -> Role:
    """The one alternative: in the network by its own role, in another practice, taking new patients."""
    given: dict[str, Any] = {
        "id": "r-rival",
        "practitioner": "rival",
        "organization": "there",
        "networks": ("net",),
        "specialties": (CARDIOLOGY,),
        "accepting": OPEN,
    }
    return Role(**{**given, **changes})


def provider(key: str, path: str = "ServiceRequest.performer[0]", **changes: Any) -> StatedParty:
    """A provider as a request names it, by NPI."""
    given: dict[str, Any] = {"kind": PartyKind.PRACTITIONER, "path": path, "npis": (f"npi-{key}",)}
    return StatedParty(**{**given, **changes})


def stated(**changes: Any) -> Stated:
    """The member asks, for a cardiologist, about the initial provider's opinion."""
    given: dict[str, Any] = {
        "member": StatedMember("ServiceRequest.subject", (Identifier("M1", NUMBERS),)),
        "requester": StatedParty(PartyKind.PATIENT, "ServiceRequest.requester", is_subject=True),
        "initial_provider": provider("initial", "ServiceRequest.extension('initial-provider')"),
        "specialties_needed": (CARDIOLOGY,),
    }
    return Stated(**{**given, **changes})
