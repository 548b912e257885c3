"""A SQLite database in memory, for tests and rehearsals: one connection, one thread at a time."""

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from threading import RLock
from typing import Any

from sqlalchemy import Connection

from second_opinion.store import patience
from second_opinion.store.database import SQLITE, Batch, Row, Step
from second_opinion.store.group_commit import commit
from second_opinion.store.places import Place
from second_opinion.store.sqlite_bulk import sqlalchemy_transaction


class SqliteMemory:
    """A database that ends with the process; it is its own bulk writer."""

    dialect = SQLITE
    stamp = None
    waiting = None

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._alone = RLock()
        self._held: set[int] = set()

    def fetch(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of one query."""
        patience.left()
        with self._alone:
            return self._connection.execute(statement, values).fetchall()

    def recall(self, statement: str, values: tuple[Any, ...]) -> list[Row]:
        """All rows of one query."""
        return self.fetch(statement, values)

    def write(self, batch: Batch) -> None:
        """Write the batch now."""
        patience.left()
        self._write_now(batch).result()

    def note(self, rows: Sequence[Row]) -> None:
        """Write audit rows now: nobody else could meanwhile."""
        batch = Batch()
        batch.rows["audit"] = list(rows)
        self._write_now(batch)

    def wait_for_notes(self) -> None:
        """Nothing waits: what was noted was written."""

    def recover(self) -> int:
        """Nothing outlives the process."""
        return 0

    def _write_now(self, batch: Batch) -> "Future[None]":
        future: Future[None] = Future()
        with self._alone:
            commit(self._connection, [(batch, future)])
        return future

    @contextlib.contextmanager
    def bulk(self) -> Iterator["MemoryBulk"]:
        """A bulk writer through the one connection."""
        yield MemoryBulk(self)

    @contextlib.contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A SQLAlchemy connection in a transaction."""
        with self._alone, sqlalchemy_transaction(self._connection) as begun:
            yield begun

    def hold(self, place: int) -> Place | None:
        """A place among the threads of this process."""
        with self._alone:
            if place in self._held:
                return None
            self._held.add(place)
        return _MemoryPlace(self._held, place)

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()


class MemoryBulk:
    """Bulk writing into memory, through the same one connection."""

    def __init__(self, database: SqliteMemory) -> None:
        self._database = database

    def fetch(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of one query."""
        return self._database.fetch(statement, values)

    def write(self, step: Step) -> None:
        """One transaction."""
        self._database.write(Batch([step]))

    settle = write


class _MemoryPlace:
    def __init__(self, held: set[int], place: int) -> None:
        self._held = held
        self._place = place

    def lost(self) -> bool:
        return False

    def release(self) -> None:
        self._held.discard(self._place)
