"""A case made of a request: the table's answer turned into status, clocks and everything the case owes."""

from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any

from uuid_utils import uuid7

from second_opinion.cases import clocks as running
from second_opinion.cases.clocks import Clock, ClockName
from second_opinion.cases.numbers import authorization_number, case_number
from second_opinion.cases.status import FAVOURABLE, CaseStatus, from_outcome
from second_opinion.directory.resolve import Resolution, ResolvedParty
from second_opinion.directory.stated import PartyKind, Stated, StatedParty
from second_opinion.fhir.case_view import Authorization, CaseView, Question, Reference
from second_opinion.fhir.codes import NPI
from second_opinion.review.determination import Determination, Outcome
from second_opinion.review.facts import recorded
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.rides import ride

ANSWERED = {  # outcome → first words of the disposition, X12 306 action, work queue
    Outcome.NO_AUTHORIZATION_REQUIRED: ("No authorization required", "NA", None),
    Outcome.APPROVE: ("Approved", "A1", None),
    Outcome.ASK_FOR_INFORMATION: ("Pended", "A4", None),
    Outcome.TO_NETWORK_STAFF: ("Pended", "A4", "network"),
    Outcome.TO_ELIGIBILITY_STAFF: ("Pended", "A4", "eligibility"),
}
NOON = time(12)  # a visit whose hour is not stated
TO_A_CLINICIAN = ("Pended", "A4", "clinician")  # everything else a determination may come to


@dataclass(frozen=True)
class Request:
    """A request understood: what was stated, what it means, and when it counts as received."""

    stated: Stated
    resolution: Resolution
    received_at: datetime
    order_identifiers: tuple[dict[str, Any], ...]
    conditions: tuple[dict[str, Any], ...]


def new_id() -> str:
    """A resource id; ids rise with time, so that what is new lies together."""
    return str(uuid7())


def opened(desk: Desk, request: Request, determination: Determination, partner: str, order: str) -> CaseFile:
    """A new case for the order (ServiceRequest id), decided now."""
    number, stated, resolution = desk.store.next_case_number(), request.stated, request.resolution
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
        priority=stated.priority or "routine",
        member={"reference": resolution.member.reference},
        insurer=_insurer(desk, resolution),
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
    )
    return decided(desk, case, request, determination)


def decided(desk: Desk, case: CaseFile, request: Request, determination: Determination) -> CaseFile:
    """The case with the determination in force: its next version."""
    now, resolution, stated = milliseconds(desk.now()), request.resolution, request.stated
    status = from_outcome(determination.outcome)
    view = _shown(desk, case.view, request, determination, status, now)
    clocks = _clocks(desk, view.received_at, now, determination, status, request)
    view = replace(
        view,
        clocks=tuple((clock.name.value, clock.due) for clock in clocks),
        due_at=_decide_by(clocks),
        notes=_notes(resolution, status),
        authorization=_authorization(desk, case.number, now) if status is CaseStatus.APPROVED else None,
    )
    view = replace(
        view,
        question=_question(desk, view, determination, now),
        report_request_id=(view.report_request_id or new_id()) if status in FAVOURABLE else None,
        report_asked_at=view.report_asked_at or now,
        report_due_at=running.due(clocks, ClockName.CONSULT_REPORT),
        ride=ride(desk, view.ride, stated, resolution, running.due(clocks, ClockName.TRANSPORT_READY) or now)
        if status in FAVOURABLE and stated.transportation
        else None,
    )
    condition = stated.conditions[0] if stated.conditions else None
    return replace(
        case,
        version=case.version + 1,
        condition=condition,
        question=f"{resolution.specialty}|{condition}" if resolution.specialty and condition else None,
        doctor=doctor(resolution),
        facts=recorded(determination.facts),
        snapshot=resolution.snapshot,
        parties=tuple(sorted({*case.parties, *parties(case.partner, stated, resolution)})),
        view=view,
    )


def parties(partner: str, stated: Stated, resolution: Resolution) -> set[str]:
    """Who takes part in the case: the submitter, and every provider and practice it names."""
    named: list[StatedParty | None] = [stated.requester, stated.initial_provider, stated.requested_provider]
    npis = {npi for party in named if party for npi in (*party.npis, *party.organization_npis)}
    found = (resolution.requester, resolution.initial_provider, resolution.second_doctor)
    npis |= {party.npi for party in found if party and party.npi}
    return {f"partner:{partner}"} | {f"npi:{npi}" for npi in npis}


def reference(party: ResolvedParty | None) -> Reference | None:
    """The party as a FHIR Reference: where it is kept, its number and its name, as far as known."""
    if party is None:
        return None
    written: Reference = {}
    if party.reference:
        written["reference"] = party.reference
    elif kind := _TYPES.get(party.kind):
        written["type"] = kind
    if party.npi:
        written["identifier"] = {"system": NPI, "value": party.npi}
    if party.display:
        written["display"] = party.display
    return written if {"reference", "identifier", "display"} & set(written) else written | {"display": "Not named"}


_TYPES = {
    PartyKind.PATIENT: "Patient",
    PartyKind.RELATED_PERSON: "RelatedPerson",
    PartyKind.PRACTITIONER: "Practitioner",
    PartyKind.ORGANIZATION: "Organization",
}


def _shown(
    desk: Desk, view: CaseView, request: Request, determination: Determination, status: str, now: datetime
) -> CaseView:
    stated, resolution, facts = request.stated, request.resolution, determination.facts
    disposition, action, queue = ANSWERED.get(determination.outcome, TO_A_CLINICIAN)
    offered = resolution.alternatives if determination.rule == "R2" else ()
    return replace(
        view,
        status=str(status),
        disposition=disposition,
        action=action,
        queue=queue,
        rule=determination.rule or "none",
        clause=determination.clause or "II.C",  # no rule decided: the request is still owed an answer in time
        sentence=determination.plain,
        reason_code=determination.reason,
        updated_at=now,
        decided_at=now,
        requester=reference(resolution.requester),
        initial_provider=reference(resolution.initial_provider),
        second_doctor=reference(resolution.second_doctor),
        coverage={"reference": resolution.coverage} if resolution.coverage else None,
        order_identifiers=(
            *view.order_identifiers,
            *(each for each in request.order_identifiers if each not in view.order_identifiers),
        ),
        specialty=resolution.specialty,
        specialty_words=desk.tables.name(resolution.specialty) if resolution.specialty else None,
        care_source=str(facts.care_source) if facts.care_source else None,
        reason_codes=stated.reason_codes,
        conditions=request.conditions,
        service_days=(stated.service_from, stated.service_to or stated.service_from) if stated.service_from else None,
        alternatives=offered,
        authored_at=view.received_at,
    )


def _clocks(
    desk: Desk,
    received_at: datetime,
    now: datetime,
    determination: Determination,
    status: CaseStatus,
    request: Request,
) -> tuple[Clock, ...]:
    facts = determination.facts
    clocks = running.case_clocks(
        received_at,
        urgency=facts.urgency,
        serious=facts.serious_condition is True,
        retrospective=facts.already_rendered is True,
        frames=desk.frames,
        calendar=desk.calendar,
    )
    if status not in FAVOURABLE:
        return clocks
    visit = desk.calendar.at(request.stated.service_from, NOON) if request.stated.service_from else None
    return running.after_decision(now, status, clocks, visit_at=visit, frames=desk.frames, calendar=desk.calendar)


def _decide_by(clocks: tuple[Clock, ...]) -> datetime:
    """When the answer is due: the earlier of decision and, for a serious condition, the written answer."""
    return min(clock.due for clock in clocks if clock.name in {ClockName.DECIDE, ClockName.HANDBOOK})


def _question(desk: Desk, view: CaseView, determination: Determination, now: datetime) -> Question | None:
    """What is asked of the requester, once; a question answered or overtaken is completed."""
    if determination.ask is None:
        return replace(view.question, task_status="completed") if view.question else None
    if view.question and view.question.task_status == "requested":
        return view.question
    assert view.due_at is not None  # noqa: S101 - every case has its time to decide
    return Question(
        task_id=new_id(),
        communication_request_id=new_id(),
        missing=tuple((fact, determination.ask.words) for fact in determination.ask.missing),
        asked_at=now,
        due_at=running.information_due(now, view.due_at, desk.frames, desk.calendar),
    )


def _authorization(desk: Desk, number: int, now: datetime) -> Authorization:
    first, last = running.authorization_period(now, desk.frames, desk.calendar)
    return Authorization(authorization_number(number), first, last)


def _notes(resolution: Resolution, status: CaseStatus) -> tuple[str, ...]:
    if status is CaseStatus.APPROVED and False in {resolution.covered_on_receipt, resolution.covered_on_service}:
        return ("This approval depends on the member's eligibility on the day of the visit.",)
    return ()


def _insurer(desk: Desk, resolution: Resolution) -> Reference:
    return (
        {"reference": resolution.insurer}
        if resolution.insurer
        else {"type": "Organization", "display": desk.policy.title}
    )


def doctor(resolution: Resolution) -> str | None:
    """The second doctor, by number, else by reference; None where the request names none."""
    party = resolution.second_doctor
    return (party.npi or party.reference) if party else None


def milliseconds(at: datetime) -> datetime:
    """The instant as shown: FHIR instants are shown to the millisecond; what is kept equals what is shown."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
