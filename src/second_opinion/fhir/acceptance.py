"""Whether a resource is plainly valid R4, told at once: what is, needs no model of fhir.resources and no second look.

One schema of pydantic-core for each type, made of the same shapes. It accepts less than the models do: what is rare
(companions of primitives, modifiers, unusual data types and characters) it leaves to them, and all wording of faults.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from pydantic_core import CoreSchema, SchemaValidator
from pydantic_core import core_schema as schemas

from second_opinion.fhir.codes import Json
from second_opinion.fhir.shapes import MODIFIERS, Element, Kind, model, shape

RESOURCES = (
    "Bundle",
    "Claim",
    "Condition",
    "Coverage",
    "DocumentReference",
    "HealthcareService",
    "Location",
    "Organization",
    "Parameters",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "RelatedPerson",
    "ServiceRequest",
)
COMMON = frozenset(
    {
        "Address",
        "Age",
        "Annotation",
        "Attachment",
        "CodeableConcept",
        "Coding",
        "ContactPoint",
        "Duration",
        "Extension",
        "HumanName",
        "Identifier",
        "Meta",
        "Money",
        "Narrative",
        "Period",
        "Quantity",
        "Range",
        "Ratio",
        "Reference",
        "Timing",
        "TimingRepeat",
    }
)
_NOTHING = object()  # no JSON is equal to it
INSIDE = " inside another"  # a contained resource, which contains none itself
# Where a Bundle or Parameters is contained, the resources in it contain none either: left to the second look
CONTAINED = tuple(each for each in RESOURCES if each not in {"Bundle", "Parameters"})
MOST = 2**31 - 1

# Only days every such month has, and years of four digits: the models look at the others
_DAY = r"[1-9][0-9]{3}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)"
_PARTIAL = r"[1-9][0-9]{3}(-(0[1-9]|1[0-2]))?"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
_ZONE = r"(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])"
_FORMS = {
    "base64Binary": r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)$",
    "canonical": r"^[!-~]+$",
    "code": r"^[!-~]+( [!-~]+)*$",
    "date": rf"^({_PARTIAL}|{_DAY})$",
    "dateTime": rf"^({_PARTIAL}|{_DAY}(T{_CLOCK}{_ZONE})?)$",
    "id": r"^[A-Za-z0-9.-]{1,64}$",
    "instant": rf"^{_DAY}T{_CLOCK}{_ZONE}$",
    "markdown": r"[!-~]",
    "string": r"[!-~]",
    "time": rf"^{_CLOCK}$",
    "uri": r"^[!-~]+$",
    "url": r"^https?://([a-z0-9]+(-[a-z0-9]+)*\.)+[a-z]{2,63}(:[1-9][0-9]{1,3})?(/[A-Za-z0-9/._~-]*)?$",
    "xhtml": r"[!-~]",
}
_WHOLE = {"integer": -MOST, "positiveInt": 1, "unsignedInt": 0}


def accepts(resource: Json) -> bool:
    """Whether the resource is plainly valid; False says only that it must be looked at."""
    return _validator().isinstance_python(resource)


@cache
def _validator() -> SchemaValidator:
    made: dict[str, CoreSchema] = {}
    for name in RESOURCES:
        _define(name, made)
    for name in CONTAINED:
        _define(name + INSIDE, made)
    return SchemaValidator(schemas.definitions_schema(_any_of(RESOURCES), list(made.values())))


def prepare() -> None:
    """Build it, so that the first request is not slow."""
    _validator()


def _define(name: str, made: dict[str, CoreSchema]) -> None:
    """The schema of a resource, backbone element or data type, and of all that stand in it."""
    if name in made:
        return
    made[name] = schemas.any_schema()  # types hold themselves
    of = name.removesuffix(INSIDE)
    fields = dict(_fields(of, made, inside=name != of))
    made[name] = schemas.typed_dict_schema(fields, extra_behavior="forbid", strict=True, ref=name)
    if choices := _choices(of, fields):
        unreferenced = schemas.typed_dict_schema(fields, extra_behavior="forbid", strict=True)
        made[name] = schemas.no_info_after_validator_function(_one_of_each(choices), unreferenced, ref=name)


def _fields(of: str, made: dict[str, CoreSchema], *, inside: bool) -> Iterator[tuple[str, schemas.TypedDictField]]:
    needed = _needed(of)
    for name, element in shape(of).elements.items():
        if name == "resourceType":
            yield name, schemas.typed_dict_field(schemas.literal_schema([of]), required=True)
        elif name not in MODIFIERS and not name.startswith("_") and not (inside and name == "contained"):
            item = _item(element, name, made)
            if item is None and name in needed:
                item = schemas.literal_schema([_NOTHING])  # the models look at every one of this type
            if item is not None:
                many = schemas.list_schema(item, min_length=1, strict=True) if element.many else item
                yield name, schemas.typed_dict_field(many, required=name in needed)


def _needed(of: str) -> frozenset[str]:
    """The elements that must be there."""
    fields = model(of).model_fields
    return frozenset(
        info.alias or name
        for name, info in fields.items()
        if info.is_required() or _said(info.json_schema_extra).get("element_required")
    )


def _said(extra: Any) -> dict[str, Any]:
    """What the library says of an element beside its type."""
    return extra if isinstance(extra, dict) else {}


def _item(element: Element, name: str, made: dict[str, CoreSchema]) -> CoreSchema | None:
    """The schema of one value; None where it is left to the models."""
    if element.kind is Kind.OBJECT:
        return _object(element.of, made)
    if element.kind is Kind.RESOURCE:
        return _any_of([each + INSIDE for each in CONTAINED] if name == "contained" else RESOURCES)
    if element.codes is not None:
        return schemas.literal_schema(sorted(element.codes))
    return _primitive(element)


def _primitive(element: Element) -> CoreSchema | None:
    if element.kind is Kind.TRUTH:
        return schemas.bool_schema(strict=True)
    if element.kind is Kind.NUMBER:
        whole = schemas.int_schema(strict=True, ge=-MOST, le=MOST)
        return schemas.union_schema([schemas.decimal_schema(strict=True, allow_inf_nan=False), whole])
    if element.of in _WHOLE:
        return schemas.int_schema(strict=True, ge=_WHOLE[element.of], le=MOST)
    form = _FORMS.get(element.of)
    return None if form is None else schemas.str_schema(pattern=form, strict=True)


def _object(of: str, made: dict[str, CoreSchema]) -> CoreSchema | None:
    if of not in COMMON and not any(of.startswith(each) for each in RESOURCES):
        return None
    _define(of, made)
    return schemas.definition_reference_schema(of)


def _any_of(names: Iterable[str]) -> CoreSchema:
    """One of these resources, by its resourceType."""
    choices = {each.removesuffix(INSIDE): schemas.definition_reference_schema(each) for each in names}
    return schemas.tagged_union_schema(dict(choices), discriminator="resourceType", strict=True)


def _choices(of: str, fields: Iterable[str]) -> list[tuple[frozenset[str], bool]]:
    """Each choice of types: its elements, and whether one of them must be there."""
    known = set(fields)
    choices: dict[str, tuple[set[str], bool]] = {}
    for name, info in model(of).model_fields.items():
        extra = _said(info.json_schema_extra)
        if choice := extra.get("one_of_many"):
            names, _ = choices.setdefault(choice, (set(), bool(extra.get("one_of_many_required"))))
            names.add(info.alias or name)
    return [(frozenset(names & known), needed) for names, needed in choices.values()]


def _one_of_each(choices: list[tuple[frozenset[str], bool]]) -> Callable[[Json], Json]:
    def check(value: Json) -> Json:
        for names, needed in choices:
            given = 0
            for name in value:  # it has few; a choice may have fifty
                if name in names:
                    given += 1
            if given > 1 or (needed and not given):
                raise ValueError
        return value

    return check
