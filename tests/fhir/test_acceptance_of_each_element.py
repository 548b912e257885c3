"""Each element of each type that is accepted at once is accepted as the models accept it. Synthetic values."""

from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest

from second_opinion.errors import SecondOpinionError
from second_opinion.fhir import acceptance, validation
from second_opinion.fhir.codes import Json
from second_opinion.fhir.shapes import Element, Kind, shape

FITTING: dict[str, Any] = {
    "base64Binary": "QUJD",
    "boolean": True,
    "canonical": "http://a.example|1",
    "date": "2026-01-31",
    "dateTime": "2026-01-31T10:00:00Z",
    "decimal": Decimal("1.50"),
    "instant": "2026-01-31T10:00:00Z",
    "integer": 1,
    "positiveInt": 1,
    "time": "10:00:00",
    "unsignedInt": 0,
    "uri": "http://a.example",
    "url": "https://a.example/",
}
PROBES: tuple[Any, ...] = (
    *{str(value): value for value in FITTING.values()}.values(),
    *("", " ", "a b", "a\n", "x" * 65, "no-such-code", "2026-02-30", "2026-01-31T10:00:00", "https://a..example/"),
    *(-1, 0, 2**31, 1.5, False, None, {}, {"id": "x"}, {"unknown": "x"}),
    *({"resourceType": "Patient", "id": "x"}, {"resourceType": "NoSuch", "id": "x"}, {"value": "x"}),
)


def _held() -> dict[str, tuple[str, str] | None]:
    """Every type that is accepted at once, with one type and element that hold it; None for resources."""
    held: dict[str, tuple[str, str] | None] = dict.fromkeys(acceptance.RESOURCES)
    waiting = list(held)
    for each in waiting:
        for name, element in shape(each).elements.items():
            known = element.of in acceptance.COMMON or element.of.startswith(acceptance.RESOURCES)
            if element.kind is Kind.OBJECT and known and element.of not in held:
                held[element.of] = (each, name)
                waiting.append(element.of)
    return held


HELD = _held()


def least(type_name: str) -> Json:
    """The least of a type that is valid."""
    elements = shape(type_name).elements
    value: Json = {name: fitting(elements[name]) for name in acceptance._needed(type_name)}
    for names, needed in acceptance._choices(type_name, elements):
        if needed:
            chosen = min(name for name in names if elements[name].kind is Kind.TEXT or elements[name].of in HELD)
            value[chosen] = fitting(elements[chosen])
    value = value or {"id": "x"}
    return value | ({"resourceType": type_name, "id": "x"} if "resourceType" in elements else {})


def fitting(element: Element) -> Any:
    """A value that fits the element."""
    if element.kind is Kind.OBJECT:
        value: Any = least(element.of)
    elif element.kind is Kind.RESOURCE:
        value = {"resourceType": "Patient", "id": "x"}
    else:
        value = min(element.codes) if element.codes else FITTING.get(element.of, "a")
    return [value] if element.many else value


def within(type_name: str, value: Json) -> Json:
    """A resource, valid but for this value of that type somewhere in it."""
    held = HELD[type_name]
    if held is None:
        return value
    holder, name = held
    element = shape(holder).elements[name]
    return within(holder, put(holder, name, [value] if element.many else value))


def put(type_name: str, name: str, value: Any) -> Json:
    """The least of a type with one element more, instead of any other of the same choice."""
    elements = shape(type_name).elements
    choice = elements[name].choice
    kept = {each: v for each, v in least(type_name).items() if not choice or elements[each].choice != choice}
    return kept | {name: value}


def refused(resource: Json) -> bool:
    try:
        validation.examine(resource)
    except SecondOpinionError:
        return True
    return False


@pytest.mark.parametrize("type_name", HELD)
def test_the_least_of_a_type_is_accepted_at_once_and_nothing_of_it_may_be_missing(type_name: str) -> None:
    value = least(type_name)
    assert acceptance.accepts(within(type_name, value))

    for name in value:
        resource = within(type_name, {each: v for each, v in value.items() if each != name})
        assert not acceptance.accepts(resource) or not refused(resource), name


@pytest.mark.parametrize("type_name", HELD)
def test_a_value_accepted_at_once_in_any_element_is_one_the_models_accept(type_name: str) -> None:
    for name, element in shape(type_name).elements.items():
        for value in (*PROBES, *([probe] for probe in PROBES), fitting(element)):
            resource = within(type_name, put(type_name, name, value))
            assert not acceptance.accepts(resource) or not refused(resource), (name, value)


@pytest.mark.parametrize("type_name", HELD)
def test_of_a_choice_no_two_are_accepted_at_once(type_name: str) -> None:
    elements = shape(type_name).elements
    for one, other in combinations([name for name, element in elements.items() if element.choice], 2):
        if elements[one].choice == elements[other].choice:
            both = put(type_name, one, _either(elements[one])) | {other: _either(elements[other])}
            assert not acceptance.accepts(within(type_name, both)), (one, other)


def _either(element: Element) -> Any:
    """A value that fits, of a type that is known to acceptance or not."""
    return fitting(element) if element.kind is not Kind.OBJECT or element.of in HELD else {"id": "x"}
