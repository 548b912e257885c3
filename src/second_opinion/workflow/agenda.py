"""When the clocks of a case call for something, and what. Pure: the sweep acts, this only says when."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from second_opinion.cases.status import CaseStatus

if TYPE_CHECKING:
    from second_opinion.workflow.case_file import CaseFile


class Act(StrEnum):
    """What a clock calls for."""

    UNANSWERED = "unanswered"  # R4, R8: a clinician decides without the answer
    UNPROVEN = "unproven"  # R9, R10: an alternative nobody proved counts as not there
    DUE_SOON = "due-soon"  # a warning, and the notice prepared
    EXPIRED = "expired"  # the medical director's


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
    return min((each for each in _agenda(case) if each.mark not in case.acted), default=None)


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
        return
    question = view.question
    if status is CaseStatus.INFORMATION_REQUESTED and question is not None and question.task_status == "requested":
        yield Appointment(question.due_at, Act.UNANSWERED)
    if case.proof_due_at is not None:
        yield Appointment(case.proof_due_at, Act.UNPROVEN)
    if view.due_at is not None:
        yield Appointment(view.due_at - timedelta(hours=case.warn_before_hours), Act.DUE_SOON)
        yield Appointment(view.due_at, Act.EXPIRED)
