"""A provider a reviewer offers or authorizes instead, as the directory knows it on the day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from second_opinion.directory import coverage, providers
from second_opinion.directory.coverage import Days
from second_opinion.directory.lookup import Lookup
from second_opinion.directory.model import Group, Member, Practitioner, Role
from second_opinion.directory.network import role_participation
from second_opinion.directory.stated import StatedParty


@dataclass(frozen=True)
class KnownProvider:
    """Who it is, how to reach it, and whether it takes part in one of the member's networks."""

    reference: str  # the role in the network where there is one, else the party
    party_reference: str | None  # Practitioner/id or Organization/id
    npi: str | None
    name: str
    specialty: str | None  # in words, as the directory has them
    codes: tuple[str, ...]  # NUCC
    phone: str | None
    in_network: bool


def networks(member: Member, received_on: date, on: date, lookup: Lookup) -> tuple[str, ...]:
    """Organization ids of the member's networks, by the coverage in force on receipt or on the day."""
    standing = coverage.standing(member, Days(received_on, on, on), lookup)
    return coverage.networks_of(standing.ours, lookup)[0]


def known(party: StatedParty, in_networks: tuple[str, ...], day: date, lookup: Lookup) -> KnownProvider | None:
    """The provider in the directory; None where it is not there."""
    found = providers.find(party, lookup)
    if not found.known:
        return None
    standing = providers.participation(found, in_networks, day, lookup)
    role = next((each for each in found.roles if role_participation(each, in_networks, day, lookup).takes_part), None)
    role = role or next(iter(found.current(day) or found.roles), None)
    known_party = found.party
    if found.organizations and not found.named_role:
        role = None  # the organization itself is offered, not one of its people
    reference = role.reference if role else known_party.reference if known_party else None
    if reference is None:
        return None
    return KnownProvider(
        reference=reference,
        party_reference=known_party.reference if known_party else None,
        npi=known_party.npi if known_party else None,
        name=_name(role, known_party, lookup) or party.display or reference,
        specialty=_specialty(role, known_party, lookup),
        codes=providers.role_specialties(role, lookup) if role else providers.specialties(found, lookup),
        phone=_phone(role, known_party, lookup),
        in_network=standing.takes_part,
    )


def practices(npis: Iterable[str], lookup: Lookup) -> frozenset[str]:
    """The NPIs with those of the organizations their holders practise in."""
    found = set(npis)
    for npi in tuple(found):
        for person in lookup.practitioners(npi):
            for role in lookup.roles_of_practitioner(person.id):
                group = lookup.organization(role.organization) if role.organization else None
                found.update({group.npi} if group and group.npi else ())
    return frozenset(found)


def _name(role: Role | None, party: Practitioner | Group | None, lookup: Lookup) -> str | None:
    group = lookup.organization(role.organization) if role and role.organization else None
    return _first((party.name if party else None, group.name if group else None))


def _specialty(role: Role | None, party: Practitioner | Group | None, lookup: Lookup) -> str | None:
    services = [service for key in (role.services if role else ()) if (service := lookup.service(key))]
    own = party.specialty_words if isinstance(party, Practitioner) else None
    return _first((role.specialty_words if role else None, *(each.specialty_words for each in services), own))


def _phone(role: Role | None, party: Practitioner | Group | None, lookup: Lookup) -> str | None:
    """The role's line, else its place's, else the person's, else the organization's."""
    places = [place for key in (role.places if role else ()) if (place := lookup.place(key))]
    group = lookup.organization(role.organization) if role and role.organization else None
    return _first(
        (
            role.phone if role else None,
            *(each.phone for each in places),
            party.phone if party else None,
            group.phone if group else None,
        )
    )


def _first(values: Iterable[str | None]) -> str | None:
    return next(filter(None, values), None)
