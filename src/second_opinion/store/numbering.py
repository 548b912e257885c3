"""Numbers no two processes give twice, reserved in blocks so that a save need not ask for them."""

import time
from threading import Lock

from second_opinion.errors import Unavailable
from second_opinion.store import patience
from second_opinion.store.database import Batch, Database, Transaction, unavailable


class Numbers:
    """The numbers of one counter; a process that ends leaves a gap."""

    def __init__(self, database: Database, name: str, block: int) -> None:
        self._database = database
        self._name = name
        self._block = block
        self._next = self._end = 0
        self._lock = Lock()
        self._failed_at = 0.0  # of time.monotonic: the last time a block could not be had

    def take(self, count: int = 1) -> int:
        """The first of ``count`` numbers in a row that are the caller's now.

        Unavailable for all who wait while a block cannot be had: one after the other they would wait too long.
        """
        began, waiting = time.monotonic(), patience.left()
        if not self._lock.acquire(timeout=-1 if waiting is None else waiting):
            raise unavailable()
        try:
            if self._next + count > self._end:
                self._reserve(max(count, self._block), began)
            first = self._next
            self._next += count
            return first
        finally:
            self._lock.release()

    def _reserve(self, block: int, began: float) -> None:
        if self._failed_at > began:
            raise unavailable()
        try:
            self._end = self._reserved(block) + 1
        except Unavailable:
            self._failed_at = time.monotonic()
            raise
        self._next = self._end - block

    def _reserved(self, block: int) -> int:
        """Move the counter by ``block``; where it stands then."""
        standing: list[int] = []

        def move(transaction: Transaction) -> None:
            statement = "UPDATE counter SET value = value + ? WHERE name = ? RETURNING value"
            standing[:] = [transaction.fetch(statement, (block, self._name))[0][0]]

        self._database.write(Batch([move]))
        return standing[0]
