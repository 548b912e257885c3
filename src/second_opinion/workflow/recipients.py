"""Whom a message goes to, and by which way: a registered partner's endpoint, the directory's, or the mail."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from second_opinion.access import registry
from second_opinion.access.registry import Partner
from second_opinion.delivery.message import Destination
from second_opinion.directory.lookup import Lookup
from second_opinion.directory.model import Group, Practitioner, Role
from second_opinion.fhir import addresses, endpoints, json_body
from second_opinion.fhir.case_view import Reference
from second_opinion.fhir.codes import NPI
from second_opinion.workflow.desk import Desk

MOST_PARENTS = 10  # organizations above one another; a circle ends too
MAIL = "mail"  # the partition of everything printed


@dataclass(frozen=True)
class Recipient:
    """A recipient as the directory knows it."""

    practitioner: Practitioner | None = None
    roles: tuple[Role, ...] = ()
    organizations: tuple[Group, ...] = ()  # with those they are part of
    npis: tuple[str, ...] = ()  # its own first


def destination(desk: Desk, recipient: Reference) -> Destination | None:
    """The endpoint: of the partner registered for its NPI, its role's, its organization's; None: it gets mail."""
    with desk.directory.snapshot() as lookup:
        known = _known(recipient, lookup)
    partners = {npi: each for each in registry.partners(desk.store) if _reachable(each) for npi in _npis(each)}
    for npi in known.npis:
        if (partner := partners.get(npi)) is not None and partner.endpoint:
            return Destination(partner.endpoint, partner.id, partner.client_id)
    for url in _listed(desk, known):
        return Destination(url)
    return None


def address(desk: Desk, recipient: Reference) -> dict[str, Any] | None:
    """Where mail to the recipient goes."""
    on = desk.calendar.day(desk.now())
    with desk.directory.snapshot() as lookup:
        known = _known(recipient, lookup)
    places = [f"Location/{place}" for role in known.roles for place in role.places]
    own = [recipient["reference"]] if "reference" in recipient else []
    person = [known.practitioner.reference] if known.practitioner else []
    for reference in (*own, *person, *places, *(each.reference for each in known.organizations)):
        body = _body(desk, reference)
        found = addresses.postal(body, desk.vocabulary, on) if body else None
        if found is not None:
            return found
    return None


def numbers(desk: Desk, recipient: Reference) -> frozenset[str]:
    """Every NPI that stands for the recipient: its own, its practices', and those they are part of."""
    with desk.directory.snapshot() as lookup:
        return frozenset(_known(recipient, lookup).npis)


def partition(desk: Desk, recipient: Reference) -> str:
    """Whose limits of rate and concurrency a message counts against."""
    found = destination(desk, recipient)
    return MAIL if found is None else found.partner or found.url


def _known(recipient: Reference, lookup: Lookup) -> Recipient:
    kind, _, key = str(recipient.get("reference", "")).rpartition("/")
    identifier = recipient.get("identifier", {})
    stated = identifier.get("value") if identifier.get("system") == NPI else None
    person = lookup.practitioner(key) if kind == "Practitioner" else None
    group = lookup.organization(key) if kind == "Organization" else None
    role = lookup.role(key) if kind == "PractitionerRole" else None
    if stated and not (person or group or role):
        person = next(iter(lookup.practitioners(stated)), None)
        group = None if person else next(iter(lookup.organizations(stated)), None)
    if role and role.practitioner:
        person = lookup.practitioner(role.practitioner)
    roles = (role,) if role else tuple(lookup.roles_of_practitioner(person.id)) if person else ()
    roles = tuple(each for each in roles if each.active)
    named = [group.id] if group else [each.organization for each in roles if each.organization]
    organizations = tuple(_upwards(named, lookup))
    numbers = [stated, person.npi if person else None, *(each.npi for each in organizations)]
    return Recipient(person, roles, organizations, tuple(dict.fromkeys(filter(None, numbers))))


def _upwards(named: list[str], lookup: Lookup) -> Iterator[Group]:
    """The organizations, each followed by those it is part of."""
    for first in named:
        key: str | None = first
        for _ in range(MOST_PARENTS):
            group = lookup.organization(key) if key else None
            if group is None:
                break
            yield group
            key = group.part_of


def _listed(desk: Desk, known: Recipient) -> Iterator[str]:
    """Addresses of the endpoints the directory names for it, the nearest first."""
    for holder in (*(each.reference for each in known.roles), *(each.reference for each in known.organizations)):
        for key in endpoints.named(_body(desk, holder) or {}):
            url = endpoints.address(_body(desk, f"Endpoint/{key}") or {})
            if url is not None:
                yield url


def _body(desk: Desk, reference: str) -> Mapping[str, Any] | None:
    kind, _, key = reference.rpartition("/")
    body = desk.store.body(kind, key)
    return json_body.read(body) if body else None


def _reachable(partner: Partner) -> bool:
    return partner.active and partner.endpoint is not None


def _npis(partner: Partner) -> tuple[str, ...]:
    return (partner.organization, *partner.npis)
