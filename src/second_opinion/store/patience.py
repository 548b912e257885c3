"""By when the request under way must be answered: whoever waits for the database waits no longer than that.

The background has no such time. Nobody waits for it, and what it cannot do now it tries again.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from second_opinion.errors import OutOfTime

KEEPING = 2.0  # seconds after the time to decide: what is not decided by then is kept within these


class _Time(NamedTuple):
    allowed: float  # seconds
    over_at: float  # of time.monotonic


_NOW: ContextVar[_Time | None] = ContextVar("patience", default=None)


@contextmanager
def answering(allowed: float) -> Iterator[None]:
    """Within, the database is waited for so many seconds from now, all waiting together."""
    before = _NOW.set(_Time(allowed, time.monotonic() + allowed))
    try:
        yield
    finally:
        _NOW.reset(before)


def begin_anew() -> None:
    """Count the time from now on: only from here does the sender wait for us, and not we for the sender."""
    if (now := _NOW.get()) is not None:
        _NOW.set(_Time(now.allowed, time.monotonic() + now.allowed))


@contextmanager
def deciding() -> Iterator[None]:
    """Within, the time is over sooner by what keeping takes."""
    now = _NOW.get()
    before = _NOW.set(now and now._replace(over_at=now.over_at - KEEPING))
    try:
        yield
    finally:
        _NOW.reset(before)


def left(most: float | None = None) -> float | None:
    """Seconds there are to wait, ``most`` at most; None: any number. OutOfTime when there are none left."""
    now = _NOW.get()
    if now is None:
        return most
    seconds = now.over_at - time.monotonic()
    if seconds <= 0:
        raise OutOfTime("This could not be finished in time; try again in a few seconds", headers={"Retry-After": "5"})
    return seconds if most is None else min(seconds, most)
