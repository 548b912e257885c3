"""A resource cut down to what ``_summary`` or ``_elements`` asks for, and marked as cut down (R4 search §3.1.1.5.6)."""

import json
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from importlib import import_module
from typing import Any

from second_opinion.fhir import json_body
from second_opinion.fhir.search_results import Presentation

SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}

_ALWAYS = frozenset({"resourceType", "id", "meta"})
# R4 marks these as modifiers: what they say can turn the rest around.
_MODIFIERS = frozenset({"implicitRules", "modifierExtension", "status", "intent", "doNotPerform", "active", "link"})
_DECEASED = frozenset({"deceasedBoolean", "deceasedDateTime"})  # a modifier too


def project(body: bytes, presentation: Presentation) -> bytes:
    """The resource with the elements wanted, those it must have, and the SUBSETTED tag."""
    if presentation.whole:
        return body
    resource = json.loads(body, parse_float=Decimal)
    wanted = _wanted(resource["resourceType"], presentation)
    if wanted is None:
        kept = {name: value for name, value in resource.items() if name != "text"}
    else:
        kept = {name: value for name, value in resource.items() if _stem(name) in wanted}
    meta = dict(resource.get("meta", {}))
    meta["tag"] = [*meta.get("tag", []), SUBSETTED]
    # The order of elements stays; meta is not always there.
    return json_body.write({**kept, "meta": meta})


def _wanted(type_name: str, presentation: Presentation) -> frozenset[str] | None:
    """Names to keep; None: all but the narrative."""
    always = _ALWAYS | _MODIFIERS | _DECEASED | _mandatory(type_name)
    if presentation.elements:
        return always | _with_choices(type_name, presentation.elements)
    if presentation.summary == "data":
        return None
    if presentation.summary == "text":
        return always | {"text"}
    return always | _summary(type_name)


def _stem(name: str) -> str:
    """The element a primitive's extensions stand beside."""
    return name.removeprefix("_")


def _with_choices(type_name: str, names: Sequence[str]) -> frozenset[str]:
    """The names, and for ``occurrence`` also ``occurrenceDateTime`` and its kin."""
    fields = _model(type_name).elements_sequence()
    return frozenset(
        field for field in fields for name in names if field == name or (_choice(field, name) and name not in fields)
    )


def _choice(field: str, name: str) -> bool:
    return field.startswith(name) and field[len(name) : len(name) + 1].isupper()


@cache
def _summary(type_name: str) -> frozenset[str]:
    return frozenset(_model(type_name).summary_elements_sequence())


@cache
def _mandatory(type_name: str) -> frozenset[str]:
    """Elements R4 demands, those of which one of a choice is demanded too."""
    fields = _model(type_name).model_fields.items()
    return frozenset(
        each.alias or name
        for name, each in fields
        if each.is_required()
        or (each.json_schema_extra or {}).get("element_required")
        or (each.json_schema_extra or {}).get("one_of_many_required")
    )


@cache
def _model(type_name: str) -> Any:
    return getattr(import_module(f"fhir.resources.R4B.{type_name.lower()}"), type_name)
