"""The facts a determination is made from: the data dictionary for analysts and integrators."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class RequesterKind(StrEnum):
    """Who asks, as the policy sees it."""

    MEMBER = "member-or-representative"
    TREATING = "treating-participating"
    OTHER = "other"


class CareSource(StrEnum):
    """Whose care the opinion questions."""

    PCP = "pcp"
    SPECIALIST = "specialist"


class RequestedProvider(StrEnum):
    """Where the provider named in the request stands."""

    IN_NETWORK = "in-network"
    OUT_OF_NETWORK = "out-of-network"


class Urgency(StrEnum):
    """Turnaround class."""

    URGENT = "urgent"
    STANDARD = "standard"


class Reason(StrEnum):
    """What the request says of its reason."""

    LISTED = "listed"
    OTHER = "other"
    EMPTY = "empty"


@dataclass(frozen=True)
class Facts:
    """What is known of one request; ``None`` means not stated. ``sources`` says where each came from."""

    member_identified: bool | None = True  # ServiceRequest.subject, against the member file
    covered: bool | None = None  # Coverage of the member on the day of receipt or of the service
    belongs_elsewhere: bool | None = False  # specialty needed, against the plan's table of other systems
    repeats_open_case: bool | None = False  # our own cases: member, question and provider the same
    already_rendered: bool | None = False  # ServiceRequest.occurrence before the day of receipt
    opinion_number: int | None = 2  # ServiceRequest.code, modifier, or our own cases
    confidential: bool | None = False  # sensitive code lists, Patient.address confidential-communication
    other_coverage: bool | None = False  # Coverage of another payer on the day
    requester_kind: RequesterKind | None = None  # ServiceRequest.requester
    care_source: CareSource | None = None  # extension initial-provider, else the requester
    requested_provider: RequestedProvider | None = None  # ServiceRequest.performer[0], against the directory
    provider_disqualified: bool | None = None  # directory: inactive or excluded; never from silence
    alternative_available: bool | None = None  # directory search, or what staff found
    urgency: Urgency | None = None  # ServiceRequest.priority
    reason: Reason | None = None  # ServiceRequest.reasonCode, note
    serious_condition: bool | None = None  # reason code serious-condition
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)
