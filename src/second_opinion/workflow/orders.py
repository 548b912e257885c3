"""An order's identity among the others of its sender, and what its references become once it is understood."""

from typing import Any

from second_opinion.directory.lookup import Lookup
from second_opinion.directory.resolve import Resolution
from second_opinion.fhir.codes import Vocabulary
from second_opinion.fhir.resolving import Entry
from second_opinion.fhir.submission import Received

Json = dict[str, Any]


def keys(received: Received) -> tuple[str, ...]:
    """What makes the order this one: its business identifiers, each once; without any, its content."""
    numbered = (each for each in identifiers(received) if each.get("value"))
    found = tuple(dict.fromkeys(f"{each.get('system', '')}|{each['value']}" for each in numbered))
    return found or (f"content:{received.digest}",)


def identifiers(received: Received) -> tuple[Json, ...]:
    """Its business identifiers as FHIR wrote them."""
    return tuple(received.order.get("identifier", ()))


def kept_references(received: Received, resolution: Resolution | None) -> dict[str, Json]:
    """Reference as sent → the one that takes its place: ours where the directory knows who is meant."""
    known = _known(received.order, received.vocabulary, resolution) if resolution else {}
    sent_along = received.references
    return {**sent_along, **{text: {"reference": ours} for text, ours in known.items() if text in sent_along}}


def own_reference(entry: Entry, lookup: Lookup, resolution: Resolution) -> str | None:
    """``Type/id`` of our own resource that an entry beside the order stands for."""
    kind = entry.resource["resourceType"]
    numbers = [each["value"] for each in entry.resource.get("identifier", ()) if each.get("value")]
    if kind == "Patient" and resolution.member is not None:
        return resolution.member.reference
    if kind == "Coverage":
        return resolution.coverage
    if kind == "Practitioner":
        return next((found.reference for number in numbers for found in lookup.practitioners(number)), None)
    if kind == "Organization":
        return next((found.reference for number in numbers for found in lookup.organizations(number)), None)
    return None


def _known(content: Json, vocabulary: Vocabulary, resolution: Resolution) -> dict[str, str]:
    """Reference as sent → ``Type/id`` here, for those the directory knows."""
    initial = vocabulary.extension("initial-provider")
    extension: Json = next((each for each in content.get("extension", ()) if each.get("url") == initial), {})
    pairs = (
        (content.get("subject"), resolution.member.reference if resolution.member else None),
        (content.get("requester"), resolution.requester.reference if resolution.requester else None),
        (
            next(iter(content.get("performer", ())), None),
            resolution.second_doctor and resolution.second_doctor.reference,
        ),
        (extension.get("valueReference"), resolution.initial_provider and resolution.initial_provider.reference),
        (next(iter(content.get("insurance", ())), None), resolution.coverage),
    )
    return {sent["reference"]: ours for sent, ours in pairs if sent and ours and "reference" in sent}
