"""Where mail to somebody of the directory goes."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from second_opinion.fhir.codes import Json, Vocabulary

_LAST = frozenset({"old", "temp", "billing"})


def postal(resource: Mapping[str, Any], vocabulary: Vocabulary, on: date) -> Json | None:
    """The address mail goes to: the confidential one where the member asked for it, else the first that serves."""
    usable = _usable(resource, on)
    chosen = [each for each in usable if _is_confidential(each, vocabulary)]
    usable.sort(key=lambda each: (each.get("use") in _LAST, each.get("type") == "physical"))
    return next((_plain(each) for each in (*chosen, *usable)), None)


def is_confidential(resource: Mapping[str, Any], vocabulary: Vocabulary, on: date) -> bool:
    """Whether mail goes to an address the member asked for, which nobody else is told."""
    return any(_is_confidential(each, vocabulary) for each in _usable(resource, on))


def _usable(resource: Mapping[str, Any], on: date) -> list[Json]:
    return [each for each in _addresses(resource) if _current(each, on) and (each.get("line") or each.get("text"))]


def _is_confidential(address: Json, vocabulary: Vocabulary) -> bool:
    url = vocabulary.extension("confidential-communication")
    return any(each.get("url") == url and each.get("valueBoolean") is True for each in address.get("extension", ()))


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
