"""PUT of an order: a draft becomes a request, new content becomes new facts, revoked withdraws the case."""

from dataclasses import replace

from second_opinion.access.visibility import visibility
from second_opinion.cases.status import CaseStatus, move
from second_opinion.directory.resolve import Resolution
from second_opinion.errors import BusinessRule, CaseClosed, Forbidden, InvalidElement, NotFound, PreconditionFailed
from second_opinion.fhir.submission import Received
from second_opinion.review.engine import determine
from second_opinion.store.changes import Changes, Event
from second_opinion.store.stored import Stored
from second_opinion.workflow import case_file, merging, opening, projection
from second_opinion.workflow.answers import Answer
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.create import draft
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.submit import (
    Arrival,
    Place,
    as_stored,
    audited,
    decide_kept,
    determined,
    kept_case,
    kept_order,
    kept_submissions,
    understand,
)

WITHDRAWN = "The request was withdrawn by those who made it. The member may ask for a second opinion again at any time."


def amend(desk: Desk, arrival: Arrival, ident: str, received: Received, if_match: int | None) -> Answer:
    """The order's next version and what follows from it for its case."""
    stored = desk.store.read("ServiceRequest", ident, visibility(arrival.caller))
    if stored is None:
        raise NotFound("There is no ServiceRequest of this id")
    if desk.store.submitter(stored.type, stored.id) != arrival.caller.id:
        raise Forbidden("Only the submitter of an order may change it")
    if received.order.get("id") != ident:
        raise InvalidElement("The id in the body must be the id in the address", "ServiceRequest.id")
    if if_match is not None and if_match != stored.version:
        raise PreconditionFailed(f"If-Match is stale: the current version is {stored.version}", "http.if-match")
    if stored.case_number is None:
        return _amend_draft(desk, arrival, stored, received)
    case = kept_case(desk, stored.case_number)
    if received.order.get("status") == "revoked":
        return _withdraw(desk, arrival, stored, received, case)
    if received.order.get("status") == "draft":
        raise BusinessRule(
            "An order that was active cannot become a draft; revoked withdraws it", "ServiceRequest.status"
        )
    return _new_facts(desk, arrival, stored, received, case)


def _amend_draft(desk: Desk, arrival: Arrival, stored: Stored, received: Received) -> Answer:
    """A draft stays a draft, is thrown away, or becomes the request whose receipt is now."""
    if received.order.get("status") == "active":
        return decide_kept(desk, arrival, received, stored)
    place = Place(stored.id, stored.version + 1)
    kept = draft(desk, arrival, received, place)
    submissions = kept_submissions(arrival, received, None, place, kept.last_updated)
    audit = [audited(arrival, kept.last_updated, kept, None)]
    desk.store.save(Changes(resources=[kept], submissions=submissions, audit=audit))
    return Answer(as_stored(kept), created=False)


def _new_facts(desk: Desk, arrival: Arrival, stored: Stored, received: Received, case: CaseFile) -> Answer:
    """Changed content on an open case: the table is asked again, with the first receipt and its clocks."""
    if not CaseStatus(case.view.status).is_open:
        raise CaseClosed(f"Case {case.view.number} has its answer; changed content needs a new order")
    request = understand(desk, arrival, received)
    request = replace(request, received_at=case.view.received_at)
    determination = determine(request.resolution.facts, desk.policy, desk.calendar.day(request.received_at))
    case = opening.decided(desk, case, request, determination)
    events = [determined(case, determination, request.resolution)]
    return _save(desk, arrival, stored, received, case, events, request.resolution)


def _withdraw(desk: Desk, arrival: Arrival, stored: Stored, received: Received, case: CaseFile) -> Answer:
    """Withdrawn by the submitter; where the member asked, only with her knowledge (regulation: never a denial)."""
    if CaseStatus(case.view.status) is CaseStatus.WITHDRAWN:
        raise CaseClosed(f"Case {case.view.number} is already withdrawn")
    status = move(CaseStatus(case.view.status), CaseStatus.WITHDRAWN)
    if case.facts["requester_kind"]["value"] == "member-or-representative" and not received.member_informed:
        raise BusinessRule(
            "A member's own request is withdrawn only with her knowledge: the extension member-informed must be true",
            "ServiceRequest.extension('member-informed')",
        )
    now = opening.milliseconds(desk.now())
    question = case.view.question
    view = replace(
        case.view,
        status=str(status),
        disposition="Withdrawn",
        action="C",
        queue=None,
        sentence=WITHDRAWN,
        status_reason=WITHDRAWN,
        updated_at=now,
        decided_at=now,
        closed_at=now,
        authorization=None,
        question=replace(question, task_status="cancelled") if question else None,
    )
    case = replace(case, version=case.version + 1, view=view)
    return _save(desk, arrival, stored, received, case, [Event(case.number, now, "withdrawn", arrival.caller.id, {})])


def _save(
    desk: Desk,
    arrival: Arrival,
    stored: Stored,
    received: Received,
    case: CaseFile,
    events: list[Event],
    resolution: Resolution | None = None,
) -> Answer:
    place = Place(stored.id, stored.version + 1)
    kept = kept_order(desk, arrival, received, resolution, case, place)
    shown = [each for each in desk.store.case_resources(case.number) if each.type != "ServiceRequest"]
    case, written = projection.next_versions(desk, case, shown)
    closed = CaseStatus(case.view.status).is_final
    desk.store.save(
        Changes(
            case=case_file.row(case),
            resources=[kept, *written],
            parties=set(case.parties),
            submissions=kept_submissions(arrival, received, case.number, place, case.view.received_at),
            open_question=(arrival.caller.id, merging.question_key(case)) if case.question and not closed else None,
            close_question=closed,
            events=events,
            audit=[audited(arrival, case.view.updated_at, kept, case.member)],
            evidence=dict(resolution.evidence) if resolution else {},
        )
    )
    return Answer(as_stored(kept), created=False, view=case.view)
