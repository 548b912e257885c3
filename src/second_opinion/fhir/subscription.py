"""Subscription (R4 with the Subscriptions Backport): read from its sender, and written as it stands."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from second_opinion.errors import BusinessRule, CodeInvalid, RequiredMissing
from second_opinion.fhir import dates, subscription_filters, validation
from second_opinion.fhir.codes import PAS, Json
from second_opinion.fhir.elements import instant
from second_opinion.fhir.subscription_filters import Term
from second_opinion.fhir.subscription_topics import Topic

BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition"
PROFILE = f"{BACKPORT}/backport-subscription"
PROFILES = (PROFILE, f"{PAS}/profile-subscription")
FILTER, CONTENT = f"{BACKPORT}/backport-filter-criteria", f"{BACKPORT}/backport-payload-content"
HEARTBEAT, TIMEOUT = f"{BACKPORT}/backport-heartbeat-period", f"{BACKPORT}/backport-timeout"
MAX_COUNT, CHANNEL_TYPE = f"{BACKPORT}/backport-max-count", f"{BACKPORT}/backport-channel-type"
PAYLOADS = ("application/fhir+json", "application/json")
STATUSES = ("requested", "active", "off")  # a client may ask for; error is the server's word
MOST_EVENTS = 100  # in one notification
MOST_FILTERS, MOST_HEADERS = 20, 20

_CROSS_VERSION = re.compile(r"http://hl7\.org/fhir/(?:4\.3|5\.0|6\.0)/")  # says in R4 what only another version has
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}): ?([!-~](?:[ -~]{0,4000}[!-~])?)", re.ASCII)
_OURS = frozenset(  # headers that belong to the connection, or that say what is in the body
    {
        "host",
        "content-length",
        "content-type",
        "content-encoding",
        "transfer-encoding",
        "connection",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "proxy-authorization",
    }
)


@dataclass(frozen=True)
class Channel:
    """Where notifications go, and how."""

    endpoint: str
    payload: str  # media type
    content: str  # empty, id-only or full-resource
    headers: tuple[str, ...] = ()  # "Name: value", sent as they stand
    heartbeat: int | None = None  # seconds
    timeout: int | None = None  # seconds
    max_count: int = 1  # events in one notification at most


@dataclass(frozen=True)
class Stated:
    """A subscription as its sender asks for it."""

    resource: Json
    topic: Topic
    filters: tuple[tuple[Term, ...], ...]
    channel: Channel
    status: str  # of STATUSES
    end: datetime | None

    @property
    def terms(self) -> tuple[Term, ...]:
        """Every term of every filter: all must hold."""
        return tuple(term for each in self.filters for term in each)


def read(body: Json, offered: Mapping[str, Topic], base: str) -> Stated:
    """What the body asks for; the 4xx of the first thing this server cannot do, with its FHIRPath."""
    validation.check(body, "Subscription")
    _require(body, "status", "criteria", "reason")
    _refuse_other_versions(body, "Subscription")
    topic = _topic(body, offered)
    return Stated(
        resource=body,
        topic=topic,
        filters=_filters(body, topic, base),
        channel=_channel(body["channel"], topic),
        status=_status(body["status"]),
        end=dates.span(body["end"])[0] if "end" in body else None,
    )


def write(
    stated: Mapping[str, Any], ident: str, version: int, at: datetime, status: str, error: str | None = None
) -> Json:
    """The Subscription as it is kept and answered: as it was asked for, with what only the server can say."""
    meta = {
        **stated.get("meta", {}),
        "versionId": str(version),
        "lastUpdated": instant(at),
        "profile": [PROFILE, *(each for each in stated.get("meta", {}).get("profile", ()) if each != PROFILE)],
    }
    left = {name: value for name, value in stated.items() if name not in {"resourceType", "id", "meta", "error"}}
    written = {"resourceType": "Subscription", "id": ident, "meta": meta, **left, "status": status}
    return written | ({"error": error} if error else {})


def _require(body: Json, *names: str) -> None:
    for name in names:
        if name not in body:
            raise RequiredMissing(f"Subscription.{name} is required", f"Subscription.{name}")
    for name in ("type", "endpoint", "payload"):
        if name not in body["channel"]:
            raise RequiredMissing(f"Subscription.channel.{name} is required", f"Subscription.channel.{name}")


def _refuse_other_versions(value: Any, path: str) -> None:
    """Extensions that carry elements of another FHIR version would be ignored in silence; better to say so."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        for place, each in enumerate(value):
            _refuse_other_versions(each, f"{path}[{place}]")
    elif isinstance(value, Mapping):
        if _CROSS_VERSION.match(str(value.get("url", ""))):
            raise BusinessRule(
                "Extensions for elements of other FHIR versions are not offered; use those of the R4 Backport", path
            )
        for name, each in value.items():
            _refuse_other_versions(each, f"{path}.{name.removeprefix('_')}")


def _topic(body: Json, offered: Mapping[str, Topic]) -> Topic:
    topic = offered.get(body["criteria"])
    if topic is None:
        known = ", ".join(offered)
        raise CodeInvalid(f"criteria must be the canonical of a topic offered here: {known}", "Subscription.criteria")
    return topic


def _filters(body: Json, topic: Topic, base: str) -> tuple[tuple[Term, ...], ...]:
    stated = body.get("_criteria", {}).get("extension", ())
    if len(stated) > MOST_FILTERS:
        raise BusinessRule(f"At most {MOST_FILTERS} filters are understood", "Subscription.criteria.extension")
    found = []
    for place, each in enumerate(stated):
        path = f"Subscription.criteria.extension[{place}]"
        if each["url"] != FILTER:
            raise BusinessRule(f"Only {FILTER} is understood on criteria", path)
        if "valueString" not in each:
            raise RequiredMissing("A filter is a valueString", path)
        found.append(subscription_filters.read(each["valueString"], topic, base, path))
    return tuple(found)


def _channel(channel: Json, topic: Topic) -> Channel:
    path = "Subscription.channel"
    if channel["type"] != "rest-hook" or CHANNEL_TYPE in _urls(channel.get("_type", {})):
        raise BusinessRule("The only channel offered is rest-hook", f"{path}.type")
    if channel["payload"].partition(";")[0].strip().lower() not in PAYLOADS:
        raise BusinessRule(f"payload must be {' or '.join(PAYLOADS)}", f"{path}.payload")
    if len(channel.get("header", ())) > MOST_HEADERS:
        raise BusinessRule(f"At most {MOST_HEADERS} headers are sent", f"{path}.header")
    return Channel(
        endpoint=channel["endpoint"],
        payload=channel["payload"],
        content=_content(channel, topic, path),
        headers=tuple(_header(each, f"{path}.header[{place}]") for place, each in enumerate(channel.get("header", ()))),
        heartbeat=_number(channel, HEARTBEAT, "valueUnsignedInt", path) or None,
        timeout=_number(channel, TIMEOUT, "valueUnsignedInt", path) or None,
        max_count=min(_number(channel, MAX_COUNT, "valuePositiveInt", path) or 1, MOST_EVENTS),
    )


def _content(channel: Json, topic: Topic, path: str) -> str:
    stated = [each for each in channel.get("_payload", {}).get("extension", ()) if each["url"] == CONTENT]
    right = f"payload needs exactly one extension {CONTENT}: {' or '.join(topic.contents)}"
    if len(stated) != 1 or "valueCode" not in stated[0]:
        raise RequiredMissing(right, f"{path}.payload")
    if stated[0]["valueCode"] not in topic.contents:
        raise CodeInvalid(right, f"{path}.payload.extension.value")
    content: str = stated[0]["valueCode"]
    return content


def _header(line: str, path: str) -> str:
    form = _HEADER.fullmatch(line)
    if form is None:
        raise BusinessRule(
            "A header is one line of printable ASCII, Name: value, without spaces around the value", path
        )
    if form[1].lower() in _OURS:
        raise BusinessRule("This header belongs to the connection and cannot be set", path)
    return line


def _number(channel: Json, url: str, kind: str, path: str) -> int | None:
    for place, each in enumerate(channel.get("extension", ())):
        if each["url"] == url:
            if kind not in each:
                raise RequiredMissing(f"{url} must be a {kind}", f"{path}.extension[{place}]")
            number: int = each[kind]
            return number
    return None


def _status(status: str) -> str:
    if status == "error":
        raise BusinessRule("A client asks for requested, active or off; error is for the server", "Subscription.status")
    if status not in STATUSES:
        raise CodeInvalid(f"status must be one of {', '.join(STATUSES)}", "Subscription.status")
    return status


def _urls(element: Json) -> list[str]:
    return [each["url"] for each in element.get("extension", ())]
