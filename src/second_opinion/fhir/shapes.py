"""Which elements each FHIR type has and what JSON stands for each, taken once from the models of fhir.resources."""

import typing
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from fhir.resources.R4B import get_fhir_model_class
from fhir_core.fhirabstractmodel import FHIRAbstractModel
from fhir_core.types import FhirBase
from pydantic.fields import FieldInfo

from second_opinion.fhir.required_codes import REQUIRED_CODES

COMPANION = "FHIRPrimitiveExtension"  # what stands in ``_element`` beside a primitive
MODIFIERS = frozenset({"modifierExtension", "implicitRules"})  # change what a resource means (R4 2.4.1, 2.26.3.4)
ABSTRACT = frozenset({"Resource", "DomainResource"})

Model = type[FHIRAbstractModel]


class Kind(Enum):
    """What stands for an element in JSON, with the words an error says it in."""

    TEXT = "a JSON string"
    TRUTH = "true or false"
    WHOLE = "a whole number"
    NUMBER = "a JSON number"
    OBJECT = "a JSON object"
    RESOURCE = "a resource"


STRUCTURED = frozenset({Kind.OBJECT, Kind.RESOURCE})


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its kind, whether it repeats, and the type of its object or primitive, as ``of``."""

    kind: Kind
    many: bool
    of: str
    choice: str | None = None  # the choice it belongs to, as occurrence for occurrencePeriod
    codes: frozenset[str] | None = None  # those that may stand here
    plain: type | None = None  # a JSON value of this class is all the element asks for


@dataclass(frozen=True, slots=True)
class Shape:
    """The elements of one type by their names in JSON, primitives' ``_element`` companions among them."""

    type: str
    elements: Mapping[str, Element]


def model(type_name: str) -> Model:
    """The R4B model of a type; LookupError where there is none."""
    try:
        return get_fhir_model_class(type_name)
    except (ValueError, KeyError, ImportError, AttributeError) as unknown:
        raise LookupError from unknown


def is_resource(type_name: str) -> bool:
    """Whether a resource of this type can exist."""
    if type_name in ABSTRACT or not (type_name.isascii() and type_name.isalpha()):
        return False
    try:
        return model(type_name).has_resource_base()
    except LookupError:
        return False


@lru_cache(maxsize=1024)
def shape(type_name: str) -> Shape:
    """The shape of a resource, backbone element or data type."""
    elements: dict[str, Element] = {}
    of = model(type_name)
    for field_name, info in of.model_fields.items():
        if field_name == "fhir_comments":  # of DSTU2 only; the library keeps it
            continue
        name = info.alias or field_name
        element = _element(type_name, name, info)
        elements[name] = element
        # The library's Extension has no companions for its values; FHIR has.
        if type_name == "Extension" and name.startswith("value") and element.kind is not Kind.OBJECT:
            elements[f"_{name}"] = Element(Kind.OBJECT, many=False, of=COMPANION)
    if of.has_resource_base():
        elements["resourceType"] = Element(Kind.TEXT, many=False, of="code")
    return Shape(type_name, elements)


def _element(type_name: str, name: str, info: FieldInfo) -> Element:
    extra = info.json_schema_extra
    choice = extra.get("one_of_many") if isinstance(extra, dict) else None
    bare = _required(info.annotation)
    many = typing.get_origin(bare) is list
    if many:
        bare = _required(typing.get_args(bare)[0])
    kind, of = _kind(bare)
    codes = REQUIRED_CODES.get((type_name, name))
    plain = None if many or choice or codes or name in MODIFIERS else {Kind.TEXT: str, Kind.TRUTH: bool}.get(kind)
    return Element(kind, many, of, str(choice) if choice else None, codes, plain)


def _required(annotation: typing.Any) -> typing.Any:
    """The annotation without its ``| None``."""
    arguments = typing.get_args(annotation)
    if type(None) not in arguments:
        return annotation
    return next(each for each in arguments if each is not type(None))


def _kind(annotation: typing.Any) -> tuple[Kind, str]:
    """Kind and FHIR name of one item's type."""
    if isinstance(annotation, type) and issubclass(annotation, FhirBase):
        name = annotation.__name__.removesuffix("Type")
        return (Kind.RESOURCE, name) if name == "Resource" else (Kind.OBJECT, name)
    if annotation is bool:
        return Kind.TRUTH, "boolean"
    base, *marks = typing.get_args(annotation) or (annotation,)
    name = type(marks[-1]).__name__ if marks else "string"
    name = (name[0].lower() + name[1:]).removesuffix("Version")
    if base is int:
        return Kind.WHOLE, name
    return (Kind.NUMBER, name) if name == "decimal" else (Kind.TEXT, name)
