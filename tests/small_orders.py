"""Orders for the members and doctors of the small directory, in each form a sender may choose. All synthetic."""

from typing import Any

from small_directory import FAMILY_DOCTOR, MEMBER_NUMBERS, MEMBERS, NPI, NUCC, OPEN, OUTSIDE, SPECIALIST

Json = dict[str, Any]

OWN = "https://second-opinion.example/fhir"
REASONS = f"{OWN}/CodeSystem/second-opinion-reason"
CONDITIONS = "http://hl7.org/fhir/sid/icd-10-cm"
ORDERS = "https://ehr.example/orders"


def an_order(number: str = "ORD-1", *, member: str = MEMBERS[0], **changes: Any) -> Json:
    """A treating specialist asks, nobody is named, and the network has an open doctor; None takes an element out."""
    order: Json = {
        "resourceType": "ServiceRequest",
        "identifier": [{"system": ORDERS, "value": number}],
        "status": "active",
        "intent": "order",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "77406008"}]},
        "subject": {"type": "Patient", "identifier": {"system": MEMBER_NUMBERS, "value": member}},
        "requester": provider(SPECIALIST),
        "performerType": {"coding": [{"system": NUCC, "code": OPEN[0]}]},
        "reasonCode": [condition("M17.11"), reason("surgery-necessity")],
    } | changes
    return {name: value for name, value in order.items() if value is not None}


def provider(npi: str, **more: Any) -> Json:
    """A practitioner named by number."""
    return {"type": "Practitioner", "identifier": {"system": NPI, "value": npi}} | more


def condition(code: str) -> Json:
    """The diagnosis as a reasonCode."""
    return {"coding": [{"system": CONDITIONS, "code": code}]}


def reason(code: str) -> Json:
    """One of our reasons."""
    return {"coding": [{"system": REASONS, "code": code}]}


def initial_provider(npi: str = FAMILY_DOCTOR) -> Json:
    """The extension."""
    return {"url": f"{OWN}/StructureDefinition/initial-provider", "valueReference": provider(npi)}


def a_ride(mode: str = "nmt-taxi") -> Json:
    """The extension."""
    concept = {"coding": [{"system": f"{OWN}/CodeSystem/transport-mode", "code": mode}]}
    parts = [{"url": "mode", "valueCodeableConcept": concept}, {"url": "attendant", "valueBoolean": True}]
    return {"url": f"{OWN}/StructureDefinition/transportation", "extension": parts}


def received(at: str) -> Json:
    """The extension."""
    return {"url": f"{OWN}/StructureDefinition/received", "valueDateTime": at}


def member_informed(*, informed: bool = True) -> Json:
    """The extension."""
    return {"url": f"{OWN}/StructureDefinition/member-informed", "valueBoolean": informed}


def the_member(member: str = MEMBERS[0]) -> Json:
    """The member as a requester named by number."""
    return {"type": "Patient", "identifier": {"system": MEMBER_NUMBERS, "value": member}}


PENDED: Json = {"performer": [provider(OUTSIDE)]}  # an outside doctor though the network has one: R11
