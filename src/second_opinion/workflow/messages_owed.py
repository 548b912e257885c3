"""Which messages a case owes others as it stands; each is sent once, by the worker, after the answer is out."""

from collections.abc import Iterator

from second_opinion.fhir.case_view import CaseView, Delivery, Reference
from second_opinion.fhir.elements import provider
from second_opinion.store.changes import Work
from second_opinion.workflow.case_file import CaseFile

REVOKED = "-revoked"  # behind the number of what is sent once more, to say that it no longer holds


def messages_owed(case: CaseFile, before: CaseFile | None = None) -> list[Work]:
    """The errands; ``before`` is the case as it was: what was owed then is on its way already."""
    known = {each.key for each in _errands(before)} if before else set()
    return [each for each in _errands(case) if each.key not in known]


def _errands(case: CaseFile) -> Iterator[Work]:
    view = case.view
    for reference, recipient in (*_requests(view), *_forwarded(view), *_reports(view), *_rides(case)):
        yield _errand(case, reference, recipient)
    if view.status == "withdrawn":
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


def _rides(case: CaseFile) -> Iterator[tuple[str, Reference]]:
    """Medical transportation waits for the physician's certification; any ride for a vendor."""
    ride = case.view.ride
    if ride is None or ride.vendor is None or case.view.status == "withdrawn":
        return
    if ride.certification and not case.certified:
        return
    yield f"ServiceRequest/{ride.service_request_id}", ride.vendor
    yield f"Task/{ride.task_id}", ride.vendor


def _taken_back(case: CaseFile) -> Iterator[Work]:
    """Who was sent a request that is withdrawn gets it as revoked, under a number of its own."""
    numbers = dict(_numbers(case.view))
    for sent in case.view.deliveries:
        if sent.sent_at is not None and sent.identifier is None and sent.reference in numbers:
            yield _errand(case, sent.reference, sent.recipient, f"{numbers[sent.reference]}{REVOKED}")


def _numbers(view: CaseView) -> Iterator[tuple[str, str]]:
    """Our number of each message that can be taken back."""
    yield f"CommunicationRequest/{view.report_request_id}", f"{view.number}-R1"
    yield f"CommunicationRequest/{view.records_request_id}", f"{view.number}-P1"
    for place, each in enumerate(view.forwarded, start=1):
        yield f"CommunicationRequest/{each.communication_request_id}", f"{view.number}-F{place}"


def _errand(case: CaseFile, reference: str, recipient: Reference, number: str | None = None) -> Work:
    key = f"deliver/{reference}/{Delivery(reference, recipient).whom}" + (f"/{number}" if number else "")
    body = {"reference": reference, "recipient": recipient} | ({"number": number} if number else {})
    return Work(key, "deliver", case.number, body)
