"""When the clocks of a case call for something, and what. Pure: the sweep acts, this only says when."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from second_opinion.cases.clocks import ClockName
from second_opinion.cases.notices import Addressee
from second_opinion.cases.status import CaseStatus
from second_opinion.fhir.case_view import CaseView

if TYPE_CHECKING:
    from second_opinion.workflow.case_file import CaseFile


class Act(StrEnum):
    """What a clock calls for."""

    UNANSWERED = "unanswered"  # R4, R8: a clinician decides without the answer
    UNPROVEN = "unproven"  # R9, R10: an alternative nobody proved counts as not there
    DUE_SOON = "due-soon"  # a warning, and the notice prepared
    EXPIRED = "expired"  # the medical director's
    REMIND = "report-reminder"  # the second doctor is asked for the report again
    REPORT_OVERDUE = "report-overdue"  # asked often enough: a person calls
    PROVIDER_UNTOLD = "provider-untold"  # a reviewer decided, and the provider's letter has not gone out
    MEMBER_UNTOLD = "member-untold"  # decided, and the written answer has not gone out


_ACTS = list(Act)
AWAITING_REPORT = frozenset(
    {
        CaseStatus.NO_AUTHORIZATION_REQUIRED,
        CaseStatus.APPROVED,
        CaseStatus.MODIFIED,
        CaseStatus.SCHEDULED,
        CaseStatus.REPORT_DUE,
    }
)
# No clock runs for a letter here: a withdrawal is only confirmed, and no kind of notice is for somebody who is not our
# member. Without a letter that could go out, the case would stay on the medical director's list for ever.
UNWRITTEN = frozenset({CaseStatus.WITHDRAWN, CaseStatus.NOT_ELIGIBLE})


class Appointment(NamedTuple):
    """An act with the instant from which it is called for."""

    at: datetime
    act: Act

    @property
    def mark(self) -> str:
        """What is kept once it is done; another due time makes it another act."""
        return f"{self.act}@{self.at.isoformat()}"


def next_appointment(case: "CaseFile") -> Appointment | None:
    """The earliest act that is still to be done."""
    to_do = (each for each in _agenda(case) if each.mark not in case.acted)
    # Of two at one instant the one that may decide the case comes before the one that warns of it.
    return min(to_do, key=lambda each: (each.at, _ACTS.index(each.act)), default=None)


def has_expired(case: "CaseFile") -> bool:
    """Whether the time to decide ran out without a decision; an extension makes it not have."""
    due = case.view.due_at
    return due is not None and Appointment(due, Act.EXPIRED).mark in case.acted


def may_be_asked_again(case: "CaseFile") -> bool:
    """Whether the table may answer the case: an appeal is a clinician's alone."""
    return case.view.appeal is None


def waits_for_coverage(case: "CaseFile") -> bool:
    """Whether a directory loaded since may bring the coverage nobody found at first (G1)."""
    return case.view.status == CaseStatus.PENDED_ELIGIBILITY


def _agenda(case: "CaseFile") -> Iterator[Appointment]:
    view, status = case.view, CaseStatus(case.view.status)
    if not status.is_open:
        yield from _untold(view, status)
        yield from _reminders(case)
        return
    question = view.question
    if status is CaseStatus.INFORMATION_REQUESTED and question is not None and question.task_status == "requested":
        yield Appointment(question.due_at, Act.UNANSWERED)
    if case.proof_due_at is not None:
        yield Appointment(case.proof_due_at, Act.UNPROVEN)
    if view.due_at is not None:
        yield Appointment(view.due_at - timedelta(hours=case.warn_before_hours), Act.DUE_SOON)
        yield Appointment(view.due_at, Act.EXPIRED)


def _reminders(case: "CaseFile") -> Iterator[Appointment]:
    """The report asked for again, before and after its due time; after the last time a person takes over."""
    view = case.view
    if view.report_due_at is None or view.reports or view.opinion_doctor is None or view.status not in AWAITING_REPORT:
        return
    for days in case.remind_days:
        at = view.report_due_at + timedelta(days=days)
        if at > view.decided_at:
            yield Appointment(at, Act.REMIND)
            if days == case.remind_days[-1]:
                yield Appointment(at, Act.REPORT_OVERDUE)


def _untold(view: CaseView, status: CaseStatus) -> Iterator[Appointment]:
    """Letters of the decision that have not gone out by their time; without a decision there is no such clock.

    After a decision that came late its letters, which are then due at once, have a day before anybody is called.
    """
    if status in UNWRITTEN:
        return
    due, earliest = dict(view.clocks), view.decided_at + timedelta(days=1)
    held = {each.addressee for each in view.notices if each.in_preparation}
    by_provider, by_member = due.get(ClockName.NOTIFY_PROVIDER.value), due.get(ClockName.NOTIFY_MEMBER_WRITTEN.value)
    if by_provider is not None and view.decision is not None and Addressee.PROVIDER in held:
        yield Appointment(max(by_provider, earliest), Act.PROVIDER_UNTOLD)
    told = any(each.addressee is Addressee.MEMBER for each in view.notices) and Addressee.MEMBER not in held
    if by_member is not None and not told:
        yield Appointment(max(by_member, earliest), Act.MEMBER_UNTOLD)
