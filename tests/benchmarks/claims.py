"""PAS request Bundles of 24 kB, as large as the guide's referral example, each of which opens a case of its own."""

import json
from dataclasses import dataclass
from typing import Any

from . import orders
from .generate_directory import MEMBER_SYSTEM, npi
from .orders import BORN, CONDITION, FAMILY, MEMBER, NPI, NUCC, NUMBER, ORTHOPAEDIC, Orders

CLIENT = "https://synthetic-ehr.example/fhir"
PAS = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition"
X12 = "https://codesystem.x12.org/005010"
TEMP = "http://hl7.org/fhir/us/davinci-pas/CodeSystem/PASTempCodes"
BYTES = 24_000
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">'
WORDS = "<p>Synthetic: a member asks whether the recommended operation is necessary.</p>"


@dataclass(frozen=True)
class Claims(Orders):
    """The same requests as orders ask, told as Claims."""

    def __post_init__(self) -> None:
        named = (orders.provider(outside=False), None, orders.provider(outside=True))
        object.__setattr__(self, "_write", tuple(orders.writer(bundle(each)) for each in named))


def bundle(performer: int | None) -> dict[str, Any]:
    """A Bundle of the size measured: narratives fill it up, as they do in the guide's."""
    built: dict[str, Any] = {
        "resourceType": "Bundle",
        "identifier": {"system": f"{CLIENT}/transactions", "value": NUMBER},
        "type": "collection",
        "timestamp": "2026-03-02T09:04:00-08:00",
        "entry": [_entry("Claim", NUMBER, _claim(performer)), *_parties(performer)],
    }
    share = (BYTES - len(json.dumps(built))) // len(built["entry"])
    for each in built["entry"]:
        words = WORDS * (max(share - 100, 0) // len(WORDS))
        each["resource"]["text"] = {"status": "generated", "div": f"{DIV}{words or WORDS}</div>"}
    return built


def _claim(performer: int | None) -> dict[str, Any]:
    scope = {"url": f"{PAS}/extension-careTeamClaimScope", "valueBoolean": False}
    team = [{"extension": [scope], "sequence": 1, "provider": {"reference": "PractitionerRole/second"}}]
    return {
        "extension": [
            {
                "url": f"{PAS}/extension-TransmissionIdentifiers",
                "extension": [
                    {"url": "applicationSenderCode", "valueString": "PROVIDERAPP"},
                    {"url": "applicationReceiverCode", "valueString": "PAYERAPP"},
                ],
            }
        ],
        "identifier": [{"system": "urn:trnorg:9012345678", "value": NUMBER}],
        "status": "active",
        "type": _coded("http://terminology.hl7.org/CodeSystem/claim-type", "professional"),
        "use": "preauthorization",
        "patient": {"reference": "Patient/member"},
        "created": "2026-03-02T09:04:00-08:00",
        "insurer": {"reference": "Organization/plan"},
        "provider": {"reference": "PractitionerRole/first"},
        "priority": _coded("http://terminology.hl7.org/CodeSystem/processpriority", "normal"),
        **({"careTeam": team} if performer is not None else {}),
        "supportingInfo": [
            {
                "sequence": 1,
                "category": _coded(TEMP, "freeFormMessage"),
                "valueString": "The member asks whether the recommended operation is necessary",
            },
            {
                "sequence": 2,
                "category": _coded(TEMP, "additionalInformation"),
                "valueReference": {"reference": "DocumentReference/note"},
            },
        ],
        "diagnosis": [
            {"sequence": 1, "diagnosisCodeableConcept": _coded("http://hl7.org/fhir/sid/icd-10-cm", CONDITION)}
        ],
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/cover"}}],
        "item": [_item(performer)],
    }


def _item(performer: int | None) -> dict[str, Any]:
    return {
        "extension": [
            _extension("serviceItemRequestType", f"{X12}/1525", "SC"),
            _extension("certificationType", f"{X12}/1322", "I"),
            {
                "url": f"{PAS}/extension-itemTraceNumber",
                "valueIdentifier": {"system": f"{CLIENT}/items", "value": NUMBER},
            },
            {
                "url": f"{PAS}/extension-requestedService",
                "valueReference": {"reference": "ServiceRequest/order"},
            },
        ],
        "sequence": 1,
        **({"careTeamSequence": [1]} if performer is not None else {}),
        "diagnosisSequence": [1],
        "informationSequence": [1],
        "category": _coded(f"{X12}/1365", "3"),
        "productOrService": _coded(f"{X12}/1365", "3"),
        "servicedPeriod": {"start": "2026-03-09", "end": "2026-04-09"},
        "locationCodeableConcept": _coded(
            "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set", "11"
        ),
        "quantity": {"value": 1, "unit": "visit"},
    }


def _parties(performer: int | None) -> list[dict[str, Any]]:
    plan = {"active": True, "name": "Synthetic plan", "type": [_coded(f"{X12}/98", "PR")]}
    member = {"system": MEMBER_SYSTEM, "value": MEMBER}
    patient = {"identifier": [member], "name": [{"family": FAMILY}], "gender": "unknown", "birthDate": BORN}
    cover = {
        "status": "active",
        "subscriberId": MEMBER,
        "beneficiary": {"reference": "Patient/member"},
        "relationship": _coded("http://terminology.hl7.org/CodeSystem/subscriber-relationship", "self"),
        "payor": [{"reference": "Organization/plan"}],
    }
    order = {
        "status": "active",
        "intent": "order",
        "code": _coded(f"{X12}/1365", "3"),
        "subject": {"reference": "Patient/member"},
        "performerType": _coded(NUCC, ORTHOPAEDIC),
        "quantityQuantity": {"value": 1, "unit": "visit"},
    }
    note = {
        "status": "current",
        "type": _coded("http://loinc.org", "11505-5"),
        "subject": {"reference": "Patient/member"},
        "content": [{"attachment": {"contentType": "text/plain", "data": "U3ludGhldGljIG5vdGUu"}}],
    }
    place = {"name": "Synthetic clinic", "address": {"line": ["1 Specimen Way"], "city": "Stockton", "state": "CA"}}
    return [
        _entry("Organization", "plan", plan),
        _entry("Coverage", "cover", cover),
        _entry("Patient", "member", patient),
        _entry("ServiceRequest", "order", order),
        _entry("DocumentReference", "note", note),
        _entry("Location", "place", place),
        *_doctor("first", 0),
        *(_doctor("second", performer) if performer is not None else []),
    ]


def _doctor(key: str, number: int) -> list[dict[str, Any]]:
    role = {"active": True, "practitioner": {"reference": f"Practitioner/{key}"}}
    person = {"identifier": [{"system": NPI, "value": npi(number)}], "name": [{"family": f"Testdoctor {key}"}]}
    return [_entry("PractitionerRole", key, role), _entry("Practitioner", key, person)]


def _entry(kind: str, key: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"fullUrl": f"{CLIENT}/{kind}/{key}", "resource": {"resourceType": kind, "id": key, **content}}


def _coded(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _extension(name: str, system: str, code: str) -> dict[str, Any]:
    return {"url": f"{PAS}/extension-{name}", "valueCodeableConcept": _coded(system, code)}
