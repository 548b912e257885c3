"""A report on its way: one Communication for each addressee, with its own sent and received times."""

from collections.abc import Iterator

from second_opinion.fhir.case_view import CaseView, Report, ReportCopy
from second_opinion.fhir.codes import CONSULT_NOTE, ELECTRONIC, NOTIFICATION, Json, Vocabulary, concept
from second_opinion.fhir.elements import identifier, instant, meta, to

_STATUS = {
    "owed": "preparation",
    "handed-over": "in-progress",
    "delivered": "completed",
    "undelivered": "in-progress",
    "returned": "not-done",
    "dropped": "stopped",
}


def write(view: CaseView, vocabulary: Vocabulary) -> Iterator[Json]:
    """The Communications of every report of the case."""
    for report in view.reports:
        for place, copy in enumerate(report.copies, 1):
            yield _communication(view, vocabulary, report, copy, place)


def _communication(view: CaseView, vocabulary: Vocabulary, report: Report, copy: ReportCopy, place: int) -> Json:
    ident = copy.communication_id
    delivery = view.delivery(f"Communication/{ident}")
    written: Json = {
        "resourceType": "Communication",
        "id": ident,
        "meta": meta(view, f"Communication/{ident}"),
        "identifier": [identifier(vocabulary, "delivery", f"{view.number}-R{report.number}-D{place}")],
        "basedOn": [to("CommunicationRequest", view.report_request_id)] if view.report_request_id else [],
        "partOf": [to("Task", view.task_id)],
        "status": _STATUS[delivery.state if delivery else "owed"],
        "category": [
            vocabulary.own_concept("communication-kind", "consultation-report-delivery"),
            concept(NOTIFICATION),
        ],
        "priority": view.priority,
        "medium": [{"coding": [ELECTRONIC]}],
        "subject": view.member,
        "topic": {"coding": [CONSULT_NOTE]},
        "about": [to("ServiceRequest", view.service_request_id), to("Task", view.task_id)],
        "recipient": [copy.recipient],
        "sender": report.sender,
        "payload": [{"contentReference": to("DocumentReference", each)} for each in report.document_ids],
    }
    if not written["basedOn"]:
        del written["basedOn"]
    if delivery is not None and delivery.sent_at is not None:
        written["sent"] = instant(delivery.sent_at)
    if delivery is not None and delivery.received_at is not None:
        written["received"] = instant(delivery.received_at)
    if delivery is not None and delivery.reason is not None and delivery.state in {"returned", "undelivered"}:
        written["statusReason"] = {"text": delivery.reason}
    return written
