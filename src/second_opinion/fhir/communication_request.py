"""What must be sent: the second doctor's report to the member and the initial provider; a fact to the plan."""

from second_opinion.fhir.case_view import CaseView, Question
from second_opinion.fhir.codes import CONSULT_NOTE, ELECTRONIC, INSTRUCTION, PENDED, Json, Vocabulary
from second_opinion.fhir.elements import case_number, identifier, instant, meta, provider, to
from second_opinion.fhir.pas import information

_REPORT_WORDS = (
    "Please send the consultation report, with any procedures or tests you recommend, to the initial provider and "
    "the member by the date of this request (Policy II.G)."
)


def write_report_request(view: CaseView, vocabulary: Vocabulary, ident: str) -> Json:
    """Asks the second doctor (sender) to report to the initial provider and the member; on hold while none is named."""
    request = _request(view, vocabulary, ident, "consultation-report-request")
    request["identifier"] = [identifier(vocabulary, "delivery", f"{view.number}-R1")]
    request["status"] = _report_status(view)
    request["authoredOn"] = instant(view.report_asked_at or view.decided_at)
    if view.report_due_at is not None:
        request["occurrenceDateTime"] = instant(view.report_due_at)
    initial = provider(view.initial_provider)
    request["recipient"] = [initial, view.member] if initial is not None else [view.member]
    if (doctor := provider(view.opinion_doctor)) is not None:
        request["sender"] = doctor
    request["reasonCode"] = [{"text": "Consultation report of the second medical opinion"}]
    request["note"] = [{"text": _REPORT_WORDS}]
    return request


def write_information_request(view: CaseView, vocabulary: Vocabulary, question: Question) -> Json:
    """Asks the requester (sender) to tell the plan what is missing, in words; the same tracking number as its Task."""
    request = _request(view, vocabulary, question.communication_request_id, "information-request")
    request["identifier"] = [identifier(vocabulary, "task", f"{view.number}-I1")]
    request["status"] = {"requested": "active", "cancelled": "revoked"}.get(question.task_status, "completed")
    request["authoredOn"] = instant(question.asked_at)
    request["occurrenceDateTime"] = instant(question.due_at)
    request["recipient"] = [view.insurer]
    request["sender"] = view.requester or view.member
    request["reasonCode"] = [{"text": "Second opinion review"}]
    request["note"] = [{"text": each} for each in question.sentences]
    sent = information.claim_of(view)
    return information.as_line_request(request, view, sent) if sent else request


def _request(view: CaseView, vocabulary: Vocabulary, ident: str, kind: str) -> Json:
    return {
        "resourceType": "CommunicationRequest",
        "id": ident,
        "meta": meta(view, f"CommunicationRequest/{ident}"),
        "basedOn": [to("ServiceRequest", view.service_request_id)],
        "groupIdentifier": case_number(view, vocabulary),
        "category": [vocabulary.own_concept("communication-kind", kind), {"coding": [INSTRUCTION]}],
        "priority": view.priority,
        "medium": [{"coding": [ELECTRONIC]}],
        "subject": view.member,
        "about": [to("ClaimResponse", view.claim_response_id), to("Task", view.task_id)],
        # PAS profile-communicationrequest: one payload, whose text is the bare LOINC code
        "payload": [{"contentString": CONSULT_NOTE["code"]}],
        "requester": view.insurer,
    }


def _report_status(view: CaseView) -> str:
    if view.status == "withdrawn":
        return "revoked"
    if view.status == "report-delivered":
        return "completed"
    if view.action == PENDED:  # the request was changed, and what was granted with it
        return "on-hold"
    return "active" if provider(view.opinion_doctor) is not None else "on-hold"
