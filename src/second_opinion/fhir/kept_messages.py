"""Messages of others as they are kept: about our case, their files in place of what was inline."""

from second_opinion.fhir.case_view import CaseView, Reference
from second_opinion.fhir.codes import Json, Vocabulary
from second_opinion.fhir.elements import identifier, instant, to

_NOT_KEPT = frozenset({"id", "meta", "text", "contained", "implicitRules"})


def received(message: Json, view: CaseView, vocabulary: Vocabulary, ident: str, documents: list[str]) -> Json:
    """A message that brought a report; what the sender calls it stays beside our number."""
    number = identifier(vocabulary, "delivery", f"{view.number}-R{len(view.reports)}")
    return _of_the_case(message, view, documents) | {
        "id": ident,
        "meta": {"versionId": "1", "lastUpdated": instant(view.updated_at)},
        "identifier": [number, *message.get("identifier", ())],
        "partOf" if message["resourceType"] == "Communication" else "basedOn": [_place(message, view)],
    }


def forwarded(message: Json, view: CaseView, parties: tuple[Reference, ...], documents: list[str]) -> Json:
    """A CommunicationRequest to be handed on, but for what each version brings."""
    body = _of_the_case(message, view, documents) | {"recipient": list(parties)}
    body["basedOn"] = [to("ServiceRequest", view.service_request_id)]
    return body


def draft(order: Json, view: CaseView, ident: str) -> Json:
    """A ServiceRequest the report recommends: a draft, which is nobody's request yet."""
    return {
        **{name: value for name, value in order.items() if name not in _NOT_KEPT},
        "id": ident,
        "meta": {"versionId": "1", "lastUpdated": instant(view.updated_at)},
        "status": "draft",
        "subject": view.member,
        "requester": view.opinion_doctor,
        "basedOn": [to("ServiceRequest", view.service_request_id)],
    }


def _of_the_case(message: Json, view: CaseView, documents: list[str]) -> Json:
    kept = {name: value for name, value in message.items() if name not in _NOT_KEPT and not _is_contained(value)}
    words = [each for each in message.get("payload", ()) if "contentString" in each]
    kept["subject"] = view.member
    kept["about"] = [to("Task", view.task_id), to("ServiceRequest", view.service_request_id)]
    kept["payload"] = [*words, *({"contentReference": to("DocumentReference", each)} for each in documents)]
    if not kept["payload"]:
        del kept["payload"]
    return kept


def _is_contained(value: object) -> bool:
    """Whether the element points into the message, which is kept without what it contained."""
    found = value if isinstance(value, list) else [value]
    return any(isinstance(each, dict) and str(each.get("reference", "")).startswith("#") for each in found)


def _place(message: Json, view: CaseView) -> Json:
    if message["resourceType"] == "Communication":
        return to("Task", view.task_id)
    return to("ServiceRequest", view.service_request_id)
