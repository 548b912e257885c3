from datetime import timedelta

import pytest

from second_opinion.store.changes import Changes
from second_opinion.store.keeping import Store
from second_opinion.store.query import Query, Visibility
from store.entries import AT, EVERYTHING, a_case, a_request, a_resource

TAKES_PART = Visibility(parties=("npi:1234567893",))
SUBMITTED = Visibility(partner="ehr")
IS_THE_MEMBER = Visibility(members=("p1",))
OTHER = Visibility(parties=("npi:0000000000",), partner="hospital", members=("p2",))


@pytest.fixture
def kept(store: Store) -> Store:
    """One case of member p1, a draft without a case, and what a directory holds of two members."""
    store.save(a_request(1))
    store.save(Changes(resources=[a_resource("ServiceRequest", "draft", partner="ehr", member="p1")]))
    with store.load_snapshot(["synthetic"], replace=False) as load:
        load.put([a_resource("Patient", member, member=member) for member in ("p1", "p2")])
        load.put([a_resource("Coverage", f"c{member}", member=member) for member in ("p1", "p2")])
        load.put([a_resource("Consent", "consent", member="p1"), a_resource("Practitioner", "d1")])
        load.activate({}, "")
    return store


@pytest.mark.parametrize(
    ("visibility", "seen"),
    [
        (EVERYTHING, "Task/task-1 ServiceRequest/draft Patient/p1 Patient/p2 Coverage/cp1 Consent/consent"),
        (TAKES_PART, "Task/task-1 Patient/p1 Coverage/cp1"),
        (SUBMITTED, "Task/task-1 ServiceRequest/draft"),
        (IS_THE_MEMBER, "Task/task-1 ServiceRequest/draft Patient/p1 Coverage/cp1 Consent/consent"),
        (OTHER, "Patient/p2"),
        (Visibility(), ""),
        (Visibility(everything=True, types=frozenset({"Patient"})), "Patient/p1 Patient/p2"),
    ],
)
def test_each_caller_sees_its_own_and_nothing_else(kept: Store, visibility: Visibility, seen: str) -> None:
    asked = ["Task/task-1", "ServiceRequest/draft", "Patient/p1", "Patient/p2", "Coverage/cp1", "Consent/consent"]

    names = [(name, *name.split("/")) for name in asked]

    read = [name for name, kind, id in names if kept.read(kind, id, visibility)]  # noqa: A001 - FHIR's own word
    referred = {f"{each.type}/{each.id}" for each in kept.by_reference(asked, visibility)}
    searched = {
        f"{each.type}/{each.id}"
        for kind in ("Task", "ServiceRequest", "Patient", "Coverage", "Consent")
        for each in kept.search(Query(kind), visibility).rows
    }
    history = [name for name, kind, id in names if kept.history(kind, id, visibility, 10).total]  # noqa: A001 - as above

    assert read == history == seen.split()
    assert referred == set(seen.split())
    assert searched & set(asked) == set(seen.split())


def test_the_provider_directory_is_open_to_everyone_but_not_beyond_its_types(kept: Store) -> None:
    assert kept.read("Practitioner", "d1", Visibility()) is not None
    assert kept.read("Practitioner", "d1", Visibility(types=frozenset({"Task"}))) is None


def test_who_submitted_a_resource_of_a_case_takes_part_in_the_case(store: Store) -> None:
    store.save(a_request(1, parties=set()))

    assert store.parties(1) == {"partner:ehr"}


def test_every_version_can_be_read_and_is_in_the_history_newest_first(store: Store) -> None:
    for version in (1, 2, 3):
        store.save(Changes(resources=[a_resource(version=version)]))

    versions = [store.read("Task", "t1", EVERYTHING, version) for version in (1, 2, 3)]
    history = store.history("Task", "t1", EVERYTHING, 10)

    assert history.rows == versions[::-1]
    assert [each.version for each in history.rows] == [3, 2, 1]
    assert history.total == 3
    assert store.read("Task", "t1", EVERYTHING, 4) is None
    assert store.read("Task", "t1", EVERYTHING, 0) is None


def test_a_history_comes_in_pages_and_since_a_time(store: Store) -> None:
    for version in range(1, 6):
        store.save(Changes(resources=[a_resource("Task", id, version) for id in ("t1", "t2")]))  # noqa: A001 - FHIR's own word

    seen, position = [], None
    while True:
        page = store.history("Task", None, EVERYTHING, 3, position)
        seen += [(row.version, row.id) for row in page.rows]
        position = page.position
        if position is None:
            break
    late = store.history("Task", None, EVERYTHING, 10, since=AT + timedelta(seconds=4))

    assert seen == [(version, id) for version in (5, 4, 3, 2, 1) for id in ("t2", "t1")]  # noqa: A001 - FHIR's own word
    assert page.total == 10
    assert sorted({row.version for row in late.rows}) == [4, 5]


def test_a_deletion_is_the_newest_line_of_the_history(store: Store) -> None:
    store.save(Changes(resources=[a_resource("Subscription", "s")]))
    store.save(Changes(resources=[a_resource("Subscription", "s", 2, body=b"")]))

    assert [row.deleted for row in store.history("Subscription", "s", EVERYTHING, 10).rows] == [True, False]


def test_what_refers_to_a_resource_is_found_once(store: Store) -> None:
    both = [("focus", "ServiceRequest/s1"), ("focus", "ServiceRequest/s2"), ("based-on", "ServiceRequest/s1")]
    store.save(Changes(resources=[a_resource("Task", "t1", terms=both), a_resource("Task", "t2", terms=both[1:2])]))

    found = store.referring("Task", "focus", ["ServiceRequest/s1", "ServiceRequest/s2"], EVERYTHING)

    assert [each.id for each in found] == ["t1", "t2"]
    assert [each.id for each in store.referring("Task", "based-on", ["ServiceRequest/s1"], EVERYTHING)] == ["t1"]
    assert store.referring("Task", "focus", ["ServiceRequest/s1"], OTHER) == []
    assert store.referring("Task", "focus", [], EVERYTHING) == []
    assert store.by_reference(["Task/t1", "Task/t1", "Task/absent", "no reference"], EVERYTHING) == [found[0]]


def test_another_process_sees_a_save_at_once(database_url: str) -> None:
    one, other = Store(database_url), Store(database_url)
    assert other.case(1) is None

    one.save(a_request(1))
    assert other.case(1) is not None
    one.save(Changes(case=a_case(1, version=2, status="approved")))
    case = other.case(1)

    assert case is not None
    assert case.status == "approved"
    one.close()
    other.close()


def test_nothing_is_called_by_what_no_database_can_hold(kept: Store) -> None:
    assert kept.read("Task", "task\0-1", EVERYTHING) is None
