"""Notification Bundles and the status of subscriptions (Subscriptions Backport on R4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from second_opinion.fhir.codes import Json
from second_opinion.fhir.elements import instant
from second_opinion.fhir.subscription import BACKPORT
from second_opinion.fhir.subscription_topics import EMPTY, FULL_RESOURCE

STATUS_PROFILE = f"{BACKPORT}/backport-subscription-status-r4"
HANDSHAKE, HEARTBEAT, EVENTS = "handshake", "heartbeat", "event-notification"
QUERY_STATUS, QUERY_EVENT = "query-status", "query-event"

_ERRORS = "http://terminology.hl7.org/CodeSystem/subscription-error"


@dataclass(frozen=True)
class Status:
    """Where a subscription stands, as its own server says."""

    address: str  # absolute URL of the Subscription
    topic: str
    status: str
    events: int  # told since it began
    error: str | None = None


@dataclass(frozen=True)
class Focus:
    """What an event is about; ``resource`` only where the whole of it is told."""

    address: str  # absolute URL, or urn:uuid
    url: str  # of the change, relative to the base
    method: str  # POST for a new resource, else PUT
    resource: Json | None = None


@dataclass(frozen=True)
class Told:
    """One event; without a focus its owner may no longer see what it was about, and only the number is told."""

    number: int
    at: datetime
    focus: Focus | None


def notification(kind: str, subscription: Status, content: str, events: Sequence[Told], at: datetime) -> Json:
    """The Bundle of one notification, or of the answer to $events."""
    asked = f"{subscription.address}/$status"
    entries = [
        {
            **_parameters(kind, subscription, content, events),
            "request": {"method": "GET", "url": asked},
            "response": {"status": "200"},
        }
    ]
    if content != EMPTY:
        foci = {each.focus.address: each.focus for each in events if each.focus}
        entries += [_entry(focus) for focus in foci.values()]
    return {
        "resourceType": "Bundle",
        "id": str(uuid4()),
        "type": "history",
        "timestamp": instant(at),
        "entry": entries,
    }


def statuses(subscriptions: Iterable[Status], link: str, at: datetime) -> Json:
    """The answer to $status: a searchset of one Parameters for each subscription."""
    entries = [{**_parameters(QUERY_STATUS, each), "search": {"mode": "match"}} for each in subscriptions]
    answered: Json = {
        "resourceType": "Bundle",
        "id": str(uuid4()),
        "type": "searchset",
        "timestamp": instant(at),
        "total": len(entries),
        "link": [{"relation": "self", "url": link}],
    }
    return answered | ({"entry": entries} if entries else {})


def _parameters(kind: str, subscription: Status, content: str = FULL_RESOURCE, events: Sequence[Told] = ()) -> Json:
    """The entry's name and resource; an empty notification does not say its topic."""
    ident = str(uuid4())
    parameter: list[Json] = [{"name": "subscription", "valueReference": {"reference": subscription.address}}]
    if content != EMPTY:
        parameter.append({"name": "topic", "valueCanonical": subscription.topic})
    parameter += [
        {"name": "status", "valueCode": subscription.status},
        {"name": "type", "valueCode": kind},
        {"name": "events-since-subscription-start", "valueString": str(subscription.events)},
        *(_event(each, content) for each in events),
    ]
    if subscription.error:
        coded = {"coding": [{"system": _ERRORS, "code": "no-response"}], "text": subscription.error}
        parameter.append({"name": "error", "valueCodeableConcept": coded})
    resource = {
        "resourceType": "Parameters",
        "id": ident,
        "meta": {"profile": [STATUS_PROFILE]},
        "parameter": parameter,
    }
    return {"fullUrl": f"urn:uuid:{ident}", "resource": resource}


def _event(told: Told, content: str) -> Json:
    parts: list[Json] = [
        {"name": "event-number", "valueString": str(told.number)},
        {"name": "timestamp", "valueInstant": instant(told.at)},
    ]
    if told.focus is not None and content != EMPTY:
        parts.append({"name": "focus", "valueReference": {"reference": told.focus.address}})
    return {"name": "notification-event", "part": parts}


def _entry(focus: Focus) -> Json:
    entry: Json = {"fullUrl": focus.address}
    if focus.resource is not None:
        entry["resource"] = focus.resource
    status = "201" if focus.method == "POST" else "200"
    return entry | {"request": {"method": focus.method, "url": focus.url}, "response": {"status": status}}
