"""The audit trail as a chain: each record's digest covers the one before, so that none is changed or gone unseen."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import orjson

from second_opinion.store.changes import AuditRow
from second_opinion.store.stored import instant, microseconds

if TYPE_CHECKING:
    from second_opinion.store.database import Database, Row, Transaction

PAGE = 5_000  # records read at a time
RETIRED = "retire"  # the action of the record that says how many were taken away
_ACTION = 2  # where it stands among what is kept, behind instant and actor
_RECORD = "number, at, actor, action, resource, patient, outcome, request, detail, digest"


def row(entry: AuditRow) -> "Row":
    """What is kept of an entry, before it has its number and digest."""
    return (
        microseconds(entry.at),
        entry.actor,
        entry.action,
        entry.resource,
        entry.patient,
        entry.outcome,
        entry.request,
        orjson.dumps(entry.detail),
    )


def append(transaction: "Transaction", rows: Sequence["Row"]) -> None:
    """Add rows behind the last record. Writers take turns at the head: on PostgreSQL by its row's lock."""
    transaction.execute("UPDATE audit_head SET records = records + ?", (len(rows),))
    records, digest = transaction.fetch("SELECT records, digest FROM audit_head")[0]
    chained = []
    for number, each in enumerate(rows, records - len(rows) + 1):
        digest = _digest(digest, number, each)
        chained.append((number, *each, digest))
    transaction.insert("audit", chained)
    transaction.execute("UPDATE audit_head SET digest = ?", (digest,))


def retire(transaction: "Transaction", before: datetime, by: AuditRow) -> int:
    """Take away the oldest records, up to the first that is not before the instant; how many.

    ``by`` records it in the chain itself: a head that names more as retired than its chain does is found out.
    """
    transaction.execute("UPDATE audit_head SET records = records")  # its row's lock: nobody writes meanwhile
    young = "SELECT min(number) FROM audit WHERE at >= ?"
    (first,) = transaction.fetch(young, (microseconds(before),))[0]
    last = (first or transaction.fetch("SELECT records FROM audit_head")[0][0]) - 1
    found = transaction.fetch("SELECT digest FROM audit WHERE number = ?", (last,))
    if not found:
        return 0
    retired = transaction.fetch("SELECT count(*) FROM audit WHERE number <= ?", (last,))[0][0]
    transaction.execute("DELETE FROM audit WHERE number <= ?", (last,))
    transaction.execute("UPDATE audit_head SET retired = ?, retired_digest = ?", (last, found[0][0]))
    append(transaction, [row(replace(by, action=RETIRED, detail={"last": last, "digest": found[0][0]}))])
    return int(retired)


def verify(database: "Database") -> tuple[int, str | None]:
    """How many records hold, and what is wrong with the first that does not, if any."""
    head = database.fetch("SELECT records, digest, retired, retired_digest FROM audit_head")
    retired, digest = (head[0][2], head[0][3]) if len(head) == 1 else (0, "")
    last, told = retired, (0, "")
    for number, *kept, own in _records(database):
        if number != last + 1:
            return last - retired, f"record {last + 1} is missing"
        digest = _digest(digest, number, kept)
        if own != digest:
            return last - retired, f"record {number} is not as it was written"
        last = number
        if kept[_ACTION] == RETIRED:
            detail = orjson.loads(kept[-1])
            told = (detail["last"], detail["digest"])
    return last - retired, _wrong_head(head, (last, digest, *told))


def _wrong_head(head: Sequence["Row"], read: tuple[int, str, int, str]) -> str | None:
    """What is wrong with the head of a chain of which this was read: its end, and what it says was retired."""
    if len(head) != 1:
        return "the head of the chain is missing"
    if head[0][0] > read[0]:
        return f"record {read[0] + 1} is missing, the last written is {head[0][0]}"
    if tuple(head[0][:2]) != read[:2]:
        return f"record {read[0]} is not the last the head of the chain names"
    if tuple(head[0][2:]) != read[2:]:
        return f"records up to {head[0][2]} were taken away, and no record says so"
    return None


def entries(database: "Database") -> Iterator[tuple[int, AuditRow]]:
    """Every record with its number, oldest first."""
    for number, at, actor, action, resource, patient, outcome, request, detail, _ in _records(database):
        kept = AuditRow(instant(at), actor, action, resource, patient, outcome, request, orjson.loads(detail))
        yield number, kept


def _records(database: "Database") -> Iterator["Row"]:
    last = 0
    while True:
        statement = f"SELECT {_RECORD} FROM audit WHERE number > ? ORDER BY number LIMIT {PAGE}"  # noqa: S608 - constants
        page = database.fetch(statement, (last,))
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1][0]


def _digest(before: str, number: int, kept: Sequence[object]) -> str:
    """SHA-256 of the digest before and the record as JSON; what is kept as bytes is JSON itself."""
    fields = [each.decode() if isinstance(each, bytes) else each for each in kept]
    return hashlib.sha256(orjson.dumps([before, number, *fields])).hexdigest()
