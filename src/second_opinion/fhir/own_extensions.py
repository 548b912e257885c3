"""Our own extensions on an order, read: initial provider, transportation, when received, whether the member knows."""

from datetime import datetime
from typing import Any

from second_opinion.directory.stated import StatedTransportation
from second_opinion.errors import CodeInvalid, RequiredMissing, Unprocessable
from second_opinion.fhir import dates, recognition
from second_opinion.fhir.codes import Json, Vocabulary
from second_opinion.fhir.own_codes import OWN_SYSTEMS
from second_opinion.fhir.resolving import Entry

MODES = frozenset(each.code for each in OWN_SYSTEMS["transport-mode"].codes)
PARTS = {"mode": "valueCodeableConcept", "attendant": "valueBoolean", "language": "valueCode"}


def initial_provider(at: Entry, vocabulary: Vocabulary) -> tuple[Json, str] | None:
    """The Reference to who gave the first opinion, and its path."""
    found = _find(at, vocabulary, "initial-provider")
    return (_value(*found, "valueReference"), f"{found[1]}.value") if found else None


def received_at(at: Entry, vocabulary: Vocabulary) -> datetime | None:
    """When the sender says the request came to it; of a partial date the first moment."""
    found = _find(at, vocabulary, "received")
    return dates.span(_value(*found, "valueDateTime"))[0] if found else None


def member_informed(at: Entry, vocabulary: Vocabulary) -> bool:
    """Whether the sender says that the member knows of the withdrawal."""
    found = _find(at, vocabulary, "member-informed")
    return bool(_value(*found, "valueBoolean")) if found else False


def transportation(at: Entry, vocabulary: Vocabulary) -> StatedTransportation | None:
    """The ride asked for; CodeInvalid 422 for a mode transport-mode does not have."""
    found = _find(at, vocabulary, "transportation")
    if found is None:
        return None
    extension, path = found
    parts: dict[str, Any] = {}
    for index, each in enumerate(extension.get("extension", ())):
        if each["url"] in PARTS:
            place = f"{path}.extension[{index}]"
            if each["url"] in parts:
                raise Unprocessable(f"The part {each['url']} may stand once", place)
            parts[each["url"]] = _value(each, place, PARTS[each["url"]])
    mode = ride_mode(parts["mode"], f"{path}.extension", vocabulary) if "mode" in parts else None
    return StatedTransportation(mode, parts.get("attendant"), parts.get("language"))


def ride_mode(concept: Json, path: str, vocabulary: Vocabulary) -> str | None:
    """The transport mode a concept states, None for words alone; CodeInvalid 422 for a code that is none."""
    stated = recognition.ride_mode(concept.get("coding", ()), vocabulary)
    if stated is not None and stated not in MODES:
        raise CodeInvalid(f"transport-mode has only {', '.join(sorted(MODES))}", path)
    return stated


def _find(at: Entry, vocabulary: Vocabulary, name: str) -> tuple[Json, str] | None:
    """The extension and its path; Unprocessable 422 where it stands twice."""
    url = vocabulary.extension(name)
    found = [
        (each, f"{at.path}.extension[{index}]")
        for index, each in enumerate(at.resource.get("extension", ()))
        if each.get("url") == url
    ]
    if len(found) > 1:
        raise Unprocessable(f"The extension {name} may stand once", found[1][1])
    return found[0] if found else None


def _value(extension: Json, path: str, element: str) -> Any:
    if element not in extension:
        raise RequiredMissing(f"The extension must have {element}", f"{path}.value")
    return extension[element]
