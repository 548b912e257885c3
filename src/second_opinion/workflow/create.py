"""The plain FHIR doors: create, conditional create and transaction. Each ends in the same story as $submit."""

from urllib.parse import parse_qsl

from second_opinion.access.visibility import visibility
from second_opinion.errors import Duplicate, InvalidSearch, PreconditionFailed
from second_opinion.fhir import search, service_request_stored
from second_opinion.fhir.json_body import write as as_bytes
from second_opinion.fhir.submission import Received
from second_opinion.store.changes import Changes, ResourceWrite
from second_opinion.workflow import opening
from second_opinion.workflow.answers import Answer
from second_opinion.workflow.arrival import Arrival, Place, as_stored, audited, kept_submissions, told_anew
from second_opinion.workflow.deciding import milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.orders import kept_references
from second_opinion.workflow.repeats import answered_before, kept_case
from second_opinion.workflow.submit import submit


def create(desk: Desk, arrival: Arrival, received: Received, condition: str | None = None) -> Answer:
    """Keep the order and decide it; a draft is only kept, and its clock not started.

    ``condition`` is the search of If-None-Exist: what it finds is answered instead; more than one is 412.
    """
    if condition is None:
        return _create(desk, arrival, received)
    if (found := _existing(desk, arrival, condition)) is not None:
        return found
    try:
        return _create(desk, arrival, received)
    except Duplicate:
        # Somebody created it between the two questions.
        if (found := _existing(desk, arrival, condition)) is None:
            raise
        return found


def _create(desk: Desk, arrival: Arrival, received: Received) -> Answer:
    if received.order.get("status") == "draft":
        return told_anew(lambda: _keep_draft(desk, arrival, received))
    return submit(desk, arrival, received)


def _existing(desk: Desk, arrival: Arrival, condition: str) -> Answer | None:
    """The one order the caller can see that meets the condition."""
    pairs = [each for each in parse_qsl(condition.removeprefix("?"), keep_blank_values=True) if each[0][:1] != "_"]
    if not pairs or any(not value for _, value in pairs):
        raise InvalidSearch("A condition names what must not exist yet: identifier=system|value", "http.if-none-exist")
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
    desk.store.save(changes)
    return Answer(as_stored(kept), created=True)


def draft(desk: Desk, arrival: Arrival, received: Received, place: Place) -> ResourceWrite:
    """A version of a draft."""
    at = milliseconds(desk.now())
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
