"""Loading the directory: everything is written beside what is in force, then one row turns it visible.

A load that fails or dies leaves rows nobody sees; the next load takes them away first.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace as changed_in
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

import orjson

from second_opinion.store import audit_chain
from second_opinion.store.changes import AuditRow, ResourceWrite
from second_opinion.store.database import Bulk, Database, Row, Transaction
from second_opinion.store.found_by import found_by, span_rows, term_rows, unpacked
from second_opinion.store.numbering import Numbers
from second_opinion.store.stored import microseconds
from second_opinion.store.tables import ALWAYS
from second_opinion.store.visibility import DIRECTORY_TYPES
from second_opinion.store.writing import remove_index, resource_row

T = TypeVar("T")

TURN = 10_000  # rows in one transaction: about 0.1 s, which is how long a case may wait for its turn
SORTED = 400_000  # index rows sorted together: the index is then written along, not across
LISTED = 5_000  # rows looked through at a time


class Load:
    """One load under way."""

    def __init__(self, bulk: Bulk, numbers: Numbers, number: int, *, replace: bool) -> None:
        self._bulk = bulk
        self._numbers = numbers
        self._replace = replace
        self._resources: list[Row] = []
        self._terms: list[Row] = []
        self._spans: list[Row] = []
        self._ending: list[int] = []  # rows in force with a successor in this load, not yet marked
        self._ended: list[int] = []
        self._kept: set[int] = set()
        anybody = "SELECT 1 FROM resource WHERE type = ? LIMIT 1"
        self._first = not any(bulk.fetch(anybody, (kind,)) for kind in DIRECTORY_TYPES)
        self.number = number
        self.active = False

    def put(self, batch: Sequence[ResourceWrite]) -> None:
        """Add resources to the load; one that is in force with the same content stays as it is."""
        pk = self._numbers.take(len(batch)) if batch else 0
        for resource in batch:
            changed = resource if self._first else self._changed(resource)
            if changed is None:
                continue
            index = found_by(changed)
            self._resources.append(resource_row(pk, changed, index, since=self.number))
            self._terms += term_rows(index.terms, pk)
            self._spans += span_rows(index.spans, pk)
            pk += 1
        if len(self._terms) + len(self._spans) > SORTED:
            self._flush()

    def _changed(self, resource: ResourceWrite) -> ResourceWrite | None:
        """The resource as the next version of the last one; None when that is in force and only its meta differs.

        What a partner posted is not a load's to change.
        """
        statement = (
            "SELECT pk, version, until, body, partner FROM resource WHERE type = ? AND id = ?"
            " ORDER BY since DESC LIMIT 1"
        )
        rows = self._bulk.fetch(statement, (resource.type, resource.id))
        if not rows:
            return resource
        pk, version, until, body, partner = rows[0]
        if partner is not None and resource.partner is None:
            return None
        before, now = orjson.loads(body), orjson.loads(resource.body)
        before.pop("meta", None)
        meta = now.pop("meta", {})
        if until == ALWAYS:
            if self._replace:
                self._kept.add(pk)
            if before == now:
                return None
            self._ending.append(pk)
        now["meta"] = meta | {"versionId": str(version + 1)}
        return changed_in(resource, version=version + 1, body=orjson.dumps(now))

    def _flush(self) -> None:
        """Write what has gathered: resources before their index, so that what a crash leaves can be found again."""
        self._terms.sort()
        self._spans.sort()
        gathered = {"resource": self._resources, "search_term": self._terms, "search_span": self._spans}
        for table, rows in gathered.items():
            for chunk in _chunks(rows):
                self._bulk.write(partial(_insert, table=table, rows=chunk))
            rows.clear()
        _mark(self._bulk, self._ending, self.number)
        self._ended += self._ending
        self._ending.clear()

    def activate(self, counts: Mapping[str, int], digest: str, audit: Sequence[AuditRow] = ()) -> None:
        """Put the load in force, all of it at once, with its records; with replace, what it did not hold ends."""
        self._flush()
        if self._replace:
            self._end_the_rest()

        def flip(transaction: Transaction) -> None:
            done = "UPDATE snapshot SET state = 'active', counts = ?, digest = ? WHERE number = ?"
            transaction.execute(done, (orjson.dumps(dict(counts)), digest, self.number))
            transaction.execute("UPDATE counter SET value = ? WHERE name = 'snapshot'", (self.number,))
            if audit:
                audit_chain.append(transaction, [audit_chain.row(each) for each in audit])

        self._bulk.settle(flip)
        self.active = True
        for chunk in _chunks(self._ended):
            self._bulk.write(partial(_unindex, pks=chunk))

    def _end_the_rest(self) -> None:
        for kind in sorted(DIRECTORY_TYPES):
            for rows in _current_rows(self._bulk, kind):
                rest = [pk for pk, since, _ in rows if since < self.number and pk not in self._kept]
                _mark(self._bulk, rest, self.number)
                self._ended += rest


@contextmanager
def load_snapshot(database: Database, numbers: Numbers, sources: Sequence[str], *, replace: bool) -> Iterator[Load]:
    """A new snapshot to load into; what is in force stays so until ``activate``."""
    with database.bulk() as bulk:
        _clean(bulk)
        number = bulk.fetch("SELECT COALESCE(max(number), 0) + 1 FROM snapshot")[0][0]
        row = (number, microseconds(datetime.now(UTC)), orjson.dumps(list(sources)), None, None, "loading")
        bulk.write(partial(_insert, table="snapshot", rows=[row]))
        load = Load(bulk, numbers, number, replace=replace)
        try:
            yield load
        finally:
            if not load.active:
                _clean(bulk)


def _clean(bulk: Bulk) -> None:
    """Take away what loads left that never came into force."""
    for (number,) in bulk.fetch("SELECT number FROM snapshot WHERE state = 'loading'"):
        for pks in _left_rows(bulk, "since", number):
            bulk.write(partial(_remove, pks=pks))
        for pks in _left_rows(bulk, "until", number):
            _mark(bulk, pks, ALWAYS)
        bulk.write(partial(_leave, number=number))


def _current_rows(bulk: Bulk, kind: str) -> Iterator[list[Row]]:
    """(pk, since, id) of the rows of a type that no load has ended, but those a partner posted."""
    statement = (
        "SELECT pk, since, id FROM resource WHERE id > ? AND type = ? AND until = ? AND partner IS NULL"
        " ORDER BY id LIMIT ?"
    )
    identity = ""
    while rows := bulk.fetch(statement, (identity, kind, ALWAYS, LISTED)):
        identity = rows[-1][2]
        yield rows


def _left_rows(bulk: Bulk, bound: str, number: int) -> Iterator[list[int]]:
    """The row numbers a snapshot began or ended, some at a time, so that no long read holds up the log."""
    statement = f"SELECT pk FROM resource WHERE pk > ? AND {bound} = ? ORDER BY pk LIMIT ?"  # noqa: S608 - a column
    pk = 0
    while rows := bulk.fetch(statement, (pk, number, LISTED)):
        pk = rows[-1][0]
        yield [row[0] for row in rows]


def _mark(bulk: Bulk, pks: Sequence[int], until: int) -> None:
    for chunk in _chunks(pks):
        bulk.write(partial(_set_until, pks=chunk, until=until))


def _set_until(transaction: Transaction, pks: Sequence[int], until: int) -> None:
    for pk in pks:
        transaction.execute("UPDATE resource SET until = ? WHERE pk = ?", (until, pk))


def _insert(transaction: Transaction, table: str, rows: Sequence[Row]) -> None:
    transaction.insert(table, rows)


def _leave(transaction: Transaction, number: int) -> None:
    transaction.execute("UPDATE snapshot SET state = 'left' WHERE number = ?", (number,))


def _unindex(transaction: Transaction, pks: Sequence[int]) -> None:
    """Take the index rows of replaced resources away; the rows stay, as history."""
    for pk in pks:
        index = unpacked(transaction.fetch("SELECT found_by FROM resource WHERE pk = ?", (pk,))[0][0])
        remove_index(transaction, pk, index.terms, index.spans)


def _remove(transaction: Transaction, pks: Sequence[int]) -> None:
    _unindex(transaction, pks)
    for pk in pks:
        transaction.execute("DELETE FROM resource WHERE pk = ?", (pk,))


def _chunks(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    return (rows[start : start + TURN] for start in range(0, len(rows), TURN))
