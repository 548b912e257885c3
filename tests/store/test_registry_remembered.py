"""Who is registered is remembered only while nobody, in whatever process, has changed it."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from second_opinion.store.database import Batch, Transaction
from second_opinion.store.keeping import Store
from second_opinion.store.recalled import A_WHILE
from second_opinion.store.registering import Registry

ENTRY = ("partner", b"{}", True)


@pytest.fixture
def two(database_url: str) -> Iterator[tuple[Store, Store]]:
    """Two openings of one database, as two processes have."""
    with ExitStack() as opened:
        first, second = (opened.enter_context(closing(Store(database_url))) for _ in range(2))
        yield first, second


def test_a_change_of_one_process_is_there_for_the_other_at_once(two: tuple[Store, Store]) -> None:
    here, there = two
    assert there.registry_get("clinic") is None

    here.registry_add("partner", "clinic", b"{}")
    assert there.registry_get("clinic") == ENTRY

    for active in (False, True, False):
        here.registry_set_active("clinic", active)
        assert there.registry_get("clinic") == ("partner", b"{}", active)
        assert here.registry_get("clinic") == ("partner", b"{}", active)


def test_who_died_before_the_new_stamp_is_believed_a_moment_later(tmp_path: Path) -> None:
    now = 0.0
    with closing(Store(f"sqlite:///{tmp_path / 'kept.db'}")) as store:
        store.upgrade()
        store.registry_add("partner", "clinic", b"{}")
        known = Registry(store._database, lambda: now)
        assert known.get("clinic") == ENTRY

        store._database.write(Batch([_disable]))
        now = A_WHILE - 0.001
        assert known.get("clinic") == ENTRY
        now = A_WHILE
        assert known.get("clinic") == ("partner", b"{}", False)


def _disable(transaction: Transaction) -> None:
    transaction.execute("UPDATE registry SET active = 0")
