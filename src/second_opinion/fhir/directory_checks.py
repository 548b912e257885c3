"""What a directory resource must look like to be loaded: light checks of the elements that are read, by type."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from second_opinion.fhir import dates

Json = dict[str, Any]
Check = Callable[[Any], str | None]  # what would be right, None when it is

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
BIRTH_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?", re.ASCII)


def fault(resource: Json) -> str | None:
    """What is wrong with a resource of the directory, as a sentence that repeats no value; None when nothing is."""
    kind, key = resource["resourceType"], resource.get("id")
    if not isinstance(key, str) or not ID.fullmatch(key):
        return f"{kind}.id must be 1 to 64 letters, digits, hyphens and dots"
    checks = CHECKS[kind]
    for element, value in resource.items():
        if (check := checks.get(element)) and (right := check(value)):
            return f"{kind}.{element} {right}"
    missing = next((element for element in REQUIRED.get(kind, ()) if element not in resource), None)
    return f"{kind}.{missing} is missing" if missing else None


def _text(value: Any) -> str | None:
    return None if type(value) is str and value else "must be text"


def _boolean(value: Any) -> str | None:
    return None if type(value) is bool else "must be true or false"


def _number(value: Any) -> str | None:
    return None if type(value) is int and value > 0 else "must be a whole number above 0"


def _object(value: Any) -> str | None:
    return None if type(value) is dict else "must be an object"


def _objects(value: Any) -> str | None:
    return None if type(value) is list and all(type(each) is dict for each in value) else "must be a list of objects"


def _texts(value: Any) -> str | None:
    return None if type(value) is list and all(type(each) is str for each in value) else "must be a list of texts"


def _identifiers(value: Any) -> str | None:
    if wrong := _objects(value):
        return wrong
    for each in value:
        if type(each.get("value", "")) is not str or type(each.get("system", "")) is not str:
            return "must have text as value and system"
    return None


def _names(value: Any) -> str | None:
    if wrong := _objects(value):
        return wrong
    return None if all(type(each.get("family", "")) is str for each in value) else "must have text as family"


def _reference(value: Any) -> str | None:
    if type(value) is not dict:
        return "must be a Reference"
    return None if type(value.get("reference", "")) is str else "must have text as reference"


def _references(value: Any) -> str | None:
    if type(value) is not list:
        return "must be a list of References"
    return next(filter(None, map(_reference, value)), None)


def _concepts(value: Any) -> str | None:
    if wrong := _objects(value):
        return wrong
    return next(filter(None, map(_concept, value)), None)


def _concept(value: Any) -> str | None:
    if type(value) is not dict:
        return "must be a CodeableConcept"
    if "coding" not in value:
        return None
    codings = value["coding"]
    if _objects(codings) or any(type(each.get("code", "")) is not str for each in codings):
        return "must have a list of codings with text as code"
    return None


def _classes(value: Any) -> str | None:
    if wrong := _objects(value):
        return wrong
    for each in value:
        if (wrong := _concept(each.get("type", {}))) or type(each.get("value", "")) is not str:
            return wrong or "must have text as value"
    return None


def _qualifications(value: Any) -> str | None:
    if wrong := _objects(value):
        return wrong
    return next(filter(None, (_concept(each.get("code", {})) for each in value)), None)


def _period(value: Any) -> str | None:
    if type(value) is not dict:
        return "must be a Period"
    for end in ("start", "end"):
        if end in value:
            try:
                dates.span(value[end])
            except (TypeError, ValueError):
                return f"must have a date that exists as {end}"
    return None


def _birth_date(value: Any) -> str | None:
    exists = type(value) is str and BIRTH_DATE.fullmatch(value) and (value[8:] <= "28" or _is_a_day(value))
    return None if exists else "must be a date: YYYY, YYYY-MM or YYYY-MM-DD"


def _is_a_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


_ANY: Mapping[str, Check] = {
    "meta": _object,
    "active": _boolean,
    "identifier": _identifiers,
    "telecom": _objects,
    "extension": _objects,
}
_CHECKS: Mapping[str, Mapping[str, Check]] = {
    "Organization": {"name": _text, "alias": _texts, "type": _concepts, "partOf": _reference, "address": _objects},
    "Practitioner": {"name": _names, "qualification": _qualifications, "communication": _objects},
    "PractitionerRole": {
        "period": _period,
        "practitioner": _reference,
        "organization": _reference,
        "specialty": _concepts,
        "healthcareService": _references,
        "location": _references,
        "endpoint": _references,
        "code": _concepts,
    },
    "OrganizationAffiliation": {
        "period": _period,
        "organization": _reference,
        "participatingOrganization": _reference,
        "network": _references,
        "code": _concepts,
        "specialty": _concepts,
    },
    "HealthcareService": {"specialty": _concepts, "providedBy": _reference, "location": _references},
    "Location": {"status": _text, "managingOrganization": _reference, "address": _object, "partOf": _reference},
    "Endpoint": {"status": _text, "address": _text, "managingOrganization": _reference},
    "InsurancePlan": {
        "status": _text,
        "name": _text,
        "alias": _texts,
        "network": _references,
        "plan": _objects,
        "ownedBy": _reference,
        "administeredBy": _reference,
    },
    "Patient": {
        "name": _names,
        "birthDate": _birth_date,
        "address": _objects,
        "communication": _objects,
        "generalPractitioner": _references,
    },
    "Coverage": {
        "status": _text,
        "subscriberId": _text,
        "beneficiary": _reference,
        "payor": _references,
        "period": _period,
        "class": _classes,
        "network": _text,
        "order": _number,
    },
    "Consent": {"status": _text, "patient": _reference},
    "Flag": {"status": _text, "subject": _reference, "period": _period},
}
CHECKS: Mapping[str, Mapping[str, Check]] = {kind: {**_ANY, **own} for kind, own in _CHECKS.items()}
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "Coverage": ("status", "beneficiary", "payor"),
    "Flag": ("subject",),
    "Consent": ("patient",),
}
TYPES = frozenset(CHECKS)  # of which the directory consists
