from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from second_opinion.store.changes import Changes
from second_opinion.store.keeping import Store
from second_opinion.store.query import (
    Clause,
    Contains,
    EndsWith,
    Exactly,
    HasId,
    Linked,
    LinkedBy,
    Match,
    Narrowed,
    Present,
    Query,
    Sort,
    StartsWith,
    Updated,
    Visibility,
    Within,
)
from second_opinion.store.stored import Stored, microseconds
from store.entries import AT, EVERYTHING, a_request, a_resource
from store.oracle import DAYS, PARTIES, WORDS, Shelf, a_shelf

PREFIXES = st.sampled_from(["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"])
SPAN = st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)).map(sorted)
WORD = st.sampled_from(WORDS)
UPDATED = st.integers(1, 6).map(lambda second: microseconds(AT) + second * 1_000_000)


def alone(parameter: str) -> st.SearchStrategy[Match]:
    return st.one_of(
        st.builds(Exactly, st.just(parameter), WORD),
        st.builds(StartsWith, st.just(parameter), WORD),
        st.builds(Contains, st.just(parameter), WORD),
        st.builds(EndsWith, st.just(parameter), WORD),
        st.builds(Present, st.just(parameter), st.booleans()),
    )


PATIENT: st.SearchStrategy[Match] = st.one_of(
    alone("family"),
    st.integers(0, 11).map(lambda number: Exactly("identifier", f"M{number}")),
    st.integers(0, 11).map(lambda number: HasId(f"p{number}")),
)
MATCH: st.SearchStrategy[Match] = st.one_of(
    alone("status"),
    st.builds(lambda prefix, span: Within("due", prefix, *span), PREFIXES, SPAN),
    st.builds(lambda prefix, at: Updated(prefix, at, at + 999_999), PREFIXES, UPDATED),
    st.builds(Present, st.sampled_from(["due", "patient"]), st.booleans()),
    st.integers(0, 40).map(lambda number: HasId(f"t{number:02}")),
    st.integers(0, 12).map(lambda number: Exactly("patient", f"Patient/p{number}")),
    st.lists(PATIENT, min_size=1, max_size=2).map(lambda inner: Linked("patient", "Patient", tuple(inner))),
    st.integers(0, 10).map(lambda number: Linked("focus", "ServiceRequest", (Exactly("identifier", f"O{number}"),))),
)
CLAUSE = st.builds(
    Clause, st.lists(MATCH, min_size=1, max_size=2).map(tuple), negated=st.booleans(), selective=st.booleans()
)
SORT = st.builds(
    replace,
    st.sampled_from([Sort("due", "date"), Sort("status", "term"), Sort("_id", "id"), Sort("_lastUpdated", "updated")]),
    descending=st.booleans(),
)
NAMED = st.builds(Clause, st.lists(alone("status"), min_size=1, max_size=2).map(tuple), negated=st.booleans())
NARROWED = st.lists(st.lists(NAMED, min_size=1, max_size=2).map(tuple), min_size=1, max_size=2).map(
    lambda alternatives: (Narrowed("Task", tuple(alternatives)),)
)
VISIBILITY = st.one_of(
    st.just(EVERYTHING),
    NARROWED.map(lambda narrowed: Visibility(everything=True, narrowed=narrowed)),
    st.builds(
        Visibility,
        parties=st.sets(st.sampled_from(PARTIES)).map(sorted).map(tuple),
        partner=st.sampled_from([None, "ehr"]),
        members=st.sampled_from([(), ("p1",), ("p1", "p2")]),
        types=st.sampled_from([None, frozenset({"Task", "Patient"}), frozenset({"Patient"})]),
        narrowed=st.one_of(st.just(()), NARROWED),
    ),
)
QUERY = st.builds(
    Query,
    st.just("Task"),
    st.lists(CLAUSE, max_size=3).map(tuple),
    st.lists(SORT, max_size=2).map(tuple),
    st.integers(1, 15),
)


@pytest.fixture
def shelf(store: Store) -> Shelf:
    shelf = a_shelf()
    for changes in shelf.changes():
        store.save(changes)
    return shelf


def pages(store: Store, query: Query, visibility: Visibility) -> Iterator[list[Stored]]:
    position = None
    while True:
        page = store.search(Query(query.type, query.clauses, query.sort, query.count, position), visibility)
        yield page.rows
        position = page.position
        if position is None:
            return


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERY, visibility=VISIBILITY)
def test_a_search_finds_what_the_slow_way_finds_in_its_order_page_by_page(
    store: Store, shelf: Shelf, query: Query, visibility: Visibility
) -> None:
    expected = [each.id for each in shelf.found(query, visibility)]

    found = [[row.id for row in page] for page in pages(store, query, visibility)]

    assert [id for page in found for id in page] == expected  # noqa: A001 - FHIR's own word
    assert all(len(page) == query.count for page in found[:-1])
    assert store.search(query, visibility).total == len(expected)
    counted = store.search(Query(query.type, query.clauses, total_only=True), visibility)
    assert (counted.total, counted.rows) == (len(expected), [])


@settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(inner=st.lists(MATCH, min_size=1, max_size=2), visibility=VISIBILITY)
def test_chaining_to_a_patient_and_back_leads_only_through_what_the_caller_may_see(
    store: Store, shelf: Shelf, inner: list[Match], visibility: Visibility
) -> None:
    query = Query("Task", (Clause((Linked("patient", "Patient", (LinkedBy("Task", "patient", tuple(inner)),)),)),))

    found = store.search(query, visibility)

    assert [row.id for row in found.rows] == [each.id for each in shelf.found(query, visibility)][: query.count]


def test_pages_neither_repeat_nor_skip_while_others_insert(store: Store) -> None:
    for number in range(30):
        store.save(Changes(resources=[a_resource("Task", f"a{number:02}", spans=[("due", number, number)])]))
    for sort in ((), (Sort("due", "date"),), (Sort("due", "date", descending=True),)):
        query = Query("Task", (), sort, 7)
        before = [row.id for page in pages(store, Query("Task", (), sort, 1000), EVERYTHING) for row in page]
        seen: list[str] = []
        for number, page in enumerate(pages(store, query, EVERYTHING)):
            seen += [row.id for row in page]
            identity = f"b{len(sort)}{sort and sort[0].descending}{number}"
            store.save(Changes(resources=[a_resource("Task", identity, spans=[("due", number, number)])]))
            if number > 30:
                break

        assert len(seen) == len(set(seen))
        assert set(before) <= set(seen)


@pytest.mark.parametrize("clauses", [(), (Clause((Exactly("status", "open"),)),)])
def test_newest_first_neither_repeats_nor_misses_what_changes_while_the_pages_are_turned(
    store: Store, clauses: tuple[Clause, ...]
) -> None:
    def task(number: int, version: int, after: int) -> Changes:
        at = AT + timedelta(seconds=after)
        kept = a_resource("Task", f"a{number:02}", version, last_updated=at, terms=[("status", "open")])
        return Changes(resources=[kept])

    for number in range(20):
        store.save(task(number, 1, number))
    query = Query("Task", clauses, (Sort("_lastUpdated", "updated", descending=True),), 6)
    seen: list[str] = []
    for turned, page in enumerate(pages(store, query, EVERYTHING)):
        seen += [row.id for row in page]
        for number in (0, 19):  # one yet to come, and one shown
            store.save(task(number, 2 + turned, 100 + turned))
        store.save(task(50 + turned, 1, 100 + turned))

    assert seen == [f"a{number:02}" for number in reversed(range(20))]


def test_a_driver_with_many_rows_answers_as_one_with_few(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(12):
        store.save(a_request(number, parties={"npi:1"} if number % 2 else {"npi:2"}))
    query = Query("Task", (Clause((Present("focus", missing=False),)),), (Sort("_id", "id"),), 5)
    visibility = Visibility(parties=("npi:1",))
    few = store.search(query, visibility)

    monkeypatch.setattr("second_opinion.store.searching.MANY", 2)

    assert store.search(query, visibility) == few
    assert few.total == 6


@pytest.mark.parametrize("last", ["\ud7ff", "z", "\U0010ffff"])
def test_a_prefix_is_found_by_index_whatever_its_last_character(store: Store, last: str) -> None:
    values = ["a", f"a{last}", f"a{last}b", f"a{last}\U0010ffff", "b"]
    store.save(Changes(resources=[a_resource("Task", f"t{n}", terms=[("x", v)]) for n, v in enumerate(values)]))

    found = store.search(Query("Task", (Clause((StartsWith("x", f"a{last}"),), selective=True),)), EVERYTHING)

    assert [row.id for row in found.rows] == ["t1", "t2", "t3"]
    assert [identity for identity, _ in store.bodies("Task", "x", f"a{last}", prefix=True)] == ["t1", "t2", "t3"]
    assert [identity for identity, _ in store.bodies("Task", "x", f"a{last}")] == ["t1"]


def test_values_of_any_length_and_character_are_found_again(store: Store) -> None:
    values = ["x" * 50_000, "x" * 50_001, "nul\0inside", "é" * 481]
    store.save(Changes(resources=[a_resource("Task", f"t{n}", terms=[("x", v)]) for n, v in enumerate(values)]))

    found = [store.search(Query("Task", (Clause((Exactly("x", value),)),)), EVERYTHING).rows for value in values]

    assert [[row.id for row in rows] for rows in found] == [["t0"], ["t1"], ["t2"], ["t3"]]
