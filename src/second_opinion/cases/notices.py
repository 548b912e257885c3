"""The letters a case owes: which kinds there are, to whom each goes, where each stands, and what it was sent as."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class NoticeKind(StrEnum):
    """What a letter tells; the values are the codes of our notice-kind system."""

    DENIAL = "denial"
    MODIFICATION = "modification"
    DELAY = "delay"
    APPROVAL = "approval"
    INFORMATION = "information"
    WITHDRAWAL = "withdrawal"
    URGENCY_CHANGED = "urgency-changed"
    RIDE_CHANGED = "ride-changed"

    @property
    def is_adverse(self) -> bool:
        """A Notice of Action (42 CFR 438.404): it carries every right of redress and the plan's enclosures."""
        return self in ADVERSE


class Addressee(StrEnum):
    """Who gets a copy; only the provider's names the decider and a direct phone (H&S 1367.01(h)(4))."""

    MEMBER = "member"
    PROVIDER = "provider"


class RideChange(StrEnum):
    """What became of a ride otherwise than it was asked for."""

    REFUSED = "refused"  # the vendor does not drive
    OTHER_WAY = "other-way"  # it drives in another mode
    OTHER_TIME = "other-time"  # the appointment was moved


ADVERSE = frozenset({NoticeKind.DENIAL, NoticeKind.MODIFICATION, NoticeKind.DELAY})
ENCLOSURES = ("your-rights", "nondiscrimination", "language-notice")  # APL 21-011, APL 25-005, 45 CFR 92.11

COMPUTER = "computer"  # who releases what no person must


class NoticeStatus(StrEnum):
    """Where a letter stands until it is released; the values are those of Communication.status."""

    PREPARATION = "preparation"
    IN_PROGRESS = "in-progress"  # released; how it fares from then on is its delivery's to tell
    NOT_DONE = "not-done"  # not to be sent after all


@dataclass(frozen=True)
class Attachment:
    """One file of a letter: a rendition in one language and format, or an enclosure."""

    binary_id: str
    version: int  # of the Binary
    content_type: str
    language: str
    title: str
    size: int  # bytes
    sha1: str  # base64, as FHIR's Attachment.hash
    enclosure: str | None = None  # its name; None: the letter itself


@dataclass(frozen=True)
class Notice:
    """One letter to one addressee; ids exist only with it."""

    kind: NoticeKind
    addressee: Addressee
    number: str  # NOA-2026-000124-1
    communication_id: str
    document_id: str  # DocumentReference
    recipient: dict[str, Any]  # FHIR Reference
    prepared_at: datetime
    cause: str  # what it was owed for; the same cause owes it once
    reasons: tuple[str, ...] = ()  # determination-reason codes it tells
    ride: RideChange | None = None  # what it tells of a ride
    expiry: bool = False  # nobody decided in time: its release is the denial (42 CFR 438.404(c)(5))
    release: str | None = None  # who released it, or will once it can be: COMPUTER, a registry id; None: somebody must
    status: NoticeStatus = NoticeStatus.PREPARATION
    status_reason: str | None = None
    waits_for: tuple[str, ...] = ()  # what keeps it in preparation, in words
    language: str | None = None  # of the letter, once rendered
    attachments: tuple[Attachment, ...] = ()
    rendered_at: datetime | None = None
    released_at: datetime | None = None

    @property
    def in_preparation(self) -> bool:
        """It was not released yet."""
        return self.status is NoticeStatus.PREPARATION

    @property
    def awaits_a_person(self) -> bool:
        """It stands on the list of letters to release: nobody has released it, or something is missing."""
        return self.in_preparation and (self.release is None or bool(self.waits_for))

    @property
    def is_staffs_alone(self) -> bool:
        """Until a person released it, a prepared notice of a denial that is none yet is nobody else's to see."""
        return self.expiry and self.released_at is None
