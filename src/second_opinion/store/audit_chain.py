"""The audit trail as a chain: each record's digest covers the one before, so that none is changed or gone unseen."""

import hashlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import orjson

from second_opinion.store.changes import AuditRow
from second_opinion.store.stored import instant, microseconds

if TYPE_CHECKING:
    from second_opinion.store.database import Database, Row, Transaction

PAGE = 5_000  # records read at a time
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


def verify(database: "Database") -> tuple[int, str | None]:
    """How many records hold, and what is wrong with the first that does not, if any."""
    digest, last = "", 0
    for number, *kept, own in _records(database):
        if number != last + 1:
            return last, f"record {last + 1} is missing"
        digest = _digest(digest, number, kept)
        if own != digest:
            return last, f"record {number} is not as it was written"
        last = number
    head = database.fetch("SELECT records, digest FROM audit_head")
    if len(head) != 1:
        return last, "the head of the chain is missing"
    if head[0][0] > last:
        return last, f"record {last + 1} is missing, the last written is {head[0][0]}"
    if tuple(head[0]) != (last, digest):
        return last, f"record {last} is not the last the head of the chain names"
    return last, None


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
