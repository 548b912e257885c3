"""A reviewer decides: who acts, whether they may, whether all is said that must be; then the case moves and is told."""

from datetime import datetime
from typing import Any

from second_opinion.access import registry, rights
from second_opinion.access.caller import Caller, require
from second_opinion.access.registry import Partner
from second_opinion.cases import clocks as running
from second_opinion.cases.attestation import Act, Attestation
from second_opinion.cases.clocks import ClockName
from second_opinion.cases.decision import Decision, Extension, ReviewOutcome
from second_opinion.cases.notices import NoticeKind
from second_opinion.cases.status import TRANSITIONS, CaseStatus
from second_opinion.directory import offering
from second_opinion.errors import CaseClosed, PreconditionFailed
from second_opinion.fhir import determination
from second_opinion.store.changes import AuditRow, Changes, Event
from second_opinion.store.stored import Stored
from second_opinion.workflow import completeness, notices, ruling, timing
from second_opinion.workflow.answers import telling
from second_opinion.workflow.arrival import told_anew
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.case_of_task import case_of_task
from second_opinion.workflow.deciding import milliseconds
from second_opinion.workflow.desk import Desk

Json = dict[str, Any]

# Nothing may be granted on these any more under this case's number; a later change of mind is an appeal
_CLOSES = {CaseStatus.MODIFIED, CaseStatus.DENIED, CaseStatus.NOT_ELIGIBLE}

_LETTERS = {
    ReviewOutcome.APPROVED: NoticeKind.APPROVAL,
    ReviewOutcome.MODIFIED: NoticeKind.MODIFICATION,
    ReviewOutcome.DENIED: NoticeKind.DENIAL,
    ReviewOutcome.EXTENDED: NoticeKind.DELAY,
}


def record_determination(
    desk: Desk, caller: Caller, task: str, body: Json, request_id: str | None, if_match: int | None = None
) -> Stored:
    """The ClaimResponse of the case as decided; of a case given more time the Task.

    ``if_match`` is the version of the Task the reviewer has read: what changed since, nobody has decided on.
    """
    return told_anew(lambda: _record(desk, caller, task, body, request_id, if_match))


def allowed(desk: Desk, caller: Caller, task: str) -> None:
    """What can be said before the body is read: the case is there, and the caller is one who decides cases."""
    case_of_task(desk, caller, task)
    require(caller, "Task", "u")
    rights.reviewer(caller)


def _record(desk: Desk, caller: Caller, task: str, body: Json, request_id: str | None, if_match: int | None) -> Stored:
    case = case_of_task(desk, caller, task)
    now = milliseconds(desk.now())
    outcome = determination.outcome(body)
    attestation = attest(desk, caller, case, _act(outcome), now)
    refuse_closed(case, outcome, now)
    if if_match not in {None, current := case.view.version(f"Task/{task}")}:
        raise PreconditionFailed(
            f"The case has changed since it was read: it is now version {current}", "http.if-match"
        )
    decision = completeness.completed(desk, case, determination.read(body, desk.vocabulary), attestation)
    if isinstance(decision, Extension):
        changed = ruling.given_more_time(case, decision)
    else:
        changed = ruling.ruled(desk, case, decision)
    return _saved(desk, changed, decision, request_id)


def attest(desk: Desk, caller: Caller, case: CaseFile, act: Act | None, at: datetime) -> Attestation:
    """The acting reviewer's attestation on this case; Forbidden where the reviewer may not act on it so."""
    own = brought_by(desk, case)
    before: tuple[str, ...] = ()
    if (appeal := case.view.appeal) is not None:
        before = appeal.deciders
        rights.attest(caller, Act.DECIDE_APPEAL, at, own=own, decided_before=before)
    # An outcome that is none at all is refused later; the least of the acts says who may try.
    acts = [act] if act else [Act.APPROVE, Act.FIND_NOT_ELIGIBLE]
    return rights.attest_any(caller, acts, at, own=own, decided_before=before)


def brought_by(desk: Desk, case: CaseFile) -> frozenset[str]:
    """NPIs of who brought the case: submitting partners, and the requesters' practices.

    The plan is no party to its members' requests: what its own intake enters is not a request of its own.
    """
    submitters = (each.removeprefix("partner:") for each in case.parties if each.startswith("partner:"))
    entries = (registry.find(desk.store, each) for each in submitters)
    partners = [each for each in entries if isinstance(each, Partner) and each.partner_class != "plan"]
    npis = {npi for each in partners for npi in (each.organization, *each.npis)}
    with desk.directory.snapshot() as lookup:
        return offering.practices({*npis, *case.requesters}, lookup)


def refuse_closed(case: CaseFile, outcome: ReviewOutcome | None, now: datetime) -> None:
    """CaseClosed where the case is decided already, can be given no more time, or is not one that can end so."""
    status = CaseStatus(case.view.status)
    if not status.is_open:
        raise CaseClosed(f"Case {case.view.number} is {status}; only a case that is open can be decided")
    if outcome is ReviewOutcome.EXTENDED:
        _refuse_more_time(case, now)
    without_coverage = case.view.coverage is None and CaseStatus.NOT_ELIGIBLE in TRANSITIONS[status]
    if outcome is ReviewOutcome.NOT_ELIGIBLE and not without_coverage:
        raise CaseClosed(f"Case {case.view.number} has coverage on record; only one without is closed as not eligible")


def _refuse_more_time(case: CaseFile, now: datetime) -> None:
    """42 CFR 438.210(d)(1)(ii), 438.404(c)(5): once, and only while there is time; what ran out is a denial."""
    due = running.due(timing.ran(case.view), ClockName.DECIDE)
    if case.view.extension is not None:
        raise CaseClosed(f"The time to decide case {case.view.number} was extended before; it is extended once")
    if due is None or due <= now:
        raise CaseClosed(f"The time to decide case {case.view.number} is over; it can only be decided now")


def _act(outcome: ReviewOutcome | None) -> Act | None:
    return outcome.act if outcome else None


def _saved(desk: Desk, case: CaseFile, decision: Decision | Extension, request_id: str | None) -> Stored:
    """The case kept with its letters, which the decision releases."""
    view, attestation = case.view, decision.attestation
    kind = "extended" if isinstance(decision, Extension) else "decided"
    changes = Changes(
        close_question=CaseStatus(view.status) in _CLOSES,
        events=[Event(case.number, attestation.at, kind, attestation.reviewer, ruling.recorded(desk, case, decision))],
        audit=[_audited(case, attestation, request_id)],
    )
    outcome = ReviewOutcome.EXTENDED if isinstance(decision, Extension) else decision.outcome
    if outcome in _LETTERS:
        case = notices.owed(desk, case, _LETTERS[outcome], released_by=attestation)
    notices.save(desk, notices.rendered(desk, notices.overtaken(case)), changes=changes)
    return telling(desk.store, view)


def _audited(case: CaseFile, attestation: Attestation, request_id: str | None) -> AuditRow:
    return AuditRow(
        at=attestation.at,
        actor=attestation.reviewer,
        action="operation",
        resource=f"Task/{case.view.task_id}",
        patient=case.member,
        outcome="0",
        request=request_id,
        detail={"operation": "record-determination"},
    )
