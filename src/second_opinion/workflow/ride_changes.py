"""A ride wanted otherwise than it was ordered: the vendor is told anew, or another trip is ordered."""

from dataclasses import replace
from datetime import datetime

from uuid_utils import uuid7

from second_opinion.cases.notices import RideChange
from second_opinion.fhir.case_view import CaseView, Ride
from second_opinion.fhir.transportation import GIVEN_BACK


def wanted(view: CaseView, ride: Ride, now: datetime) -> CaseView:
    """The case with its ride as it is wanted now.

    A trip the vendor gave back, or does not drive as asked, is over: the next one is ordered. Any other is told anew,
    and is the vendor's to accept again.
    """
    before = view.ride
    if before is not None and before.vendor is None:
        return replace(view, ride=replace(ride, problem_solved=before.problem_solved or ride.vendor is not None))
    if before is None or _never_told(before) or _said(before) == _said(ride):
        return replace(view, ride=ride)
    if before.status in GIVEN_BACK or before.problem_task_id is not None:
        return replace(view, past_rides=(*view.past_rides, before), ride=_next_trip(ride, now))
    return replace(view, ride=_anew(ride))


def _never_told(ride: Ride) -> bool:
    """Whether the vendor has not been asked for it yet."""
    return ride.waits and ride.edition == 1


def listed(view: CaseView, now: datetime) -> CaseView:
    """The case whose ride nobody is known to drive on a person's list."""
    ride = view.ride
    if ride is None or ride.vendor is not None or ride.problem_task_id is not None:
        return view
    return replace(view, ride=replace(ride, problem_task_id=str(uuid7()), problem_at=now))


def moved(ride: Ride, now: datetime) -> Ride:
    """The ride, of which the member is told that the appointment was moved."""
    return replace(ride, change=RideChange.OTHER_TIME, changed_at=now)


def _said(ride: Ride) -> tuple[object, ...]:
    """What the vendor is told."""
    where = (ride.pickup, ride.phone, ride.destination)
    return (ride.mode, ride.waits, ride.attendant, ride.language, where, ride.vendor, ride.needed_at)


def _anew(ride: Ride) -> Ride:
    return replace(ride, edition=ride.edition + 1, status="requested", status_reason=None, outputs=())


def _next_trip(ride: Ride, now: datetime) -> Ride:
    return Ride(
        service_request_id=str(uuid7()),
        task_id=str(uuid7()),
        trip=ride.trip + 1,
        mode=ride.mode,
        certification=ride.certification,
        certified=ride.certified,
        attendant=ride.attendant,
        language=ride.language,
        pickup=ride.pickup,
        phone=ride.phone,
        destination=ride.destination,
        vendor=ride.vendor,
        needed_at=ride.needed_at,
        asked_at=now,
    )
