"""The life of one worker process: it hands work to its queue, looks at the clocks, and takes over from the dead.

Every worker on a database holds a numbered place. The number is its name in the queue, so whoever takes a dead
worker's place goes on with its work; what was left at a place nobody holds is taken over by those who live.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Event

from second_opinion.delivery.queue import Perform, Queue
from second_opinion.errors import SecondOpinionError
from second_opinion.store.changes import Work
from second_opinion.store.keeping import Store
from second_opinion.store.places import Place
from second_opinion.store.queue_engine import queue_engine

DISPATCHER = 0  # the place of whoever hands work over; the others are workers' own
MOST_WORKERS = 1000
HANDED_AT_ONCE = 100
STANDS_BACK = timedelta(seconds=20)  # at most, while requests write; work due for longer waits for none of them
LOOK_EVERY = 0.2  # seconds
ASK_EVERY = 2.0  # seconds between questions whether somebody else still hands over
CARE_EVERY = 5.0  # seconds between looks after the dead
HELD_TOO_LONG = timedelta(minutes=5)  # then the queue is asked whether it still holds the try
REMEMBERED = timedelta(days=1)  # a finished try; that it is done is known from its work being gone

log = logging.getLogger("second_opinion.worker")


@dataclass
class Rhythm:
    """Something done at once and then every so many seconds of real time."""

    every: float
    _next: float = field(default=0.0)

    def comes(self) -> bool:
        """Whether it is time again."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self.every
        return True


class Worker:
    """One worker on one database."""

    def __init__(
        self,
        url: str,
        store: Store,
        perform: Perform,
        partition: Callable[[Work], str | None],
        chores: Sequence[tuple[float, Callable[[], object]]],
    ) -> None:
        """``perform(key, tries)`` does one try, ``partition(work)`` says whose limits it counts against.

        ``chores`` are done at the start and every so many seconds of real time.
        """
        self._store = store
        store.step_back()
        self._place, number = own_place(store)
        self._name = executor(number)
        self._dispatcher: Place | None = None
        self._asking = Rhythm(ASK_EVERY)
        self._perform = perform
        self._ending = Event()

        def one_try(key: str, tries: int) -> None:  # DBOS leaves marks on what it runs, which a method does not take
            self._try(key, tries)

        self._queue = Queue(url, queue_engine(url), self._name, one_try)
        self._partition = partition
        self._chores = [(Rhythm(every), chore) for every, chore in (*chores, (CARE_EVERY, self._take_care))]

    def run(self, stopped: Event, patience: int) -> None:
        """Work until ``stopped``, then wait ``patience`` seconds at most for tries under way."""
        self._queue.open()
        log.info("worker %s works", self._name)
        try:
            while not stopped.wait(LOOK_EVERY):
                self._safely(self._hand_over)
                for rhythm, chore in self._chores:
                    if rhythm.comes():
                        self._safely(chore)
                if self._place.lost():
                    log.error("worker %s lost its place; it ends, and is started again", self._name)
                    break
        finally:
            self._ending.set()
            self._queue.close(patience)
            self._leave()

    def _safely(self, what: Callable[[], object]) -> None:
        """A fault of the database or of one story ends no worker; the next look tries again."""
        try:
            what()
        except SecondOpinionError as fault:
            log.warning("%s: %s", type(fault).__name__, fault.message)
        except Exception:
            log.exception("worker %s goes on", self._name)

    def _hand_over(self) -> None:
        """Give the queue what waits; one worker at a time does it."""
        if self._dispatcher is not None and self._dispatcher.lost():
            self._dispatcher = None
        if self._dispatcher is None and self._asking.comes():
            self._dispatcher = self._store.hold(DISPATCHER)
        if self._dispatcher is None:
            return
        while works := self._store.waiting_work(now := datetime.now(UTC), HANDED_AT_ONCE):
            if stands_back(self._store, works[0], now):
                return
            self._queue.take([replace(work, partner=self._partition(work)) for work in works])
            self._store.work_handed_over(works)

    def _try(self, key: str, tries: int) -> None:
        """One try, when no request is slowed down by it."""
        work = self._store.work(key)
        while work and stands_back(self._store, work, datetime.now(UTC)) and not self._ending.wait(LOOK_EVERY):
            pass
        self._perform(key, tries)

    def _take_care(self) -> None:
        """Resume what dead workers left, and let tries that got lost be tried again."""
        now = datetime.now(UTC)
        for name in self._queue.executors() - {self._name}:
            place = self._store.hold(int(name.removeprefix(PREFIX)))
            if place is not None:
                self._queue.resume(name)
                place.release()
        for work in self._queue.dropped(self._store.work_held_since(now - HELD_TOO_LONG, HANDED_AT_ONCE)):
            self._store.work_again(work, now)
        self._queue.forget(now - REMEMBERED)

    def _leave(self) -> None:
        for place in (self._place, self._dispatcher):
            if place is not None:
                place.release()


def stands_back(store: Store, work: Work, now: datetime) -> bool:
    """Whether requests go first: others write just now, and the work is not due for long."""
    assert work.asked_at is not None  # noqa: S101 - work read from the store has it
    due = max(work.asked_at, work.not_before or work.asked_at)
    return now - due < STANDS_BACK and store.is_waited_for()


PREFIX = "worker-"


def executor(number: int) -> str:
    """The name of the worker at this place."""
    return f"{PREFIX}{number}"


def own_place(store: Store) -> tuple[Place, int]:
    """The first place nobody holds, and its number."""
    for number in range(1, MOST_WORKERS):
        place = store.hold(number)
        if place is not None:
            return place, number
    raise TooManyWorkers(f"There are {MOST_WORKERS} workers on this database already")


class TooManyWorkers(SecondOpinionError):
    """Every place for a worker is held."""
