"""The request for information as a child Task in CDex's shape, or PAS's: what is missing, from whom, by when."""

from second_opinion.fhir.case_view import CaseView, Question
from second_opinion.fhir.codes import CDEX_DATA_REQUEST, CONSULT_NOTE, DATA_CODE, DATA_REQUEST, Json, Vocabulary
from second_opinion.fhir.elements import case_number, identifier, instant, meta, to
from second_opinion.fhir.pas import information


def write(view: CaseView, vocabulary: Vocabulary, question: Question) -> Json:
    """The child Task on the requester, or on the member where nobody is known to ask."""
    task = _data_request(view, vocabulary, question)
    sent = information.claim_of(view)
    return information.as_attachment_request(task, view, vocabulary, sent) if sent else task


def _data_request(view: CaseView, vocabulary: Vocabulary, question: Question) -> Json:
    words = " ".join(question.sentences)
    return {
        "resourceType": "Task",
        "id": question.task_id,
        "meta": meta(view, f"Task/{question.task_id}") | {"profile": [CDEX_DATA_REQUEST]},
        "identifier": [identifier(vocabulary, "task", f"{view.number}-I1")],
        "basedOn": [to("ServiceRequest", view.service_request_id)],
        "groupIdentifier": case_number(view, vocabulary),
        "partOf": [to("Task", view.task_id)],
        "status": question.task_status,
        "statusReason": {"text": words},
        "intent": "order",
        "priority": view.priority,
        "code": {"coding": [DATA_REQUEST, vocabulary.own("case-task", "additional-information")]},
        "description": words,
        "for": view.member,
        "authoredOn": instant(question.asked_at),
        "lastModified": instant(view.updated_at),
        "requester": view.insurer,
        "owner": view.requester or view.member,
        "reasonCode": {"text": "Second opinion review"},
        "reasonReference": to("Claim", view.claim_id),
        "restriction": {"period": {"end": instant(question.due_at)}},
        "input": [
            {"type": {"coding": [DATA_CODE]}, "valueCodeableConcept": {"coding": [CONSULT_NOTE]}},
            *(
                {"type": vocabulary.own_concept("task-input", "missing-fact"), "valueCode": fact.replace("_", "-")}
                for fact, _ in question.missing
            ),
        ],
    }
