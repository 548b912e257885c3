"""Synthetic orders for tests: valid by default, one thing varied at a time."""

from typing import Any

from second_opinion.directory.stated import Stated
from second_opinion.fhir import json_body, submission
from second_opinion.fhir.codes import Vocabulary

VOCABULARY = Vocabulary("https://second-opinion.example/fhir", "http://127.0.0.1:8080/fhir")
NPI = "http://hl7.org/fhir/sid/us-npi"
MEMBER_NUMBERS = "https://plan.example/members"
NUCC = "http://nucc.org/provider-taxonomy"

Json = dict[str, Any]


def an_order(**changes: Any) -> Json:
    """An order everything of which can be read; a change to None takes the element out."""
    order: Json = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "77406008"}]},
        "subject": {"type": "Patient", "identifier": {"system": MEMBER_NUMBERS, "value": "HTEST-1"}},
        "requester": {"type": "Practitioner", "identifier": {"system": NPI, "value": "1234567893"}},
    } | changes
    return {name: value for name, value in order.items() if value is not None}


def a_bundle(*resources: Json, kind: str = "collection") -> Json:
    """A Bundle of these; a resource given as an entry keeps its fullUrl and request."""
    entries = [each if "resource" in each else {"resource": each} for each in resources]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def a_patient(**changes: Any) -> Json:
    """The member, synthetic."""
    return {
        "resourceType": "Patient",
        "id": "p",
        "identifier": [{"system": MEMBER_NUMBERS, "value": "HTEST-1"}],
        "name": [{"family": "Testmember", "given": ["Alder"]}],
        "birthDate": "1980-02-29",
    } | changes


def a_practitioner(npi: str = "1234567893", **changes: Any) -> Json:
    """A doctor, synthetic."""
    return {
        "resourceType": "Practitioner",
        "id": "d",
        "identifier": [{"system": NPI, "value": npi}],
        "name": [{"family": "Testdoctor", "given": ["Birch"]}],
    } | changes


def received(body: Json) -> submission.Received:
    """The body as it comes over the wire, read."""
    return submission.read(json_body.read(json_body.write(body)), VOCABULARY)


def stated(body: Json) -> Stated:
    """What the body states."""
    return received(body).stated
