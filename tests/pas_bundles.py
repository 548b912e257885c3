"""PAS request Bundles as a client sends them, for members and doctors of the small directory. All synthetic."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

import small_directory
from small_directory import MEMBER_NUMBERS, MEMBERS, NPI, NUCC, OPEN, OUTSIDE, SPECIALIST

Json = dict[str, Any]

CLIENT = "https://ehr.example/fhir"
PAS = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition"
X12 = "https://codesystem.x12.org/005010"
TEMP = "http://hl7.org/fhir/us/davinci-pas/CodeSystem/PASTempCodes"
TRACES = "urn:trnorg:9012345678"


def a_bundle(
    items: Iterable[Json] | None = None, *, number: str = "111099", member: str = MEMBERS[0], **changes: Any
) -> Json:
    """A Bundle whose one item asks for an outside doctor's opinion; ``changes`` are the Claim's, None takes one out."""
    claim = a_claim(list(items) if items is not None else [an_item()], number) | changes
    claim = {name: value for name, value in claim.items() if value is not None}
    return {
        "resourceType": "Bundle",
        "identifier": {"system": "https://ehr.example/transactions", "value": "A12345"},
        "type": "collection",
        "timestamp": "2026-10-05T09:00:00-07:00",
        "entry": [
            entry("Claim", f"claim-{number}", **claim),
            *parties(member),
        ],
    }


def a_claim(items: list[Json], number: str) -> Json:
    """The Claim's elements."""
    scope = {"url": f"{PAS}/extension-careTeamClaimScope", "valueBoolean": False}
    return {
        "extension": [
            {
                "url": f"{PAS}/extension-TransmissionIdentifiers",
                "extension": [
                    {"url": "applicationSenderCode", "valueString": "PROVIDERAPP"},
                    {"url": "applicationReceiverCode", "valueString": "PAYERAPP"},
                    {"url": "interchangeSenderID", "valueString": "PROVIDERID"},
                    {"url": "interchangeReceiverID", "valueString": "PAYERID"},
                ],
            }
        ],
        "identifier": [{"system": TRACES, "value": number}],
        "status": "active",
        "type": coded("http://terminology.hl7.org/CodeSystem/claim-type", "professional"),
        "use": "preauthorization",
        "patient": {"reference": "Patient/member"},
        "created": "2026-10-05T09:00:00-07:00",
        "insurer": {"reference": "Organization/plan"},
        "provider": {"reference": "PractitionerRole/asks"},
        "priority": coded("http://terminology.hl7.org/CodeSystem/processpriority", "normal"),
        "careTeam": [
            {"extension": [scope], "sequence": 1, "provider": {"reference": "PractitionerRole/second"}},
        ],
        "supportingInfo": [message(1, "surgery-necessity")],
        "diagnosis": [
            {"sequence": 1, "diagnosisCodeableConcept": coded("http://hl7.org/fhir/sid/icd-10-cm", "M17.11")},
        ],
        "insurance": [{"sequence": 1, "focal": True, "coverage": {"reference": "Coverage/cover"}}],
        "item": items,
    }


def an_item(sequence: int = 1, *, certification: str = "I", code: str = "3", **changes: Any) -> Json:
    """A consultation; None takes an element out."""
    item: Json = {
        "extension": [
            {"url": f"{PAS}/extension-serviceItemRequestType", "valueCodeableConcept": coded(f"{X12}/1525", "SC")},
            {
                "url": f"{PAS}/extension-certificationType",
                "valueCodeableConcept": coded(f"{X12}/1322", certification),
            },
            {
                "url": f"{PAS}/extension-itemTraceNumber",
                "valueIdentifier": {"system": "https://ehr.example/items", "value": f"1122{sequence}"},
            },
        ],
        "sequence": sequence,
        "careTeamSequence": [1],
        "diagnosisSequence": [1],
        "informationSequence": [1],
        "category": coded(f"{X12}/1365", code),
        "productOrService": coded(f"{X12}/1365", code),
        "servicedPeriod": {"start": "2026-10-19", "end": "2026-11-13"},
        "locationCodeableConcept": coded(
            "https://www.cms.gov/Medicare/Coding/place-of-service-codes/Place_of_Service_Code_Set", "11"
        ),
        "quantity": {"value": 1, "unit": "visit"},
    } | changes
    return {name: value for name, value in item.items() if value is not None}


def home_care(sequence: int) -> Json:
    """An item that asks for no second opinion."""
    return an_item(
        sequence,
        code="42",
        careTeamSequence=None,
        productOrService=coded("http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "G0154"),
    )


def message(sequence: int, reason: str | None = None, words: str | None = None) -> Json:
    """A free-form message that gives the reason, by our code or in words."""
    own = "https://second-opinion.example/fhir/CodeSystem/second-opinion-reason"
    info: Json = {
        "sequence": sequence,
        "category": coded(TEMP, "freeFormMessage"),
        "valueString": words or str(reason),
    }
    return info | ({"code": coded(own, reason)} if reason else {})


def parties(member: str = MEMBERS[0]) -> list[Json]:
    """Everybody the Claim refers to."""
    return [
        entry("Organization", "plan", active=True, name="Harbor Plan (synthetic)", type=[coded(f"{X12}/98", "PR")]),
        entry(
            "Coverage",
            "cover",
            identifier=[{"type": coded("http://terminology.hl7.org/CodeSystem/v2-0203", "MB"), "value": member}],
            status="active",
            subscriberId=member,
            beneficiary={"reference": "Patient/member"},
            relationship={
                "coding": [
                    {"system": "http://terminology.hl7.org/CodeSystem/subscriber-relationship", "code": "self"},
                    {"system": f"{X12}/1069", "code": "18"},
                ]
            },
            payor=[{"reference": "Organization/plan"}],
        ),
        entry(
            "Patient",
            "member",
            identifier=[
                {
                    "type": coded("http://terminology.hl7.org/CodeSystem/v2-0203", "MB"),
                    "system": MEMBER_NUMBERS,
                    "value": member,
                }
            ],
            name=[{"family": "Testmember", "given": ["Number"]}],
            gender="female",
            birthDate="1970-01-01",
        ),
        *doctor("asks", SPECIALIST),
        *doctor("second", OUTSIDE, OPEN[0]),
    ]


def doctor(key: str, npi: str, specialty: str | None = None) -> list[Json]:
    """A role and its practitioner."""
    stated = {"specialty": [coded(NUCC, specialty)]} if specialty else {}
    return [
        entry("PractitionerRole", key, active=True, practitioner={"reference": f"Practitioner/{key}"}, **stated),
        entry(
            "Practitioner",
            key,
            identifier=[{"system": NPI, "value": npi}],
            name=[{"family": f"Testdoctor {key}"}],
        ),
    ]


def with_second(bundle: Json, npi: str, specialty: str) -> Json:
    """The Bundle asking for this doctor."""
    others = [each for each in bundle["entry"] if not each["fullUrl"].endswith("/second")]
    return bundle | {"entry": [*others, *doctor("second", npi, specialty)]}


def with_order(bundle: Json, **order: Any) -> Json:
    """The Bundle with a ServiceRequest behind its first item."""
    bundle = deepcopy(bundle)
    url = f"{PAS}/extension-requestedService"
    item = bundle["entry"][0]["resource"]["item"][0]
    item["extension"].append({"url": url, "valueReference": {"reference": "ServiceRequest/order"}})
    sent = {"status": "active", "intent": "order", "subject": {"reference": "Patient/member"}} | order
    bundle["entry"].append(entry("ServiceRequest", "order", **sent))
    return bundle


def an_update(earlier: Json, items: Iterable[Json], number: str = "111099-2", **changes: Any) -> Json:
    """A Bundle that updates the earlier one's Claim, which comes along."""
    before = earlier["entry"][0]
    relationship = coded("http://terminology.hl7.org/CodeSystem/ex-relatedclaimrelationship", "prior")
    claim = {"reference": before["fullUrl"]}
    bundle = a_bundle(items, number=number, related=[{"claim": claim, "relationship": relationship}], **changes)
    others = [each for each in earlier["entry"][1:] if each["resource"]["resourceType"] != "Claim"]
    stripped = {name: value for name, value in before["resource"].items() if name != "related"}
    return bundle | {"entry": [bundle["entry"][0], *others, before | {"resource": stripped}]}


def entry(kind: str, key: str, **content: Any) -> Json:
    """An entry on the client's server."""
    return {"fullUrl": f"{CLIENT}/{kind}/{key}", "resource": {"resourceType": kind, "id": key, **content}}


def coded(system: str, code: str) -> Json:
    """A CodeableConcept."""
    return {"coding": [{"system": system, "code": code}]}


def small_directory_with(number: str) -> list[Json]:
    """The small directory, its first member under another number too."""
    found = deepcopy(small_directory.resources())
    patient = next(each for each in found if each["resourceType"] == "Patient")
    patient["identifier"].append({"system": MEMBER_NUMBERS, "value": number})
    cover = next(each for each in found if each["resourceType"] == "Coverage")
    cover["identifier"] = [{"value": number}]
    return found


def an_inquiry(items: Iterable[Json] = (), *, member: str = MEMBERS[0], **changes: Any) -> Json:
    """An inquiry about the member by the doctor who asked; ``changes`` are the Claim's."""
    kept = ("status", "type", "use", "patient", "created", "insurer", "provider", "priority", "insurance")
    claim = {name: value for name, value in a_claim([], "INQ-1").items() if name in kept}
    claim |= {"identifier": [{"system": TRACES, "value": "INQ-1"}], "item": list(items)} | changes
    claim = {name: value for name, value in claim.items() if value}
    return a_bundle(member=member) | {"entry": [entry("Claim", "inquiry", **claim), *parties(member)]}


def with_document(bundle: Json) -> Json:
    """The Bundle with a document behind its first item."""
    bundle = deepcopy(bundle)
    claim = bundle["entry"][0]["resource"]
    info = {
        "sequence": 9,
        "category": coded(TEMP, "additionalInformation"),
        "valueReference": {"reference": "DocumentReference/note"},
    }
    claim["supportingInfo"] = [*claim.get("supportingInfo", ()), info]
    claim["item"][0]["informationSequence"] = [each["sequence"] for each in claim["supportingInfo"]]
    note = entry(
        "DocumentReference",
        "note",
        status="current",
        type=coded("http://loinc.org", "11505-5"),
        content=[{"attachment": {"contentType": "text/plain", "data": "U3ludGhldGljIG5vdGUu"}}],
    )
    bundle["entry"].append(note)
    return bundle
