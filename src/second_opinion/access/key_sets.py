"""Key sets by address: kept as long as their owner says, asked again when a key is not among them."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

import orjson

from second_opinion.access.fetching import Fetch, NoAnswer
from second_opinion.access.tokens import Key, public_keys

KEPT = 600  # seconds, where the owner says nothing
LONGEST = 24 * 3600  # seconds, whatever the owner says
PATIENCE = 3600  # seconds an old copy still serves while its owner cannot be reached
OK = 200
BETWEEN_FAILURES = 10  # seconds
WAIT = 2  # seconds somebody waits while another asks
BETWEEN_UNKNOWN = 60  # seconds between two askings for a key that is not there
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?([0-9]{1,9})", re.ASCII | re.IGNORECASE)
_UNKEPT = re.compile(r"(?:^|[,\s])(?:no-store|no-cache)", re.ASCII | re.IGNORECASE)


@dataclass
class _Copy:
    """What was last seen at an address; times are seconds since 1970."""

    keys: tuple[Key, ...] = ()
    fresh_until: float = 0.0
    good_until: float = 0.0
    again_at: float = 0.0  # after a failure
    unknown_at: float = float("-inf")  # when last asked for a key that was not there
    turn: Lock = field(default_factory=Lock)


class KeySets:
    """The key sets of one process; safe for any number of threads."""

    def __init__(self, fetch: Fetch, seconds: Callable[[], float] = time.time) -> None:
        self._fetch = fetch
        self._seconds = seconds
        self._copies: dict[str, _Copy] = {}
        self._turn = Lock()

    def keys(self, address: str) -> tuple[Key, ...]:
        """The keys at the address, not older than their owner allows; none where they cannot be had."""
        copy = self._copy(address)
        return self._after(address, copy, lambda now: now >= copy.fresh_until)

    def asked_again(self, address: str) -> tuple[Key, ...]:
        """The keys as they are now, for a token that names an unknown one; asked for once a minute at most."""
        copy = self._copy(address)
        return self._after(address, copy, lambda now: now >= copy.unknown_at + BETWEEN_UNKNOWN, unknown=True)

    def _after(
        self, address: str, copy: _Copy, due: Callable[[float], bool], *, unknown: bool = False
    ) -> tuple[Key, ...]:
        """The keys, fetched before if that is due. One asks at a time; others take the copy there is, or wait a little.

        An owner that answers slowly thus holds one thread of ours, not all of them.
        """
        now = self._seconds()
        wait = WAIT if unknown or now >= copy.good_until else 0
        if due(now) and now >= copy.again_at and copy.turn.acquire(timeout=wait):
            try:
                now = self._seconds()
                if due(now) and now >= copy.again_at:
                    copy.unknown_at = now if unknown else copy.unknown_at
                    self._renew(address, copy, now)
            finally:
                copy.turn.release()
        return copy.keys if self._seconds() < copy.good_until else ()

    def _copy(self, address: str) -> _Copy:
        with self._turn:
            return self._copies.setdefault(address, _Copy())

    def _renew(self, address: str, copy: _Copy, now: float) -> None:
        """Fetch the set; where that fails the last good copy serves on for a while."""
        try:
            answer = self._fetch(address)
            keys = public_keys(orjson.loads(answer.body if answer.status == OK else b""))
        except (NoAnswer, ValueError):
            copy.again_at = now + BETWEEN_FAILURES
            return
        lasts = lifetime(answer.headers.get("cache-control", ""))
        copy.keys, copy.fresh_until, copy.good_until = keys, now + lasts, now + lasts + PATIENCE
        copy.again_at = 0.0


def lifetime(cache_control: str) -> int:
    """Seconds a copy may be used without asking again (RFC 9111)."""
    if _UNKEPT.search(cache_control):
        return 0
    said = _MAX_AGE.search(cache_control)
    return min(int(said[1]), LONGEST) if said else KEPT
