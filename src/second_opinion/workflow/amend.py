"""PUT of an order: a draft becomes a request, new content becomes new facts, revoked withdraws the case."""

from dataclasses import replace

from second_opinion.access.visibility import visibility
from second_opinion.cases.status import CaseStatus
from second_opinion.errors import BusinessRule, CaseClosed, Forbidden, InvalidElement, NotFound, PreconditionFailed
from second_opinion.fhir.submission import Received
from second_opinion.review.determination import Determination
from second_opinion.review.facts import from_recorded
from second_opinion.store.changes import Changes
from second_opinion.store.stored import Stored
from second_opinion.workflow import case_file, merging, projection
from second_opinion.workflow.answers import Answer
from second_opinion.workflow.arrival import (
    Arrival,
    Place,
    as_stored,
    audited,
    kept_order,
    kept_submissions,
    told_anew,
)
from second_opinion.workflow.asking import asked_again, searched_for, stated_together
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.create import draft
from second_opinion.workflow.deciding import Request, decided, milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.inform import as_late_as_before
from second_opinion.workflow.letters_owed import work_owed
from second_opinion.workflow.repeats import kept_case, refuse_taken, says_the_same
from second_opinion.workflow.submit import decide_kept, determined, understand
from second_opinion.workflow.withdraw import withdraw


def amend(desk: Desk, arrival: Arrival, ident: str, received: Received, if_match: int | None) -> Answer:
    """The order's next version and what follows from it for its case."""
    return told_anew(lambda: _amend(desk, arrival, ident, received, if_match))


def _amend(desk: Desk, arrival: Arrival, ident: str, received: Received, if_match: int | None) -> Answer:
    stored = desk.store.read("ServiceRequest", ident, visibility(arrival.caller))
    if stored is None:
        raise NotFound("There is no ServiceRequest of this id")
    case = kept_case(desk, stored.case_number) if stored.case_number is not None else None
    if desk.store.submitter(stored.type, stored.id) != arrival.caller.id or not _is_order(stored, case):
        raise Forbidden("Only the submitter of an order may change it")
    if received.order.get("id") != ident:
        raise InvalidElement("The id in the body must be the id in the address", "ServiceRequest.id")
    if if_match is not None and if_match != stored.version:
        raise PreconditionFailed(f"If-Match is stale: the current version is {stored.version}", "http.if-match")
    refuse_taken(desk, arrival.caller, received, stored)
    if case is not None and received.order.get("status") == "revoked":
        return withdraw(desk, arrival, stored, received, case)
    if says_the_same(desk, arrival.caller, received, stored):
        return Answer(stored, created=False, view=case.view if case else None)
    return (
        _amend_draft(desk, arrival, stored, received) if case is None else _ask(desk, arrival, stored, received, case)
    )


def _is_order(stored: Stored, case: CaseFile | None) -> bool:
    """Whether the ServiceRequest came in as an order; the ride the plan ordered is the plan's."""
    return case is None or stored.id in {case.view.service_request_id, *case.view.further_orders}


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


def _ask(desk: Desk, arrival: Arrival, stored: Stored, received: Received, case: CaseFile) -> Answer:
    """Changed content on an open case: the table is asked again, with the first receipt and its clocks."""
    if received.order.get("status") == "draft":
        raise BusinessRule(
            "An order that was active cannot become a draft; revoked withdraws it", "ServiceRequest.status"
        )
    if not CaseStatus(case.view.status).is_open:
        raise CaseClosed(f"Case {case.view.number} has its answer; changed content needs a new order")
    request = understand(desk, arrival, received, case.view.received_at)
    if request.resolution.member is None or request.resolution.member.id != case.member:
        raise BusinessRule("An order cannot be changed to another member's; send a new one", "ServiceRequest.subject")
    earlier = case
    case, determination = stated_anew(desk, case, request)
    place = Place(stored.id, stored.version + 1)
    kept = kept_order(desk, arrival, received, request.resolution, case, place)
    case, written = projection.next_versions(desk, case, desk.store.case_resources(case.number))
    desk.store.save(
        Changes(
            case=case_file.row(case),
            resources=[kept, *written],
            parties=set(case.parties),
            submissions=kept_submissions(arrival, received, case.number, place, case.view.received_at),
            open_question=merging.changed_question_row(desk, arrival.caller.id, case),
            events=[determined(case, determination, request.resolution, milliseconds(desk.now()))],
            audit=[audited(arrival, case.view.updated_at, kept, case.member)],
            evidence=dict(request.resolution.evidence),
            work=work_owed(case, earlier),
        )
    )
    return Answer(as_stored(kept), created=False, view=case.view)


def stated_anew(desk: Desk, case: CaseFile, request: Request) -> tuple[CaseFile, Determination]:
    """The case with what its order now says, decided anew."""
    before, after = from_recorded(case.facts), request.resolution.facts
    facts = merging.together(before, after) if case.view.further_orders else merging.restated(before, after)
    stated = stated_together(case.stated, request.stated) if case.view.further_orders else request.stated
    request = replace(request, stated=stated, resolution=replace(request.resolution, facts=facts))
    case = searched_for(case, request.resolution.specialty)
    determination = asked_again(desk, case, facts)
    anew = decided(desk, case if case.view.further_orders else _blank(case), request, determination)
    return replace(anew, view=as_late_as_before(anew, anew.view)), determination


def _blank(case: CaseFile) -> CaseFile:
    """The case without what its only order said; the order's numbers stay, it is still found by them."""
    view = replace(
        case.view,
        requester=None,
        initial_provider=None,
        second_doctor=None,
        reason_codes=(),
        conditions=(),
        service_days=None,
    )
    return replace(case, doctor=None, transportation=None, view=view)
