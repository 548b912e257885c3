"""A person sends an undelivered message again, after putting right what was in its way."""

from dataclasses import replace

from second_opinion.access.caller import Caller, require
from second_opinion.access.registry import REVIEWER
from second_opinion.access.visibility import visibility
from second_opinion.errors import CaseClosed, Forbidden, NotFound
from second_opinion.fhir import json_body, parameters
from second_opinion.fhir.case_view import Delivery
from second_opinion.fhir.codes import Json
from second_opinion.store.changes import AuditRow, Changes
from second_opinion.store.stored import Stored
from second_opinion.workflow import case_file, fared
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.deciding import milliseconds
from second_opinion.workflow.desk import Desk


def allowed(desk: Desk, caller: Caller, task: str) -> None:
    """What can be said before anything is read: the entry is there, and the caller is the plan's or of its staff."""
    if desk.store.read("Task", task, visibility(caller)) is None:
        raise NotFound("There is no Task of this id, or none you may see")
    require(caller, "Task", "u")
    if caller.kind != REVIEWER and caller.partner_class != "plan":
        raise Forbidden("Only the plan and its staff send messages again")


def resend(desk: Desk, caller: Caller, task: str, body: Json | None, request_id: str | None) -> Stored:
    """The list's Task, in progress until the message arrives or comes back to the list. It takes no parameters."""
    case, delivery = _entry(desk, task)
    if delivery.state not in fared.ON_THE_LIST:
        raise CaseClosed("The message is not on the list any more")
    if body is not None:
        parameters.read(body, {})
    again = replace(delivery, state="owed", resent=delivery.resent + 1)
    audit = AuditRow(
        at=milliseconds(desk.now()),
        actor=caller.id,
        action="operation",
        resource=f"Task/{task}",
        patient=case.member,
        outcome="0",
        request=request_id,
    )
    changes = Changes(work=[fared.resend_work(case, again)], audit=[audit])
    fared.told(desk, case.number, delivery, again, "sent again", actor=caller.id, changes=changes)
    kept = desk.store.found("Task", task)
    assert kept is not None  # noqa: S101 - it was read a moment ago, and Tasks are never deleted
    return kept


def _entry(desk: Desk, task: str) -> tuple[CaseFile, Delivery]:
    """The case and the message behind an entry of the list."""
    kept = desk.store.found("Task", task)
    parents = json_body.read(kept.body).get("partOf", ()) if kept is not None and not kept.deleted else ()
    for parent in parents:
        stored = desk.store.case_by_task(parent["reference"].removeprefix("Task/"))
        case = case_file.load(stored.body) if stored is not None else None
        for delivery in case.view.deliveries if case is not None else ():
            if delivery.task_id == task and case is not None:
                return case, delivery
    raise NotFound("This Task is not about an undelivered message")
