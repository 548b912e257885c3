"""Whether a provider takes part in a network on a day, and by which contract (Plan-Net)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from second_opinion.directory.lookup import Lookup
from second_opinion.directory.model import Affiliation, Role


@dataclass(frozen=True)
class Participation:
    """Whether it takes part; ``by`` names the records that say so (Type/id), ``why`` is a sentence's end."""

    takes_part: bool
    by: tuple[str, ...]
    why: str


def ancestors(organization: str, lookup: Lookup) -> tuple[str, ...]:
    """The organization and those it is part of, nearest first; a circle in the directory ends the climb."""
    line: list[str] = []
    here: str | None = organization
    while here and here not in line:
        line.append(here)
        group = lookup.organization(here)
        here = group.part_of if group else None
    return tuple(line)


def contracts(organization: str, networks: Sequence[str], lookup: Lookup) -> tuple[Affiliation, ...]:
    """Affiliations, of whatever day, that put the organization or one it is part of into one of the networks.

    An organization no longer active carries nobody into a network, neither itself nor what is part of it.
    """
    found: list[Affiliation] = []
    for each in ancestors(organization, lookup):
        group = lookup.organization(each)
        if group and not group.active:
            break
        found += [
            affiliation
            for affiliation in lookup.affiliations(each)
            if affiliation.active and not set(networks).isdisjoint(affiliation.networks)
        ]
    return tuple(found)


def role_participation(role: Role, networks: Sequence[str], day: date, lookup: Lookup) -> Participation:
    """Whether the role takes part in one of the networks on the day."""
    if not role.active:
        return Participation(takes_part=False, by=(), why="the role is not active")
    if not role.period.covers(day):
        return Participation(takes_part=False, by=(), why="the role is not in force on the day")
    if not set(networks).isdisjoint(role.networks):
        return Participation(takes_part=True, by=(role.reference,), why="the role names the network")
    if role.organization is None:
        return Participation(takes_part=False, by=(), why="the role is in none of the networks")
    return organization_participation(role.organization, networks, day, lookup, through=(role.reference,))


def organization_participation(
    organization: str, networks: Sequence[str], day: date, lookup: Lookup, through: tuple[str, ...] = ()
) -> Participation:
    """Whether the organization, or one it is part of, is affiliated with one of the networks on the day."""
    held = contracts(organization, networks, lookup)
    for affiliation in held:
        if affiliation.period.covers(day):
            why = "an affiliation puts the organization into the network"
            return Participation(takes_part=True, by=(*through, affiliation.reference), why=why)
    why = "the affiliation is not in force on the day" if held else "neither role nor affiliation names the network"
    return Participation(takes_part=False, by=(), why=why)
