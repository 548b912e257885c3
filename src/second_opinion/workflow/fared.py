"""How a message fared is kept with its case: its state, a line of the story, a person's list where it failed."""

from dataclasses import replace
from datetime import datetime

from uuid_utils import uuid7

from second_opinion.errors import NotFound
from second_opinion.fhir import json_body, search_extract, undelivered_task
from second_opinion.fhir.case_view import Delivery, Reference
from second_opinion.fhir.codes import Json
from second_opinion.store.changes import AuditRow, Changes, Conflict, Event, ResourceWrite, Work
from second_opinion.workflow import case_file, projection, report_loop
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.deciding import milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.messages_owed import messages_owed
from second_opinion.workflow.submit import COMPUTER

REPORTED = "the member and the initial provider both have the consultation report"
ON_THE_LIST = frozenset({"undelivered", "returned"})
TRIES = 20  # at a case that others change at the same time


def standing(desk: Desk, number: int, reference: str, recipient: Reference, identifier: Json | None = None) -> Delivery:
    """How the message stands; one the case has not heard of is owed."""
    new = Delivery(reference, recipient, identifier=identifier)
    return _found(_case(desk, number), new) or new


def _found(case: CaseFile, delivery: Delivery) -> Delivery | None:
    return case.view.delivery(delivery.reference, delivery.whom, delivery.identifier)


def number(desk: Desk, case: int) -> str:
    """The case's number as it is shown."""
    return _case(desk, case).view.number


def told(
    desk: Desk,
    number: int,
    before: Delivery,
    after: Delivery,
    event: str,
    *,
    actor: str = COMPUTER,
    changes: Changes | None = None,
) -> CaseFile:
    """The case with the delivery as it stands ``after``, unless it has moved on since ``before``; saved.

    A message that comes onto a person's list, or is on it, takes its Task along; ``changes`` are saved with it.
    """
    for _ in range(TRIES):
        case = _case(desk, number)
        if (_found(case, before) or before) != before:
            return case
        try:
            return _saved(desk, case, after, event, actor, changes or Changes())
        except Conflict:
            continue
    raise Conflict("case")


def _saved(desk: Desk, case: CaseFile, after: Delivery, event: str, actor: str, given: Changes) -> CaseFile:
    now, before = milliseconds(desk.now()), case
    if after.state in ON_THE_LIST:
        after = replace(after, task_id=after.task_id or str(uuid7()), listed_at=now)
    others = tuple(each for each in case.view.deliveries if each != _found(case, after))
    view = replace(case.view, updated_at=now, deliveries=(*others, after))
    case = replace(case, version=case.version + 1, view=view)
    order: list[ResourceWrite] = []
    events = [_event(case, now, event, actor, after)]
    took = report_loop.took(case, now) if report_loop.closes(case) else None
    if took is not None:
        case = report_loop.closed(case, now)
        order = report_loop.completed_order(desk, case)
        events.append(Event(case.number, now, "report delivered", COMPUTER, {"note": REPORTED}))
    case, written = projection.next_versions(desk, case, desk.store.case_resources(case.number))
    desk.store.save(
        replace(
            given,
            case=case_file.row(case),
            resources=[*written, *order, *([_list_entry(desk, case, after)] if after.task_id else [])],
            parties=set(case.parties),
            events=events,
            work=[*given.work, *messages_owed(case, before)],  # withdrawn while it was under way: it is taken back
            audit=[*given.audit, *_disclosed(case, after, actor)],
            undelivered=int(after.state in ON_THE_LIST),
            report_took=took,
        )
    )
    return case


def _disclosed(case: CaseFile, delivery: Delivery, actor: str) -> list[AuditRow]:
    """That data of the member went out, or was to; nothing where the message is only waiting."""
    outcome = {"delivered": "0", "handed-over": "0", "undelivered": "8"}.get(delivery.state)
    if outcome is None:
        return []
    to = {"to": delivery.whom}
    return [AuditRow(case.view.updated_at, actor, "delivery", delivery.reference, case.member, outcome, None, to)]


def _event(case: CaseFile, now: datetime, event: str, actor: str, after: Delivery) -> Event:
    detail = {"resource": after.reference, "to": after.whom} | ({"reason": after.reason} if after.reason else {})
    return Event(case.number, now, event, actor, detail)


def _list_entry(desk: Desk, case: CaseFile, delivery: Delivery) -> ResourceWrite:
    """The Task of a message on a person's list. It belongs to no case's parties: plan and staff only see it."""
    assert delivery.task_id is not None  # noqa: S101 - asked by the caller
    kept = desk.store.found("Task", delivery.task_id)
    version = kept.version + 1 if kept else 1
    task = undelivered_task.write(case.view, desk.vocabulary, delivery, version)
    terms, spans = search_extract.extract(task, desk.settings.fhir_base)
    return ResourceWrite("Task", delivery.task_id, version, case.view.updated_at, json_body.write(task), terms, spans)


def resend_work(case: CaseFile, delivery: Delivery) -> Work:
    """The errand of a message a person sends again."""
    number = f"/{delivery.identifier['value']}" if delivery.identifier else ""
    key = f"deliver/{delivery.reference}/{delivery.whom}{number}/again/{delivery.resent}"
    body = {"reference": delivery.reference, "recipient": delivery.recipient}
    body |= {"identifier": delivery.identifier} if delivery.identifier else {}
    return Work(key, "deliver", case.number, body)


def _case(desk: Desk, number: int) -> CaseFile:
    stored = desk.store.case(number)
    if stored is None:
        raise NotFound("There is no case of this number")
    return case_file.load(stored.body)
