"""The plan posts a member's Consent: one resource of the directory, in force for every process when it is answered."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar
from urllib.parse import parse_qsl

from second_opinion.access.caller import Caller, require
from second_opinion.access.visibility import visibility
from second_opinion.directory.members import matches
from second_opinion.errors import (
    Forbidden,
    InvalidElement,
    InvalidSearch,
    NotFound,
    PreconditionFailed,
    Unavailable,
    Unresolved,
)
from second_opinion.fhir import consent, json_body, search
from second_opinion.fhir.codes import Json
from second_opinion.fhir.directory_terms import directory_terms
from second_opinion.fhir.elements import instant
from second_opinion.fhir.resolving import identifiers
from second_opinion.store.changes import ResourceWrite
from second_opinion.store.stored import Stored
from second_opinion.workflow.arrival import Arrival
from second_opinion.workflow.deciding import milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.opening import new_id

TYPE = "Consent"
PLAN = "plan"
SOURCE = "posted"  # what the snapshot says it came from
PATIENCE = 3.0  # seconds another load is waited for
RETRY = {"Retry-After": "30"}

Told = TypeVar("Told")


@dataclass(frozen=True)
class Kept:
    """The Consent as kept, and whether it is new."""

    stored: Stored
    created: bool


def create(desk: Desk, arrival: Arrival, condition: str | None) -> Kept:
    """Keep a new one; ``condition`` is the search of If-None-Exist."""
    _require(arrival.caller, "c")
    sent = _read(desk, arrival)
    wanted = None if condition is None else _condition(desk, condition)
    return _in_turn(lambda: _keep(desk, arrival, sent, new_id(), wanted))


def update(desk: Desk, arrival: Arrival, ident: str, if_match: int | None) -> Kept:
    """The next version of one that is there: NotFound, PreconditionFailed."""
    _require(arrival.caller, "u")
    before = desk.store.found(TYPE, ident)
    if before is None:
        raise NotFound("There is no Consent of this id")
    sent = _read(desk, arrival)
    if sent.get("id") != ident:
        raise InvalidElement("The id in the body must be the id in the address", "Consent.id")
    if if_match is not None and if_match != before.version:
        raise PreconditionFailed(f"If-Match is stale: the current version is {before.version}", "http.if-match")
    return _in_turn(lambda: _keep(desk, arrival, sent, ident, None))


def _require(caller: Caller, letter: str) -> None:
    require(caller, TYPE, letter, whole=True)
    if caller.partner_class != PLAN:
        raise Forbidden("Only the plan keeps the consents of its members")


def _read(desk: Desk, arrival: Arrival) -> Json:
    """The Consent as sent, its member resolved."""
    sent = consent.read(arrival.read())
    sent["patient"] = sent["patient"] | {"reference": f"Patient/{_member(desk, sent['patient'])}"}
    return sent


def _member(desk: Desk, patient: Json) -> str:
    """Patient id; Unresolved where no one member is meant."""
    literal = str(patient.get("reference", "")).removeprefix(f"{desk.settings.fhir_base}/").removeprefix("Patient/")
    stated = identifiers([patient["identifier"]] if "identifier" in patient else [])
    with desk.directory.snapshot() as lookup:
        named = [member] if (member := lookup.member(literal)) else []
        if not literal:
            named = [each for one in stated for each in lookup.members(one.value) if matches(one, each.identifiers)]
    if len({each.id for each in named}) != 1:
        raise Unresolved("Name one member of the plan, by Patient/id or by member number", "Consent.patient")
    return named[0].id


def _condition(desk: Desk, condition: str) -> search.Search:
    pairs = [each for each in parse_qsl(condition.removeprefix("?"), keep_blank_values=True) if each[0][:1] != "_"]
    if not pairs or any(not value for _, value in pairs):
        raise InvalidSearch("A condition names what must not exist yet: identifier=system|value", "http.if-none-exist")
    return search.read(TYPE, pairs, base=desk.settings.fhir_base, now=desk.now(), strict=True)


def _keep(desk: Desk, arrival: Arrival, sent: Json, ident: str, wanted: search.Search | None) -> Kept:
    """One load of one resource; who loads has the directory to itself, so a condition holds until it is kept."""
    now = milliseconds(desk.now())
    kept = _written(desk, arrival, sent, ident)
    with desk.store.load_snapshot([SOURCE], replace=False) as load:
        if wanted is not None:
            found = desk.store.search(wanted.query, visibility(arrival.caller))
            if found.total > 1:
                raise PreconditionFailed(
                    "The condition of If-None-Exist fits more than one resource", "http.if-none-exist"
                )
            if found.rows:
                return Kept(found.rows[0], created=False)
        load.put([kept])
        audit = arrival.record(now, f"{TYPE}/{ident}", kept.member)
        load.activate({TYPE: 1}, sha256(arrival.body).hexdigest(), [audit])
    stored = desk.store.found(TYPE, ident)
    assert stored is not None  # noqa: S101 - it was just put in force
    return Kept(stored, created=arrival.interaction == "create")


def _written(desk: Desk, arrival: Arrival, sent: Json, ident: str) -> ResourceWrite:
    now = milliseconds(desk.now())
    resource = sent | {"id": ident, "meta": sent.get("meta", {}) | {"versionId": "1", "lastUpdated": instant(now)}}
    terms, spans = search.extract(resource, desk.settings.fhir_base)
    member = sent["patient"]["reference"].removeprefix("Patient/")
    return ResourceWrite(
        type=TYPE,
        id=ident,
        version=1,
        last_updated=now,
        body=json_body.write(resource),
        terms=terms + directory_terms(resource),
        spans=spans,
        member=member,
        partner=arrival.caller.id,
    )


def _in_turn(story: Callable[[], Told]) -> Told:
    """What the story answers once no other load is under way; Unavailable where one takes long."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return story()
        except Unavailable as waiting:
            if time.monotonic() > end:
                raise Unavailable(waiting.message, headers=RETRY) from waiting
            time.sleep(0.05)
