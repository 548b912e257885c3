"""The journal of a process that died holds every line it had answered for, and no half of one."""

import os
from pathlib import Path

import pytest

from second_opinion.errors import Unavailable
from second_opinion.store import journal
from second_opinion.store.database import Noted, Row
from second_opinion.store.journal import Journal
from second_opinion.store.keeping import Store
from store.entries import an_audit_row


def row(number: int, size: int = 10) -> Row:
    return (number, "ehr", "read", "Task/t1", None, "0", "x" * size, b"{}")


def left_by(folder: Path) -> list[list[int]]:
    """The numbers of the rows in each journal, as whoever starts next finds them."""
    return sorted([each[0] for each in rows] for _, rows in Journal(folder).left_behind())


def test_what_was_noted_and_not_written_is_left_for_whoever_starts_next(tmp_path: Path) -> None:
    queued: list[Noted] = []
    kept = Journal(tmp_path)
    for number in range(3):
        kept.note([row(number)], lambda _, noted: queued.append(noted))
    assert left_by(tmp_path) == []  # its process lives

    kept.close(queued[1])

    assert [each.lines for each in queued] == [1, 2, 3]
    assert left_by(tmp_path) == [[0, 1, 2]]
    assert left_by(tmp_path) == []


def test_a_journal_that_is_whole_in_the_database_is_gone(tmp_path: Path) -> None:
    queued: list[Noted] = []
    kept = Journal(tmp_path)
    kept.note([row(1)], lambda _, noted: queued.append(noted))
    kept.close(queued[-1])

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("torn", [b"[2,", b"[2,\0\0\0]\n"])
def test_a_line_cut_off_was_never_answered_for(tmp_path: Path, torn: bytes) -> None:
    kept = Journal(tmp_path)
    kept.note([row(1)], lambda *_: None)
    (path,) = tmp_path.iterdir()
    length = path.read_bytes().index(b"\0")
    with path.open("r+b") as file:
        os.pwrite(file.fileno(), torn, length)
    kept.close(None)

    assert left_by(tmp_path) == [[1]]


def test_a_full_file_is_followed_by_another_and_forgotten_once_it_is_written(tmp_path: Path) -> None:
    queued: list[Noted] = []
    kept = Journal(tmp_path)
    for number in range(5):
        kept.note([row(number, journal.LONGEST // 2)], lambda _, noted: queued.append(noted))
    assert len({each.name for each in queued}) == len(list(tmp_path.iterdir())) == 5

    kept.settle(queued[-2])
    assert sorted(path.stem for path in tmp_path.iterdir()) == sorted(each.name for each in queued[-2:])
    kept.close(queued[-2])

    assert left_by(tmp_path) == [[3], [4]]


def test_a_line_longer_than_a_file_is_kept_too(tmp_path: Path) -> None:
    kept = Journal(tmp_path)
    kept.note([row(1, journal.LONGEST)], lambda *_: None)
    kept.note([row(2)], lambda *_: None)
    kept.close(None)

    assert left_by(tmp_path) == [[1], [2]]


def test_what_cannot_be_noted_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(f"sqlite:///{tmp_path / 'kept.db'}")
    store.upgrade()
    monkeypatch.setattr(os, "pwrite", lambda *_: 0)  # as on a disk with no room left
    with pytest.raises(Unavailable):
        store.note([an_audit_row()])

    monkeypatch.undo()
    store.note([an_audit_row()])
    store.wait_for_notes()
    assert len(list(store.audited())) == 1
    store.close()
