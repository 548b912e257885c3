"""To whom a letter goes: the member at the address she is safe at, the provider where the directory has it."""

from collections.abc import Iterator
from typing import Any

import orjson

from second_opinion.fhir import addresses, postal
from second_opinion.fhir.case_view import CaseView, Reference
from second_opinion.fhir.codes import NPI
from second_opinion.fhir.elements import provider
from second_opinion.letters.letter import Party
from second_opinion.workflow.desk import Desk

Json = dict[str, Any]

UNNAMED = "Provider"  # one the directory does not know and the request does not name


def treating(view: CaseView) -> Reference | None:
    """The provider a case's letters go to besides the member: who asked, else whose opinion is questioned."""
    return provider(view.requester) or provider(view.initial_provider)


def patient(desk: Desk, member: str) -> Json:
    """The member as the directory has her today; empty where she has left it."""
    return _body(desk, "Patient", member) or {}


def member_party(desk: Desk, of: Json, *, for_provider: bool) -> Party:
    """Name and address of the member; on the provider's copy no address that is confidential."""
    today = desk.calendar.day(desk.now())
    hidden = for_provider and addresses.is_confidential(of, desk.vocabulary, today)
    address = None if hidden else addresses.postal(of, desk.vocabulary, today)
    return Party(postal.name(of) or "Member", postal.lines(address))


def provider_party(desk: Desk, reference: Reference) -> Party:
    """Name and address of a provider: the place of the role, else its organization's, else the person's own."""
    person, role, group = _practising(desk, reference)
    name = postal.name(person) or reference.get("display") or UNNAMED
    lines = next(filter(None, map(postal.lines, _places(desk, person, role, group))), ())
    practice = postal.name(group)
    return Party(name, (practice, *lines) if practice and practice != name else lines)


def place(desk: Desk, reference: Reference) -> Json | None:
    """The address where the provider practises."""
    return next(filter(None, _places(desk, *_practising(desk, reference))), None)


def _practising(desk: Desk, reference: Reference) -> tuple[Json, Json, Json]:
    """The person or organization, its role, and the organization it practises for; each empty where there is none."""
    found = resolved(desk, reference)
    person = found if found.get("resourceType") in {"Practitioner", "Organization"} else {}
    role = found if found.get("resourceType") == "PractitionerRole" else _role_of(desk, person)
    if not person:
        person = _pointed(desk, role.get("practitioner")) or _pointed(desk, role.get("organization")) or {}
    group = _pointed(desk, role.get("organization")) or {}
    return person, role, group


def _places(desk: Desk, person: Json, role: Json, group: Json) -> Iterator[Json | None]:
    """Addresses, the nearest to the practice first."""
    today = desk.calendar.day(desk.now())
    at = next((each for at in role.get("location", ()) if (each := _pointed(desk, at))), {})
    return (addresses.postal(each, desk.vocabulary, today) for each in (at, group, person))


def resolved(desk: Desk, reference: Reference) -> Json:
    """The directory's resource behind a reference, by its address, else by NPI; empty where it knows none."""
    if found := _pointed(desk, reference):
        return found
    identifier = reference.get("identifier", {})
    if identifier.get("system") != NPI:
        return {}
    with desk.directory.snapshot() as lookup:
        people, groups = lookup.practitioners(identifier["value"]), lookup.organizations(identifier["value"])
    known = [each.reference for each in people] or [each.reference for each in groups]
    return _pointed(desk, {"reference": known[0]}) or {} if known else {}


def _role_of(desk: Desk, person: Json) -> Json:
    """The first active role of a practitioner."""
    if person.get("resourceType") != "Practitioner":
        return {}
    with desk.directory.snapshot() as lookup:
        roles = [role for role in lookup.roles_of_practitioner(person["id"]) if role.active]
    return _body(desk, "PractitionerRole", roles[0].id) or {} if roles else {}


def _pointed(desk: Desk, reference: Reference | None) -> Json | None:
    kind, _, ident = str((reference or {}).get("reference", "")).partition("/")
    return _body(desk, kind, ident) if kind and ident else None


def _body(desk: Desk, kind: str, ident: str) -> Json | None:
    body = desk.store.body(kind, ident)
    found: Json | None = orjson.loads(body) if body else None
    return found
