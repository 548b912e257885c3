"""A Claim a client sent, as far as its answers say it again; kept with each case that answers an item of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Fragment = dict[str, Any]  # FHIR JSON, written as it stands


@dataclass(frozen=True)
class SentItem:
    """One item: which case answers it, and what every answer repeats."""

    sequence: int
    digest: str = ""  # SHA-256 of what it asks; an update that says the same leaves the decision
    case: str | None = None  # case number; None: no case answers it
    order: str | None = None  # id of the ServiceRequest kept for it
    cancelled: bool = False  # taken back by the client
    extensions: tuple[Fragment, ...] = ()  # of the answer's item: traces, dates asked for, earlier number
    detail: tuple[Fragment, ...] = ()  # parts of itemAuthorizedDetail
    provider: Fragment | None = None  # Reference to the Practitioner or Organization asked for, as the client names it
    types: tuple[tuple[str, str], ...] = ()  # (extension, X12 code) of the request and the certification
    line: Fragment = field(default_factory=dict)  # what an addItem repeats of the item


@dataclass(frozen=True)
class SentClaim:
    """The Claim: ours by id, the client's by its own addresses."""

    claim_id: str
    response_id: str
    partner: str  # registry id of who sent it
    key: str  # of the submission that keeps the Bundle byte for byte
    lineage: str  # claim_id of the first Claim it goes back to
    identifiers: tuple[Fragment, ...]
    type: Fragment  # CodeableConcept
    bundle_identifier: Fragment
    items: tuple[SentItem, ...]
    references: Mapping[str, Fragment] = field(default_factory=dict)  # patient, insurer, … as the client names them
    numbers: Mapping[str, Fragment] = field(default_factory=dict)  # an Identifier of the insurer and the requestor
    echoed: tuple[str, ...] = ()  # fullUrls of the entries its answers bring back
    transmission: Fragment | None = None  # extension TransmissionIdentifiers, turned round
    replaced: bool = False  # an update took its place
