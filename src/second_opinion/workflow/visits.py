"""The visit: appointment made, missed or kept. The status follows it, and so do the ride and the report's due time."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from second_opinion.cases import clocks as running
from second_opinion.cases.clocks import ClockName
from second_opinion.cases.status import CaseStatus, move
from second_opinion.directory.learned import LearnedFact
from second_opinion.fhir.case_view import CaseView, Ride
from second_opinion.workflow import ride_changes, timing
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
    followed = timing.clocked(replace(view, status=str(status), visit_at=visit_at, updated_at=now), clocks)
    followed = replace(followed, report_due_at=running.due(clocks, ClockName.CONSULT_REPORT))
    if status is CaseStatus.SCHEDULED and view.ride is not None:
        followed = _driven(case, followed, view.ride, now)
    return replace(case, version=case.version + 1, view=followed)


def _visit_at(view: CaseView, status: CaseStatus, fact: LearnedFact) -> datetime | None:
    """When the visit is: as said now, else as it was known; one that was kept is not in the future."""
    if status is CaseStatus.MISSED:
        return None
    known = fact.day or view.visit_at
    if status is CaseStatus.REPORT_DUE:
        return min(known, fact.at) if known else fact.at
    return known


def _driven(case: CaseFile, view: CaseView, ride: Ride, now: datetime) -> CaseView:
    """The appointment is the ride's; where it was moved, the vendor is told, and so is the member."""
    ride_at = running.due(timing.ran(view), ClockName.TRANSPORT_READY)
    if ride_at is None or ride_at == ride.needed_at:
        return view
    followed = ride_changes.wanted(view, replace(ride, needed_at=ride_at), now)
    was_told = ride.vendor is not None and not ride.waits
    if case.view.visit_at is None or not was_told or followed.ride is None or followed.past_rides != view.past_rides:
        return followed
    return replace(followed, ride=ride_changes.moved(followed.ride, now))
