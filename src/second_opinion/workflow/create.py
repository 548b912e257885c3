"""The plain FHIR doors: create, conditional create and transaction. Each ends in the same story as $submit."""

from urllib.parse import parse_qsl

from second_opinion.access.visibility import visibility
from second_opinion.errors import PreconditionFailed
from second_opinion.fhir import search, service_request_stored
from second_opinion.fhir.json_body import write as as_bytes
from second_opinion.fhir.submission import Received
from second_opinion.store.changes import Changes, Conflict, ResourceWrite
from second_opinion.workflow import opening
from second_opinion.workflow.answers import Answer
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.orders import kept_references
from second_opinion.workflow.submit import (
    Arrival,
    Place,
    answered_before,
    as_stored,
    audited,
    kept_case,
    kept_submissions,
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
    pairs = parse_qsl(condition.removeprefix("?"))
    found = search.read("ServiceRequest", pairs, base=desk.settings.fhir_base, now=desk.now(), strict=True)
    page = desk.store.search(found.query, visibility(arrival.caller))
    if page.total > 1:
        raise PreconditionFailed("The condition of If-None-Exist fits more than one resource", "http.if-none-exist")
    if not page.rows:
        return None
    kept = page.rows[0]
    case = kept_case(desk, kept.case_number) if kept.case_number is not None else None
    return Answer(kept, created=False, view=case.view if case else None)


def _keep_draft(desk: Desk, arrival: Arrival, received: Received) -> Answer:
    """A draft as it came; nothing in it is judged before it becomes active."""
    if (answer := answered_before(desk, arrival.caller, received)) is not None:
        return answer
    kept = draft(desk, arrival, received, Place(opening.new_id()))
    changes = Changes(
        resources=[kept],
        submissions=kept_submissions(arrival, received, None, Place(kept.id), kept.last_updated),
        audit=[audited(arrival, kept.last_updated, kept, None)],
    )
    try:
        desk.store.save(changes)
    except Conflict:
        answer = answered_before(desk, arrival.caller, received)
        if answer is None:
            raise
        return answer
    return Answer(as_stored(kept), created=True)


def draft(desk: Desk, arrival: Arrival, received: Received, place: Place) -> ResourceWrite:
    """A version of a draft."""
    at = opening.milliseconds(desk.now())
    written = service_request_stored.write(
        received.order,
        ident=place.order,
        version=place.version,
        at=at,
        subject=received.order.get("subject") or {},
        references=kept_references(received, None),
    )
    terms, spans = search.extract(written, desk.settings.fhir_base)
    return ResourceWrite(
        type="ServiceRequest",
        id=place.order,
        version=place.version,
        last_updated=at,
        body=as_bytes(written),
        terms=terms,
        spans=spans,
        partner=arrival.caller.id,
    )
