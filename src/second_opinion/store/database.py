"""What both databases do for the rooms of the store: read, write one batch all-or-none, load in bulk.

Statements are written with ``?`` for each value; PostgreSQL's half translates them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from second_opinion.errors import Unavailable
from second_opinion.store import audit_chain
from second_opinion.store.places import Place
from second_opinion.store.stamp import Stamp
from second_opinion.store.tables import metadata
from second_opinion.store.waiting import Waiting

Row = tuple[Any, ...]
CHUNK = 100  # rows of one INSERT: few statements, because each one gives up the interpreter lock

# Rows that may already be there: who is a party stays one, evidence is named by its digest, work by its key.
_KEPT_ONCE = frozenset({"case_party", "evidence", "work"})
_ORDER = (
    "submission",
    "open_question",
    "case_file",
    "case_party",
    "resource",
    "search_term",
    "search_span",
    "case_event",
    "evidence",
    "subscription",
    "subscription_event",
    "work",
    "attempt",
    "registry",
    "used_assertion",
    "snapshot",
)


class Transaction(Protocol):
    """One transaction under way."""

    def execute(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Run one statement; the number of rows it changed."""

    def fetch(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of one query."""

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows, values in the order of ``columns(table)``."""


Step = Callable[[Transaction], None]


class Noted(NamedTuple):
    """How many lines of which process's journal are in the database once the batch is."""

    name: str
    lines: int


@dataclass
class Batch:
    """What is written together: first the steps (which look before they write and may be repeated), then new rows.

    Audit rows come last: whoever writes them has the chain to itself until the commit.
    """

    steps: list[Step] = field(default_factory=list)
    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    noted: Noted | None = None

    def run(self, transaction: Transaction) -> None:
        """Write everything."""
        for step in self.steps:
            step(transaction)
        for table in _ORDER:
            if table in self.rows:
                transaction.insert(table, self.rows[table])
        if self.noted:
            transaction.execute(_COUNT_LINES, (self.noted.name, self.noted.lines))
        if audited := self.rows.get("audit"):
            audit_chain.append(transaction, audited)


_COUNT_LINES = (
    "INSERT INTO audit_journal (name, lines) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET lines = excluded.lines"
)


@dataclass(frozen=True)
class Dialect:
    """Where the two databases' SQL differs."""

    each: str  # the values of one packed parameter as rows j(value); {a} resource alias, {key}, {j}
    inside: str  # position of one text in another, from 1
    ending: str  # the last characters of a text
    by_code_point: str  # behind an expression that is sorted
    insert: str


SQLITE = Dialect(
    each="json_each({a}.found_by, '$.\"{key}\"') {j}",
    inside="instr",
    ending="substr({value}, -{length})",
    by_code_point="",
    insert="INSERT OR FAIL INTO",  # the statement needs no journal of its own: whoever fails is rolled back whole
)
POSTGRESQL = Dialect(
    each="json_array_elements_text({a}.found_by::json -> '{key}') {j}(value)",
    inside="strpos",
    ending="right({value}, {length})",
    by_code_point=' COLLATE "C"',
    insert="INSERT INTO",
)


class Bulk(Protocol):
    """Writing by the hundred thousand, in short transactions between which others take their turns."""

    def fetch(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of one query."""

    def write(self, step: Step) -> None:
        """One short transaction; not on disk for certain before ``settle``."""

    def settle(self, step: Step) -> None:
        """One short transaction, on disk with everything before it when it returns."""


class Database(Protocol):
    """SQLite or PostgreSQL."""

    dialect: Dialect

    @property
    def stamp(self) -> Stamp | None:
        """Renewed whenever the registry changes, by whatever process; None: nothing tells, and it is read each time."""

    @property
    def waiting(self) -> Waiting | None:
        """Whether somebody waits for writes; None: this database has a machine, or a lock for each row, of its own."""

    def fetch(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of one query, of what is committed now."""

    def recall(self, statement: str, values: tuple[Any, ...]) -> list[Row]:
        """The same, told again without asking the database where nothing was written since; not to be changed."""

    def write(self, batch: Batch) -> None:
        """Write all of it durably, or none: Conflict when a key is taken, Unavailable when nothing can be stored."""

    def note(self, rows: Sequence[Row]) -> None:
        """Write audit rows soon, without waiting for the disk; they outlive the process."""

    def wait_for_notes(self) -> None:
        """Return when all that was noted before is in the database."""

    def recover(self) -> int:
        """Write what processes that died had noted; how many rows."""

    def bulk(self) -> AbstractContextManager[Bulk]:
        """The one bulk writer there may be at a time."""

    def migrating(self) -> AbstractContextManager[Any]:
        """A SQLAlchemy connection in a transaction no other migration can enter."""

    def hold(self, place: int) -> Place | None:
        """Hold a numbered place; None where somebody else holds it."""

    def close(self) -> None:
        """Finish what is queued and let go of the database."""


@cache
def columns(table: str) -> tuple[str, ...]:
    """The columns a new row gives values for: all but a number the database counts itself."""
    return tuple(column.name for column in metadata.tables[table].columns if column.autoincrement is not True)


@cache
def insert_statement(dialect: Dialect, table: str, count: int) -> str:
    """An INSERT of ``count`` rows."""
    names = columns(table)
    row = f"({', '.join('?' * len(names))})"
    kept = " ON CONFLICT DO NOTHING" if table in _KEPT_ONCE else ""
    return f"{dialect.insert} {table} ({', '.join(names)}) VALUES {', '.join([row] * count)}{kept}"


def insert_statements(dialect: Dialect, table: str, rows: Sequence[Row]) -> Iterator[tuple[str, list[Any]]]:
    """The INSERTs, with their values, that add ``rows``."""
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        yield insert_statement(dialect, table, len(chunk)), [*chain.from_iterable(chunk)]


_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "submission": "submission",
        "open_question": "question",
        "case_file": "case",
        "resource": "resource",
        "resource_history": "resource",
        "registry": "registry",
        "used_assertion": "assertion",
    }
)


def conflict_kind(table: str) -> str:
    """The kind of Conflict when a key of ``table`` is taken."""
    return _KINDS.get(table, table)


def unavailable() -> Unavailable:
    """The error for a database that cannot be reached or written now."""
    return Unavailable("Nothing can be stored or read now; try again in a few seconds", headers={"Retry-After": "5"})
