"""How often each caller may ask: counted by ``limits``, in a file all web processes of a machine share."""

import fcntl
import hashlib
import math
import mmap
import os
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from threading import Lock

from limits import RateLimitItemPerMinute
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from second_opinion.errors import Throttled

FILE = "rates"  # in the data folder
_PLACES = 4096  # callers counted at once
_TRIED = 32  # places looked at before the one that ends first is given away
_ROW = struct.Struct("<QdQ")  # whose (a digest), end of the minute, requests in it


class Counts(Storage):
    """Counters in a small shared file: one lock and one look-up for each request, no server to run."""

    STORAGE_SCHEME = None

    def __init__(self, path: Path, seconds: Callable[[], float] = time.time) -> None:
        super().__init__()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.ftruncate(self._file, _PLACES * _ROW.size)
        self._rows = mmap.mmap(self._file, _PLACES * _ROW.size)
        self._seconds = seconds
        self._mine = Lock()

    @property
    def base_exceptions(self) -> type[Exception]:
        """What counting may raise."""
        return OSError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count; the number in the window under way, which begins with its first request."""
        with self._turn():
            place, whose, ends, count = self._found(key)
            now = self._seconds()
            ends, count = (ends, count + amount) if ends > now else (now + expiry, amount)
            _ROW.pack_into(self._rows, place, whose, ends, count)
            return count

    def get(self, key: str) -> int:
        """The number in the window under way."""
        with self._turn():
            _, _, ends, count = self._found(key)
            return count if ends > self._seconds() else 0

    def get_expiry(self, key: str) -> float:
        """When the window ends, in seconds since 1970."""
        with self._turn():
            return max(self._found(key)[2], self._seconds())

    def check(self) -> bool:
        """Whether counting works."""
        return not self._rows.closed

    def reset(self) -> int | None:
        """Forget every count."""
        with self._turn():
            self._rows[:] = bytes(len(self._rows))
        return None

    def clear(self, key: str) -> None:
        """Forget one count."""
        with self._turn():
            place, whose, *_ = self._found(key)
            _ROW.pack_into(self._rows, place, whose, 0.0, 0)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        with self._mine:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def _found(self, key: str) -> tuple[int, int, float, int]:
        """Where the key's row is, or may be: its own, else of the places near by the one that ends first."""
        whose = _digest(key)
        first: tuple[float, int] = (math.inf, 0)
        for step in range(_TRIED):
            place = (whose + step) % _PLACES * _ROW.size
            owner, ends, count = _ROW.unpack_from(self._rows, place)
            if owner == whose:
                return place, whose, ends, count
            first = min(first, (ends, place))
        return first[1], whose, 0.0, 0


class Rates:
    """The limit of each caller."""

    def __init__(self, path: Path, limit: int, seconds: Callable[[], float] = time.time) -> None:
        """``limit``: requests a minute where a caller has no limit of its own; 0: none."""
        self._limit = limit
        self._seconds = seconds
        self._counted = FixedWindowRateLimiter(Counts(path, seconds))

    def admit(self, caller: str, own: int | None = None) -> None:
        """Count one request; Throttled, with the seconds until the next minute, where it is one too many."""
        limit = self._limit if own is None else own
        if limit and not self._counted.hit(_a_minute(limit), caller):
            ends = self._counted.get_window_stats(_a_minute(limit), caller).reset_time
            wait = max(1, math.ceil(ends - self._seconds()))
            raise Throttled(
                f"More than {limit} requests in a minute; ask again later", headers={"Retry-After": str(wait)}
            )


@lru_cache(maxsize=256)
def _a_minute(limit: int) -> RateLimitItemPerMinute:
    return RateLimitItemPerMinute(limit)


@lru_cache(maxsize=4096)
def _digest(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big") or 1
