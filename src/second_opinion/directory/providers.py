"""Which provider of the directory a stated party is, where it practises, and what it practises."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from second_opinion.directory.lookup import Lookup
from second_opinion.directory.members import matches
from second_opinion.directory.model import Group, Member, Pointer, Practitioner, Role
from second_opinion.directory.network import Participation, organization_participation, role_participation
from second_opinion.directory.stated import NPI, Identifier, PartyKind, StatedParty

PROVIDERS = frozenset({PartyKind.PRACTITIONER, PartyKind.ORGANIZATION})


@dataclass(frozen=True)
class FoundProvider:
    """A stated party in the directory; with nothing in it the directory does not know the party.

    ``roles`` are those to judge: the one the request names, else every role of the practitioner.
    """

    practitioners: tuple[Practitioner, ...] = ()
    organizations: tuple[Group, ...] = ()  # the party itself is an organization
    roles: tuple[Role, ...] = ()
    named_role: bool = False  # the request names one role of ours
    practices: tuple[str, ...] = ()  # Organization ids the request says it practises in

    @property
    def known(self) -> bool:
        """Whether the directory has it."""
        return bool(self.practitioners or self.organizations or self.roles)

    @property
    def practitioner_ids(self) -> frozenset[str]:
        """Ids of the person."""
        return frozenset(each.id for each in self.practitioners)

    @property
    def reference(self) -> str | None:
        """``Type/id`` in our directory."""
        if self.named_role:
            return self.roles[0].reference
        return self.party.reference if self.party else None

    @property
    def party(self) -> Practitioner | Group | None:
        """The person, else the organization."""
        return next(iter(self.practitioners), None) or next(iter(self.organizations), None)

    def current(self, day: date) -> tuple[Role, ...]:
        """The roles in force on the day."""
        return tuple(role for role in self.roles if role.active and role.period.covers(day))


def find(party: StatedParty, lookup: Lookup) -> FoundProvider:
    """The provider the party is: by its reference to this server, else by its NPI or other identifier.

    A reference that contradicts the NPI beside it is the sender's own, and says nothing here.
    """
    found = _by_reference(party.own_reference, lookup) if party.own_reference else None
    if found and not _contradicted(found, party):
        return found
    numbers = tuple(Identifier(npi, NPI) for npi in party.npis) or party.identifiers
    practices = tuple(
        group.id for npi in party.organization_npis for group in _organizations([Identifier(npi, NPI)], lookup)
    )
    if party.kind is not PartyKind.ORGANIZATION and (people := _practitioners(numbers, lookup)):
        roles = tuple(role for person in people for role in lookup.roles_of_practitioner(person.id))
        return FoundProvider(practitioners=people, roles=roles, practices=practices)
    if groups := _organizations(numbers, lookup):
        return _organization(groups, lookup)
    if not numbers and practices:
        # A role whose person has no number stands for its organization.
        return _organization(tuple(filter(None, map(lookup.organization, practices))), lookup)
    return FoundProvider(practices=practices)


def participation(found: FoundProvider, networks: Sequence[str], day: date, lookup: Lookup) -> Participation:
    """Whether the provider takes part in one of the networks on the day, by any of its roles or affiliations."""
    if not found.known:
        return Participation(takes_part=False, by=(), why="the directory does not know this provider")
    if (why := disqualification(found)) is not None:
        return Participation(takes_part=False, by=(), why=why)
    tried = [role_participation(role, networks, day, lookup) for role in found.roles]
    tried += [organization_participation(group.id, networks, day, lookup) for group in found.organizations]
    return next((each for each in tried if each.takes_part), _nearest(tried))


def disqualification(found: FoundProvider) -> str | None:
    """Why the directory says that the provider may not practise, None where it says nothing of the kind."""
    for person in found.practitioners:
        if not person.active:
            return "the practitioner is not active"
        if person.disqualified:
            return person.disqualified
    if found.organizations and not any(group.active for group in found.organizations):
        return "the organization is not active"
    return None


def specialties(found: FoundProvider, lookup: Lookup) -> tuple[str, ...]:
    """NUCC codes the provider practises, each once."""
    codes = [code for role in found.roles for code in role_specialties(role, lookup)]
    if not codes:
        codes = [code for person in found.practitioners for code in person.specialties]
    return tuple(dict.fromkeys(codes))


def role_specialties(role: Role, lookup: Lookup) -> tuple[str, ...]:
    """NUCC codes of the role, else of its services, else of its practitioner's qualifications."""
    if role.specialties:
        return role.specialties
    services = [service for key in role.services if (service := lookup.service(key)) and service.active]
    codes = tuple(dict.fromkeys(code for service in services for code in service.specialties))
    if codes or role.practitioner is None:
        return codes
    person = lookup.practitioner(role.practitioner)
    return person.specialties if person else ()


def is_general_practitioner(found: FoundProvider, party: StatedParty, member: Member, lookup: Lookup) -> bool:
    """Whether the provider is the member's own primary care provider."""
    return any(_is_pointed_at(pointer, found, party, lookup) for pointer in member.general_practitioners)


def general_practitioner_ids(member: Member, lookup: Lookup) -> frozenset[str]:
    """Practitioner and Organization references of the member's own primary care providers."""
    ids: set[str] = set()
    for pointer in member.general_practitioners:
        ids.update(_targets(pointer, lookup))
    return frozenset(ids)


def _contradicted(found: FoundProvider, party: StatedParty) -> bool:
    """Whether the party has an NPI and the one found has another."""
    known = found.party.npi if found.party else None
    return bool(party.npis) and known is not None and known not in party.npis


def _by_reference(reference: str, lookup: Lookup) -> FoundProvider | None:
    kind, _, key = reference.partition("/")
    if kind == "PractitionerRole" and (role := lookup.role(key)):
        person = lookup.practitioner(role.practitioner) if role.practitioner else None
        practices = (role.organization,) if role.organization else ()
        people = (person,) if person else ()
        return FoundProvider(practitioners=people, roles=(role,), named_role=True, practices=practices)
    if kind == "Practitioner" and (person := lookup.practitioner(key)):
        return FoundProvider(practitioners=(person,), roles=tuple(lookup.roles_of_practitioner(key)))
    if kind == "Organization" and (group := lookup.organization(key)):
        return _organization((group,), lookup)
    return None


def _organization(groups: tuple[Group, ...], lookup: Lookup) -> FoundProvider:
    """The organization with the roles that are its own or its people's."""
    roles = tuple(role for group in groups for role in lookup.roles_of_organization(group.id))
    return FoundProvider(organizations=groups, roles=roles, practices=tuple(group.id for group in groups))


def _practitioners(numbers: Iterable[Identifier], lookup: Lookup) -> tuple[Practitioner, ...]:
    found = {
        person.id: person
        for number in numbers
        for person in lookup.practitioners(number.value)
        if matches(number, person.identifiers)
    }
    return tuple(found.values())


def _organizations(numbers: Iterable[Identifier], lookup: Lookup) -> tuple[Group, ...]:
    found = {
        group.id: group
        for number in numbers
        for group in lookup.organizations(number.value)
        if matches(number, group.identifiers)
    }
    return tuple(found.values())


def _nearest(tried: list[Participation]) -> Participation:
    """The refusal that says most: a contract of another day rather than none."""
    none = Participation(takes_part=False, by=(), why="the directory names no role or affiliation of the provider")
    return next((each for each in tried if "in force" in each.why), tried[0] if tried else none)


def _targets(pointer: Pointer, lookup: Lookup) -> frozenset[str]:
    """``Practitioner/id`` or ``Organization/id`` behind a pointer; a role is its person, else its organization."""
    if pointer.reference:
        kind, _, key = pointer.reference.partition("/")
        if kind != "PractitionerRole":
            return frozenset({pointer.reference})
        role = lookup.role(key)
        target = role and (
            f"Practitioner/{role.practitioner}" if role.practitioner else f"Organization/{role.organization}"
        )
        return frozenset({target} if target else ())
    people = _practitioners(pointer.identifiers, lookup)
    groups = _organizations(pointer.identifiers, lookup)
    return frozenset((*(each.reference for each in people), *(each.reference for each in groups)))


def _is_pointed_at(pointer: Pointer, found: FoundProvider, party: StatedParty, lookup: Lookup) -> bool:
    own = {*(each.reference for each in found.practitioners), *(each.reference for each in found.organizations)}
    if found.named_role and pointer.reference == found.roles[0].reference:
        return True
    numbers = (*(Identifier(npi, NPI) for npi in party.npis), *party.identifiers)
    return bool(own & _targets(pointer, lookup)) or any(matches(number, pointer.identifiers) for number in numbers)
