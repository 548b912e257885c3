"""The determination put into a case: the table's answer turned into status, clocks and everything the case owes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from uuid_utils import uuid7

from second_opinion.cases import clocks as running
from second_opinion.cases.attestation import NotAttested
from second_opinion.cases.clocks import Clock, ClockName
from second_opinion.cases.numbers import authorization_number
from second_opinion.cases.status import FAVOURABLE, CaseStatus, from_outcome
from second_opinion.directory.model import Member
from second_opinion.directory.resolve import Resolution
from second_opinion.directory.stated import Stated
from second_opinion.fhir.case_view import Authorization, CaseView, Question
from second_opinion.review.determination import Determination, Outcome
from second_opinion.review.facts import Urgency, recorded
from second_opinion.workflow import ride_changes, timing
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.parties import doctor, reference
from second_opinion.workflow.rides import ride

ANSWERED: Mapping[Outcome, tuple[str, str, str | None]] = MappingProxyType(
    {  # outcome → first words of the disposition, X12 306 action, work queue
        Outcome.NO_AUTHORIZATION_REQUIRED: ("No authorization required", "NA", None),
        Outcome.APPROVE: ("Approved", "A1", None),
        Outcome.ASK_FOR_INFORMATION: ("Pended", "A4", None),
        Outcome.TO_NETWORK_STAFF: ("Pended", "A4", "network"),
        Outcome.TO_ELIGIBILITY_STAFF: ("Pended", "A4", "eligibility"),
    }
)
TO_A_CLINICIAN = ("Pended", "A4", "clinician")  # everything else a determination may come to
DEPENDS_ON_ELIGIBILITY = "This approval depends on the member's eligibility on the day of the visit."
# What a sender may say of an order in meta.security: v3-ActCode, v3-Confidentiality.
SENDERS_LABELS = frozenset({"BH", "ETH", "HIV", "PSY", "SDV", "SEX", "SUD", "STD", "GDIS", "MST", "SCA", "R", "V"})
PRIORITIES = ("routine", "urgent", "asap", "stat")  # rising; only a clinician lowers one


@dataclass(frozen=True)
class Request:
    """A request understood: what was stated, what it means, and when it counts as received."""

    stated: Stated
    resolution: Resolution
    received_at: datetime
    order_identifiers: tuple[dict[str, Any], ...]
    conditions: tuple[dict[str, Any], ...]


def decided(desk: Desk, case: CaseFile, request: Request, determination: Determination) -> CaseFile:
    """The case with the determination in force: its next version. What the request leaves out stays as it was."""
    if case.view.appeal is not None:
        raise NotAttested("An appeal is decided by a clinician, never by the table")
    now, resolution = milliseconds(desk.now()), request.resolution
    status = from_outcome(determination.outcome)
    view = _shown(desk, case, request, determination, now)
    clocks = timing.clocks(desk, case, view, determination.facts, status)
    view = timing.clocked(view, clocks)
    case = replace(
        case,
        version=case.version + 1,
        condition=next(iter(request.stated.conditions), None),
        question=question(request),
        doctor=doctor(resolution) or case.doctor,
        facts=recorded(determination.facts),
        snapshot=resolution.snapshot,
        transportation=request.stated.transportation or case.transportation,
        stated=request.stated,
        proof_due_at=timing.proof_due(desk, case, view, determination),
        warn_before_hours=desk.frames.expiry_notice_hours,
        remind_days=(-desk.frames.report_reminder_before_days, *desk.frames.report_reminder_days),
        requesters=requesters(case.requesters, request),
        view=replace(view, question=_question(desk, view, determination)),
    )
    if status not in FAVOURABLE:
        return case
    assert resolution.member is not None  # noqa: S101 - a case has its member
    return owing(desk, case, resolution.member, clocks)


def question(request: Request) -> str | None:
    """Specialty and condition; None when the request does not say enough to be compared."""
    specialty, conditions = request.resolution.specialty, request.stated.conditions
    return f"{specialty}|{conditions[0]}" if specialty and conditions else None


def requesters(before: tuple[str, ...], request: Request) -> tuple[str, ...]:
    """NPIs of everyone who asked, and of the practices the requests name beside them."""
    stated, known = request.stated.requester, request.resolution.requester
    named = (*stated.npis, *stated.organization_npis) if stated else ()
    return tuple(sorted({*before, *named, *((known.npi,) if known and known.npi else ())}))


def milliseconds(at: datetime) -> datetime:
    """The instant as shown: FHIR instants are shown to the millisecond; what is kept equals what is shown."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _shown(desk: Desk, case: CaseFile, request: Request, determination: Determination, now: datetime) -> CaseView:
    view, stated, resolution = case.view, request.stated, request.resolution
    disposition, action, queue = ANSWERED.get(determination.outcome, TO_A_CLINICIAN)
    days = (stated.service_from, stated.service_to or stated.service_from) if stated.service_from else None
    status = from_outcome(determination.outcome)
    labels = _labels(desk, view, request)
    return replace(
        view,
        status=str(status),
        disposition=disposition,
        action=action,
        queue=queue,
        searching=timing.waits_for_proof(determination),
        rule=determination.rule or "none",
        clause=determination.clause or "II.C",  # no rule decided: the request is still owed an answer in time
        sentence=determination.plain,
        reason_code=determination.reason,
        decision=None,  # the table's answer is in force
        received_at=request.received_at,
        updated_at=now,
        decided_at=now,
        priority=_priority(view, stated, determination),
        requester=reference(resolution.requester) or view.requester,
        initial_provider=reference(resolution.initial_provider) or view.initial_provider,
        second_doctor=reference(resolution.second_doctor) or view.second_doctor,
        coverage={"reference": resolution.coverage} if resolution.coverage else None,
        order_identifiers=_each_once(view.order_identifiers, request.order_identifiers),
        specialty=resolution.specialty,
        specialty_words=desk.tables.name(resolution.specialty) if resolution.specialty else None,
        care_source=str(determination.facts.care_source) if determination.facts.care_source else None,
        reason_codes=_each_once(view.reason_codes, stated.reason_codes),
        conditions=_each_once(view.conditions, request.conditions),
        service_days=days or view.service_days,
        alternatives=resolution.alternatives if determination.rule == "R2" else (),
        labels=labels,
        redisclosure=desk.sensitive.notices(labels),
        notes=_notes(view, resolution, status),
        authorization=_authorization(desk, case, now) if status is CaseStatus.APPROVED else None,
    )


def _each_once(earlier: tuple[Any, ...], later: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*earlier, *(each for each in later if each not in earlier))


def _priority(view: CaseView, stated: Stated, determination: Determination) -> str:
    """The highest ever stated, unless a clinician found the request not to be urgent."""
    highest = max(view.priority, stated.priority or "routine", key=PRIORITIES.index)
    return "routine" if determination.facts.urgency is Urgency.STANDARD else highest


def _question(desk: Desk, view: CaseView, determination: Determination) -> Question | None:
    """What is asked of the requester; a question answered or overtaken is completed, another takes its place."""
    if determination.ask is None:
        return replace(view.question, task_status="completed") if view.question else None
    missing = tuple((fact, determination.ask.words) for fact in determination.ask.missing)
    if view.question and view.question.task_status == "requested" and view.question.missing == missing:
        return view.question
    assert view.due_at is not None  # noqa: S101 - every case has its time to decide
    asked = view.question or Question(str(uuid7()), str(uuid7()), missing, view.decided_at, view.decided_at)
    due = running.information_due(view.decided_at, view.due_at, desk.frames, desk.calendar)
    return replace(asked, missing=missing, task_status="requested", due_at=due)


def owing(desk: Desk, case: CaseFile, member: Member, clocks: tuple[Clock, ...]) -> CaseFile:
    """What an authorized opinion owes: the second doctor's report (policy II.G), and the ride asked for (II.F)."""
    view, asked = case.view, case.transportation
    needed_at = running.due(clocks, ClockName.TRANSPORT_READY) or view.decided_at
    if asked:
        now = milliseconds(desk.now())
        wanted = ride_changes.wanted(view, ride(desk, case, asked, member, needed_at), now)
        view = ride_changes.listed(wanted, now)
    return replace(
        case,
        view=replace(
            view,
            report_request_id=view.report_request_id or str(uuid7()),
            report_asked_at=view.report_asked_at or view.decided_at,
            report_due_at=running.due(clocks, ClockName.CONSULT_REPORT),
            records_request_id=view.records_request_id or (str(uuid7()) if view.initial_provider else None),
        ),
    )


def _authorization(desk: Desk, case: CaseFile, now: datetime) -> Authorization:
    """The one granted before, which nothing shortens, or a new one."""
    first, last = running.authorization_period(now, desk.frames, desk.calendar)
    return case.view.authorization or Authorization(authorization_number(case.number), first, last)


def _labels(desk: Desk, view: CaseView, request: Request) -> tuple[str, ...]:
    """What makes the case sensitive, by the plan's list or as its sender said; nothing takes a label away."""
    stated, member = request.stated, request.resolution.member
    age = desk.calendar.age(member.birth_date, request.received_at) if member else None
    found = desk.sensitive.of(stated.conditions, request.resolution.specialty, age)
    return _each_once(view.labels, (*found, *(each for each in stated.sensitive if each in SENDERS_LABELS)))


def _notes(view: CaseView, resolution: Resolution, status: CaseStatus) -> tuple[str, ...]:
    """Provisos of the answer; while there is none, the warnings given so far stay."""
    if status is CaseStatus.APPROVED and False in {resolution.covered_on_receipt, resolution.covered_on_service}:
        return (DEPENDS_ON_ELIGIBILITY,)
    return view.notes if status.is_open else ()
