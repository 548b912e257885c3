"""What each clock does when its time comes. Silence and the plan's own slowness never count against the member."""

from dataclasses import replace
from typing import NamedTuple

from uuid_utils import uuid7

from second_opinion.cases.notices import NoticeKind
from second_opinion.cases.timeframes import AtExpiry
from second_opinion.directory.learned import LearnedFact, LearnedName
from second_opinion.fhir import postal
from second_opinion.fhir.case_view import Reminder
from second_opinion.review.determination import Outcome
from second_opinion.review.facts import from_recorded
from second_opinion.workflow import addressees, agenda, notices
from second_opinion.workflow.agenda import Act, Appointment
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.deciding import Request, decided, milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.inform import MEDICAL_DIRECTOR, Reconsidered, reconsider, understood

COMPUTER = "computer"
CRITERIA_MET = "criteria-met"
BY_DEFAULT = "Approved: the plan did not decide within its time, so the request is approved as it was made."


class Acted(NamedTuple):
    """The case after an act, what is told of it, and what the table answered where it was asked."""

    case: CaseFile
    note: str
    asked: Reconsidered | None = None


def unanswered(desk: Desk, case: CaseFile, _: Appointment) -> Acted:
    """R4, R8: the requester was asked once and is silent; a clinician decides without the answer."""
    question = case.view.question
    assert question is not None  # noqa: S101 - the appointment is the question's
    why = "asked, and not answered in time"
    asked = reconsider(desk, replace(case, past_asking=case.past_asking | {fact: why for fact, _ in question.missing}))
    kept = asked.case.view.question
    if kept is not None and asked.determination.fault is not None:  # a late answer still finds its question
        view = replace(asked.case.view, question=replace(kept, task_status="requested"))
        asked = asked._replace(case=replace(asked.case, view=view))
    return Acted(asked.case, "The question was not answered in time: a clinician decides.", asked)


def unproven(desk: Desk, case: CaseFile, appointment: Appointment) -> Acted:
    """R9, R10: nobody proved in time that the network has somebody; care the policy owes is not left to silence."""
    note = f"Nobody proved an alternative in the network by {_local(desk, appointment)}: treated as no alternative."
    at = milliseconds(desk.now())
    fact = LearnedFact(LearnedName.ALTERNATIVE, COMPUTER, at, "no", evidence=(note,))
    asked = reconsider(desk, case, (fact,))
    return Acted(asked.case, note, asked)


def due_soon(desk: Desk, case: CaseFile, _: Appointment) -> Acted:
    """A day is left: a warning on the work list, and the notice that time's running out would take is prepared."""
    assert case.view.due_at is not None  # noqa: S101 - the appointment is made from it
    note = f"due soon: the decision is due {desk.calendar.local(case.view.due_at):%a %Y-%m-%d %H:%M %Z}"
    return Acted(_with_notice(desk, _noted(desk, case, note)), note)


def expired(desk: Desk, case: CaseFile, appointment: Appointment) -> Acted:
    """No decision in time: the medical director's, or where the plan says so approved."""
    if desk.frames.at_expiry is AtExpiry.APPROVE and _may_be_approved(case):
        return _approved_by_default(desk, case, appointment)
    note = f"medical director: not decided by {_local(desk, appointment)}, the time to decide is over"
    noted = _with_notice(desk, _noted(desk, case, note))
    return Acted(replace(noted, view=replace(noted.view, queue=MEDICAL_DIRECTOR)), note)


def _with_notice(desk: Desk, case: CaseFile) -> CaseFile:
    """The notice 42 CFR 438.404(c)(5) requires the day time runs out, for a physician to release; once for a due time.

    None where the plan approves what it left open, and none on an appeal, whose silence is no new denial.
    """
    approves = desk.frames.at_expiry is AtExpiry.APPROVE and _may_be_approved(case)
    if approves or case.view.appeal is not None or case.view.due_at is None:
        return case
    cause = f"expiry@{case.view.due_at.isoformat()}"
    return notices.owed(desk, case, NoticeKind.DENIAL, expiry=True, cause=cause)


def remind(desk: Desk, case: CaseFile, _: Appointment) -> Acted:
    """The second doctor is asked for the report again, urgently; the worker sends it."""
    now = milliseconds(desk.now())
    reminders = (*case.view.reminders, Reminder(str(uuid7()), now))
    case = replace(case, view=replace(case.view, reminders=reminders, updated_at=now))
    return Acted(case, f"the consultation report was asked for again, reminder {len(reminders)}")


def report_overdue(desk: Desk, case: CaseFile, appointment: Appointment) -> Acted:
    """Nobody answers: it is the medical director's to get the report the member is owed (policy II.G)."""
    note = f"medical director: no consultation report by {_local(desk, appointment)}, and every reminder is sent"
    noted = _noted(desk, case, note)
    return Acted(replace(noted, view=replace(noted.view, report_overdue=True)), note)


def untold(desk: Desk, case: CaseFile, appointment: Appointment) -> Acted:
    """Decided, and not told in time: the medical director's list until the letter has gone out."""
    to_member = appointment.act is Act.MEMBER_UNTOLD
    if to_member and postal.deceased(addressees.patient(desk, case.member)):
        return Acted(case, "The member has died; letters to the household are not sent.")
    who = "member" if to_member else "provider"
    note = f"medical director: by {_local(desk, appointment)} the letter to the {who} had not gone out"
    noted = _noted(desk, case, note)
    return Acted(replace(noted, view=replace(noted.view, queue=MEDICAL_DIRECTOR)), note)


def marked(before: CaseFile, case: CaseFile, appointment: Appointment) -> CaseFile:
    """The case's next version, the act among those done: it is never done again for this due time."""
    return replace(case, version=before.version + 1, acted=(*case.acted, appointment.mark))


def _may_be_approved(case: CaseFile) -> bool:
    """Not for care the plan does not owe, nor care already given, and never an appeal, which a clinician decides."""
    facts = from_recorded(case.facts)
    owed = facts.covered is True and facts.belongs_elsewhere is not True and facts.already_rendered is not True
    return owed and agenda.may_be_asked_again(case)


def _approved_by_default(desk: Desk, case: CaseFile, appointment: Appointment) -> Acted:
    note = f"approve by default: not decided by {_local(desk, appointment)}, and the plan approves what it leaves open"
    stated, resolution = understood(desk, case)
    facts = from_recorded(case.facts)
    determination = replace(
        reconsider(desk, case).determination,
        outcome=Outcome.APPROVE,
        reason=CRITERIA_MET,
        ask=None,
        plain=BY_DEFAULT,
        fault=note,
        facts=facts,
    )
    request = Request(stated, replace(resolution, facts=facts), case.view.received_at, (), ())
    approved = decided(desk, case, request, determination)
    view = replace(approved.view, requester=case.view.requester, notes=(*approved.view.notes, note))
    approved = replace(approved, view=view)
    return Acted(approved, note, Reconsidered(approved, determination, resolution))


def _noted(desk: Desk, case: CaseFile, note: str) -> CaseFile:
    view = replace(case.view, notes=(*case.view.notes, note), updated_at=milliseconds(desk.now()))
    return replace(case, view=view)


def _local(desk: Desk, appointment: Appointment) -> str:
    return f"{desk.calendar.local(appointment.at):%a %Y-%m-%d %H:%M %Z}"
