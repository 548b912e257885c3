from dataclasses import replace
from datetime import timedelta

import pytest

from second_opinion.store.changes import AuditRow, Changes
from second_opinion.store.keeping import Store
from store.entries import AT, a_request, an_audit_row
from store.processes import note_until_killed
from store.test_processes import line, start

TAMPERED = {
    "another actor": ("UPDATE audit SET actor = 'nobody' WHERE number = 3", "record 3 is not as it was written"),
    "another outcome": ("UPDATE audit SET outcome = '8' WHERE number = 1", "record 1 is not as it was written"),
    "one taken out": ("DELETE FROM audit WHERE number = 2", "record 2 is missing"),
    "the first taken out": ("DELETE FROM audit WHERE number = 1", "record 1 is missing"),
    "the last taken out": ("DELETE FROM audit WHERE number = 4", "record 4 is missing"),
    "all taken out": ("DELETE FROM audit", "record 1 is missing"),
    "two in each other's place": (
        (
            "UPDATE audit SET number = 102 WHERE number = 2",
            "UPDATE audit SET number = 2 WHERE number = 3",
            "UPDATE audit SET number = 3 WHERE number = 102",
        ),
        "record 2 is not as it was written",
    ),
    "the first taken out as if retired": (
        ("DELETE FROM audit WHERE number = 1", "UPDATE audit_head SET retired = 1, retired_digest = '{digest}'"),
        "records up to 1 were taken away, and no record says so",
    ),
    "one put behind": (
        (
            "INSERT INTO audit SELECT 5, at, actor, action, resource, patient, outcome, request, detail, ''"
            " FROM audit WHERE number = 4"
        ),
        "record 5 is not as it was written",
    ),
    "the head taken away": ("DELETE FROM audit_head", "the head of the chain is missing"),
}


def four_records(store: Store) -> None:
    store.save(a_request(1))
    store.note([an_audit_row("a"), an_audit_row("b")])
    store.wait_for_notes()
    store.save(Changes(audit=[an_audit_row("c")]))


def test_what_was_written_holds(store: Store) -> None:
    four_records(store)

    assert store.verify_audit() == (4, None)


def test_an_empty_trail_holds(store: Store) -> None:
    assert store.verify_audit() == (0, None)


@pytest.mark.parametrize("tampering", TAMPERED)
def test_whatever_is_changed_behind_our_back_is_named(store: Store, tampering: str) -> None:
    statements, named = TAMPERED[tampering]
    four_records(store)
    digest = store._database.fetch("SELECT digest FROM audit WHERE number = 1")[0][0]

    with store._database.migrating() as connection:
        for statement in (statements,) if isinstance(statements, str) else statements:
            connection.exec_driver_sql(statement.format(digest=digest))

    assert (store.verify_audit()[1] or "").startswith(named)


def test_records_come_back_as_they_were_kept_and_in_order(store: Store) -> None:
    store.note([an_audit_row("a"), an_audit_row("b")])
    store.wait_for_notes()
    store.save(Changes(audit=[an_audit_row("c")]))

    assert list(store.audited()) == [(1, an_audit_row("a")), (2, an_audit_row("b")), (3, an_audit_row("c"))]


def test_a_look_that_was_answered_is_on_record_though_the_process_was_killed(database_url: str) -> None:
    told = []
    for _ in range(3):
        with start(note_until_killed.__name__, database_url) as process:
            told += [line(process) for _ in range(200)]
            process.kill()

    store = Store(database_url)
    store.recover()
    kept = [row.request for _, row in store.audited()]

    assert set(told) <= set(kept)
    assert len(kept) == len(set(kept))
    assert store.verify_audit() == (len(kept), None)
    assert store.recover() == 0
    store.close()


def test_many_processes_write_one_chain(database_url: str) -> None:
    processes = [start("save_until_killed", database_url) for _ in range(3)]
    for process in processes:
        [line(process) for _ in range(15)]
    for process in processes:
        process.kill()
        process.communicate()

    store = Store(database_url)
    records, broken = store.verify_audit()

    assert broken is None
    assert records >= 45
    store.close()


def test_records_may_be_retired_once_they_are_old_and_the_rest_holds(store: Store) -> None:
    old, young = AT - timedelta(days=1), AT + timedelta(days=1)
    by = AuditRow(young, "command line", "operation", None, None, "0", None)
    for at in (old, old, young, old, young):
        store.save(Changes(audit=[replace(an_audit_row(), at=at)]))

    assert store.retire_audit(AT - timedelta(days=2), by) == 0
    assert store.retire_audit(AT, by) == 2  # the third is young: what was written after it stays
    assert [(number, row.action) for number, row in store.audited()] == [
        (3, "create"),
        (4, "create"),
        (5, "create"),
        (6, "retire"),
    ]
    assert store.verify_audit() == (4, None)
    store.save(Changes(audit=[an_audit_row()]))
    assert store.verify_audit() == (5, None)

    with store._database.migrating() as connection:
        connection.exec_driver_sql("DELETE FROM audit WHERE number = 3")
    assert store.verify_audit() == (0, "record 3 is missing")
