"""Consents of the members of a directory for a payer. All synthetic."""

from typing import Any

Json = dict[str, Any]

PAYER = "5000000007"
NUMBERS = "https://plan.example/consents"
_NPI = "http://hl7.org/fhir/sid/us-npi"
_SCOPES = "http://terminology.hl7.org/CodeSystem/consentscope"


def consent(kind: str = "permit", *, patient: Json, number: str = "C-1", **changes: Any) -> Json:
    """For the payer, or against it; None takes an element out."""
    payer = {"type": "Organization", "identifier": {"system": _NPI, "value": PAYER}}
    body = {
        "resourceType": "Consent",
        "identifier": [{"system": NUMBERS, "value": number}],
        "status": "active",
        "scope": {"coding": [{"system": _SCOPES, "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": patient,
        "policyRule": {"text": "Payer to payer (synthetic)"},
        "provision": {"type": kind, "actor": [{"role": {"text": "Recipient"}, "reference": payer}]},
    } | changes
    return {name: value for name, value in body.items() if value is not None}
