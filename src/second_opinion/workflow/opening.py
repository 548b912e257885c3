"""A case made of a request: its numbers, its resources' ids, its parties; then the determination is put into it."""

from uuid_utils import uuid7

from second_opinion.cases.numbers import case_number
from second_opinion.cases.status import CaseStatus
from second_opinion.directory.resolve import Resolution
from second_opinion.fhir.case_view import CaseView, Reference
from second_opinion.review.determination import Determination
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.deciding import Request, decided
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.parties import parties


def new_id() -> str:
    """A resource id; ids rise with time, so that what is new lies together."""
    return str(uuid7())


def opened(desk: Desk, request: Request, determination: Determination, partner: str, order: str) -> CaseFile:
    """A new case for the order (ServiceRequest id), decided now."""
    number, resolution = desk.store.next_case_number(), request.resolution
    assert resolution.member is not None  # noqa: S101 - nothing is opened for a member nobody knows
    view = CaseView(
        number=case_number(number, request.received_at, desk.calendar),
        task_id=new_id(),
        service_request_id=order,
        claim_id=new_id(),
        claim_response_id=new_id(),
        status=CaseStatus.RECEIVED,
        disposition="",
        action="",
        rule="",
        clause="",
        sentence="",
        reason_code=None,
        received_at=request.received_at,
        updated_at=request.received_at,
        decided_at=request.received_at,
        due_at=None,
        priority=request.stated.priority or "routine",
        member={"reference": resolution.member.reference},
        insurer=_insurer(desk, resolution),
        authored_at=request.received_at,
    )
    case = CaseFile(
        number=number,
        version=0,
        partner=partner,
        member=resolution.member.id,
        condition=None,
        question=None,
        doctor=None,
        facts={},
        snapshot=resolution.snapshot,
        view=view,
        parties=tuple(sorted(parties(partner, request.stated, resolution))),
    )
    return decided(desk, case, request, determination)


def _insurer(desk: Desk, resolution: Resolution) -> Reference:
    return (
        {"reference": resolution.insurer}
        if resolution.insurer
        else {"type": "Organization", "display": desk.policy.title}
    )
