"""The ride: an order and a Task for the vendor, who learns neither diagnosis nor reason nor specialty."""

from second_opinion.fhir.case_view import CaseView, Ride
from second_opinion.fhir.codes import (
    FULFILL,
    HCPCS,
    RIDE_CODES,
    TRANSPORTATION,
    TRANSPORTATION_REQUEST,
    Json,
    Vocabulary,
    coding,
    concept,
)
from second_opinion.fhir.elements import case_number, identifier, instant, meta, to

STANDS = {  # Task.status → transport-status
    "requested": "awaiting-vendor",
    "on-hold": "awaiting-vendor",
    "accepted": "accepted",
    "in-progress": "accepted",
    "rejected": "declined",
    "failed": "missed",
    "completed": "completed",
}
GIVEN_BACK = frozenset({"rejected", "failed", "completed"})  # the vendor is done with the trip
NOT_NEEDED = "The appointment is no longer needed."
ASKED_ANEW = "Another trip was ordered instead."
CERTIFICATION = "The ride waits for the physician's certification."
PURPOSE = "Ride to a medical appointment"


def write(view: CaseView, vocabulary: Vocabulary, ride: Ride) -> list[Json]:
    """The order of one trip, its Task, and where the vendor does not drive as asked, the Task of a person."""
    problem = [] if ride.problem_task_id is None else [_arrange(view, vocabulary, ride, ride.problem_task_id)]
    return [write_order(view, vocabulary, ride), write_task(view, vocabulary, ride), *problem]


def _over(view: CaseView, ride: Ride) -> bool:
    """Whether the trip is not wanted any more: the case is withdrawn, or another trip takes its place."""
    return view.status == "withdrawn" or ride in view.past_rides


def write_order(view: CaseView, vocabulary: Vocabulary, ride: Ride) -> Json:
    """The transport ServiceRequest."""
    codes = [TRANSPORTATION_REQUEST]
    if ride.mode is not None and ride.mode in RIDE_CODES:
        codes.append(coding(HCPCS, RIDE_CODES[ride.mode]))
    order: Json = {
        "resourceType": "ServiceRequest",
        "id": ride.service_request_id,
        "meta": meta(view, f"ServiceRequest/{ride.service_request_id}", labelled=False),
        "identifier": [identifier(vocabulary, "trip", f"{view.number}-T{ride.trip}")],
        "basedOn": [to("ServiceRequest", view.service_request_id)],
        "status": "revoked" if _over(view, ride) else "active",
        "intent": "order",
        "priority": view.priority,
        "category": [{"coding": [TRANSPORTATION]}],
        "code": concept(*codes, text=PURPOSE),
        "subject": view.member,
        "authoredOn": instant(ride.asked_at or view.received_at),
        "requester": view.insurer,
    }
    if ride.mode is not None:
        order["orderDetail"] = [vocabulary.own_concept("transport-mode", ride.mode)]
    if ride.needed_at is not None:
        order["occurrenceDateTime"] = instant(ride.needed_at)
    if ride.vendor is not None:
        order["performer"] = [ride.vendor]
    if view.coverage is not None:
        order["insurance"] = [view.coverage]
    if words := _instruction(ride):
        order["patientInstruction"] = words
    return order


def write_task(view: CaseView, vocabulary: Vocabulary, ride: Ride) -> Json:
    """The transport Task, requested of the vendor once one is known."""
    over = _over(view, ride) and ride.status not in GIVEN_BACK
    task: Json = {
        "resourceType": "Task",
        "id": ride.task_id,
        "meta": meta(view, f"Task/{ride.task_id}", labelled=False),
        "identifier": [identifier(vocabulary, "task", f"{view.number}-T{ride.trip}")],
        "basedOn": [to("ServiceRequest", ride.service_request_id)],
        "groupIdentifier": case_number(view, vocabulary),
        "partOf": [to("Task", view.task_id)],
        "status": "cancelled" if over else "on-hold" if ride.waits else ride.status,
        "businessStatus": vocabulary.own_concept("transport-status", "cancelled" if over else STANDS[ride.status]),
        "intent": "order",
        "priority": view.priority,
        "code": {"coding": [FULFILL, vocabulary.own("case-task", "transportation")]},
        "description": PURPOSE,
        "focus": to("ServiceRequest", ride.service_request_id),
        "for": view.member,
        "authoredOn": instant(ride.asked_at or view.received_at),
        "lastModified": instant(view.updated_at),
        "requester": view.insurer,
    }
    if over:
        task["statusReason"] = {"text": NOT_NEEDED if view.status == "withdrawn" else ASKED_ANEW}
    elif ride.waits:
        task["statusReason"] = {"text": CERTIFICATION}
    elif ride.status_reason is not None:
        task["statusReason"] = ride.status_reason
    if ride.outputs:
        task["output"] = list(ride.outputs)
    if ride.vendor is not None:
        task["owner"] = ride.vendor
    if ride.needed_at is not None:
        task["restriction"] = {"repetitions": 1, "period": {"end": instant(ride.needed_at)}}
    if inputs := _inputs(ride, vocabulary):
        task["input"] = inputs
    return task


def _arrange(view: CaseView, vocabulary: Vocabulary, ride: Ride, ident: str) -> Json:
    """What the vendor would not do, or not as asked: a person of the plan's arranges the ride."""
    at = instant(ride.problem_at or view.updated_at)
    return {
        "resourceType": "Task",
        "id": ident,
        "meta": meta(view, f"Task/{ident}", labelled=False),
        "identifier": [identifier(vocabulary, "task", f"{view.number}-T{ride.trip}-P")],
        "groupIdentifier": case_number(view, vocabulary),
        "partOf": [to("Task", view.task_id)],
        "status": _problem_stands(view, ride),
        "statusReason": _problem(ride),
        "intent": "order",
        "priority": view.priority,
        "code": {"coding": [FULFILL, vocabulary.own("case-task", "transportation")]},
        "description": "Arrange the ride",
        "focus": to("Task", ride.task_id),
        "for": view.member,
        "authoredOn": at,
        "lastModified": instant(view.updated_at),
        "requester": view.insurer,
        "owner": view.insurer,
        "performerType": [vocabulary.own_concept("work-queue", "network")],
    }


def _problem(ride: Ride) -> Json:
    """Why a person arranges it."""
    if ride.vendor is None:
        return {"text": "No vendor is known, or several are, and none of them is the network's"}
    return ride.status_reason or {"text": "The vendor drives in another way than was asked for"}


def _problem_stands(view: CaseView, ride: Ride) -> str:
    """A person's until she says that it is arranged, or another trip was ordered."""
    if ride.problem_solved or ride in view.past_rides:
        return "completed"
    return "cancelled" if view.status == "withdrawn" else "requested"


def _inputs(ride: Ride, vocabulary: Vocabulary) -> list[Json]:
    given = (
        ("pickup-location", "valueAddress", ride.pickup),
        ("pickup-phone", "valueContactPoint", {"system": "phone", "value": ride.phone} if ride.phone else None),
        ("destination", "valueAddress", ride.destination),
        ("attendant", "valueBoolean", ride.attendant),
        ("language", "valueCode", ride.language),
    )
    return [
        {"type": vocabulary.own_concept("task-input", code), element: value}
        for code, element, value in given
        if value is not None
    ]


def _instruction(ride: Ride) -> str:
    """What the driver needs to know, in words."""
    words = []
    if ride.attendant:
        words.append("One attendant rides along.")
    if ride.language is not None:
        words.append(f"Please call in the member's language ({ride.language}).")
    return " ".join(words)
