"""Orders that each open a case of their own: another member, and another condition once every member had one."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .generate_directory import MEMBER_SYSTEM, SPECIALTIES, birth_date, family, is_outside, npi

NPI = "http://hl7.org/fhir/sid/us-npi"
NUCC = "http://nucc.org/provider-taxonomy"
ORDERS = "https://synthetic-ehr.example/orders"
ORTHOPAEDIC = "207X00000X"
MEMBER, CONDITION, NUMBER, FAMILY, BORN = "@member@", "@condition@", "@number@", "@family@", "@born@"


@dataclass(frozen=True)
class Orders:
    """Bodies of orders: the n-th is always the same, and like no other's in what makes a case.

    They take turns: the member's doctor names a doctor in the network, or none, or one outside it.
    """

    members: int
    status: str = "active"

    def __post_init__(self) -> None:
        named = (provider(outside=False), None, provider(outside=True))
        object.__setattr__(self, "_write", tuple(writer(order(self.status, performer)) for performer in named))

    @property
    def kinds(self) -> int:
        """How many kinds of orders take turns."""
        return 3

    def body(self, n: int) -> bytes:
        """The n-th order as JSON."""
        member, condition = n % self.members, n // self.members
        write: Callable[[dict[str, str]], bytes] = self._write[n % self.kinds]  # type: ignore[attr-defined]  # set above
        return write(
            {
                MEMBER: f"SYN{member:09d}",
                FAMILY: family(member),
                BORN: birth_date(member),
                CONDITION: f"M{condition:04d}",
                NUMBER: f"ORD-{n}",
            }
        )


def provider(*, outside: bool) -> int:
    """An orthopaedist of the generated directory, in or out of the network."""
    first = SPECIALTIES.index(ORTHOPAEDIC)
    return next(n for n in range(first, 10_000, len(SPECIALTIES)) if is_outside(n) is outside)


def writer(order: dict[str, Any]) -> Callable[[dict[str, str]], bytes]:
    """What fills the blanks of the order; quick, because clients run beside what they measure."""
    pieces = [json.dumps(order)]
    for blank in (MEMBER, FAMILY, BORN, CONDITION, NUMBER):
        pieces = [part for piece in pieces for part in _around(piece, blank)]
    return lambda values: "".join(values.get(piece, piece) for piece in pieces).encode()


def _around(text: str, blank: str) -> list[str]:
    parts = text.split(blank)
    return [each for part in parts[:-1] for each in (part, blank)] + parts[-1:]


def order(status: str, performer: int | None) -> dict[str, Any]:
    """An order as an EHR sends it, about a synthetic member."""
    patient = {
        "resourceType": "Patient",
        "id": "member",
        "identifier": [{"system": MEMBER_SYSTEM, "value": MEMBER}],
        "name": [{"family": FAMILY}],
        "birthDate": BORN,
    }
    order: dict[str, Any] = {
        "resourceType": "ServiceRequest",
        "meta": {"tag": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "HTEST"}]},
        "contained": [patient],
        "identifier": [{"system": ORDERS, "value": NUMBER}],
        "status": status,
        "intent": "order",
        "priority": "routine",
        "code": {
            "coding": [{"system": "http://snomed.info/sct", "code": "77406008"}],
            "text": "Second medical opinion",
        },
        "subject": {"reference": "#member"},
        "authoredOn": "2026-03-02T09:04:00-08:00",
        "requester": {"type": "Practitioner", "identifier": {"system": NPI, "value": npi(0)}},
        "performerType": {"coding": [{"system": NUCC, "code": ORTHOPAEDIC}]},
        "reasonCode": [
            {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": CONDITION}]},
            {
                "coding": [
                    {
                        "system": "https://second-opinion.example/fhir/CodeSystem/second-opinion-reason",
                        "code": "surgery-necessity",
                    }
                ],
                "text": "The member asks whether the recommended operation is necessary",
            },
        ],
    }
    if performer is not None:
        order["performer"] = [{"type": "Practitioner", "identifier": {"system": NPI, "value": npi(performer)}}]
    return order
