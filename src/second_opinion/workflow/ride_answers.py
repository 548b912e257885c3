"""The vendor answers: it takes the ride, drives it, or does not; a ride that fails opens the visit again."""

from dataclasses import replace
from typing import Any

from uuid_utils import uuid7

from second_opinion.access.caller import Caller, require
from second_opinion.access.visibility import visibility
from second_opinion.cases.status import TRANSITIONS, CaseStatus
from second_opinion.directory.learned import LearnedFact, LearnedName
from second_opinion.errors import BusinessRule, CodeInvalid, Forbidden, NotFound, PreconditionFailed, RequiredMissing
from second_opinion.fhir import json_body, validation
from second_opinion.fhir.case_view import Ride
from second_opinion.fhir.transportation import STANDS
from second_opinion.store.changes import Event
from second_opinion.store.stored import Stored
from second_opinion.workflow import visits
from second_opinion.workflow.arrival import Arrival, told_anew
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.deciding import milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.repeats import kept_case
from second_opinion.workflow.saving import save_next

Json = dict[str, Any]
VENDORS_OWN = frozenset({"status", "statusReason", "output", "businessStatus"})
NOT_COMPARED = frozenset({"meta", "text", "lastModified"})
NOT_DONE = frozenset({"rejected", "failed"})


def answer_ride(desk: Desk, arrival: Arrival, ident: str, if_match: int | None) -> Stored:
    """The ride's Task as it stands after the vendor's answer."""
    require(arrival.caller, "Task", "u")
    sent = arrival.read()
    validation.check(sent, "Task")
    told_anew(lambda: _answer(desk, arrival, ident, sent, if_match))
    stored = desk.store.found("Task", ident)
    if stored is None:
        raise NotFound("There is no such Task")
    return stored


def _answer(desk: Desk, arrival: Arrival, ident: str, sent: Json, if_match: int | None) -> CaseFile:
    stored = desk.store.read("Task", ident, visibility(arrival.caller, "r"))
    if stored is None or stored.case_number is None:
        raise NotFound("There is no such Task, or none you may see")
    case = kept_case(desk, stored.case_number)
    ride = case.view.ride
    if ride is None or ride.task_id != ident or not _drives(arrival.caller, ride):
        raise Forbidden("Only the vendor of a ride answers its Task; other Tasks are changed by their operations")
    if if_match is not None and if_match != stored.version:
        raise PreconditionFailed(f"If-Match is stale: the current version is {stored.version}", "http.if-match")
    _only_an_answer(json_body.read(stored.body), sent)
    return _saved(desk, arrival, case, ride, sent)


def _saved(desk: Desk, arrival: Arrival, case: CaseFile, ride: Ride, sent: Json) -> CaseFile:
    now, status = milliseconds(desk.now()), sent["status"]
    after = replace(ride, status=status, status_reason=sent.get("statusReason"), outputs=tuple(sent.get("output", ())))
    if (status == "rejected" or _drives_otherwise(after)) and ride.problem_task_id is None:
        after = replace(after, problem_task_id=str(uuid7()), problem_at=now)
    case = replace(case, view=replace(case.view, ride=after, updated_at=now))
    missed = CaseStatus.MISSED in TRANSITIONS[CaseStatus(case.view.status)]
    if status == "failed" and missed and case.view.status != CaseStatus.MISSED:
        fact = LearnedFact(LearnedName.VISIT, arrival.caller.id, now, "missed", evidence=("The ride failed.",))
        case = visits.visited(desk, case, fact)
        case = replace(case, view=replace(case.view, ride=after))
    else:
        case = replace(case, version=case.version + 1)
    event = Event(case.number, now, "ride answered", arrival.caller.id, {"status": status})
    audit = [arrival.record(now, f"Task/{ride.task_id}", case.member)]
    return save_next(desk, case, [event], audit=audit, answered=arrival.caller.id)


def _drives(caller: Caller, ride: Ride) -> bool:
    number = (ride.vendor or {}).get("identifier", {}).get("value")
    return number is not None and number in {caller.organization, *caller.npis}


def _drives_otherwise(ride: Ride) -> bool:
    """Whether the vendor says another mode than was asked for."""
    said = {
        coding.get("code")
        for each in ride.outputs
        for coding in each.get("valueCodeableConcept", {}).get("coding", ())
        if str(coding.get("system", "")).endswith("/CodeSystem/transport-mode")
    }
    return bool(said - {ride.mode})


def _only_an_answer(kept: Json, sent: Json) -> None:
    """BusinessRule for anything else than status, statusReason and output; a ride not done says why."""
    compared = (set(kept) | set(sent)) - VENDORS_OWN - NOT_COMPARED
    for name in sorted(compared):
        if kept.get(name) != sent.get(name):
            raise BusinessRule("Only status, statusReason and output are the vendor's to change", f"Task.{name}")
    if sent["status"] not in STANDS:
        raise CodeInvalid(f"status is one of {', '.join(sorted(STANDS))}", "Task.status")
    if sent["status"] in NOT_DONE and not sent.get("statusReason"):
        raise RequiredMissing("A ride that is not driven needs its reason", "Task.statusReason")
