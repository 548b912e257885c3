"""Work asked for in the transaction of a case, kept until it is done; a worker's queue holds one try at a time."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import orjson

from second_opinion.store.changes import Work
from second_opinion.store.database import Batch, Database, Row, Transaction
from second_opinion.store.found_by import word
from second_opinion.store.stored import instant, microseconds

_WORK = "SELECT key, kind, case_number, body, partner, not_before, tries, asked_at FROM work"


def waiting(database: Database, now: datetime, count: int) -> list[Work]:
    """Work no worker has whose time has come, oldest first."""
    statement = f"{_WORK} WHERE handed_at IS NULL AND (not_before IS NULL OR not_before <= ?) ORDER BY pk LIMIT ?"
    return [_work(row) for row in database.fetch(statement, (microseconds(now), count))]


def held_since(database: Database, before: datetime, count: int) -> list[Work]:
    """Work whose present try a worker's queue has held since ``before`` or longer."""
    statement = f"{_WORK} WHERE handed_at <= ? ORDER BY handed_at LIMIT ?"
    return [_work(row) for row in database.fetch(statement, (microseconds(before), count))]


def work(database: Database, key: str) -> Work | None:
    """The work of this key."""
    rows = database.fetch(f"{_WORK} WHERE key = ?", (word(key),))
    return _work(rows[0]) if rows else None


def standing(database: Database, kind: str) -> tuple[int, datetime | None]:
    """How much work of a kind is to be done, and since when the oldest of it."""
    ((count, oldest),) = database.fetch("SELECT count(*), min(asked_at) FROM work WHERE kind = ?", (kind,))
    return count, instant(oldest) if oldest is not None else None


def handed_over(database: Database, works: Sequence[Work]) -> None:
    """A worker's queue holds these tries now."""
    database.write(Batch([partial(_hand_over, works=works, now=microseconds(datetime.now(UTC)))]))


def done(database: Database, work: Work) -> None:
    """Forget the work, unless another try of it has begun since."""
    statement = "DELETE FROM work WHERE key = ? AND tries = ?"
    database.write(Batch([partial(_run, statement=statement, values=(word(work.key), work.tries))]))


def again(database: Database, work: Work, not_before: datetime) -> None:
    """Let the work wait for its next try."""
    statement = "UPDATE work SET tries = tries + 1, not_before = ?, handed_at = NULL WHERE key = ? AND tries = ?"
    values = (microseconds(not_before), word(work.key), work.tries)
    database.write(Batch([partial(_run, statement=statement, values=values)]))


def _hand_over(transaction: Transaction, works: Sequence[Work], now: int) -> None:
    for each in works:
        statement = "UPDATE work SET handed_at = ? WHERE key = ? AND tries = ?"
        transaction.execute(statement, (now, word(each.key), each.tries))


def _run(transaction: Transaction, statement: str, values: Sequence[object]) -> None:
    transaction.execute(statement, values)


def _work(row: Row) -> Work:
    key, kind, case, body, partner, not_before, tries, asked_at = row
    waits = instant(not_before) if not_before is not None else None
    return Work(key, kind, case, orjson.loads(body), partner, waits, tries, instant(asked_at))
