"""The embedded database: one SQLite file in WAL mode, written through one connection, read by every thread itself."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from threading import Event, Thread, local
from typing import Any
from weakref import WeakSet

from sqlalchemy import Connection

from second_opinion.store import patience
from second_opinion.store.database import SQLITE, Batch, Row, Transaction, unavailable
from second_opinion.store.group_commit import HELD, NOTED_WITHIN, Writer
from second_opinion.store.journal import Journal
from second_opinion.store.places import Place, file_place
from second_opinion.store.recalled import Recalled
from second_opinion.store.sqlite_bulk import SqliteBulk, only_one, sqlalchemy_transaction
from second_opinion.store.stamp import Stamp
from second_opinion.store.turns import Turns
from second_opinion.store.waiting import Waiting

CHECKPOINT_ROWS = 20_000  # new rows, of all processes, after which the write-ahead log is carried into the file
STATEMENTS = 512  # statements each connection keeps compiled


class _Connection(sqlite3.Connection):
    """A connection that can be listed without being kept: a thread's own ends with the thread."""


def _connected(path: str, *, synchronous: str = "FULL", cache_kib: int = 16384) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=STATEMENTS,
        timeout=HELD,
        factory=_Connection,
    )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute(f"PRAGMA cache_size = -{cache_kib}")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    return connection


class SqliteFile:
    """A SQLite file shared with other threads and processes."""

    dialect = SQLITE

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Made before SQLite makes it: health data, readable by nobody else from the first byte on.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        self._path = path
        self._turns = Turns(path)
        self.stamp = Stamp(path.with_name(f"{path.name}.registry"))
        self._changes = Stamp(path.with_name(f"{path.name}.changes"))
        self._recalled = Recalled(self._changes, self.fetch)
        self.waiting = Waiting(path.with_name(f"{path.name}.waiting"))
        self._readers: WeakSet[sqlite3.Connection] = WeakSet()
        self._mine = local()
        self._writing = _connected(str(path), cache_kib=65536)
        self._full = Event()
        self._closing = False
        self._journal = Journal(path.with_name(path.name + ".journals"))
        self._writer = Writer(self._writing, self._turns, self._count, self._journal.settle, self._changes.renew)
        self._carrier = Thread(target=self._carry, name="store checkpoint", daemon=True)
        self._carrier.start()

    def fetch(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of one query, on this thread's own connection."""
        patience.left()
        try:
            reader: sqlite3.Connection = self._mine.reader
        except AttributeError:
            reader = self._mine.reader = self._reader()
        try:
            return reader.execute(statement, values).fetchall()
        except sqlite3.OperationalError as error:
            raise unavailable() from error

    def recall(self, statement: str, values: tuple[Any, ...]) -> list[Row]:
        """As ``fetch``; what was read a moment ago is told again while nothing was written."""
        patience.left()
        return self._recalled.fetch(statement, values)

    def _reader(self) -> sqlite3.Connection:
        reader = _connected(str(self._path))
        reader.execute("PRAGMA query_only = 1")
        self._readers.add(reader)
        return reader

    def write(self, batch: Batch) -> None:
        """Write the batch in this process's next commit."""
        self.waiting.written()
        self._writer.write(batch)

    def note(self, rows: Sequence[Row]) -> None:
        """Write audit rows in one of the next commits, without waiting."""
        try:
            self._journal.note(rows, self._writer.note)
        except OSError as fault:
            raise unavailable() from fault

    def wait_for_notes(self) -> None:
        """Return when all that was noted before, by any process that lives, is in the database."""
        time.sleep(3 * NOTED_WITHIN)

    def recover(self) -> int:
        """Write what processes that died had noted; how many rows."""
        count = 0
        for name, rows in self._journal.left_behind():
            known = self.fetch("SELECT lines FROM audit_journal WHERE name = ?", (name,))
            batch = Batch([partial(_forget_journal, name=name)])
            if missing := rows[known[0][0] if known else 0 :]:
                batch.rows["audit"] = missing
            self.write(batch)
            count += len(missing)
        return count

    def _count(self, rows: int) -> None:
        """Count new rows; of the processes that write, one carries the log when it has grown long."""
        if self._turns.add(rows, CHECKPOINT_ROWS):
            self._full.set()

    def _carry(self) -> None:
        """Carry the log into the file: most of it beside the writers, the rest in a turn, so that it starts anew."""
        with contextlib.closing(_connected(str(self._path), cache_kib=1024)) as connection:
            while self._full.wait() and not self._closing:
                self._full.clear()
                with contextlib.suppress(sqlite3.Error):  # the log is only longer then; the next try carries it
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                    with self._turns.taken():
                        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    @contextlib.contextmanager
    def bulk(self) -> Iterator[SqliteBulk]:
        """A bulk writer on its own connection; a second one at a time is refused."""
        with only_one(self._path), contextlib.closing(Turns(self._path)) as turns:
            connection = _connected(str(self._path), synchronous="NORMAL", cache_kib=131072)
            with contextlib.closing(connection):
                yield SqliteBulk(connection, turns, self._changes)

    @contextlib.contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A SQLAlchemy connection in a transaction, in a turn of its own."""
        connection = _connected(str(self._path))
        with self._turns.taken(), contextlib.closing(connection), sqlalchemy_transaction(connection) as begun:
            yield begun

    def hold(self, place: int) -> Place | None:
        """A lock on a file beside the database."""
        return file_place(self._path.with_name(f"{self._path.name}.place-{place}"))

    def close(self) -> None:
        """Write what is queued and close every connection."""
        self._journal.close(self._writer.close())
        self._closing = True
        self._full.set()
        self._carrier.join()
        for reader in list(self._readers):
            reader.close()
        self._turns.close()  # whoever still writes on its own thread ends first
        self._writing.close()
        self.stamp.close()
        self.waiting.close()
        self._changes.close()


def _forget_journal(transaction: Transaction, name: str) -> None:
    transaction.execute("DELETE FROM audit_journal WHERE name = ?", (name,))
