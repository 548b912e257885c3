"""Which messages a case owes others as it stands; each is sent once, by the worker, after the answer is out."""

from collections.abc import Iterator

from second_opinion.fhir.case_view import CaseView, Delivery, Reference, Ride
from second_opinion.fhir.elements import provider
from second_opinion.fhir.transportation import GIVEN_BACK
from second_opinion.store.changes import Work
from second_opinion.workflow.case_file import CaseFile

REVOKED = "-revoked"  # behind the number of what is sent once more, to say that it no longer holds


def messages_owed(case: CaseFile, before: CaseFile | None = None) -> list[Work]:
    """The errands; ``before`` is the case as it was: what was owed then is on its way already."""
    known = {each.key for each in _errands(before)} if before else set()
    return [each for each in _errands(case) if each.key not in known]


def _errands(case: CaseFile) -> Iterator[Work]:
    view = case.view
    for reference, recipient in (*_requests(view), *_forwarded(view), *_reports(view)):
        yield _errand(case, reference, recipient)
    yield from _rides(case)
    yield from _taken_back(case)


def _requests(view: CaseView) -> Iterator[tuple[str, Reference]]:
    """The second doctor is asked for the report once one is named; then the records are worth sending."""
    doctor = provider(view.opinion_doctor)
    if doctor is None or view.status == "withdrawn":
        return
    if view.report_request_id is not None:
        yield f"CommunicationRequest/{view.report_request_id}", doctor
    initial = provider(view.initial_provider)
    if view.records_request_id is not None and initial is not None:
        yield f"CommunicationRequest/{view.records_request_id}", initial
    for reminder in view.reminders:
        yield f"CommunicationRequest/{reminder.communication_request_id}", doctor


def _forwarded(view: CaseView) -> Iterator[tuple[str, Reference]]:
    for each in view.forwarded if view.status != "withdrawn" else ():
        for recipient in each.recipients:
            yield f"CommunicationRequest/{each.communication_request_id}", recipient


def _reports(view: CaseView) -> Iterator[tuple[str, Reference]]:
    for report in view.reports:
        for copy in report.copies:
            yield f"Communication/{copy.communication_id}", copy.recipient


def _rides(case: CaseFile) -> Iterator[Work]:
    """Medical transportation waits for the physician's certification; any ride for a vendor.

    What changed since it was ordered is told under a number of its own.
    """
    ride = case.view.ride
    if ride is None or ride.vendor is None or case.view.status == "withdrawn":
        return
    if ride.waits and ride.edition == 1:  # whoever drives already must know that it waits
        return
    number = f"{_trip(case.view, ride)}-{ride.edition}" if ride.edition > 1 else None
    for reference in _of_ride(ride):
        yield _errand(case, reference, ride.vendor, number)


def _of_ride(ride: Ride) -> tuple[str, str]:
    return f"ServiceRequest/{ride.service_request_id}", f"Task/{ride.task_id}"


def _trip(view: CaseView, ride: Ride) -> str:
    return f"{view.number}-T{ride.trip}"


def _taken_back(case: CaseFile) -> Iterator[Work]:
    """Who was sent a request that is withdrawn gets it as revoked, under a number of its own."""
    numbers = dict(_numbers(case.view))
    told = {(each.reference, each.whom): each for each in case.view.deliveries if each.sent_at is not None}
    for sent in told.values():
        if sent.reference in numbers:
            yield _errand(case, sent.reference, sent.recipient, f"{numbers[sent.reference]}{REVOKED}")


def _numbers(view: CaseView) -> Iterator[tuple[str, str]]:
    """Our number of each message that can be taken back."""
    withdrawn = view.status == "withdrawn"
    for ride in (*view.past_rides, *([view.ride] if view.ride and withdrawn else [])):
        if ride.status not in GIVEN_BACK:
            yield from ((reference, _trip(view, ride)) for reference in _of_ride(ride))
    if not withdrawn:
        return
    yield f"CommunicationRequest/{view.report_request_id}", f"{view.number}-R1"
    yield f"CommunicationRequest/{view.records_request_id}", f"{view.number}-P1"
    for place, each in enumerate(view.forwarded, start=1):
        yield f"CommunicationRequest/{each.communication_request_id}", f"{view.number}-F{place}"


def _errand(case: CaseFile, reference: str, recipient: Reference, number: str | None = None) -> Work:
    key = f"deliver/{reference}/{Delivery(reference, recipient).whom}" + (f"/{number}" if number else "")
    body = {"reference": reference, "recipient": recipient} | ({"number": number} if number else {})
    return Work(key, "deliver", case.number, body)
