"""Directory resources as JSON, valid by default, one thing varied; all of them synthetic."""

from typing import Any

from second_opinion.fhir.codes import NPI, NUCC
from second_opinion.fhir.directory_elements import PLAN_NET

Json = dict[str, Any]

NUMBERS = "https://plan.example/member"
CARDIOLOGY = "207RC0000X"


def patient(key: str = "m1", **changes: Any) -> Json:
    made = {
        "resourceType": "Patient",
        "id": key,
        "identifier": [{"system": NUMBERS, "value": key.upper()}],
        "name": [{"family": "Alder", "given": ["Testmember"]}],
        "birthDate": "1980-05-06",
        "generalPractitioner": [{"reference": "Practitioner/p1"}],
    }
    return made | changes


def coverage(key: str = "c1", member: str = "m1", **changes: Any) -> Json:
    made = {
        "resourceType": "Coverage",
        "id": key,
        "status": "active",
        "subscriberId": f"S-{member}",
        "beneficiary": {"reference": f"Patient/{member}"},
        "payor": [{"reference": "Organization/payer"}],
        "period": {"start": "2024-01-01"},
        "class": [{"type": {"coding": [{"code": "plan"}]}, "value": "HMO"}],
    }
    return made | changes


def practitioner(key: str = "p1", **changes: Any) -> Json:
    made = {
        "resourceType": "Practitioner",
        "id": key,
        "identifier": [{"system": NPI, "value": f"npi-{key}"}],
        "active": True,
        "name": [{"family": "Opal", "given": ["Testdoctor"], "suffix": ["MD"]}],
        "telecom": [{"system": "phone", "value": "209-555-0100"}],
    }
    return made | changes


def role(key: str = "r1", practitioner_id: str = "p1", **changes: Any) -> Json:
    made = {
        "resourceType": "PractitionerRole",
        "id": key,
        "extension": [network("net"), accepting("newpt")],
        "active": True,
        "practitioner": {"reference": f"Practitioner/{practitioner_id}"},
        "organization": {"reference": "Organization/practice"},
        "specialty": [nucc(CARDIOLOGY)],
    }
    return made | changes


def organization(key: str, code: str = "prvgrp", **changes: Any) -> Json:
    return {
        "resourceType": "Organization",
        "id": key,
        "identifier": [{"system": NPI, "value": f"npi-{key}"}],
        "active": True,
        "type": [{"coding": [{"code": code}]}],
        "name": key.title(),
    } | changes


def affiliation(key: str = "a1", participating: str = "practice", **changes: Any) -> Json:
    return {
        "resourceType": "OrganizationAffiliation",
        "id": key,
        "active": True,
        "participatingOrganization": {"reference": f"Organization/{participating}"},
        "network": [{"reference": "Organization/net"}],
    } | changes


def product(**changes: Any) -> Json:
    return {
        "resourceType": "InsurancePlan",
        "id": "product",
        "identifier": [{"value": "HMO"}],
        "status": "active",
        "network": [{"reference": "Organization/net"}],
        "ownedBy": {"reference": "Organization/payer"},
    } | changes


def nucc(code: str, display: str = "Cardiology") -> Json:
    return {"coding": [{"system": NUCC, "code": code, "display": display}]}


def network(key: str, base: str = "") -> Json:
    return {"url": f"{PLAN_NET}/network-reference", "valueReference": {"reference": f"{base}Organization/{key}"}}


def accepting(code: str, network_id: str | None = None) -> Json:
    parts: list[Json] = [{"url": "acceptingPatients", "valueCodeableConcept": {"coding": [{"code": code}]}}]
    if network_id:
        parts.append({"url": "fromNetwork", "valueReference": {"reference": f"Organization/{network_id}"}})
    return {"url": f"{PLAN_NET}/newpatients", "extension": parts}


def qualification(status: str, code: str = CARDIOLOGY) -> Json:
    extension = {
        "url": f"{PLAN_NET}/practitioner-qualification",
        "extension": [{"url": "status", "valueCode": status}],
    }
    return {"extension": [extension], "code": nucc(code)}
