"""Work asked for in the transaction of a case, until a worker's durable queue holds it."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

import orjson

from second_opinion.store.changes import Work
from second_opinion.store.database import Batch, Database, Row, Transaction
from second_opinion.store.stored import instant, microseconds


def waiting(database: Database, now: datetime, count: int) -> list[Work]:
    """Work whose time has come, oldest first."""
    statement = (
        "SELECT key, kind, case_number, partner, not_before, body FROM work"
        " WHERE not_before IS NULL OR not_before <= ? ORDER BY pk LIMIT ?"
    )
    return [_work(row) for row in database.fetch(statement, (microseconds(now), count))]


def handed_over(database: Database, keys: Sequence[str]) -> None:
    """Take work away that is held elsewhere now."""
    database.write(Batch([partial(_take_away, keys=keys)]))


def _take_away(transaction: Transaction, keys: Sequence[str]) -> None:
    for key in keys:
        transaction.execute("DELETE FROM work WHERE key = ?", (key,))


def _work(row: Row) -> Work:
    key, kind, case, partner, not_before, body = row
    return Work(key, kind, case, orjson.loads(body), partner, instant(not_before) if not_before else None)
