"""The one writer of a process on SQLite: whoever waits meanwhile is written in the next commit together.

Who finds nobody writing writes at once, on its own thread.
"""

import contextlib
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any

from second_opinion.store import patience
from second_opinion.store.changes import Conflict
from second_opinion.store.database import SQLITE, Batch, Noted, Row, conflict_kind, insert_statements, unavailable
from second_opinion.store.turns import Turns

GROUP = 64  # batches in one commit at most: bounds how long another process waits for its turn
NOTED_WITHIN = 0.25  # seconds a note waits for others
MOST_NOTES = 5_000  # of one commit
HELD = 8  # seconds the database is waited for while others hold it
BRIEFLY = 0.5  # seconds it waits while others have waited so long in vain
PATIENCE = 6.0  # seconds a caller waits for its batch before it is told to come again

Waiting = tuple[Batch, "Future[None]"]


class SqliteTransaction:
    """One transaction under way on a SQLite connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.rows = 0

    def execute(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Run one statement; the number of rows it changed."""
        return self._connection.execute(statement, values).rowcount

    def fetch(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of one query."""
        return self._connection.execute(statement, values).fetchall()

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows."""
        self.rows += len(rows)
        for statement, values in insert_statements(SQLITE, table, rows):
            self._connection.execute(statement, values)


def begin_at_once(connection: sqlite3.Connection) -> bool:
    """Begin a transaction; false where others hold the database, whom nobody waits for here."""
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.Error:
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout = {HELD * 1000}")
    return True


def commit(
    connection: sqlite3.Connection,
    group: Iterable[Waiting],
    committed: Callable[[], object] | None = None,
    *,
    begun: bool = False,
) -> int | None:
    """Write every batch of the group in one transaction and tell each caller; the number of new rows.

    ``committed`` is told first. None where others hold the database, and it could not begin.
    """
    try:
        if not begun:
            connection.execute("BEGIN IMMEDIATE")
    except sqlite3.Error:
        for _, future in _still_waiting(group):
            future.set_exception(unavailable())
        return None
    group, transaction = _still_waiting(group), SqliteTransaction(connection)
    try:
        failures = _write(connection, transaction, group)
        connection.execute("COMMIT")
        if committed is not None:
            committed()
    except BaseException as fault:  # noqa: BLE001 - whatever it is, each waiting caller must be told, and the writer lives on
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        failures = dict.fromkeys(range(len(group)), unavailable() if isinstance(fault, sqlite3.Error) else fault)
    for place, (_, future) in enumerate(group):
        failure = failures.get(place)
        if failure is None:
            future.set_result(None)
        else:
            future.set_exception(failure)
    return transaction.rows


def _still_waiting(group: Iterable[Waiting]) -> list[Waiting]:
    """Those whose callers wait on; of one that gave up while others held the database nothing is written."""
    return [waiting for waiting in group if waiting[1].set_running_or_notify_cancel()]


def _write(
    connection: sqlite3.Connection, transaction: SqliteTransaction, group: Sequence[Waiting]
) -> dict[int, BaseException]:
    """Write all together; if one cannot be written, one by one. The failures by place in the group."""
    try:
        _together([batch for batch, _ in group]).run(transaction)
    except sqlite3.OperationalError:
        raise
    except Exception:  # noqa: BLE001 - each batch is tried again alone, and its own caller gets its own error
        connection.execute("ROLLBACK")
    else:
        return {}
    connection.execute("BEGIN IMMEDIATE")
    failures: dict[int, BaseException] = {}
    for place, (batch, _) in enumerate(group):
        failure = _alone(connection, transaction, batch)
        if failure is not None:
            failures[place] = failure
    return failures


def _together(batches: Sequence[Batch]) -> Batch:
    if len(batches) == 1:
        return batches[0]
    whole = Batch()
    for batch in batches:
        whole.steps += batch.steps
        whole.noted = batch.noted or whole.noted
        for table, rows in batch.rows.items():
            whole.rows[table] += rows
    return whole


def _alone(connection: sqlite3.Connection, transaction: SqliteTransaction, batch: Batch) -> BaseException | None:
    """Write one batch under a savepoint; its failure, if it failed."""
    connection.execute("SAVEPOINT alone")
    try:
        batch.run(transaction)
    except sqlite3.IntegrityError as error:
        failure: BaseException = conflict(error)
    except sqlite3.Error:
        raise
    except Exception as error:  # noqa: BLE001 - a Conflict of a step, or a fault of one caller that is not another's
        failure = error
    else:
        connection.execute("RELEASE alone")
        return None
    connection.execute("ROLLBACK TO alone")
    connection.execute("RELEASE alone")
    return failure


def conflict(error: sqlite3.IntegrityError) -> Exception:
    """The Conflict behind "UNIQUE constraint failed: table.column, …", or the error itself."""
    text = str(error)
    if not text.startswith("UNIQUE"):
        return error
    return Conflict(conflict_kind(text.partition(": ")[2].partition(".")[0]))


class Writer:
    """What writes for a whole process, one commit at a time: a thread of its own for all that wait."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        turns: Turns,
        written: Callable[[int], None],
        settled: Callable[[Noted], None],
        changed: Callable[[], None],
    ) -> None:
        """``written`` is told, in the turn, how many new rows there are; ``settled``, what of a journal is in.

        ``changed`` is told that more than notes is there, before those who wrote it are.
        """
        self._connection = connection
        self._turns = turns
        self._written = written
        self._settled = settled
        self._changed = changed
        self._noted: Noted | None = None
        self._again: list[Waiting] = []
        self._queue: SimpleQueue[Waiting | None] = SimpleQueue()
        self._notes: deque[tuple[Sequence[Row], Noted]] = deque()
        self._woken, self._due = Event(), Event()
        self._held_since: float | None = None  # the writer waits for its turn, or writes
        self._thread = Thread(target=self._serve, name="store writer", daemon=True)
        self._thread.start()
        Thread(target=self._remind, name="store notes", daemon=True).start()

    def write(self, batch: Batch) -> None:
        """Write the batch: where nobody else writes on the caller's own thread, as handing over costs more."""
        patience.left()
        others = self._held_since is not None or not self._queue.empty()
        if others or not self._written_at_once(batch):
            self._write_with_others(batch)

    def _written_at_once(self, batch: Batch) -> bool:
        """Write the batch, if nobody has the turn or holds the database."""
        if not self._turns.take_at_once():
            return False
        try:
            if not begin_at_once(self._connection):
                return False
            future: Future[None] = Future()
            self._commit([(batch, future)], begun=True)
        finally:
            self._turns.give_back()
        future.result()
        return True

    def _write_with_others(self, batch: Batch) -> None:
        """Queue the batch and wait until it is on disk.

        While others have held the database for longer than anybody waits, the wait is brief: it would take threads from
        those behind, who then could not be answered in time.
        """
        since = self._held_since
        held = since is not None and time.monotonic() - since > PATIENCE - BRIEFLY
        waiting = patience.left(BRIEFLY if held else PATIENCE)
        future = self.write_later(batch)
        try:
            future.result(waiting)
        except TimeoutError:
            future.cancel()
            raise unavailable() from None

    def write_later(self, batch: Batch) -> "Future[None]":
        """Queue the batch."""
        future: Future[None] = Future()
        self._queue.put((batch, future))
        return future

    def note(self, rows: Sequence[Row], noted: Noted) -> None:
        """Queue audit rows that are safe in the journal already: they are written with others, within a moment."""
        self._notes.append((rows, noted))
        if not self._woken.is_set():
            self._woken.set()

    def close(self) -> Noted | None:
        """Write what is queued and end the thread; what of the journal is in."""
        self._queue.put(None)
        self._thread.join()
        return self._noted

    def _serve(self) -> None:
        ended = False
        while not ended:
            first = self._queue.get()
            self._held_since = self._held_since or time.monotonic()
            with self._turns.taken():
                drained, ended = self._drained(first) if first is not None else ([], True)
                noted = self._drained_notes() if ended or self._due.is_set() else []
                group = [*self._again, *drained, *noted]
                if self._commit(group):
                    self._held_since = None
            self._settle(group)

    def _commit(self, group: Sequence[Waiting], *, begun: bool = False) -> bool:
        """Write the group, in the turn; false where others hold the database."""
        changes = any(batch.steps or (batch.rows and not batch.noted) for batch, _ in group)
        rows = commit(self._connection, group, self._changed if changes else None, begun=begun) if group else 0
        if rows is not None:
            self._written(rows)
        return rows is not None

    def _remind(self) -> None:
        """Notes wait a moment for others: a commit for each would cost every reader its cache."""
        while self._woken.wait():
            time.sleep(NOTED_WITHIN)
            self._woken.clear()
            self._due.set()
            self._queue.put((Batch(), Future()))

    def _drained_notes(self) -> list[Waiting]:
        """The notes as one batch, if there are any."""
        self._due.clear()
        notes = [self._notes.popleft() for _ in range(min(len(self._notes), MOST_NOTES))]
        if self._notes:
            self._woken.set()
        if not notes:
            return []
        batch = Batch(noted=notes[-1][1])
        batch.rows["audit"] = [row for rows, _ in notes for row in rows]
        return [(batch, Future())]

    def _settle(self, group: Sequence[Waiting]) -> None:
        """Tell what of the journal is on disk; notes that could not be written go first in the next commit."""
        noted = [(batch, future) for batch, future in group if batch.noted]
        self._again = [(batch, Future()) for batch, future in noted if future.exception()]
        if noted and not self._again:
            self._noted = noted[-1][0].noted
            assert self._noted is not None  # noqa: S101 - chosen above
            self._settled(self._noted)

    def _drained(self, first: Waiting) -> tuple[list[Waiting], bool]:
        """What has queued up behind ``first``, and whether the end is among it."""
        group = [first]
        with contextlib.suppress(Empty):
            while len(group) < GROUP:
                waiting = self._queue.get_nowait()
                if waiting is None:
                    return group, True
                group.append(waiting)
        return group, False
