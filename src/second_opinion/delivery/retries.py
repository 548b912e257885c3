"""Which answers are tried again, and when at the earliest (RFC 9110 §10.2.3)."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from second_opinion.delivery.calling import Reply
from second_opinion.delivery.message import Later, Undeliverable

TOO_MANY = 429
FARTHEST = timedelta(days=7)  # no Retry-After postpones further


def verdict(reply: Reply, whose: str) -> Later | Undeliverable:
    """What an answer that is no 2xx means: again after 429 and 5xx, never after another 4xx."""
    reason = f"{whose} answered {reply.status}"
    if reply.status == TOO_MANY or reply.status >= 500:  # noqa: PLR2004 - 5xx
        return Later(reason, retry_after(reply, datetime.now(UTC)))
    return Undeliverable(reason)


def retry_after(reply: Reply, now: datetime) -> datetime | None:
    """The instant Retry-After names, by seconds or by date; None where it names none that can be read."""
    said = reply.headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdigit():
        at = now + timedelta(seconds=min(int(said[:9]), FARTHEST.total_seconds()))
    else:
        try:
            at = parsedate_to_datetime(said)
        except (ValueError, TypeError):
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(at, now + FARTHEST)
