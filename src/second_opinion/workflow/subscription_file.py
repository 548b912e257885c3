"""A subscription as it is kept: what its owner asked for, how far it has been told, and which step is next.

Steps are taken one at a time: each is named by ``turn``, and only the step of the present turn counts. Whoever finds
the turn moved on was overtaken and does nothing. So one notification at most is under way for a subscription.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import TypeAdapter

from second_opinion.fhir.codes import Vocabulary
from second_opinion.fhir.notification import Status
from second_opinion.fhir.subscription import Channel
from second_opinion.fhir.subscription_filters import Term
from second_opinion.fhir.subscription_topics import Topic, topics, topics_of_pas_2_0
from second_opinion.store.changes import SubscriptionWrite, Work

NOTIFY = "notify"  # kind of the work that is one step of one subscription
END = "end-subscription"  # kind of the work that ends it when its time has come
PAS_2_0 = "/pas/2.0"  # the door of PAS 2.0.1 clients
REQUESTED, ACTIVE, ERROR, OFF = "requested", "active", "error", "off"


@dataclass(frozen=True)
class SubscriptionFile:
    """One subscription."""

    id: str
    version: int  # of the row
    owner: str  # registry id
    scope: str  # of the token it was asked for with
    patient: str | None  # Patient id that token was bound to
    door: str  # path below the FHIR base it was made at: empty, or /pas/2.0
    topic: str
    terms: tuple[Term, ...]  # of all filters; all must hold
    channel: Channel
    status: str
    ends_at: datetime | None = None
    events: int = 0  # counted since it began
    sent: int = 0  # the last one its endpoint has taken
    tries: int = 0  # failed in a row
    turn: int = 0
    busy: bool = False  # the present turn is on its way; an event need not and must not begin another
    error: str | None = None

    def standing(self, base: str) -> Status:
        """Where it stands, as told to its owner; ``base`` is the FHIR base."""
        address = f"{base}{self.door}/Subscription/{self.id}"
        return Status(address, self.topic, self.status, self.events, self.error)

    def about(self, vocabulary: Vocabulary) -> Topic | None:
        """Its topic; None where this service offers it no longer."""
        return offered(vocabulary, self.door).get(self.topic)


_FILE = TypeAdapter(SubscriptionFile)


def load(body: bytes) -> SubscriptionFile:
    """The subscription that was kept as this JSON."""
    return _FILE.validate_json(body)


def row(file: SubscriptionFile) -> SubscriptionWrite:
    """The subscription as its row."""
    body = _FILE.dump_json(file, exclude_defaults=True)
    return SubscriptionWrite(file.id, file.version, file.owner, file.status, file.ends_at, body)


def offered(vocabulary: Vocabulary, door: str) -> dict[str, Topic]:
    """The topics that may be subscribed to at this door."""
    return topics_of_pas_2_0() if door == PAS_2_0 else topics(vocabulary)


def begun(file: SubscriptionFile, at: datetime) -> tuple[SubscriptionFile, Work]:
    """The next turn, under way from ``at`` (real time) on, and the work that is it."""
    file = replace(file, turn=file.turn + 1, busy=True)
    return file, _step(file, at)


def resting(file: SubscriptionFile, at: datetime) -> tuple[SubscriptionFile, Work | None]:
    """Nothing is to be told: the next turn is a heartbeat, where one was asked for, unless an event comes first."""
    file = replace(file, turn=file.turn + 1, busy=False)
    if file.channel.heartbeat is None:
        return file, None
    return file, _step(file, at + timedelta(seconds=file.channel.heartbeat))


def counted(file: SubscriptionFile, events: int, at: datetime) -> tuple[SubscriptionFile, Work | None]:
    """So many more events. They are told at once where nothing is under way; in error they only wait."""
    file = replace(file, events=file.events + events)
    if file.status != ACTIVE or file.busy:
        return file, None
    return begun(file, at)


def _step(file: SubscriptionFile, at: datetime) -> Work:
    return Work(
        key=f"{NOTIFY}/{file.id}/{file.turn}",
        kind=NOTIFY,
        case=None,
        body={"subscription": file.id, "turn": file.turn},
        partner=file.owner,
        not_before=at,
    )
