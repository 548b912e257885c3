"""Whether a resource holds the elements its type has, in the JSON its type has them in.

fhir.resources alone takes "true" for true, numbers for dates, JSON in a string for an object, and names of its own.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from second_opinion.fhir.codes import Json
from second_opinion.fhir.json_faults import NAME
from second_opinion.fhir.shapes import COMPANION, MODIFIERS, STRUCTURED, Element, Kind, Shape, is_resource, shape

MOST = 8  # faults told at once
MOST_OBJECTS = 50_000  # a second's work for the models; the largest real Bundles have some thousands
INTEGERS = range(-(2**31), 2**31)  # R4 integer

CONTAINED_AGAIN = re.compile(r"\.contained\[\d+\]\..*contained\[")


class Faults:
    """What is wrong, as (FHIRPath, sentence); codes and modifiers apart, for they weigh differently."""

    def __init__(self) -> None:
        self.shape: list[tuple[str, str]] = []
        self.codes: list[tuple[str, str]] = []
        self.modifiers: list[tuple[str, str | None]] = []  # FHIRPath and url of each modifier, None for implicitRules
        self.objects = 0

    @property
    def enough(self) -> bool:
        """Whether more would help nobody."""
        return len(self.shape) >= MOST or self.objects > MOST_OBJECTS


def faults(resource: Json, type_name: str, path: str) -> Faults:
    """Everything wrong with the shape of the resource, at most ``MOST`` faults and the first of them first."""
    found = Faults()
    _object(resource, shape(type_name), path, found)
    if found.objects > MOST_OBJECTS:
        found.shape.append((path, f"has more than {MOST_OBJECTS} elements with elements of their own"))
    return found


def _object(value: Json, of: Shape, path: str, found: Faults) -> None:
    choices: set[str] | None = None
    elements = of.elements
    found.objects += 1
    for name, member in value.items():
        element = elements.get(name)
        if element is None:
            _unknown(name, path, found)
        elif element.plain is not member.__class__:
            if element.choice:
                choices = choices or set()
                _chosen(element.choice, choices, path, found)
            _member(name, member, element, path, found)
            if name in MODIFIERS:
                found.modifiers += _modifying(name, member, path)
            if element.many and element.of == COMPANION:
                _aligned(member, value.get(name[1:]), f"{path}.{name[1:]}", found)
        if found.enough:
            return


def _member(name: str, member: Any, element: Element, path: str, found: Faults) -> None:
    place = f"{path}.{element.choice or name.removeprefix('_')}"
    if not element.many:
        _item(member, element, place, found)
    elif member.__class__ is not list:
        found.shape.append((place, "must be a JSON array: the element may repeat"))
    else:
        gaps = element.kind not in STRUCTURED or element.of == COMPANION
        for index, each in enumerate(member):
            # null keeps places in arrays of primitives and beside them; json_body has seen to its twin.
            if each is not None or not gaps:
                _item(each, element, f"{place}[{index}]", found)
            if found.enough:
                return


def _item(value: Any, element: Element, path: str, found: Faults) -> None:
    kind = element.kind
    if not _IS[kind](value):
        found.shape.append((path, f"must be {kind.value}"))
    elif kind is Kind.OBJECT:
        _object(value, shape(element.of), path, found)
    elif kind is Kind.RESOURCE:
        _resource(value, path, found)
    elif element.codes is not None and value not in element.codes:
        found.codes.append((path, f"must be one of {', '.join(sorted(element.codes))}"))


def _resource(value: Json, path: str, found: Faults) -> None:
    """A contained resource, or one in a Bundle or Parameters, by the shape of its own type."""
    named = value.get("resourceType")
    if not isinstance(named, str) or not is_resource(named):
        found.shape.append((f"{path}.resourceType", "must name a resource type of FHIR R4"))
    elif CONTAINED_AGAIN.search(path):
        found.shape.append((path, "must not be here: contained resources contain none themselves"))
    else:
        _object(value, shape(named), path, found)


def _chosen(choice: str, choices: set[str], path: str, found: Faults) -> None:
    if choice in choices:
        found.shape.append((f"{path}.{choice}", "may be given in one type only"))
    choices.add(choice)


def _aligned(companions: Any, values: Any, place: str, found: Faults) -> None:
    """R4 JSON: an array of primitives and its ``_element`` twin have the same length."""
    if isinstance(companions, list) and isinstance(values, list) and len(companions) != len(values):
        found.shape.append((place, "must be as long as the array of extensions beside it"))


def _modifying(name: str, member: Any, path: str) -> list[tuple[str, str | None]]:
    if name == "implicitRules" or not isinstance(member, list):
        return [(f"{path}.{name}", None)]
    urls = (each.get("url") if isinstance(each, dict) else None for each in member)
    return [(f"{path}.{name}[{index}]", url) for index, url in enumerate(urls)]


def _unknown(name: str, path: str, found: Faults) -> None:
    if not NAME.fullmatch(name):
        found.shape.append((path, "has a member whose name is no FHIR element's"))
    elif name.startswith("_"):
        found.shape.append((f"{path}.{name[1:]}", "has extensions beside it that only primitive elements have"))
    else:
        found.shape.append((f"{path}.{name}", "is no element of this type in FHIR R4"))


def _whole(value: Any) -> bool:
    return value.__class__ is int and value in INTEGERS


_IS: Mapping[Kind, Callable[[Any], bool]] = {
    Kind.TEXT: lambda value: value.__class__ is str,
    Kind.TRUTH: lambda value: value.__class__ is bool,
    Kind.WHOLE: _whole,
    Kind.NUMBER: lambda value: value.__class__ in (int, float, Decimal),
    Kind.OBJECT: lambda value: value.__class__ is dict,
    Kind.RESOURCE: lambda value: value.__class__ is dict,
}
