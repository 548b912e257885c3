"""What a request states, in our words, before anything is looked up. Both doors are read into this."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

NPI = "http://hl7.org/fhir/sid/us-npi"


@dataclass(frozen=True)
class Identifier:
    """A business identifier; ``system`` is None where the sender gave none."""

    value: str
    system: str | None = None


class PartyKind(StrEnum):
    """What a stated party is."""

    PATIENT = "patient"
    RELATED_PERSON = "related-person"
    PRACTITIONER = "practitioner"
    ORGANIZATION = "organization"
    OTHER = "other"


@dataclass(frozen=True)
class StatedParty:
    """A requester or provider as the request names it. A PractitionerRole is its practitioner in its organization."""

    kind: PartyKind
    path: str  # FHIRPath of the reference
    npis: tuple[str, ...] = ()  # of the party itself: the practitioner, or the organization
    organization_npis: tuple[str, ...] = ()  # of a role's organization
    identifiers: tuple[Identifier, ...] = ()  # any other business identifiers of the party
    own_reference: str | None = None  # "Type/id" on this server, when it points here
    is_subject: bool = False  # the request's own patient
    specialties: tuple[str, ...] = ()  # NUCC codes the request states for it
    display: str | None = None


@dataclass(frozen=True)
class StatedMember:
    """The subject as stated: identifiers and the demographics that must agree."""

    path: str
    identifiers: tuple[Identifier, ...] = ()
    own_reference: str | None = None  # "Patient/id" on this server
    birth_date: str | None = None  # as stated, may be partial
    family: str | None = None
    coverage_numbers: tuple[Identifier, ...] = ()  # member ids of the Coverage the request points to
    coverage_own_references: tuple[str, ...] = ()  # "Coverage/id" on this server


@dataclass(frozen=True)
class StatedTransportation:
    """The ride asked for."""

    mode: str | None = None  # code of transport-mode
    attendant: bool | None = None
    language: str | None = None


@dataclass(frozen=True)
class Stated:
    """One request for a second opinion as stated, whichever door it came through."""

    member: StatedMember
    identifiers: tuple[Identifier, ...] = ()  # the order's own
    requester: StatedParty | None = None
    initial_provider: StatedParty | None = None
    requested_provider: StatedParty | None = None
    specialties_needed: tuple[str, ...] = ()  # NUCC codes of performerType
    urgent: bool = False
    priority: str | None = None
    reason_codes: tuple[str, ...] = ()  # of second-opinion-reason
    reason_words: bool = False  # reasonCode.text or note says something
    reason_is_empty: bool = False  # a reason is there and says nothing
    conditions: tuple[str, ...] = ()  # "system|code" of every reasonCode coding that is not a reason of ours
    opinion_number: int | None = None  # 3 where the order says so
    transportation: StatedTransportation | None = None
    service_from: date | None = None  # plan's local day
    service_to: date | None = None
    authored_at: datetime | None = None
    received_claimed: datetime | None = None  # extension received
    member_informed: bool = False  # extension member-informed
    sensitive: tuple[str, ...] = field(default=())  # meta.security codes of the sender
