"""A database with any number of cases: copies of what one submission saved, written in the order of each key."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from second_opinion.store import writing
from second_opinion.store.changes import Changes
from second_opinion.store.database import SQLITE, columns, insert_statement

from .samples import Samples, keys

CHUNK = 1000  # cases written between two looks at the progress
FIRST = 1_000_000  # case and row numbers begin here, behind the directory's
STEP = 16  # row numbers kept for one case

Cell = Callable[[int], object]  # the value of a column in the n-th case's row


def key(n: int, place: int) -> str:
    """The text the n-th case has where the sample has its ``place``-th key; ids rise with time, as real ones do."""
    return f"{n:08x}-{place:04x}-7000-8000-000000000000"


def task_path(samples: Samples, n: int) -> str:
    """Where the n-th case's Task is read."""
    changes = samples.submitted[0].changes
    task = changes.case.task if changes.case else ""
    return f"/fhir/Task/{key(n, keys(changes).index(task))}"


def search_path(samples: Samples, n: int) -> str:
    """The search for the n-th case's Task by its order's number."""
    changes = samples.submitted[0].changes
    number = changes.submissions[0].key.rpartition("|")[2]
    return f"/fhir/Task?identifier=https://synthetic-ehr.example/orders%7C{key(n, keys(changes).index(number))}"


def fill(database: Path, samples: Samples, cases: int, console: Console) -> None:
    """Add so many cases."""
    changes = samples.submitted[0].changes
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode = OFF")  # nobody else has the file, and a broken one is made anew
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -262144")
    connection.execute("BEGIN")
    with console.status("") as status:
        for table, templates in _templates(changes).items():
            for rows in _in_key_order(table, templates):
                for start in range(0, cases, CHUNK):
                    status.update(f"{table}: {start:,} of {cases:,} cases")
                    numbers = range(start, min(start + CHUNK, cases))
                    connection.executemany(insert_statement(SQLITE, table, 1), rows.of(numbers))
    connection.execute("UPDATE counter SET value = ? WHERE name = 'case'", (FIRST + cases,))
    connection.execute("UPDATE counter SET value = ? WHERE name = 'resource'", (FIRST + cases * STEP,))
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


@dataclass(frozen=True)
class _Rows:
    """Rows of one table made of each case, one template after the other."""

    templates: tuple[tuple[Cell, ...], ...]

    def of(self, numbers: range) -> Iterator[tuple[object, ...]]:
        for n in numbers:
            for template in self.templates:
                yield tuple([cell(n) for cell in template])


def _in_key_order(table: str, templates: list[tuple[Cell, ...]]) -> Iterator[_Rows]:
    """Tables kept in the order of a text get one template after the other: each is then written along its index."""
    if table in {"search_term", "search_span"}:
        yield from (_Rows((template,)) for template in sorted(templates, key=lambda cells: [cell(0) for cell in cells]))
    else:
        yield _Rows(tuple(templates))


def _templates(changes: Changes) -> dict[str, list[tuple[Cell, ...]]]:
    """Each table's rows of one case, as functions of the case's number."""
    rows = writing.batch(changes, lambda _: 0).rows
    blanks = _Blanks(changes)
    return {
        table: [tuple(map(blanks.cell, columns(table), row)) for row in rows[table]]
        for table in rows
        if table not in {"evidence", "audit", "work"}  # shared; one chain; nobody is to act on these
    }


class _Blanks:
    """Which values of a row are the case's own."""

    def __init__(self, changes: Changes) -> None:
        self._keys = keys(changes)
        self._any = re.compile("|".join(map(re.escape, self._keys)))

    def cell(self, column: str, value: object) -> Cell:
        if column in {"case_number", "number"}:
            return lambda n: FIRST + n
        if column in {"pk", "resource"} and isinstance(value, int):
            return lambda n: FIRST + n * STEP + value
        if column in {"last_updated", "received_at", "at"} and isinstance(value, int):
            return lambda n: value + n * 1000
        if column == "question":
            return lambda n: key(n, 0)
        if isinstance(value, str) and column != "found_by" and self._any.search(value):
            return self._text(value)
        return lambda _: value

    def _text(self, value: str) -> Cell:
        places = {old: place for place, old in enumerate(self._keys)}
        pieces = re.split(f"({self._any.pattern})", value)
        return lambda n: "".join(key(n, places[piece]) if piece in places else piece for piece in pieces)
