"""Cases, what partners submitted, open questions, events and evidence, as last saved."""

from datetime import datetime

import orjson

from second_opinion.store.changes import Event
from second_opinion.store.database import Batch, Database, Row, Transaction
from second_opinion.store.found_by import word
from second_opinion.store.stored import StoredCase, StoredSubmission, instant, microseconds

_CASE = (
    "SELECT c.number, c.version, c.task, c.status, c.member, c.condition, c.doctor, c.received_at, c.due_at, c.body"
    " FROM case_file c"
)


def _case(row: Row) -> StoredCase:
    number, version, task, status, member, condition, doctor, received, due, body = row
    received_at, due_at = instant(received), None if due is None else instant(due)
    return StoredCase(number, version, task, status, member, condition, doctor, received_at, due_at, body)


def case(database: Database, number: int) -> StoredCase | None:
    """The case of this number."""
    rows = database.fetch(f"{_CASE} WHERE c.number = ?", (number,))
    return _case(rows[0]) if rows else None


def case_by_task(database: Database, task: str) -> StoredCase | None:
    """The case shown as this Task id."""
    rows = database.fetch(f"{_CASE} WHERE c.task = ?", (task,))
    return _case(rows[0]) if rows else None


def cases_of_member(database: Database, member: str, condition: str | None) -> list[StoredCase]:
    """The member's cases, oldest first; with ``condition`` those about that condition."""
    if condition is None:
        rows = database.fetch(f"{_CASE} WHERE c.member = ? ORDER BY c.number", (member,))
    else:
        statement = f"{_CASE} WHERE c.member = ? AND c.condition = ? ORDER BY c.number"
        rows = database.fetch(statement, (member, word(condition)))
    return [_case(row) for row in rows]


def open_cases(database: Database, member: str) -> list[StoredCase]:
    """The member's cases whose question is open, oldest first."""
    still_open = "EXISTS (SELECT 1 FROM open_question q WHERE q.case_number = c.number)"
    statement = f"{_CASE} WHERE c.member = ? AND {still_open} ORDER BY c.number"
    return [_case(row) for row in database.fetch(statement, (member,))]


def parties(database: Database, number: int) -> set[str]:
    """Who takes part in a case."""
    return {row[0] for row in database.fetch("SELECT key FROM case_party WHERE case_number = ?", (number,))}


def submission(database: Database, partner: str, key: str) -> StoredSubmission | None:
    """What this partner's business key stands for."""
    statement = (
        "SELECT partner, digest, case_number, resource, received_at, body FROM submission WHERE partner = ? AND key = ?"
    )
    rows = database.fetch(statement, (partner, word(key)))
    if not rows:
        return None
    partner, digest, number, resource, received, body = rows[0]
    return StoredSubmission(partner, key, digest, number, resource, instant(received), body)


def open_question(database: Database, partner: str, question: str) -> int | None:
    """The number of the open case about this question, as this partner sees it."""
    statement = "SELECT case_number FROM open_question WHERE partner = ? AND question = ?"
    rows = database.fetch(statement, (partner, word(question)))
    return rows[0][0] if rows else None


def events(database: Database, number: int) -> list[Event]:
    """The story of a case, first to last."""
    statement = "SELECT case_number, at, kind, actor, detail FROM case_event WHERE case_number = ? ORDER BY pk"
    rows = database.fetch(statement, (number,))
    return [Event(case, instant(at), kind, actor, orjson.loads(detail)) for case, at, kind, actor, detail in rows]


def evidence(database: Database, digest: str) -> bytes | None:
    """The evidence of this SHA-256."""
    rows = database.fetch("SELECT body FROM evidence WHERE digest = ?", (digest,))
    return rows[0][0] if rows else None


def to_act(database: Database, now: datetime, count: int) -> list[int]:
    """The numbers of cases the clock sweep must look at by ``now``, the longest due first."""
    statement = "SELECT number FROM case_file WHERE act_at <= ? ORDER BY act_at LIMIT ?"
    return [row[0] for row in database.fetch(statement, (microseconds(now), count))]


def look_again(database: Database, number: int, version: int, at: datetime | None) -> None:
    """Set when the clock sweep looks at the case, if this is still its version."""
    statement = "UPDATE case_file SET act_at = ? WHERE number = ? AND version = ?"
    _execute(database, statement, (microseconds(at) if at else None, number, version))


def look_at_once(database: Database, status: str) -> None:
    """Have the clock sweep look at every case of this status as soon as it runs."""
    _execute(database, "UPDATE case_file SET act_at = ? WHERE status = ?", (0, status))


def _execute(database: Database, statement: str, values: Row) -> None:
    def change(transaction: Transaction) -> None:
        transaction.execute(statement, values)

    database.write(Batch([change]))


def submitter(database: Database, kind: str, identity: str, version: int | None) -> str | None:
    """Who submitted the resource, or a version of one of the directory, of which each has a row; None: nobody."""
    statement, values = "SELECT partner FROM resource WHERE type = ? AND id = ?", [kind, identity]
    if version is None:
        rows = database.fetch(statement, values)
    else:
        rows = database.fetch(f"{statement} AND version = ?", (*values, version))
    return rows[0][0] if rows else None


def counts(database: Database) -> dict[str, int]:
    """Cases by status."""
    return dict(database.fetch("SELECT status, count(*) FROM case_file GROUP BY status"))
