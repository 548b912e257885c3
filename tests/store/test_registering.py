import pytest

from second_opinion.store.changes import Conflict
from second_opinion.store.keeping import Store


def test_who_is_registered_is_read_again_in_order_of_ids(store: Store) -> None:
    store.registry_add("partner", "b", b"2")
    store.registry_add("partner", "a", b"1")
    store.registry_add("reviewer", "r", b"3")

    assert store.registry_get("a") == ("partner", b"1", True)
    assert store.registry_list("partner") == [("a", b"1", True), ("b", b"2", True)]
    assert store.registry_get("absent") is None


def test_an_id_is_taken_for_both_kinds(store: Store) -> None:
    store.registry_add("partner", "a", b"1")

    with pytest.raises(Conflict) as conflict:
        store.registry_add("reviewer", "a", b"2")

    assert conflict.value.kind == "registry"
    assert store.registry_get("a") == ("partner", b"1", True)


def test_who_is_disabled_is_so_until_enabled_again(store: Store) -> None:
    store.registry_add("partner", "a", b"1")

    assert store.registry_set_active("a", active=False)
    assert store.registry_get("a") == ("partner", b"1", False)
    assert store.registry_set_active("a", active=True)
    assert store.registry_get("a") == ("partner", b"1", True)
    assert not store.registry_set_active("absent", active=False)


def test_an_assertion_is_used_once_and_forgotten_when_it_has_run_out(store: Store) -> None:
    store.use_assertion("ehr", "digest", now=10, until=20)
    store.use_assertion("other", "digest", now=10, until=20)

    for now in (10, 20):
        with pytest.raises(Conflict) as conflict:
            store.use_assertion("ehr", "digest", now=now, until=30)
        assert conflict.value.kind == "assertion"

    store.use_assertion("ehr", "digest", now=21, until=30)
    assert store._database.fetch("SELECT partner, until FROM used_assertion") == [("ehr", 30)]
