"""A message nobody got, as a Task on a person's list: which message, of which case, and why."""

from second_opinion.fhir.case_view import CaseView, Delivery
from second_opinion.fhir.codes import FULFILL, Json, Vocabulary
from second_opinion.fhir.elements import case_number, identifier, instant, to

WORDS = "A message could not be delivered"
STATUS = {"delivered": "completed", "dropped": "cancelled", "owed": "in-progress", "handed-over": "in-progress"}


def write(view: CaseView, vocabulary: Vocabulary, delivery: Delivery, version: int) -> Json:
    """The Task: requested while a person must look, in progress while it is sent again, completed once it arrived."""
    assert delivery.task_id is not None  # noqa: S101 - it is on the list
    return {
        "resourceType": "Task",
        "id": delivery.task_id,
        "meta": {"versionId": str(version), "lastUpdated": instant(view.updated_at)},
        "identifier": [identifier(vocabulary, "task", f"{view.number}-U-{delivery.task_id}")],
        "groupIdentifier": case_number(view, vocabulary),
        "partOf": [to("Task", view.task_id)],
        "status": STATUS.get(delivery.state, "requested"),
        "statusReason": {"text": delivery.reason or WORDS},
        "intent": "order",
        "priority": view.priority,
        "code": {"coding": [FULFILL, vocabulary.own("case-task", "undelivered")]},
        "description": WORDS,
        "focus": {"reference": delivery.reference},
        "for": view.member,
        "authoredOn": instant(delivery.listed_at or view.updated_at),
        "lastModified": instant(view.updated_at),
        "requester": view.insurer,
        "owner": view.insurer,
        "performerType": [vocabulary.own_concept("work-queue", "undeliverable")],
        "input": [
            {"type": vocabulary.own_concept("task-input", "recipient"), "valueReference": delivery.recipient},
        ],
    }
