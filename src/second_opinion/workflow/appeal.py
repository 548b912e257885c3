"""A member appeals: a new case beside the decided one, on the same order, for a clinician who did not decide before."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from second_opinion.access.caller import Caller, require
from second_opinion.cases import clocks as running
from second_opinion.cases.clocks import ClockName
from second_opinion.cases.decision import ReviewOutcome
from second_opinion.cases.numbers import case_number
from second_opinion.cases.status import CaseStatus
from second_opinion.errors import CaseClosed, Forbidden
from second_opinion.fhir import appeal, consent
from second_opinion.fhir.appeal import StatedAppeal
from second_opinion.fhir.case_view import Appeal, CaseView, Reference
from second_opinion.store.changes import AuditRow, Changes, Event, ResourceWrite
from second_opinion.workflow import case_file, projection, timing
from second_opinion.workflow.arrival import told_anew
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.case_of_task import case_of_task
from second_opinion.workflow.deciding import milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.opening import new_id

Json = dict[str, Any]

APPEALED = "appeal"  # whose open questions the appeals are: one case is appealed once
SENTENCE = "The decision was appealed; a clinician who did not make it looks at the request again."
CLAUSE = "42 CFR 438.406(b)"


def take_up(desk: Desk, caller: Caller, task: str, body: Json, request_id: str | None) -> ResourceWrite:
    """The new Task, with a clinician; never answered by the table."""
    return told_anew(lambda: _take_up(desk, caller, task, body, request_id))


def allowed(desk: Desk, caller: Caller, task: str) -> CaseFile:
    """The case, if the caller may appeal it: the plan, the member's app, or its submitter with her written consent."""
    case = case_of_task(desk, caller, task)
    own_app = caller.partner_class == "member-app" and caller.patient == case.member
    # A member's right to appeal does not hang on a scope her app's class is not given.
    require(caller, "Task", "r" if own_app else "u", whole=True)
    if not (own_app or caller.partner_class == "plan" or _with_consent(desk, caller, case)):
        raise Forbidden(
            "An appeal comes from the plan, the member's own app, or the submitter with her written consent"
        )
    return case


def _take_up(desk: Desk, caller: Caller, task: str, body: Json, request_id: str | None) -> ResourceWrite:
    decided, now = allowed(desk, caller, task), milliseconds(desk.now())
    _refuse_unappealable(desk, decided, now)
    case = _opened(desk, decided, appeal.read(body), caller, now)
    written = projection.first_versions(desk, case)
    told = {"appeal_of": decided.view.number}
    desk.store.save(
        Changes(
            case=case_file.row(case),
            resources=written,
            parties=set(case.parties),
            open_question=(APPEALED, str(decided.number)),
            events=[
                Event(decided.number, now, "appealed", caller.id, {"appeal": case.view.number}),
                Event(case.number, now, "received", caller.id, told),
            ],
            audit=[_audited(case, caller, now, request_id)],
            answered=caller.id,
        )
    )
    return next(each for each in written if each.type == "Task" and each.id == case.view.task_id)


def _with_consent(desk: Desk, caller: Caller, case: CaseFile) -> bool:
    """Whether the caller submitted the case, and a Consent the plan has on file names its organization."""
    if f"partner:{caller.id}" not in case.parties or caller.organization is None:
        return False
    npis = {caller.organization, *caller.npis}
    with desk.directory.snapshot() as lookup:
        organizations = {each.reference for npi in npis for each in lookup.organizations(npi)}
    kept = desk.store.bodies("Consent", "patient", f"Patient/{case.member}")
    return any(consent.permits(orjson.loads(body), npis | organizations, desk.now()) for _, body in kept)


def _refuse_unappealable(desk: Desk, case: CaseFile, now: datetime) -> None:
    """CaseClosed where there is no adverse decision, it was appealed before, or the time for it is over."""
    number = case.view.number
    decision = case.view.decision
    if decision is None or decision.outcome is ReviewOutcome.APPROVED:
        raise CaseClosed(f"Case {number} has no adverse decision that could be appealed")
    if case.view.appeal is not None:
        raise CaseClosed(f"Case {number} is an appeal already; what follows it is a State Hearing or a medical review")
    window = running.due(timing.ran(case.view), ClockName.APPEAL_WINDOW)
    if window is not None and window < now:
        raise CaseClosed(f"The time to appeal case {number} is over")
    for each in desk.store.cases_of_member(case.member):
        other = case_file.load(each.body).view
        if other.appeal is not None and other.appeal.of == case.number:
            raise CaseClosed(f"Case {number} was appealed before: case {other.number}")


def _opened(desk: Desk, decided: CaseFile, stated: StatedAppeal, caller: Caller, now: datetime) -> CaseFile:
    number = desk.store.next_case_number()
    reviewers = (decided.view.decision.attestation.reviewer,) if decided.view.decision else ()
    of = Appeal(decided.number, decided.view.task_id, stated.reason, stated.expedited, caller.id, reviewers)
    view = _view(decided.view, case_number(number, now, desk.calendar), of, now)
    clocks = running.appeal_clocks(now, expedited=stated.expedited, frames=desk.frames, calendar=desk.calendar)
    return replace(
        decided,
        number=number,
        version=1,
        question=None,  # further requests on it belong to no appeal
        doctor=_doctor(view.second_doctor),
        proof_due_at=None,
        acted=(),
        view=timing.clocked(view, clocks),
    )


def _view(decided: CaseView, number: str, of: Appeal, now: datetime) -> CaseView:
    """What was asked for, as it was asked for; nothing of what was answered."""
    return CaseView(
        number=number,
        task_id=new_id(),
        service_request_id=decided.service_request_id,
        claim_id=decided.claim_id if decided.claim_identifiers else new_id(),
        claim_response_id=new_id(),
        status=CaseStatus.PENDED_CLINICIAN,
        disposition="Pended",
        action="A4",
        rule="appeal",
        clause=CLAUSE,
        sentence=SENTENCE,
        reason_code=None,
        received_at=now,
        updated_at=now,
        decided_at=now,
        due_at=None,
        priority="urgent" if of.expedited else decided.priority,
        member=decided.member,
        insurer=decided.insurer,
        requester=decided.requester,
        initial_provider=decided.initial_provider,
        second_doctor=decided.second_doctor,
        coverage=decided.coverage,
        order_identifiers=decided.order_identifiers,
        claim_identifiers=decided.claim_identifiers,
        specialty=decided.specialty,
        specialty_words=decided.specialty_words,
        care_source=decided.care_source,
        reason_codes=decided.reason_codes,
        conditions=decided.conditions,
        service_days=decided.service_days,
        queue="clinician",
        notes=(f"Appeal of case {decided.number}: {of.reason}",),
        authored_at=now,
        further_orders=decided.further_orders,
        appeal=of,
    )


def _doctor(asked_for: Reference | None) -> str | None:
    if asked_for is None:
        return None
    number: str | None = asked_for.get("identifier", {}).get("value")
    return number or asked_for.get("reference")


def _audited(case: CaseFile, caller: Caller, now: datetime, request_id: str | None) -> AuditRow:
    return AuditRow(
        at=now,
        actor=caller.id,
        action="operation",
        resource=f"Task/{case.view.task_id}",
        patient=case.member,
        outcome="0",
        request=request_id,
        detail={"operation": "appeal"},
    )
