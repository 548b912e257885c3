"""The clocks of a case as its facts set them: what moves them, and what never may."""

from dataclasses import replace
from datetime import datetime, time

from second_opinion.cases import clocks as running
from second_opinion.cases.clocks import Clock, ClockName
from second_opinion.cases.status import ATTESTED, FAVOURABLE, CaseStatus
from second_opinion.fhir.case_view import CaseView
from second_opinion.review.criteria import Answer
from second_opinion.review.determination import Determination, Outcome, Verdict
from second_opinion.review.facts import Facts, Urgency, from_recorded
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.desk import Desk

_DECIDED = FAVOURABLE | ATTESTED.keys()
NOON = time(12)  # a visit whose hour is not stated


def clocked(view: CaseView, clocks: tuple[Clock, ...]) -> CaseView:
    """The view with these clocks; the decision is due when the first of those it answers to is."""
    shown = tuple((each.name.value, each.due) for each in clocks)
    return replace(view, clocks=shown, due_at=running.answer_due(clocks))


def clocks(desk: Desk, case: CaseFile, view: CaseView, facts: Facts, status: CaseStatus) -> tuple[Clock, ...]:
    """Every clock of the case, from its first receipt; those a favourable answer adds run from the answer.

    New facts never move a due time later. A clinician's word that the request is not urgent does, and so does the
    one extension, which moves the decide clock alone.
    """
    opened = running.case_clocks(
        view.received_at,
        urgency=facts.urgency,
        serious=facts.serious_condition is True,
        retrospective=facts.already_rendered is True,
        frames=desk.frames,
        calendar=desk.calendar,
    )
    if not _downgraded(case, facts):
        opened = running.never_later(ran(case.view), opened)
    opened = extended(opened, view)
    if status not in _DECIDED:
        return opened
    return after_decision(desk, view, status, opened)


def after_decision(desk: Desk, view: CaseView, status: CaseStatus, opened: tuple[Clock, ...]) -> tuple[Clock, ...]:
    """The clocks the case was opened with, and those its outcome adds; the visit at noon of the day asked for."""
    asked_for = desk.calendar.at(view.service_days[0], NOON) if view.service_days else None
    visit = view.visit_at or asked_for
    return running.after_decision(
        view.decided_at,
        status,
        opened,
        visit_at=visit,
        frames=desk.frames,
        calendar=desk.calendar,
        on_appeal=view.appeal is not None,
    )


def extended(clocks: tuple[Clock, ...], view: CaseView) -> tuple[Clock, ...]:
    """The clocks with the one extension, which a request found urgent since has overtaken."""
    decide = running.due(clocks, ClockName.DECIDE)
    if view.extension is None or decide is None or decide < view.extension.moved_from:
        return clocks
    return running.run_on(clocks, (Clock(ClockName.DECIDE, view.extension.until),))


def ran(view: CaseView) -> tuple[Clock, ...]:
    """The clocks the case shows."""
    return tuple(Clock(ClockName(name), due) for name, due in view.clocks)


def _downgraded(case: CaseFile, facts: Facts) -> bool:
    """Whether a clinician just said that the request is not urgent; nothing else makes an urgent one standard."""
    before = from_recorded(case.facts)
    return before.urgency is Urgency.URGENT and facts.urgency is Urgency.STANDARD


def proof_due(desk: Desk, case: CaseFile, view: CaseView, determination: Determination) -> datetime | None:
    """When the alternative the answer waits for counts as not there (R9, R10); None where it waits for none."""
    if not waits_for_proof(determination):
        return None
    assert view.due_at is not None  # noqa: S101 - every case has its time to decide
    urgency = determination.facts.urgency
    due = running.network_search_due(view.decided_at, view.due_at, urgency, desk.frames, desk.calendar)
    if case.proof_due_at is None or _downgraded(case, determination.facts):
        return due
    return min(due, case.proof_due_at)


def waits_for_proof(determination: Determination) -> bool:
    """Whether the card that decided was met because nobody knows yet if the network has an alternative."""
    if not determination.findings or determination.outcome not in {Outcome.TO_NETWORK_STAFF, Outcome.TO_CLINICIAN}:
        return False
    last = determination.findings[-1]
    return last.verdict is Verdict.MET and ("alternative_is_available", Answer.NOT_STATED) in last.answers
