"""Transactions of six resources, each of which opens a case of its own: an order, and who and what it names."""

from dataclasses import dataclass
from typing import Any

from . import orders
from .generate_directory import MEMBER_SYSTEM, npi
from .orders import CONDITION, MEMBER, NPI, Orders

PATIENT, PRACTITIONER, ORGANIZATION, COVERAGE, DIAGNOSIS, ORDER = (
    f"urn:uuid:00000000-0000-4000-8000-{number:012d}" for number in range(6)
)


@dataclass(frozen=True)
class Transactions(Orders):
    """The same requests as orders ask, with the resources around them."""

    def __post_init__(self) -> None:
        named = (orders.provider(outside=False), None, orders.provider(outside=True))
        object.__setattr__(self, "_write", tuple(orders.writer(_bundle(each)) for each in named))


def _bundle(performer: int | None) -> dict[str, Any]:
    order = orders.order("active", performer)
    (patient,) = order.pop("contained")
    about = {"reference": PATIENT}
    order |= {"subject": about, "requester": {"reference": PRACTITIONER}, "insurance": [{"reference": COVERAGE}]}
    coverage = {
        "status": "active",
        "subscriberId": MEMBER,
        "beneficiary": about,
        "payor": [{"display": "Synthetic plan"}],
        "identifier": [{"system": MEMBER_SYSTEM, "value": MEMBER}],
    }
    diagnosis = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": CONDITION}]}
    entries = [
        _entry(ORDER, "ServiceRequest", order),
        _entry(PATIENT, "Patient", {name: each for name, each in patient.items() if name != "id"}),
        _entry(PRACTITIONER, "Practitioner", {"identifier": [{"system": NPI, "value": npi(0)}]}),
        _entry(ORGANIZATION, "Organization", {"identifier": [{"system": NPI, "value": npi(1)}], "name": "Synthetic"}),
        _entry(COVERAGE, "Coverage", coverage),
        _entry(DIAGNOSIS, "Condition", {"subject": about, "code": diagnosis}),
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def _entry(url: str, kind: str, resource: dict[str, Any]) -> dict[str, Any]:
    return {
        "fullUrl": url,
        "resource": resource | {"resourceType": kind},
        "request": {"method": "POST", "url": kind},
    }
