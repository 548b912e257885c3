"""Loading and migrating a SQLite database: short transactions in turns with the writers of cases."""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from second_opinion.errors import Unavailable
from second_opinion.store.database import SQLITE, Row, Step, insert_statement, unavailable
from second_opinion.store.group_commit import SqliteTransaction, conflict
from second_opinion.store.stamp import Stamp
from second_opinion.store.turns import Turns

LOG_ROWS = 100_000  # rows written between two checkpoints of a load


class BulkTransaction(SqliteTransaction):
    """A transaction of a thread that runs alone, where row after row through one statement is quickest."""

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows."""
        self.rows += len(rows)
        self._connection.executemany(insert_statement(SQLITE, table, 1), rows)


class SqliteBulk:
    """Bulk writing on a connection of its own."""

    def __init__(self, connection: sqlite3.Connection, turns: Turns, changes: Stamp) -> None:
        self._connection = connection
        self._turns = turns
        self._changes = changes
        self._in_log = 0

    def fetch(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of one query."""
        return self._connection.execute(statement, values).fetchall()

    def write(self, step: Step) -> None:
        """One short transaction in a turn of its own; not on disk for certain before ``settle``."""
        transaction = BulkTransaction(self._connection)
        with self._turns.taken(), _written(self._connection):
            step(transaction)
        self._changes.renew()
        self._in_log += transaction.rows
        if self._in_log > LOG_ROWS:
            self._in_log = 0
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def settle(self, step: Step) -> None:
        """One short transaction, on disk with everything before it when it returns."""
        self._connection.execute("PRAGMA synchronous = FULL")
        self.write(step)
        self._connection.execute("PRAGMA synchronous = NORMAL")


@contextlib.contextmanager
def _written(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what is done inside, or nothing of it."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("COMMIT")
    except BaseException as fault:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        if isinstance(fault, sqlite3.OperationalError):
            raise unavailable() from fault
        if isinstance(fault, sqlite3.IntegrityError):
            raise conflict(fault) from fault
        raise


@contextlib.contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the right to load into the file; refused while another process holds it."""
    lock = os.open(path.with_name(path.name + ".load"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Unavailable("Another load is under way; try again when it has ended") from None
    finally:
        os.close(lock)


@contextlib.contextmanager
def sqlalchemy_transaction(connection: sqlite3.Connection) -> Iterator[Connection]:
    """SQLAlchemy's view of the connection, inside one transaction that holds for DDL too."""
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool)
    event.listen(engine, "begin", lambda begun: begun.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.connect() as reached:
        try:
            begun = reached.begin()
        except OperationalError as fault:  # another program holds the file
            raise unavailable() from fault
        with begun:
            yield reached
