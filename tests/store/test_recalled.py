"""What was read a moment ago is told again only while nobody, in whatever process, has written."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from second_opinion.store.changes import Changes
from second_opinion.store.database import Row
from second_opinion.store.keeping import Store
from second_opinion.store.query import Clause, Exactly, Query
from second_opinion.store.recalled import A_WHILE, FEW, SMALL, Recalled
from second_opinion.store.sqlite import SqliteFile
from second_opinion.store.stamp import Stamp
from store.entries import EVERYTHING, a_request, a_resource, an_audit_row


@pytest.fixture
def two(database_url: str) -> Iterator[tuple[Store, Store]]:
    """Two openings of one database, as two processes have."""
    with ExitStack() as opened:
        first, second = (opened.enter_context(closing(Store(database_url))) for _ in range(2))
        yield first, second


def test_what_one_process_writes_the_other_reads_at_once(two: tuple[Store, Store]) -> None:
    here, there = two
    found = Query("Task", (Clause((Exactly("identifier", "1\x1fcase"),), selective=True),))
    assert there.read("Task", "task-1", EVERYTHING) is None
    assert there.search(found, EVERYTHING).total == 0

    here.save(a_request(1))
    for store in two:
        assert store.read("Task", "task-1", EVERYTHING) is not None
        assert store.search(found, EVERYTHING).total == 1

    for version in range(2, 12):
        here.save(Changes(resources=[a_resource("Task", "task-1", version)]))
        for store in two:
            stored = store.read("Task", "task-1", EVERYTHING)
            assert stored is not None
            assert stored.version == version


class Rows:
    """A database that counts how often it is asked."""

    def __init__(self, count: int, size: int = 0) -> None:
        self.asked = 0
        self._rows: list[Row] = [(number, b"x" * size) for number in range(count)]

    def fetch(self, _statement: str, _values: Sequence[Any]) -> list[Row]:
        """The rows there are."""
        self.asked += 1
        return self._rows


@pytest.mark.parametrize(("count", "asked"), [(0, 1), (FEW, 1), (FEW + 1, 2)])
def test_few_rows_are_told_again_and_more_are_read_anew(tmp_path: Path, count: int, asked: int) -> None:
    rows = Rows(count)
    with closing(Stamp(tmp_path / "stamp")) as stamp:
        recalled = Recalled(stamp, rows.fetch)
        told = [recalled.fetch("SELECT", (1,)) for _ in range(2)]

    assert [len(each) for each in told] == [count, count]
    assert rows.asked == asked


@pytest.mark.parametrize(("size", "asked"), [(SMALL // FEW, 1), (SMALL // FEW + 1, 2)])
def test_small_rows_are_told_again_and_files_are_read_anew(tmp_path: Path, size: int, asked: int) -> None:
    rows = Rows(FEW, size)
    with closing(Stamp(tmp_path / "stamp")) as stamp:
        recalled = Recalled(stamp, rows.fetch)
        for _ in range(2):
            recalled.fetch("SELECT", (1,))

    assert rows.asked == asked


def test_another_value_another_stamp_and_a_while_later_are_read_anew(tmp_path: Path) -> None:
    rows, now = Rows(1), 0.0
    with closing(Stamp(tmp_path / "stamp")) as stamp:
        recalled = Recalled(stamp, rows.fetch, lambda: now)
        recalled.fetch("SELECT", (1,))
        recalled.fetch("SELECT", (2,))
        assert rows.asked == 2

        stamp.renew()
        recalled.fetch("SELECT", (1,))
        assert rows.asked == 3

        now = A_WHILE * 0.99
        recalled.fetch("SELECT", (1,))
        assert rows.asked == 3
        now = A_WHILE
        recalled.fetch("SELECT", (1,))
        assert rows.asked == 4


def test_what_was_read_while_somebody_wrote_is_not_told_again(tmp_path: Path) -> None:
    with closing(Stamp(tmp_path / "stamp")) as stamp:

        class Written(Rows):
            def fetch(self, statement: str, values: Sequence[Any]) -> list[Row]:
                found = super().fetch(statement, values)
                stamp.renew()
                return found

        rows = Written(1)
        recalled = Recalled(stamp, rows.fetch)
        recalled.fetch("SELECT", (1,))
        recalled.fetch("SELECT", (1,))

    assert rows.asked == 2


def test_reads_on_record_leave_what_was_read_in_force(tmp_path: Path) -> None:
    with closing(Store(f"sqlite:///{tmp_path / 'kept.db'}")) as store:
        store.upgrade()
        store.save(a_request(1))
        database = store._database
        assert isinstance(database, SqliteFile)
        before = database._changes.read()

        store.note([an_audit_row()])
        store.wait_for_notes()
        assert len(list(store.audited())) == 2
        assert database._changes.read() == before

        store.save(a_request(2))
        assert database._changes.read() != before
