"""References between directory resources: which there are, and how a source's own addresses become ours."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from second_opinion.fhir.directory_checks import TYPES
from second_opinion.fhir.directory_elements import PLAN_NET

Json = dict[str, Any]

ELSEWHERE = re.compile(rb'"reference"\s*:\s*"(?:https?:|urn:)')  # somewhere in a resource's JSON
_TARGET = re.compile(r"^https?://.*/([A-Za-z]+/[A-Za-z0-9\-.]{1,64})(?:/_history/[^/]+)?$")

POINTING: Mapping[str, tuple[str, ...]] = {
    "Organization": ("partOf",),
    "PractitionerRole": ("practitioner", "organization", "healthcareService", "location", "endpoint"),
    "OrganizationAffiliation": ("organization", "participatingOrganization", "network"),
    "HealthcareService": ("providedBy", "location"),
    "Location": ("managingOrganization", "partOf"),
    "Endpoint": ("managingOrganization",),
    "InsurancePlan": ("ownedBy", "administeredBy", "network"),
    "Patient": ("generalPractitioner",),
    "Coverage": ("beneficiary", "payor"),
    "Consent": ("patient",),
    "Flag": ("subject",),
    "Practitioner": (),
}


def pointed(resource: Json) -> Iterator[tuple[str, str]]:
    """(Element, ``Type/id`` or address) of every reference to the directory that the judgment follows."""
    for element in POINTING[resource["resourceType"]]:
        value = resource.get(element)
        if value is None:
            continue
        for each in value if type(value) is list else (value,):
            if (literal := each.get("reference")) and _leads_into_directory(literal):
                yield element, literal.partition("/_history/")[0]
    for extension in resource.get("extension", ()):
        if extension.get("url") == f"{PLAN_NET}/network-reference":
            literal = extension.get("valueReference", {}).get("reference")
            if literal and _leads_into_directory(literal):
                yield "extension(network-reference)", literal


def _leads_into_directory(literal: str) -> bool:
    """A reference to a type of the directory, or to an address that no resource loaded has."""
    return literal.partition("/")[0] in TYPES or ":" in literal


def made_local(value: Any, known: Callable[[str], bool], inside: Mapping[str, str]) -> None:
    """Rewrite every reference below ``value``: by a Bundle's full URLs, else to ``Type/id`` where that is known."""
    if isinstance(value, list):
        for each in value:
            made_local(each, known, inside)
    elif isinstance(value, dict):
        literal = value.get("reference")
        if isinstance(literal, str):
            value["reference"] = inside.get(literal) or _relative(literal, known)
        for each in value.values():
            made_local(each, known, inside)


def _relative(literal: str, known: Callable[[str], bool]) -> str:
    """``Type/id`` of an absolute reference to something known, else the reference as it stands."""
    found = _TARGET.match(literal)
    return found[1] if found and known(found[1]) else literal
