"""What one use case saves, all of it in one transaction or none of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

EVERYBODY = ""  # on the case
STATUS = "status"  # everybody on the case, and partners who may ask only where it stands
MEMBER, PROVIDER, STAFF = "member", "provider", "staff"
RIDE = "ride|"  # everybody on the case, and the vendor of the NPI behind

Term = tuple[str, str]
Span = tuple[str, int, int]


@dataclass(frozen=True)
class ResourceWrite:
    """A new version of one resource: its bytes as they will be served, and what it is found by.

    ``terms`` are (parameter, value), ``spans`` (parameter, first microsecond, last microsecond since 1970, UTC).
    ``version`` 1 creates; a higher one replaces version - 1 and fails when that is not the stored one.
    ``audience`` narrows who of those on the case may see it, ``sealed`` who of those further away: 0 nothing,
    1 sensitive, 2 very restricted.
    """

    type: str
    id: str
    version: int
    last_updated: datetime
    body: bytes
    terms: Sequence[Term] = ()
    spans: Sequence[Span] = ()
    case: int | None = None
    member: str | None = None  # Patient id, for who may see it
    partner: str | None = None  # registry id of the submitter
    audience: str = EVERYBODY
    sealed: int = 0


@dataclass(frozen=True)
class CaseWrite:
    """A case row; ``version`` 1 creates, a higher one replaces version - 1, or fails when another is stored."""

    number: int
    version: int
    task: str  # Task id
    status: str  # case-status code
    member: str  # Patient id
    condition: str | None
    doctor: str | None  # NPI or Type/id of the second doctor, when known
    received_at: datetime
    due_at: datetime | None
    body: bytes  # the case as JSON: facts, clocks, references
    act_at: datetime | None = None  # when the clock sweep must look at the case next
    attested_by: str | None = None  # registry id of the reviewer whose decision is in force


@dataclass(frozen=True)
class Submission:
    """A business key of one partner, kept for ever: the same key may never stand for two contents."""

    partner: str
    key: str
    digest: str  # SHA-256 of the content
    case: int | None
    resource: str  # "ServiceRequest/id"
    received_at: datetime
    body: bytes  # what was received, byte for byte
    replaces: bool = False  # the submitter changed the order by PUT: the key now stands for this content


@dataclass(frozen=True)
class Event:
    """One line of a case's story; determinations carry their whole trace as ``detail``."""

    case: int
    at: datetime
    kind: str  # received, determined, attached, withdrawn, …
    actor: str  # registry id, or "computer"
    detail: dict[str, Any]


TOKEN = "token"  # noqa: S105 - an action: a token asked for


@dataclass(frozen=True)
class AuditRow:
    """Who did what to which patient's data, from where, with which result."""

    at: datetime
    actor: str
    action: str  # create, read, update, search, operation, token
    resource: str | None
    patient: str | None
    outcome: str  # BALP: 0, 4, 8, 12
    request: str | None  # X-Request-Id
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Work:
    """Something to be done after the transaction, once and for certain; the worker takes it from here.

    ``key`` names the thing for ever, such as ``deliver/Communication/0199…``: the same key again, while it
    is to be done, is the same work.
    """

    key: str
    kind: str  # chooses the story: see workflow/working.py
    case: int | None  # number of the case it belongs to
    body: dict[str, Any]  # what the story is told
    partner: str | None = None  # whose limits of rate and concurrency it counts against
    not_before: datetime | None = None  # real time
    tries: int = 0  # how often it was begun before
    asked_at: datetime | None = None  # real time; written by the store


@dataclass(frozen=True)
class SubscriptionWrite:
    """A subscription's row; ``version`` 1 creates, a higher one replaces version - 1. No body: it is deleted."""

    id: str
    version: int
    owner: str  # registry id
    status: str
    ends_at: datetime | None
    body: bytes  # the subscription as JSON


@dataclass(frozen=True)
class ResourceChange:
    """A version of a Task or ClaimResponse that has not yet been counted for those who subscribed to it."""

    pk: int
    type: str
    id: str
    version: int
    case: int | None
    at: datetime
    answered: str | None  # registry id of whoever was shown it in the answer of the same exchange


@dataclass(frozen=True)
class SubscriptionEvent:
    """One event of one subscription: its number, one more than the one before, and the version it is about."""

    subscription: str
    number: int
    at: datetime
    type: str
    id: str
    version: int
    case: int | None


@dataclass
class Changes:
    """Everything one use case writes."""

    case: CaseWrite | None = None
    resources: list[ResourceWrite] = field(default_factory=list)
    parties: set[str] = field(default_factory=set)  # who may see the case: "partner:ID", "npi:NNNNNNNNNN"
    submissions: list[Submission] = field(default_factory=list)
    open_question: tuple[str, str] | None = None  # (partner, question); unique while the case is open
    close_question: bool = False  # the case leaves the list of open questions
    events: list[Event] = field(default_factory=list)
    audit: list[AuditRow] = field(default_factory=list)
    evidence: dict[str, bytes] = field(default_factory=dict)  # SHA-256 → JSON, kept once
    work: list[Work] = field(default_factory=list)  # done later by the worker, exactly because this was committed
    also: list["Changes"] = field(default_factory=list)  # of further cases that change together with this one
    undelivered: int = 0  # messages that came onto a person's list, counted for ever
    report_took: timedelta | None = (
        None  # the case's report has reached both, this long after the visit; counted for ever
    )
    answered: str | None = None  # registry id of whoever is shown these changes in the answer of this exchange
    subscriptions: list[SubscriptionWrite] = field(default_factory=list)
    counted: list[ResourceChange] = field(default_factory=list)  # become events here, or concern nobody
    subscription_events: list[SubscriptionEvent] = field(default_factory=list)


class Conflict(Exception):
    """Somebody else was first: ``kind`` is submission, question, case, resource, subscription or change."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind
