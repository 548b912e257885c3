"""Endpoints of the directory: which ones a provider names, and whether a message can be posted there."""

from collections.abc import Mapping
from typing import Any

REST = "hl7-fhir-rest"  # http://terminology.hl7.org/CodeSystem/endpoint-connection-type


def named(resource: Mapping[str, Any]) -> list[str]:
    """Ids of the Endpoints a PractitionerRole or Organization names, in its order."""
    references = [str(each.get("reference", "")) for each in resource.get("endpoint", ())]
    return [each.removeprefix("Endpoint/") for each in references if each.startswith("Endpoint/")]


def address(endpoint: Mapping[str, Any]) -> str | None:
    """The FHIR base of an active REST endpoint."""
    kind = endpoint.get("connectionType", {})
    if endpoint.get("status") != "active" or kind.get("code") != REST:
        return None
    return str(endpoint["address"]) if endpoint.get("address") else None
