"""The visit: appointment made, missed or kept. The status follows it, and so do the ride and the report's due time."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from second_opinion.cases import clocks as running
from second_opinion.cases.clocks import Clock, ClockName
from second_opinion.cases.status import CaseStatus, move
from second_opinion.directory.learned import LearnedFact
from second_opinion.fhir.case_view import CaseView
from second_opinion.workflow import timing
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.deciding import milliseconds
from second_opinion.workflow.desk import Desk

STATUS: Mapping[str, CaseStatus] = MappingProxyType(
    {"scheduled": CaseStatus.SCHEDULED, "missed": CaseStatus.MISSED, "kept": CaseStatus.REPORT_DUE}
)


def visited(desk: Desk, case: CaseFile, fact: LearnedFact) -> CaseFile:
    """The case's next version once the visit is scheduled, missed or kept; CaseClosed where it cannot be."""
    view, now = case.view, milliseconds(desk.now())
    status = move(CaseStatus(view.status), STATUS[fact.value])
    visit_at = _visit_at(view, status, fact)
    clocks = running.after_visit(
        timing.ran(view),
        now,
        counts_from=now if visit_at is None else view.decided_at,
        visit_at=visit_at,
        frames=desk.frames,
        calendar=desk.calendar,
    )
    view = timing.clocked(replace(view, status=str(status), visit_at=visit_at, updated_at=now), clocks)
    return replace(case, version=case.version + 1, view=_followed(view, clocks))


def _visit_at(view: CaseView, status: CaseStatus, fact: LearnedFact) -> datetime | None:
    """When the visit is: as said now, else as it was known; one that was kept is not in the future."""
    if status is CaseStatus.MISSED:
        return None
    known = fact.day or view.visit_at
    if status is CaseStatus.REPORT_DUE:
        return min(known, fact.at) if known else fact.at
    return known


def _followed(view: CaseView, clocks: tuple[Clock, ...]) -> CaseView:
    """Report and ride by the clocks as they now run."""
    ride_at = running.due(clocks, ClockName.TRANSPORT_READY)
    ride = replace(view.ride, needed_at=ride_at) if view.ride and ride_at else view.ride
    return replace(view, report_due_at=running.due(clocks, ClockName.CONSULT_REPORT), ride=ride)
