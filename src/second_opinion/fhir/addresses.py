"""Where mail to somebody of the directory goes."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from second_opinion.fhir.codes import Json, Vocabulary

_LAST = frozenset({"old", "temp", "billing"})


def postal(resource: Mapping[str, Any], vocabulary: Vocabulary, on: date) -> Json | None:
    """The address mail goes to: the confidential one where the member asked for it, else the first that serves."""
    usable = [each for each in _addresses(resource) if _current(each, on) and (each.get("line") or each.get("text"))]
    confidential = vocabulary.extension("confidential-communication")
    for address in usable:
        extensions = address.get("extension", ())
        if any(each.get("url") == confidential and each.get("valueBoolean") is True for each in extensions):
            return _plain(address)
    usable.sort(key=lambda each: (each.get("use") in _LAST, each.get("type") == "physical"))
    return _plain(usable[0]) if usable else None


def _addresses(resource: Mapping[str, Any]) -> Iterable[Json]:
    """Address is repeated in most types, and single in a Location."""
    found = resource.get("address", ())
    return [found] if isinstance(found, dict) else found


def _current(address: Json, on: date) -> bool:
    period = address.get("period", {})
    day = on.isoformat()
    return str(period.get("start", ""))[:10] <= day <= str(period.get("end", "9999"))[:10].ljust(10, "9")


def _plain(address: Json) -> Json:
    """The address without what only the plan needs to know of it."""
    return {name: value for name, value in address.items() if name != "extension"}
