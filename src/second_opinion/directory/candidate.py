"""One role as a candidate for the opinion: contracted, active, and taking new patients or not."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from second_opinion.directory.lookup import Lookup
from second_opinion.directory.model import Accepting, Accepts, Role
from second_opinion.directory.network import role_participation


class Verdict(StrEnum):
    """What the directory says of one candidate."""

    OPEN = "open"
    NOT_STATED = "not-stated"
    CLOSED = "closed"
    UNFIT = "unfit"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A role of an accepted specialty with its verdict."""

    role: str  # PractitionerRole id
    practitioner: str | None
    organization: str | None
    verdict: Verdict
    why: str
    words: str  # name, specialty, phone
    existing: bool = False  # closed to all but those who are its patients already


def judge(role: Role, networks: tuple[str, ...], day: date, lookup: Lookup) -> Candidate:
    """One candidate: contracted and active, then whether it takes new patients."""
    person = lookup.practitioner(role.practitioner) if role.practitioner else None
    verdict, existing = Verdict.UNFIT, False
    if person and not person.active:
        why = "the practitioner is not active"
    elif person and person.disqualified:
        why = person.disqualified
    elif _is_closed_down(role, lookup):
        why = "the organization is not active"
    else:
        standing = role_participation(role, networks, day, lookup)
        why = standing.why
        if standing.takes_part:
            verdict, why, existing = _accepting(role, networks, lookup)
    return Candidate(role.id, role.practitioner, role.organization, verdict, why, _words(role, lookup), existing)


def _is_closed_down(role: Role, lookup: Lookup) -> bool:
    group = lookup.organization(role.organization) if role.organization else None
    return group is not None and not group.active


def _accepting(role: Role, networks: tuple[str, ...], lookup: Lookup) -> tuple[Verdict, str, bool]:
    """The most specific level that says anything wins: the role, its services, its locations."""
    services = (service for key in role.services if (service := lookup.service(key)) and service.active)
    places = (place for key in role.places if (place := lookup.place(key)) and place.active)
    levels = (
        ("role", list(role.accepting)),
        ("service", [each for service in services for each in service.accepting]),
        ("location", [each for place in places for each in place.accepting]),
    )
    for level, statements in levels:
        if said := _applicable(statements, networks):
            if Accepts.NEW in said:
                return Verdict.OPEN, f"takes new patients, says the {level}", False
            existing = Accepts.EXISTING in said or Accepts.FAMILIES in said
            limited = "takes only its own patients" if existing else "takes no new patients"
            return Verdict.CLOSED, f"{limited}, says the {level}", existing
    return Verdict.NOT_STATED, "nothing says whether it takes new patients", False


def _applicable(statements: list[Accepting], networks: tuple[str, ...]) -> set[Accepts]:
    """What is said for these networks; where nothing is, what is said for every network."""
    for_these = {each.accepts for each in statements if each.network in networks}
    return for_these or {each.accepts for each in statements if each.network is None}


def _words(role: Role, lookup: Lookup) -> str:
    """Name, specialty, phone as the member may read them."""
    person = lookup.practitioner(role.practitioner) if role.practitioner else None
    group = lookup.organization(role.organization) if role.organization else None
    services = [service for key in role.services if (service := lookup.service(key))]
    places = [place for key in role.places if (place := lookup.place(key))]
    named = (person.name if person else None, group.name if group else None, role.id)
    specialty = (
        role.specialty_words,
        *(each.specialty_words for each in services),
        person.specialty_words if person else None,
    )
    phone = (
        role.phone,
        *(each.phone for each in places),
        person.phone if person else None,
        group.phone if group else None,
    )
    return ", ".join(filter(None, (_first(named), _first(specialty), _first(phone))))


def _first(values: Iterable[str | None]) -> str | None:
    return next(filter(None, values), None)
