"""For whom of those on a case a resource is: some letters are the member's alone, some lists the staff's."""

from collections.abc import Mapping
from typing import Any

from second_opinion.fhir.codes import NPI, Vocabulary
from second_opinion.store.changes import EVERYBODY, MEMBER, PROVIDER, RIDE, STAFF, STATUS

Json = Mapping[str, Any]


def audience(resource: Json, words: Vocabulary) -> str:
    """The audience, as the store knows it, of a resource that belongs to a case."""
    kind = resource["resourceType"]
    if kind == "Task":
        return _of_task(resource, words)
    if kind == "ServiceRequest":
        trip = any(each.get("system") == words.naming("trip") for each in resource.get("identifier", ()))
        return _ride(resource.get("performer", [{}])[0]) if trip else EVERYBODY
    if kind == "Communication":
        return _of_message(resource, words)
    if kind == "DocumentReference":
        kinds = _codes(resource.get("category", ()), words.system("document-kind"))
        return MEMBER if "member-notice" in kinds else PROVIDER if "provider-notice" in kinds else EVERYBODY
    return EVERYBODY


def _of_task(task: Json, words: Vocabulary) -> str:
    kinds = _codes([task.get("code", {})], words.system("case-task"))
    if "second-opinion-review" in kinds:
        return STATUS
    if "undelivered" in kinds:
        return STAFF
    if "transportation" not in kinds:
        return EVERYBODY
    return STAFF if "performerType" in task else _ride(task.get("owner", {}))  # on a work list: a person's to arrange


def _of_message(message: Json, words: Vocabulary) -> str:
    if any(str(each.get("reference", "")).startswith("Patient/") for each in message.get("recipient", ())):
        return MEMBER
    kinds = _codes(message.get("category", ()), words.system("communication-kind"))
    return PROVIDER if "notice-of-action" in kinds else EVERYBODY


def _ride(driver: Json) -> str:
    identifier = driver.get("identifier", {})
    return f"{RIDE}{identifier.get('value', '')}" if identifier.get("system") == NPI else EVERYBODY


def _codes(concepts: Any, system: str) -> set[str]:
    return {each["code"] for concept in concepts for each in concept.get("coding", ()) if each.get("system") == system}
