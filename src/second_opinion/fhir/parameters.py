"""A Parameters body read by name: what is unknown, stands too often or has another type is named with its place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from second_opinion.errors import Unprocessable
from second_opinion.fhir import validation
from second_opinion.fhir.codes import Json


class UnknownParameter(Unprocessable):
    """The operation has no parameter of this name; ignoring it could lose what was meant."""

    issue = "not-supported"


@dataclass(frozen=True)
class Parameter:
    """What one parameter may hold: ``values`` are its elements, valueString or resource; none for one with parts."""

    values: tuple[str, ...] = ()
    many: bool = False
    parts: Mapping[str, "Parameter"] | None = None


@dataclass(frozen=True)
class Given:
    """One parameter as it was given."""

    value: Any
    path: str  # FHIRPath
    element: str  # valueString, … ; "part" for one with parts
    content: Json  # the whole parameter
    parts: "Named | None" = None

    def words(self) -> str:
        """A string's words; empty where there are none."""
        return str(self.value).strip()

    def translations(self) -> tuple[tuple[str, str], ...]:
        """(Language, words) by R4's translation extension on the string."""
        beside = self.content.get(f"_{self.element}", {}).get("extension", ())
        return tuple(_translations(beside))


@dataclass(frozen=True)
class Named:
    """What was given, by name."""

    all: Mapping[str, tuple[Given, ...]]

    def one(self, name: str) -> Given | None:
        """The one of this name."""
        return next(iter(self.all.get(name, ())), None)

    def each(self, name: str) -> tuple[Given, ...]:
        """Every one of this name."""
        return self.all.get(name, ())


def read(body: Json, known: Mapping[str, Parameter]) -> Named:
    """The parameters; InvalidElement 400 for what is no R4, Unprocessable 422 for what the operation does not take."""
    validation.check(body, "Parameters")
    return _named(body.get("parameter", []), known, "Parameters.parameter")


def peek(body: Json, name: str, element: str) -> Any:
    """A parameter's value before anything is checked, None where it is not there; rights may hang on it."""
    parameters = body.get("parameter")
    for each in parameters if isinstance(parameters, list) else ():
        if isinstance(each, dict) and each.get("name") == name:
            return each.get(element)
    return None


def _named(parameters: list[Json], known: Mapping[str, Parameter], path: str) -> Named:
    found: dict[str, tuple[Given, ...]] = {}
    for index, each in enumerate(parameters):
        place = f"{path}[{index}]"
        parameter = known.get(each["name"])
        if parameter is None:
            raise UnknownParameter(f"There is no such parameter; those known are {', '.join(known)}", f"{place}.name")
        if each["name"] in found and not parameter.many:
            raise Unprocessable(f"The parameter {each['name']} may stand once", place)
        found[each["name"]] = (*found.get(each["name"], ()), _given(each, parameter, place))
    return Named(found)


def _given(each: Json, parameter: Parameter, place: str) -> Given:
    if parameter.parts is not None:
        if "part" not in each or _value_of(each) is not None:
            raise Unprocessable(f"It must have parts: {', '.join(parameter.parts)}", f"{place}.part")
        return Given(None, place, "part", each, _named(each["part"], parameter.parts, f"{place}.part"))
    element = _value_of(each)
    if element not in parameter.values or "part" in each:
        raise Unprocessable(f"It must have {' or '.join(parameter.values)}", f"{place}.value")
    return Given(each[element], place, element, each)


def _value_of(each: Json) -> str | None:
    return next((name for name in each if name.startswith("value") or name == "resource"), None)


def _translations(extensions: list[Json]) -> Iterator[tuple[str, str]]:
    for each in extensions:
        if each.get("url") != "http://hl7.org/fhir/StructureDefinition/translation":
            continue
        parts = {part.get("url"): part for part in each.get("extension", ())}
        language = parts.get("lang", {}).get("valueCode")
        content = parts.get("content", {})
        words = content.get("valueString") or content.get("valueMarkdown")
        if language and words and words.strip():
            yield language, words.strip()
