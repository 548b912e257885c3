"""What the store answers with."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from second_opinion.store.database import Row

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of one resource, as it was written; ``deleted`` versions have an empty body."""

    type: str
    id: str
    version: int
    last_updated: datetime  # UTC
    body: bytes
    case_number: int | None
    deleted: bool = False
    member: str | None = None  # Patient id it is about


@dataclass(frozen=True, slots=True)
class Page:
    """One page; ``position`` goes into the next one's ``after`` and is None when this is the last."""

    total: int
    rows: list[Stored]
    position: tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class StoredCase:
    """One case as last saved."""

    number: int
    version: int
    task: str
    status: str
    member: str
    condition: str | None
    doctor: str | None
    received_at: datetime
    due_at: datetime | None
    body: bytes


@dataclass(frozen=True, slots=True)
class StoredSubmission:
    """What one partner's business key stands for."""

    partner: str
    key: str
    digest: str
    case: int | None
    resource: str
    received_at: datetime
    body: bytes


def microseconds(at: datetime) -> int:
    """Microseconds since 1970 UTC of an instant with a zone."""
    return (at - _EPOCH) // _MICROSECOND


def instant(at: int) -> datetime:
    """The instant, UTC, of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=at)


def stored(row: Row) -> Stored:
    """From (type, id, version, last_updated, body, case_number, pk, member, …)."""
    kind, identity, version, updated, body, case, _, member = row[:8]
    return Stored(kind, identity, version, instant(updated), body, case, not body, member)
