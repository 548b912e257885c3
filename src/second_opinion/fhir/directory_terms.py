"""What directory resources are found by beyond FHIR's search parameters; only the directory itself asks for these."""

from collections.abc import Mapping
from typing import Any

from second_opinion.fhir.directory_reading import qualification_codes
from second_opinion.fhir.search_terms import reference, token
from second_opinion.store.changes import Term

SUBSCRIBER = "subscriber-id"  # Coverage.subscriberId, with a separator behind
QUALIFICATION = "qualification"  # Practitioner.qualification, NUCC code with a separator behind
SERVICE = "service"  # PractitionerRole.healthcareService
ACTOR = "actor"  # Consent.provision.actor: an identifier's value, or Organization/id
ANYBODY = "*"  # denied
LISTED = "listed"  # every InsurancePlan
EVERY = "yes"


def directory_terms(resource: Mapping[str, Any]) -> list[Term]:
    """Further terms of a Coverage, Consent, Practitioner, PractitionerRole or InsurancePlan."""
    kind = resource["resourceType"]
    if kind == "Coverage":
        subscriber = resource.get("subscriberId")
        return [(SUBSCRIBER, token(subscriber, None))] if subscriber else []
    if kind == "Practitioner":
        return [(QUALIFICATION, token(code, None)) for code in qualification_codes(resource)]
    if kind == "Consent":
        return _actors(resource)
    if kind == "PractitionerRole":
        literals = (each["reference"] for each in resource.get("healthcareService", ()) if "reference" in each)
        return [(SERVICE, found) for each in dict.fromkeys(literals) if (found := reference(each))]
    return [(LISTED, EVERY)] if kind == "InsurancePlan" else []


def _actors(consent: Mapping[str, Any]) -> list[Term]:
    """Whom a Consent names: by number and by reference; everybody where it denies and names nobody."""
    provision = consent.get("provision", {})
    named = [each.get("reference", {}) for each in provision.get("actor", ())]
    if not named and provision.get("type") == "deny":
        return [(ACTOR, ANYBODY)]
    numbers = [each["identifier"]["value"] for each in named if "value" in each.get("identifier", {})]
    literals = [found for each in named if "reference" in each and (found := reference(each["reference"]))]
    return [(ACTOR, value) for value in dict.fromkeys([*numbers, *literals])]
