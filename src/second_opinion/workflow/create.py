"""The plain FHIR doors: create, conditional create and transaction. Each ends in the same story as $submit."""

from second_opinion.access.visibility import visibility
from second_opinion.errors import PreconditionFailed
from second_opinion.fhir import search_extract, search_values, service_request_stored
from second_opinion.fhir.json_body import write as as_bytes
from second_opinion.fhir.submission import Received
from second_opinion.store.changes import AuditRow, Changes, Conflict, ResourceWrite
from second_opinion.workflow import opening
from second_opinion.workflow.answers import Answer
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.submit import (
    Arrival,
    Place,
    answered_before,
    as_stored,
    kept_case,
    kept_submissions,
    submission_keys,
    submit,
)


def create(desk: Desk, arrival: Arrival, received: Received, condition: str | None = None) -> Answer:
    """Keep the order and decide it; a draft is only kept, and its clock not started.

    ``condition`` is the search of If-None-Exist: what it finds is answered instead; more than one is 412.
    """
    if condition is not None and (found := _existing(desk, arrival, condition)) is not None:
        return found
    if received.order.get("status") == "draft":
        return _keep_draft(desk, arrival, received)
    return submit(desk, arrival, received)


def _existing(desk: Desk, arrival: Arrival, condition: str) -> Answer | None:
    """The one order the caller can see that meets the condition."""
    query = search_values.conditional("ServiceRequest", condition.removeprefix("?"), desk.settings.fhir_base)
    page = desk.store.search(query, visibility(arrival.caller))
    if page.total > 1:
        raise PreconditionFailed("The condition of If-None-Exist fits more than one resource", "http.if-none-exist")
    if not page.rows:
        return None
    order = page.rows[0]
    case = kept_case(desk, order.case_number) if order.case_number is not None else None
    return Answer(order, created=False, view=case.view if case else None)


def _keep_draft(desk: Desk, arrival: Arrival, received: Received) -> Answer:
    """A draft as it came; nothing in it is judged before it becomes active."""
    keys = submission_keys(received)
    if (answer := answered_before(desk, arrival.caller, keys, received.digest)) is not None:
        return answer
    order = draft(desk, arrival, received, opening.new_id(), 1)
    now = order.last_updated
    changes = Changes(
        resources=[order],
        submissions=kept_submissions(arrival, received, keys, None, Place(order.id), now),
        audit=[AuditRow(now, arrival.caller.id, arrival.interaction, f"ServiceRequest/{order.id}", None, "0", arrival.request_id)],
    )
    try:
        desk.store.save(changes)
    except Conflict:
        answer = answered_before(desk, arrival.caller, keys, received.digest)
        if answer is None:
            raise
        return answer
    return Answer(as_stored(order), created=True)


def draft(desk: Desk, arrival: Arrival, received: Received, ident: str, version: int) -> ResourceWrite:
    """A version of a draft."""
    at = opening.milliseconds(desk.now())
    subject = received.order.get("subject") or {}
    written = service_request_stored.write(
        received.order, ident=ident, version=version, at=at, subject=subject, references=received.references
    )
    terms, spans = search_extract.extract(written, desk.settings.fhir_base)
    return ResourceWrite(
        type="ServiceRequest",
        id=ident,
        version=version,
        last_updated=at,
        body=as_bytes(written),
        terms=terms,
        spans=spans,
        partner=arrival.caller.id,
    )
