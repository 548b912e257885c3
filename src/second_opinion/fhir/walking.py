"""Every object of a JSON value at once: walks that call themselves for each text cost more than what they look for."""

from typing import Any

from second_opinion.fhir.codes import Json

_INNER: frozenset[type] = frozenset({dict, list})


def objects(value: Any) -> list[Json]:
    """The JSON objects in it, level by level, it itself first."""
    found: list[Json] = []
    waiting = [value]
    for each in waiting:  # it grows meanwhile
        if each.__class__ is dict:
            found.append(each)
            waiting += [inner for inner in each.values() if inner.__class__ in _INNER]
        elif each.__class__ is list:
            waiting += [inner for inner in each if inner.__class__ in _INNER]
    return found
