"""PUT revoked: those who asked take their request back. Never a denial, and nobody else's request falls with it."""

from dataclasses import replace
from datetime import datetime

from second_opinion.cases.status import CaseStatus, move
from second_opinion.errors import BusinessRule, CaseClosed
from second_opinion.fhir import json_body
from second_opinion.fhir.submission import Received
from second_opinion.review.facts import RequesterKind
from second_opinion.store.changes import Changes, Event
from second_opinion.store.stored import Stored
from second_opinion.workflow import case_file, projection
from second_opinion.workflow.answers import Answer
from second_opinion.workflow.arrival import Arrival, Place, as_stored, audited, kept_order
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.deciding import milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.letters_owed import work_owed

WITHDRAWN = "The request was withdrawn by those who made it. The member may ask for a second opinion again at any time."


def withdraw(desk: Desk, arrival: Arrival, stored: Stored, received: Received, case: CaseFile) -> Answer:
    """The order revoked, and with it the case, unless another sender's order on it still stands.

    CaseClosed where there is nothing left to withdraw; BusinessRule where the member who asked does not know of it.
    """
    if json_body.read(stored.body).get("status") == "revoked":
        raise CaseClosed(f"The order of case {case.view.number} is already withdrawn")
    status = move(CaseStatus(case.view.status), CaseStatus.WITHDRAWN)
    if case.facts["requester_kind"]["value"] == RequesterKind.MEMBER and not received.member_informed:
        raise BusinessRule(
            "A member's own request is withdrawn only with her knowledge: the extension member-informed must be true",
            "ServiceRequest.extension('member-informed')",
        )
    now = milliseconds(desk.now())
    ends = not others_ask(desk, arrival.caller.id, stored.id, case)
    case = replace(case, version=case.version + 1, view=replace(case.view, updated_at=now))
    case = closed(case, status, now) if ends else case
    kept = kept_order(desk, arrival, received, None, case, Place(stored.id, stored.version + 1))
    case, written = projection.next_versions(desk, case, desk.store.case_resources(case.number))
    kind = "withdrawn" if ends else "order withdrawn"
    desk.store.save(
        Changes(
            case=case_file.row(case),
            resources=[kept, *written],
            parties=set(case.parties),
            # No submission: the original, sent again by a network's retry, is still answered with its case.
            close_question=ends,
            events=[Event(case.number, now, kind, arrival.caller.id, {"order": stored.id})],
            audit=[audited(arrival, now, kept, case.member)],
            work=work_owed(case) if ends else [],
        )
    )
    return Answer(as_stored(kept), created=False, view=case.view)


def others_ask(desk: Desk, partner: str, order: str, case: CaseFile) -> bool:
    """Whether an order of another sender than this partner on the case still stands."""
    orders = {case.view.service_request_id, *case.view.further_orders} - {order}
    others = [each for each in orders if desk.store.submitter("ServiceRequest", each) != partner]
    kept = [desk.store.found("ServiceRequest", each) for each in others]
    return any(each is not None and json_body.read(each.body).get("status") != "revoked" for each in kept)


def closed(case: CaseFile, status: CaseStatus, now: datetime) -> CaseFile:
    """The case withdrawn, with what was asked of others taken back."""
    question = case.view.question
    if question is not None and question.task_status == "requested":
        question = replace(question, task_status="cancelled")
    view = replace(
        case.view,
        status=str(status),
        disposition="Withdrawn",
        action="C",
        queue=None,
        sentence=WITHDRAWN,
        status_reason=WITHDRAWN,
        reason_code=None,
        decided_at=now,
        closed_at=now,
        authorization=None,
        alternatives=(),
        decision=None,  # it stands in the story; what is in force is the withdrawal
        question=question,
    )
    return replace(case, view=view)
