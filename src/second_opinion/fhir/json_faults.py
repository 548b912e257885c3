"""Why a body is refused: reads it again, slowly and with places, and says what is wrong and where."""

import json
import re
from decimal import Decimal
from typing import Any

from second_opinion.errors import MalformedBody

# On a thread with 2 MB of stack, objects nested about 95 deep kill the process inside pydantic-core.
DEEPEST = 48
LONGEST_NUMBER = 18  # digits of a whole number; R4 asks for 18 of a decimal
WIDEST_NUMBER = 64  # characters of a decimal
LARGEST_EXPONENT = 32  # R4 sets none; without one a few bytes ask for gigabytes of digits

ROOTS = frozenset(
    {
        "Bundle",
        "Claim",
        "Communication",
        "CommunicationRequest",
        "DiagnosticReport",
        "DocumentReference",
        "Parameters",
        "ServiceRequest",
        "Subscription",
        "Task",
    }
)
NAME = re.compile(r"_?[A-Za-z][A-Za-z0-9]{0,63}", re.ASCII)
# R4 string: no control characters but tab, line feed and carriage return; lone surrogates are no text at all
UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


TOO_DEEP = f"Nested deeper than the limit of {DEEPEST} levels"


class Refused(Exception):
    """Something is wrong; the slow reading finds out what and where."""


class _Members(list[tuple[str, Any]]):
    """An object's members as they stand, repeated names too."""


_BROKEN = object()  # a number that is none


def decimal(text: str) -> Decimal:
    """A decimal with every digit it came with; Refused beyond the limits."""
    if len(text) > WIDEST_NUMBER:
        raise Refused
    try:
        number = Decimal(text)
    except ArithmeticError:
        raise Refused from None
    if abs(number.adjusted()) > LARGEST_EXPONENT:
        raise Refused
    return number


def whole(text: str) -> int:
    """A whole number; Refused beyond the limit."""
    if len(text) > LONGEST_NUMBER + text.startswith("-"):
        raise Refused
    return int(text)


def _tolerant_decimal(text: str) -> object:
    try:
        return decimal(text)
    except Refused:
        return _BROKEN


def _tolerant_whole(text: str) -> object:
    try:
        return whole(text)
    except Refused:
        return _BROKEN


_TOLERANT = json.JSONDecoder(
    object_pairs_hook=_Members,
    parse_float=_tolerant_decimal,
    parse_int=_tolerant_whole,
    parse_constant=lambda _: _BROKEN,
)


def explain(text: str) -> None:
    """MalformedBody for the first fault of a JSON text; nothing if it is sound after all, nulls in their right."""
    members = _TOLERANT.decode(text)
    if not isinstance(members, _Members) or not members:
        raise MalformedBody("The body must be a JSON object with members", "$this")
    stack: list[tuple[Any, str, int]] = [(members, _root(members), 1)]
    while stack:
        each, path, depth = stack.pop()
        if depth > DEEPEST:
            raise MalformedBody(TOO_DEEP, path.partition("[")[0])
        inner = _members(each, path) if isinstance(each, _Members) else _items(each, path)
        stack += [(item, place, depth + 1) for item, place in reversed(inner) if isinstance(item, list)]


def _root(members: _Members) -> str:
    """What paths begin with: the type the body gives itself, if it is one that is sent here."""
    named = dict(members).get("resourceType")
    return named if isinstance(named, str) and named in ROOTS else "$this"


def _is_name(text: str) -> bool:
    return NAME.fullmatch(text) is not None


def _members(members: _Members, path: str) -> list[tuple[Any, str]]:
    """Each member with its path; MalformedBody for the first that may not stand as it does."""
    seen: dict[str, Any] = {}
    for name, value in members:
        place = _member_path(path, name)
        if name in seen:
            raise MalformedBody("The element is given more than once; each name may stand once in an object", place)
        if UNFIT.search(name):
            raise MalformedBody("A name here holds characters that no FHIR element has", path)
        _fit(value, place)
        seen[name] = value
    for name, value in members:
        if isinstance(value, list) and not isinstance(value, _Members):
            _nulls(value, seen.get(name[1:] if name.startswith("_") else f"_{name}"), _member_path(path, name))
    return [(value, _member_path(path, name)) for name, value in members]


def _items(items: list[Any], path: str) -> list[tuple[Any, str]]:
    inner = [(item, f"{path}[{index}]") for index, item in enumerate(items)]
    for item, place in inner:
        if item is not None:
            _fit(item, place)
    return inner


def _fit(value: Any, place: str) -> None:
    if value is None:
        raise MalformedBody("null says nothing in FHIR; leave the element out", place)
    if value is _BROKEN:
        raise MalformedBody(
            f"The number is none, or too long: at most {LONGEST_NUMBER} digits and exponents up to {LARGEST_EXPONENT}",
            place,
        )
    if isinstance(value, str | list) and not value:
        raise MalformedBody("The element is empty; leave it out or give it content", place)
    if isinstance(value, str) and UNFIT.search(value):
        raise MalformedBody("The text holds control characters or half a surrogate pair", place)


def _nulls(items: list[Any], beside: Any, place: str) -> None:
    """In arrays of primitives null keeps the place of an item that only its ``_element`` twin fills (R4 JSON)."""
    twin = beside if isinstance(beside, list) and not isinstance(beside, _Members) else []
    for index, item in enumerate(items):
        if item is None and (index >= len(twin) or twin[index] is None):
            raise MalformedBody("null may stand here only beside an element with extensions", f"{place}[{index}]")


def _member_path(path: str, name: str) -> str:
    """FHIRPath of a member; names that no element can have are not repeated."""
    return f"{path}.{name.removeprefix('_')}" if _is_name(name) else path
