"""The vendor answers: it takes the ride, drives it, or does not; a ride that fails opens the visit again."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from uuid_utils import uuid7

from second_opinion.access.caller import Caller, require
from second_opinion.access.visibility import visibility
from second_opinion.cases.notices import RideChange
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
ARRANGED = ("completed",)  # all a person of the plan says of a ride the vendor would not drive
PLAN = "plan"
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
    if ride is None or not _answers(arrival.caller, ride, ident):
        raise Forbidden("Only the vendor of a ride answers its Task; other Tasks are changed by their operations")
    if if_match is not None and if_match != stored.version:
        raise PreconditionFailed(f"If-Match is stale: the current version is {stored.version}", "http.if-match")
    arranging = ident == ride.problem_task_id
    if ride.waits and ident == ride.task_id:
        raise BusinessRule("It waits for the physician's certification and is not to be driven yet", "Task.status")
    _only_an_answer(json_body.read(stored.body), sent, ARRANGED if arranging else STANDS)
    return _arranged(desk, arrival, case, ride) if arranging else _saved(desk, arrival, case, ride, sent)


def _answers(caller: Caller, ride: Ride, ident: str) -> bool:
    """The vendor answers the ride's Task; that a person arranged what it would not is the plan's to say."""
    if ident == ride.problem_task_id:
        return caller.partner_class == PLAN or caller.reviewer is not None
    return ident == ride.task_id and _drives(caller, ride)


def _arranged(desk: Desk, arrival: Arrival, case: CaseFile, ride: Ride) -> CaseFile:
    now = milliseconds(desk.now())
    view = replace(case.view, ride=replace(ride, problem_solved=True), updated_at=now)
    case = replace(case, version=case.version + 1, view=view)
    event = Event(case.number, now, "ride arranged", arrival.caller.id, {})
    audit = [arrival.record(now, f"Task/{ride.problem_task_id}", case.member)]
    return save_next(desk, case, [event], audit=audit, answered=arrival.caller.id)


def _saved(desk: Desk, arrival: Arrival, case: CaseFile, ride: Ride, sent: Json) -> CaseFile:
    now, status = milliseconds(desk.now()), sent["status"]
    after = replace(ride, status=status, status_reason=sent.get("statusReason"), outputs=tuple(sent.get("output", ())))
    change = _change(after)
    if change is not None and change != ride.change:
        after = replace(after, change=change, changed_at=now)
    if change is not None and (ride.problem_task_id is None or ride.problem_solved):
        problem = ride.problem_task_id or str(uuid7())  # one that comes back opens the same Task
        after = replace(after, problem_task_id=problem, problem_at=now, problem_solved=False)
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


def _change(ride: Ride) -> RideChange | None:
    """What the vendor does otherwise than it was asked to."""
    if ride.status == "rejected":
        return RideChange.REFUSED
    return RideChange.OTHER_WAY if ride.other_mode is not None else None


def _only_an_answer(kept: Json, sent: Json, stands: Collection[str]) -> None:
    """BusinessRule for anything else than status, statusReason and output; a ride not done says why."""
    compared = (set(kept) | set(sent)) - VENDORS_OWN - NOT_COMPARED
    for name in sorted(compared):
        if kept.get(name) != sent.get(name):
            raise BusinessRule("Only status, statusReason and output are the vendor's to change", f"Task.{name}")
    if sent["status"] not in stands:
        raise CodeInvalid(f"status is one of {', '.join(sorted(stands))}", "Task.status")
    if sent["status"] in NOT_DONE and not sent.get("statusReason"):
        raise RequiredMissing("A ride that is not driven needs its reason", "Task.statusReason")
