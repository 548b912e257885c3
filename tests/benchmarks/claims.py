"""PAS request Bundles of 24 kB, as large as the guide's referral example, each of which opens a case of its own."""

import json
from dataclasses import dataclass
from typing import Any

from pas_bundles import CLIENT, X12, a_bundle, an_item, coded, doctor, entry, with_document, with_order

from . import orders
from .generate_directory import MEMBER_SYSTEM, npi
from .orders import BORN, CONDITION, FAMILY, MEMBER, NUCC, NUMBER, ORTHOPAEDIC, Orders

BYTES = 24_000
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">'
WORDS = "<p>Synthetic: a member asks whether the recommended operation is necessary.</p>"
SENT = "2026-03-02T09:04:00-08:00"
VISIT = {"value": 1, "unit": "visit"}


@dataclass(frozen=True)
class Claims(Orders):
    """The same requests as orders ask, told as Claims."""

    def __post_init__(self) -> None:
        named = (orders.provider(outside=False), None, orders.provider(outside=True))
        object.__setattr__(self, "_write", tuple(orders.writer(bundle(each)) for each in named))


def bundle(performer: int | None) -> dict[str, Any]:
    """A Bundle of the size measured: narratives fill it up, as they do in the guide's."""
    built = _asking(performer)
    share = (BYTES - len(json.dumps(built))) // len(built["entry"])
    for each in built["entry"]:
        words = WORDS * (max(share - 100, 0) // len(WORDS))
        each["resource"]["text"] = {"status": "generated", "div": f"{DIV}{words or WORDS}</div>"}
    return built


def _asking(performer: int | None) -> dict[str, Any]:
    """A Claim with the order behind its item and a document, about a member and doctors of the generated directory."""
    nobody: dict[str, Any] = {} if performer is not None else {"careTeam": None}
    condition = {"sequence": 1, "diagnosisCodeableConcept": coded("http://hl7.org/fhir/sid/icd-10-cm", CONDITION)}
    item = an_item(
        careTeamSequence=None if performer is None else [1], servicedPeriod={"start": "2026-03-09", "end": "2026-04-09"}
    )
    claim = a_bundle([item], number=NUMBER, member=MEMBER, created=SENT, diagnosis=[condition], **nobody)
    order = {"code": coded(f"{X12}/1365", "3"), "performerType": coded(NUCC, ORTHOPAEDIC), "quantityQuantity": VISIT}
    whole = with_document(with_order(claim, **order))
    second = doctor("second", npi(performer)) if performer is not None else []
    place = {"name": "Synthetic clinic", "address": {"line": ["1 Specimen Way"], "city": "Stockton", "state": "CA"}}
    own = [*_member(), *doctor("asks", npi(0)), *second, entry("Location", "place", **place)]
    ours = ("/Patient/member", "/asks", "/second")
    others = [each for each in whole["entry"] if not each["fullUrl"].endswith(ours)]
    number = {"system": f"{CLIENT}/transactions", "value": NUMBER}
    return whole | {"identifier": number, "timestamp": SENT, "entry": [*others, *own]}


def _member() -> list[dict[str, Any]]:
    number = {"system": MEMBER_SYSTEM, "value": MEMBER}
    name = {"family": FAMILY}
    return [entry("Patient", "member", identifier=[number], name=[name], gender="unknown", birthDate=BORN)]
