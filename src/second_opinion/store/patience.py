"""By when the request under way must be answered: whoever waits for the database waits no longer than that.

The background has no such time. Nobody waits for it, and what it cannot do now it tries again.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from second_opinion.errors import OutOfTime

KEEPING = 2.0  # seconds after the time to decide: what is not decided by then is kept within these

_OVER_AT: ContextVar[float | None] = ContextVar("over_at", default=None)  # of time.monotonic


@contextmanager
def answering(allowed: float) -> Iterator[None]:
    """Within, the database is waited for so many seconds from now, all waiting together."""
    before = _OVER_AT.set(time.monotonic() + allowed)
    try:
        yield
    finally:
        _OVER_AT.reset(before)


@contextmanager
def not_counting() -> Iterator[None]:
    """Within, the time stands still: we wait for the sender, and not the sender for us."""
    began = time.monotonic()
    yield
    if (over_at := _OVER_AT.get()) is not None:
        _OVER_AT.set(over_at + time.monotonic() - began)


@contextmanager
def deciding() -> Iterator[None]:
    """Within, the time is over sooner by what keeping takes."""
    over_at = _OVER_AT.get()
    before = _OVER_AT.set(None if over_at is None else over_at - KEEPING)
    try:
        yield
    finally:
        _OVER_AT.reset(before)


def left(most: float | None = None) -> float | None:
    """Seconds there are to wait, ``most`` at most; None: any number. OutOfTime when there are none left."""
    over_at = _OVER_AT.get()
    if over_at is None:
        return most
    seconds = over_at - time.monotonic()
    if seconds <= 0:
        raise OutOfTime("This could not be finished in time; try again in a few seconds", headers={"Retry-After": "5"})
    return seconds if most is None else min(seconds, most)
