"""What a reviewer decided, in our words. An adverse decision that nobody attests, or without its reason, cannot be."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from second_opinion.cases.attestation import Act, Attestation, attested
from second_opinion.errors import BusinessRule


class ReviewOutcome(StrEnum):
    """What ``$record-determination`` may say."""

    APPROVED = "approved"
    MODIFIED = "modified"
    DENIED = "denied"
    EXTENDED = "extended"
    NOT_ELIGIBLE = "not-eligible"

    @property
    def act(self) -> Act:
        """What the reviewer does by it."""
        return _ACTS[self]


_ACTS: Mapping[ReviewOutcome, Act] = MappingProxyType(
    {
        ReviewOutcome.APPROVED: Act.APPROVE,
        ReviewOutcome.MODIFIED: Act.MODIFY,
        ReviewOutcome.DENIED: Act.DENY,
        ReviewOutcome.EXTENDED: Act.EXTEND,
        ReviewOutcome.NOT_ELIGIBLE: Act.FIND_NOT_ELIGIBLE,
    }
)
ADVERSE = frozenset({ReviewOutcome.MODIFIED, ReviewOutcome.DENIED})


class Incomplete(BusinessRule):
    """A decision that lacks what the law makes part of it."""


@dataclass(frozen=True)
class Offer:
    """A provider offered instead: name, specialty and phone as the directory had them that day."""

    reference: str  # PractitionerRole/id, Practitioner/id or Organization/id
    name: str
    specialty: str | None = None  # in words
    phone: str | None = None
    first_appointment: datetime | None = None
    in_network: bool = False


@dataclass(frozen=True)
class Modification:
    """What is authorized instead of what was asked for."""

    provider: dict[str, Any]  # FHIR Reference to the practitioner or organization, with NPI and name where known
    npi: str | None = None
    phone: str | None = None
    period: tuple[date, date] | None = None  # first and last day; None: as long as any approval
    quantity: dict[str, Any] | None = None  # FHIR Quantity


@dataclass(frozen=True)
class Decision:
    """A reviewer's determination; ``rationale`` is plain words for the member."""

    outcome: ReviewOutcome
    reasons: tuple[str, ...]  # codes of determination-reason
    rationale: str
    clauses: tuple[str, ...]
    attestation: Attestation
    translations: tuple[tuple[str, str], ...] = ()  # (BCP 47, the rationale in it)
    alternatives: tuple[Offer, ...] = ()
    modification: Modification | None = None

    def __post_init__(self) -> None:
        attested(self.attestation, self.outcome.act)
        if not self.rationale.strip():
            raise Incomplete("A decision says why, in plain words")
        # H&S 1383.15(i), 1367.01(h)(4), 42 CFR 438.404(b): reason and criterion are part of an adverse decision
        if self.outcome in ADVERSE and not self.clauses:
            raise Incomplete("An adverse decision cites the clause it rests on")
        if (self.outcome is ReviewOutcome.MODIFIED) != (self.modification is not None):
            raise Incomplete("A modification, and nothing else, says what is authorized instead")
        if self.outcome is ReviewOutcome.EXTENDED:
            raise Incomplete("An extension decides nothing; it is an Extension")

    @property
    def cited(self) -> str:
        """The clauses as one citation."""
        return ", ".join(self.clauses)


@dataclass(frozen=True)
class Extension:
    """More time, once: 42 CFR 438.210(d)(1)(ii). It moves the federal clock to decide and no other."""

    until: datetime
    moved_from: datetime  # the due time it moved
    missing: tuple[str, ...]  # what is still needed, in words
    justification: str  # member-asked, provider-asked or member-interest
    reasons: tuple[str, ...]
    rationale: str
    attestation: Attestation
    translations: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        attested(self.attestation, Act.EXTEND)
        if self.until <= self.moved_from:
            raise Incomplete("An extension ends later than the time it extends")
