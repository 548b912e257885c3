import pytest

from second_opinion.errors import Unavailable
from second_opinion.store.changes import Changes, Conflict, ResourceWrite
from second_opinion.store.keeping import Store
from second_opinion.store.query import Clause, Exactly, Query
from store.entries import EVERYTHING, a_request, a_resource

BODY = b'{"resourceType":"Practitioner","id":"%s","meta":{"versionId":"1"},"name":"%s"}'


def a_doctor(id: str, name: str = "Synthetic") -> ResourceWrite:  # noqa: A002 - FHIR's own word
    return a_resource(
        "Practitioner",
        id,
        body=BODY % (id.encode(), name.encode()),
        terms=[("identifier", f"{id}\x1fnpi"), ("name", name)],
        spans=[("date", 1, 2)],
    )


def load(store: Store, *resources: ResourceWrite, replace: bool = False) -> None:
    with store.load_snapshot(["synthetic.ndjson"], replace=replace) as load:
        load.put(resources)
        load.activate({"Practitioner": len(resources)}, "0" * 64)


def fail_to_load(store: Store, *resources: ResourceWrite) -> None:
    with store.load_snapshot([], replace=True) as failing:
        failing.put(resources)
        failing._flush()
        raise ZeroDivisionError


def doctors(store: Store) -> list[str]:
    return [row.id for row in store.search(Query("Practitioner"), EVERYTHING).rows]


def named(store: Store, name: str) -> int:
    return store.search(Query("Practitioner", (Clause((Exactly("name", name),)),)), EVERYTHING).total


def index_rows(store: Store) -> list[tuple[object, ...]]:
    counts = "SELECT (SELECT count(*) FROM search_term), (SELECT count(*) FROM search_span)"
    return store._database.fetch(counts)


def test_readers_see_the_old_directory_until_the_whole_new_one_is_there(store: Store) -> None:
    load(store, a_doctor("a"))
    with store.load_snapshot([], replace=False) as second:
        second.put([a_doctor("a", "Changed"), a_doctor("b")])
        second._flush()
        assert (doctors(store), named(store, "Synthetic"), named(store, "Changed")) == (["a"], 1, 0)
        assert store.bodies("Practitioner", "identifier", "b\x1f", prefix=True) == []
        assert store.active_snapshot() == 1

        second.activate({}, "")

    assert (doctors(store), named(store, "Synthetic"), named(store, "Changed")) == (["a", "b"], 1, 1)
    assert [id for id, _ in store.bodies("Practitioner", "identifier", "b\x1f", prefix=True)] == ["b"]  # noqa: A001 - FHIR's own word
    assert store.active_snapshot() == 2


def test_a_load_that_fails_changes_nothing_and_leaves_nothing(store: Store) -> None:
    load(store, a_doctor("a"))
    before = index_rows(store)

    with pytest.raises(ZeroDivisionError):
        fail_to_load(store, a_doctor("a", "Changed"), a_doctor("b"))

    assert (doctors(store), named(store, "Synthetic"), store.active_snapshot()) == (["a"], 1, 1)
    assert index_rows(store) == before
    assert store._database.fetch("SELECT count(*) FROM resource") == [(1,)]
    load(store, a_doctor("b"))
    assert doctors(store) == ["a", "b"]


def test_a_load_without_activation_is_no_load(store: Store) -> None:
    with store.load_snapshot([], replace=False) as forgotten:
        forgotten.put([a_doctor("a")])

    assert (doctors(store), store.active_snapshot()) == ([], 0)


def test_what_a_load_leaves_unchanged_keeps_its_version_and_what_it_changes_gets_the_next(store: Store) -> None:
    load(store, a_doctor("a"), a_doctor("b"))
    same_but_meta = a_resource("Practitioner", "a", body=a_doctor("a").body.replace(b'"1"', b'"9"'))

    load(store, same_but_meta, a_doctor("b", "Changed"))

    a, b = (store.found("Practitioner", id) for id in "ab")  # noqa: A001 - FHIR's own word
    assert a is not None
    assert b is not None
    assert (a.version, a.body) == (1, a_doctor("a").body)
    assert b.version == 2
    assert b'"versionId":"2"' in b.body
    assert b'"Changed"' in b.body
    assert [row.version for row in store.history("Practitioner", "b", EVERYTHING, 10).rows] == [2, 1]
    first = store.read("Practitioner", "b", EVERYTHING, version=1)
    assert first is not None
    assert first.body == a_doctor("b").body


@pytest.mark.parametrize(("replace", "left"), [(False, ["a", "b", "c"]), (True, ["b", "c"])])
def test_only_a_replacing_load_ends_what_it_does_not_hold(store: Store, replace: bool, left: list[str]) -> None:  # noqa: FBT001 - a parameter of the test
    load(store, a_doctor("a"), a_doctor("b"))

    load(store, a_doctor("b"), a_doctor("c"), replace=replace)

    assert doctors(store) == left
    assert (store.body("Practitioner", "a") is None) is replace
    assert (store.found("Practitioner", "a") is None) is replace


def test_what_was_ended_can_come_back(store: Store) -> None:
    load(store, a_doctor("a"))
    load(store, a_doctor("b"), replace=True)
    load(store, a_doctor("a"), a_doctor("b"), replace=True)

    returned = store.found("Practitioner", "a")
    assert sorted(doctors(store)) == ["a", "b"]
    assert index_rows(store) == [(4, 2)]
    assert returned is not None
    assert returned.version == 2


def test_an_id_twice_in_one_load_fails_the_whole_load(store: Store) -> None:
    with pytest.raises(Conflict):
        load(store, a_doctor("a"), a_doctor("b"), a_doctor("a", "Changed"))

    assert doctors(store) == []


def test_a_replacing_load_leaves_cases_alone(store: Store) -> None:
    store.save(a_request(1))

    load(store, a_doctor("a"), replace=True)
    load(store, a_doctor("b"), replace=True)

    assert store.found("Task", "task-1") is not None


def test_cases_are_saved_while_a_load_is_under_way(store: Store) -> None:
    with store.load_snapshot([], replace=False) as under_way:
        under_way.put([a_doctor("a")])
        store.save(a_request(1))
        under_way._flush()
        store.save(a_request(2))
        under_way.activate({}, "")

    assert (store.case(1) is None, store.case(2) is None, doctors(store)) == (False, False, ["a"])


def test_a_second_load_at_the_same_time_is_refused(store: Store) -> None:
    with store.load_snapshot([], replace=False) as first:
        first.put([a_doctor("a")])
        with pytest.raises(Unavailable, match="Another load"), store.load_snapshot([], replace=False):
            pytest.fail("two loads at once")
        first.activate({}, "")

    assert doctors(store) == ["a"]


def test_more_resources_than_one_transaction_holds_are_loaded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("TURN", "SORTED", "LISTED"):
        monkeypatch.setattr(f"second_opinion.store.snapshots.{limit}", 7)
    everyone = [a_doctor(f"d{number:03}") for number in range(50)]
    load(store, *everyone)

    load(store, *everyone[10:], replace=True)

    found = store.search(Query("Practitioner", count=100), EVERYTHING)
    assert [row.id for row in found.rows] == [each.id for each in everyone[10:]]
    assert store.search(Query("Practitioner", total_only=True), EVERYTHING).total == 40


def test_saving_nothing_is_no_fault(store: Store) -> None:
    store.save(Changes())
    with store.load_snapshot([], replace=False) as empty:
        empty.put([])
        empty.activate({}, "")

    assert store.active_snapshot() == 1
