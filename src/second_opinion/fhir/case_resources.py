"""Everything a case shows, written from one view: which resources there are follows from what the view has."""

from second_opinion.fhir import (
    claim,
    claim_response,
    communication_request,
    information_task,
    notices,
    report,
    task,
    transportation,
)
from second_opinion.fhir.case_view import CaseView
from second_opinion.fhir.codes import Json, Vocabulary
from second_opinion.fhir.pas import answer


def write(view: CaseView, vocabulary: Vocabulary) -> list[Json]:
    """Task, Claim (where the service wrote it), ClaimResponse, and what is asked, owed, driven or told."""
    resources = [task.write(view, vocabulary)]
    if not view.claim_identifiers:  # a client's Claim is kept as it was sent
        resources.append(claim.write(view, vocabulary))
    sent = [each for each in view.sent_claims if not each.replaced]
    if all(each.response_id != view.claim_response_id for each in sent):
        resources.append(claim_response.write(view, vocabulary))
    resources += [answer.write(view, each, vocabulary) for each in sent]
    if view.question is not None:
        resources.append(information_task.write(view, vocabulary, view.question))
        resources.append(communication_request.write_information_request(view, vocabulary, view.question))
    if view.report_request_id is not None:
        resources.append(communication_request.write_report_request(view, vocabulary, view.report_request_id))
    if view.records_request_id is not None:
        resources.append(communication_request.write_records_request(view, vocabulary, view.records_request_id))
    resources += [
        communication_request.write_reminder(view, vocabulary, each, number)
        for number, each in enumerate(view.reminders, start=1)
    ]
    resources += [
        communication_request.write_forwarded(view, vocabulary, each, number)
        for number, each in enumerate(view.forwarded, start=1)
    ]
    for ride in (*view.past_rides, *([view.ride] if view.ride else [])):
        resources += transportation.write(view, vocabulary, ride)
    return [*resources, *notices.write(view, vocabulary), *report.write(view, vocabulary)]
