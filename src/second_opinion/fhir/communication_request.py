"""What must be sent: the second doctor's report to the member and the initial provider; a fact to the plan."""

from second_opinion.fhir.case_view import CaseView, Forwarded, Question, Reminder
from second_opinion.fhir.codes import CONSULT_NOTE, ELECTRONIC, INSTRUCTION, PENDED, Json, Vocabulary
from second_opinion.fhir.elements import case_number, identifier, instant, meta, provider, to
from second_opinion.fhir.pas import information

_REPORT_WORDS = (
    "Please send the consultation report, with any procedures or tests you recommend, to the initial provider and "
    "the member by the date of this request (Policy II.G)."
)

_RECORDS_WORDS = (
    "Please send the records that matter for this second opinion, with test results and images, to the second doctor "
    "before the visit."
)


def write_report_request(view: CaseView, vocabulary: Vocabulary, ident: str) -> Json:
    """Asks the second doctor (sender) to report to the initial provider and the member; on hold while none is named."""
    request = _request(view, vocabulary, ident, "consultation-report-request")
    request["status"] = _report_status(view)
    request["identifier"] = _numbers(vocabulary, f"{view.number}-R1", request["status"])
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


def write_reminder(view: CaseView, vocabulary: Vocabulary, reminder: Reminder, number: int) -> Json:
    """The report asked for again, urgently; what it is about does not change."""
    request = write_report_request(view, vocabulary, reminder.communication_request_id)
    request["identifier"] = [identifier(vocabulary, "delivery", f"{view.number}-R1-M{number}")]
    request["basedOn"] = [to("CommunicationRequest", view.report_request_id or ""), *request["basedOn"]]
    request["priority"] = "urgent"
    request["authoredOn"] = instant(reminder.at)
    request["note"] = [{"text": f"Reminder. {_REPORT_WORDS}"}]
    if view.reports and request["status"] == "active":
        request["status"] = "completed"
    return request


def write_records_request(view: CaseView, vocabulary: Vocabulary, ident: str) -> Json:
    """Asks the initial provider to send the records to the second doctor, so that she has them before the visit."""
    request = _request(view, vocabulary, ident, "records-request")
    request["status"] = _report_status(view)
    request["identifier"] = _numbers(vocabulary, f"{view.number}-P1", request["status"])
    request["authoredOn"] = instant(view.report_asked_at or view.decided_at)
    if (doctor := provider(view.opinion_doctor)) is not None:
        request["recipient"] = [doctor]
    if (initial := provider(view.initial_provider)) is not None:
        request["sender"] = initial
    request["reasonCode"] = [{"text": "Records for the second medical opinion"}]
    request["note"] = [{"text": _RECORDS_WORDS}]
    return request


def write_forwarded(view: CaseView, vocabulary: Vocabulary, forwarded: Forwarded, number: int) -> Json:
    """Somebody's message as it is handed on: what the sender calls it stays beside our number."""
    ident = forwarded.communication_request_id
    status = "revoked" if view.status == "withdrawn" else forwarded.body.get("status", "active")
    ours = _numbers(vocabulary, f"{view.number}-F{number}", status)
    return forwarded.body | {
        "id": ident,
        "meta": meta(view, f"CommunicationRequest/{ident}"),
        "identifier": [ours[0], *forwarded.body.get("identifier", ()), *ours[1:]],
        "groupIdentifier": case_number(view, vocabulary),
        "status": status,
    }


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


def _numbers(vocabulary: Vocabulary, number: str, status: str) -> list[Json]:
    """Its number; what was sent and is taken back is sent once more, and must have a number nobody knows yet."""
    numbers = [identifier(vocabulary, "delivery", number)]
    return [*numbers, identifier(vocabulary, "delivery", f"{number}-revoked")] if status == "revoked" else numbers


def _report_status(view: CaseView) -> str:
    if view.status == "withdrawn":
        return "revoked"
    if view.status == "report-delivered":
        return "completed"
    if view.action == PENDED:  # the request was changed, and what was granted with it
        return "on-hold"
    return "active" if provider(view.opinion_doctor) is not None else "on-hold"
