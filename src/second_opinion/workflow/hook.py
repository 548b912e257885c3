"""A subscriber's endpoint: what may be one, and what a notification posted to it comes to."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from second_opinion.delivery.gate import Refused, Unreachable
from second_opinion.errors import BusinessRule
from second_opinion.fhir.subscription import Channel
from second_opinion.workflow import subscription_headers
from second_opinion.workflow.desk import Desk

SEALED = "The key that sealed the channel's headers is gone; send the Subscription again with its headers, as requested"
ANOTHER_MAY_SUCCEED = frozenset({408, 425, 429})  # of 4xx; others say that the message itself is not wanted


@dataclass(frozen=True)
class Reply:
    """``taken``: any 2xx. Else ``words`` say why not, without a received value, for Subscription.error."""

    taken: bool
    words: str = ""
    worth_another: bool = False  # the same may succeed later
    not_before: datetime | None = None  # Retry-After


def check(desk: Desk, endpoint: str, place: str) -> None:
    """BusinessRule where nothing would ever be sent to this address."""
    try:
        desk.calls.check(endpoint)
    except Refused as refused:
        raise BusinessRule(f"The endpoint cannot be used. {refused.message}", place) from refused


def send(desk: Desk, channel: Channel, body: bytes) -> Reply:
    """Post it once, under the subscriber's own headers."""
    lines = subscription_headers.opened(desk.seal, channel.headers)
    if lines is None:
        return Reply(taken=False, words=SEALED)
    headers = {"Content-Type": channel.payload, **dict(map(_split, lines))}
    try:
        answered = desk.calls.call("POST", channel.endpoint, headers, body, timeout=channel.timeout)
    except Refused as refused:
        return Reply(taken=False, words=refused.message)
    except Unreachable as unreachable:
        return Reply(taken=False, words=unreachable.message, worth_another=True)
    if answered.ok:
        return Reply(taken=True)
    later = answered.status in ANOTHER_MAY_SUCCEED or answered.status >= 500  # noqa: PLR2004 - 5xx
    words = f"The endpoint answered with status {answered.status}"
    return Reply(taken=False, words=words, worth_another=later, not_before=_after(answered.headers.get("Retry-After")))


def _split(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name, value.removeprefix(" ")


def _after(header: str | None) -> datetime | None:
    """Retry-After as an instant: seconds or an HTTP date; None where it is neither."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return datetime.now(UTC) + timedelta(seconds=min(int(text), 86400))
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
