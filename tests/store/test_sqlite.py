import fcntl
import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path
from threading import Event, Thread, current_thread

import pytest

from second_opinion.errors import Unavailable
from second_opinion.store import group_commit
from second_opinion.store.changes import Changes
from second_opinion.store.database import Batch
from second_opinion.store.keeping import Store
from second_opinion.store.query import Query
from second_opinion.store.sqlite import SqliteFile
from second_opinion.store.sqlite_bulk import sqlalchemy_transaction
from second_opinion.store.turns import Turns
from store.entries import EVERYTHING, a_request, a_resource


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "made" / "store.db"


@pytest.fixture
def embedded(path: Path) -> Store:
    store = Store(f"sqlite:///{path}")
    store.upgrade()
    return store


def test_a_new_file_is_made_with_its_folder_and_only_its_owner_reads_it(path: Path, embedded: Store) -> None:
    embedded.save(a_request(1))

    modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert path.exists()
    assert modes == {0o600}
    embedded.close()


def test_what_is_saved_survives_closing(path: Path, embedded: Store) -> None:
    embedded.save(a_request(1))
    embedded.note([a_request(1).audit[0]])
    embedded.close()

    again = Store(f"sqlite:///{path}")
    assert again.case(1) is not None
    assert again._database.fetch("SELECT count(*) FROM audit") == [(2,)]
    assert again.next_case_number() > 0
    again.close()


def test_another_program_that_holds_the_file_keeps_nobody_from_asking_whether_it_is_ready(
    path: Path, embedded: Store
) -> None:
    assert embedded.is_current()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        assert embedded.is_current()
        with closing(sqlite3.connect(path, isolation_level=None, timeout=0.1)) as late:
            asked = sqlalchemy_transaction(late)
            with pytest.raises(Unavailable):
                asked.__enter__()
    embedded.close()


def test_a_full_disk_is_unavailable_and_over_when_there_is_room_again(embedded: Store) -> None:
    database = embedded._database
    assert isinstance(database, SqliteFile)
    pages = database._writing.execute("PRAGMA page_count").fetchone()[0]
    database._writing.execute(f"PRAGMA max_page_count = {pages}")
    big = Changes(resources=[a_resource(body=b"x" * 1_000_000)])

    with pytest.raises(Unavailable) as unavailable:
        embedded.save(big)

    assert unavailable.value.headers == {"Retry-After": "5"}
    assert embedded.found("Task", "t1") is None
    database._writing.execute("PRAGMA max_page_count = 1000000")
    embedded.save(big)
    assert embedded.found("Task", "t1") is not None
    embedded.close()


def test_who_never_gets_a_turn_is_told_so_and_nothing_of_it_is_saved_later(
    path: Path, embedded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("second_opinion.store.group_commit.PATIENCE", 0.2)
    embedded.save(a_request(1))
    turns = Turns(path)
    with turns.taken(), pytest.raises(Unavailable):
        embedded.save(a_request(2))

    embedded.save(a_request(3))

    assert [embedded.case(number) is not None for number in (1, 2, 3)] == [True, False, True]
    turns.close()
    embedded.close()


def test_a_fault_of_one_caller_is_its_own(embedded: Store) -> None:
    held, go = Event(), Event()

    def hold() -> None:
        held.set()
        go.wait()

    def fault() -> None:
        raise ZeroDivisionError

    errors: list[BaseException | None] = []

    def write(batch: Batch) -> None:
        try:
            embedded._database.write(batch)
        except ZeroDivisionError as error:
            errors.append(error)

    first = Thread(target=write, args=(Batch([lambda _: hold()]),))
    first.start()
    held.wait()
    # These two wait together for the next commit.
    others = [
        Thread(target=write, args=(Batch([lambda _: fault()]),)),
        Thread(target=embedded.save, args=(a_request(1),)),
    ]
    for thread in others:
        thread.start()
    go.set()
    for thread in [first, *others]:
        thread.join()

    assert [type(error) for error in errors] == [ZeroDivisionError]
    assert embedded.case(1) is not None
    embedded.close()


def test_the_log_is_carried_into_the_file_when_it_has_grown(
    path: Path, embedded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("second_opinion.store.sqlite.CHECKPOINT_ROWS", 50)
    for number in range(1, 101):
        embedded.save(a_request(number))
    log = path.with_name("store.db-wal")

    pages_of_a_save = 40
    assert log.stat().st_size < 100 * pages_of_a_save * 4096 / 3
    assert embedded.search(Query("Task", total_only=True), EVERYTHING).total == 100
    embedded.close()


def test_a_store_in_memory_keeps_what_it_is_given() -> None:
    store = Store(":memory:")
    store.upgrade()
    store.save(a_request(store.next_case_number()))
    with store.load_snapshot([], replace=False) as load:
        load.put([a_resource("Practitioner", "d1")])
        load.activate({}, "")

    assert store.case(1) is not None
    assert store.body("Practitioner", "d1") is not None
    store.close()


def test_while_others_hold_the_turn_too_long_nobody_waits_long(
    path: Path, embedded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "PATIENCE", 0.3)
    others = Turns(path)
    with others.taken():
        with pytest.raises(Unavailable):
            embedded.save(a_request(1))
        monkeypatch.setattr(group_commit, "BRIEFLY", 0.01)
        took = []
        for number in range(2, 12):
            begun = time.monotonic()
            with pytest.raises(Unavailable):
                embedded.save(a_request(number))
            took.append(time.monotonic() - begun)
    others.close()
    monkeypatch.setattr(group_commit, "PATIENCE", 60)
    embedded.save(a_request(12))

    assert min(took) < 0.3
    assert [number for number in range(1, 13) if embedded.case(number) is not None] == [12]
    embedded.close()


def test_who_writes_alone_writes_on_its_own_thread(embedded: Store) -> None:
    threads = []
    embedded._database.write(Batch([lambda _: threads.append(current_thread())]))

    assert threads == [current_thread()]
    embedded.close()


def test_while_another_program_holds_the_database_nobody_waits_longer_than_patience(
    path: Path, embedded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "PATIENCE", 0.2)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            embedded.save(a_request(1))
        other.execute("ROLLBACK")
    monkeypatch.setattr(group_commit, "PATIENCE", 60)
    embedded.save(a_request(2))

    assert [embedded.case(number) is not None for number in (1, 2)] == [False, True]
    embedded.close()


def test_a_turn_is_taken_at_once_only_while_nobody_has_it(path: Path) -> None:
    path.parent.mkdir()
    with closing(Turns(path)) as here, closing(Turns(path)) as there:
        assert here.take_at_once()
        assert not here.take_at_once()
        assert not there.take_at_once()
        here.give_back()

        assert there.take_at_once()
        there.give_back()
        with here.taken():
            assert not there.take_at_once()
        assert here.take_at_once()
        here.give_back()


def test_who_waits_for_a_turn_comes_before_who_asks_later(path: Path) -> None:
    path.parent.mkdir()
    with closing(Turns(path)) as turns, path.with_name("store.db.queue").open() as queue:
        fcntl.flock(queue, fcntl.LOCK_EX)  # as whoever waits does
        assert not turns.take_at_once()
        fcntl.flock(queue, fcntl.LOCK_UN)

        assert turns.take_at_once()
        turns.give_back()


def test_closing_waits_for_who_writes_on_its_own_thread(embedded: Store) -> None:
    inside, go, written = Event(), Event(), []

    def hold() -> None:
        inside.set()
        go.wait()

    def write() -> None:
        embedded._database.write(Batch([lambda _: hold()]))
        written.append(True)

    writer = Thread(target=write)
    writer.start()
    inside.wait()
    closer = Thread(target=embedded.close)
    closer.start()
    closer.join(0.2)
    assert closer.is_alive()
    go.set()
    for thread in (writer, closer):
        thread.join()

    assert written


def test_no_turn_is_taken_once_it_is_closed(path: Path) -> None:
    path.parent.mkdir()
    turns = Turns(path)
    turns.close()

    assert not turns.take_at_once()
