"""References between directory resources that name their target by an identifier alone (R4 logical references)."""

from collections.abc import Iterator, Mapping
from typing import Any

from second_opinion.directory.stated import Identifier
from second_opinion.fhir import directory_elements as elements

Json = dict[str, Any]

# Element → the type it points to. Payors and general practitioners are looked up by identifier when they are needed.
_POINTING: Mapping[str, Mapping[str, str]] = {
    "Organization": {"partOf": "Organization"},
    "PractitionerRole": {
        "practitioner": "Practitioner",
        "organization": "Organization",
        "healthcareService": "HealthcareService",
        "location": "Location",
    },
    "OrganizationAffiliation": {
        "organization": "Organization",
        "participatingOrganization": "Organization",
        "network": "Organization",
    },
    "HealthcareService": {"providedBy": "Organization"},
    "InsurancePlan": {"ownedBy": "Organization", "administeredBy": "Organization", "network": "Organization"},
    "Coverage": {"beneficiary": "Patient"},
    "Consent": {"patient": "Patient"},
    "Flag": {"subject": "Patient"},
}


def by_identifier(resource: Json) -> Iterator[tuple[str, Json, Identifier]]:
    """(Type, reference, identifier) of every reference that says by its identifier alone who is meant."""
    for element, kind in _POINTING.get(resource["resourceType"], {}).items():
        value = resource.get(element)
        for each in value if isinstance(value, list) else (value,):
            yield from _named(kind, each)
    for name in ("network-reference", "newpatients"):
        for extension in elements.extensions(resource, name):
            parts = extension.get("extension")
            for each in (extension, *(parts if isinstance(parts, list) else ())):
                if isinstance(each, dict):
                    yield from _named("Organization", each.get("valueReference"))


def _named(kind: str, reference: Any) -> Iterator[tuple[str, Json, Identifier]]:
    if not isinstance(reference, dict) or "reference" in reference:
        return
    stated = reference.get("identifier")
    if isinstance(stated, dict) and isinstance(stated.get("value"), str):
        for each in elements.identifiers({"identifier": [stated]}):
            yield kind, reference, each
