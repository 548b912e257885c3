"""Numbers no two processes give twice, reserved in blocks so that a save need not ask for them."""

from threading import Lock

from second_opinion.store.database import Batch, Database, Transaction


class Numbers:
    """The numbers of one counter; a process that ends leaves a gap."""

    def __init__(self, database: Database, name: str, block: int) -> None:
        self._database = database
        self._name = name
        self._block = block
        self._next = self._end = 0
        self._lock = Lock()

    def take(self, count: int = 1) -> int:
        """The first of ``count`` numbers in a row that are the caller's now."""
        with self._lock:
            if self._next + count > self._end:
                block = max(count, self._block)
                self._end = self._reserved(block) + 1
                self._next = self._end - block
            first = self._next
            self._next += count
            return first

    def _reserved(self, block: int) -> int:
        """Move the counter by ``block``; where it stands then."""
        standing: list[int] = []

        def move(transaction: Transaction) -> None:
            statement = "UPDATE counter SET value = value + ? WHERE name = ? RETURNING value"
            standing[:] = [transaction.fetch(statement, (block, self._name))[0][0]]

        self._database.write(Batch([move]))
        return standing[0]
