"""What the judgment asks of the directory; one answer is one snapshot's, which never changes."""

from collections.abc import Callable, Collection, Hashable, Sequence
from typing import Protocol, TypeVar

from second_opinion.directory.model import (
    Affiliation,
    CoverageRecord,
    Group,
    Member,
    Place,
    Practitioner,
    Product,
    Role,
    Service,
)

T = TypeVar("T")


class DirectoryMoved(Exception):
    """Another directory came into force while one was being read; the reader starts again."""


class SpecialtyTables(Protocol):
    """The plan's tables of NUCC codes."""

    def accepted(self, needed: str, /) -> Collection[str]:
        """Codes of the same or an equivalent specialty, the needed one among them."""

    def is_primary_care(self, code: str, /) -> bool:
        """Whether the code is one of primary care."""

    def belongs_elsewhere(self, code: str, /) -> bool:
        """Whether another system than the plan is responsible for the specialty."""


class Lookup(Protocol):
    """One snapshot of the directory. Identifiers are found by value alone; systems are judged by the asker."""

    @property
    def snapshot(self) -> int:
        """The snapshot's number."""

    def member(self, key: str, /) -> Member | None:
        """The member of this Patient id."""

    def members(self, value: str, /) -> Sequence[Member]:
        """Members with an identifier of this value."""

    def coverage(self, key: str, /) -> CoverageRecord | None:
        """The coverage of this id."""

    def coverages(self, member: str, /) -> Sequence[CoverageRecord]:
        """Every coverage of the member, in a stable order."""

    def coverages_numbered(self, value: str, /) -> Sequence[CoverageRecord]:
        """Coverages with an identifier or subscriber id of this value."""

    def practitioner(self, key: str, /) -> Practitioner | None:
        """The practitioner of this id."""

    def practitioners(self, value: str, /) -> Sequence[Practitioner]:
        """Practitioners with an identifier of this value, NPI or other."""

    def organization(self, key: str, /) -> Group | None:
        """The organization of this id."""

    def organizations(self, value: str, /) -> Sequence[Group]:
        """Organizations with an identifier of this value, NPI or other."""

    def role(self, key: str, /) -> Role | None:
        """The role of this id."""

    def roles_of_practitioner(self, key: str, /) -> Sequence[Role]:
        """Roles of the practitioner."""

    def roles_of_organization(self, key: str, /) -> Sequence[Role]:
        """Roles in the organization."""

    def roles_of_specialty(self, code: str, /) -> Sequence[Role]:
        """Roles that may practise the NUCC code, by themselves, a service of theirs or a qualification."""

    def affiliations(self, organization: str, /) -> Sequence[Affiliation]:
        """Affiliations the organization participates by."""

    def service(self, key: str, /) -> Service | None:
        """The healthcare service of this id."""

    def place(self, key: str, /) -> Place | None:
        """The location of this id."""

    def products(self) -> Sequence[Product]:
        """Every product of the directory."""

    def networks(self) -> Sequence[Group]:
        """Every organization that is a network; where none says so, every one named as a network."""

    def payers(self) -> Sequence[Group]:
        """Every organization that says it is a payer."""

    def remember(self, key: Hashable, make: Callable[[], T], /) -> T:
        """What ``make`` answers, kept as long as the snapshot is in force."""
