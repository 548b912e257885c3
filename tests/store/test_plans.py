import pytest

from second_opinion.store.changes import Changes
from second_opinion.store.keeping import Store
from second_opinion.store.query import Clause, Exactly, Linked, Query, Sort, Updated, Visibility
from second_opinion.store.searching import Search
from store.entries import EVERYTHING, a_request, a_resource

OWN = Visibility(parties=("partner:ehr", "npi:1234567893"), partner="ehr")
IDENTIFIER = Clause((Exactly("identifier", "3\x1fcase"),), selective=True)
STATUS = Clause((Exactly("business-status", "pended-clinician"),))
NEWEST = (Sort("_lastUpdated", "updated", descending=True),)
QUERIES = {
    "by identifier": (Query("Task", (IDENTIFIER,)), OWN),
    "by identifier, among other conditions": (Query("Task", (STATUS, IDENTIFIER)), EVERYTHING),
    "work list": (Query("Task", (STATUS,), (Sort("due", "date"),)), EVERYTHING),
    "own cases": (Query("Task"), OWN),
    "own cases of one status, newest first": (
        Query("Task", (STATUS,), NEWEST),
        OWN,
    ),
    "changed since": (Query("Task", (Clause((Updated("gt", 5, 5),)),), (Sort("_lastUpdated", "updated"),)), EVERYTHING),
    "by the patient's identifier": (
        Query("Task", (Clause((Linked("patient", "Patient", (Exactly("identifier", "x"),)),), selective=True),)),
        OWN,
    ),
}


@pytest.fixture(scope="module")
def filled() -> Store:
    """Two thousand Tasks, of which every tenth is a caller's own and every fiftieth pended."""
    store = Store(":memory:")
    store.upgrade()
    for number in range(1, 2001):
        parties = {"npi:1234567893"} if number % 10 == 0 else {"npi:1"}
        terms = [
            ("identifier", f"{number}\x1fcase"),
            ("business-status", "approved" if number % 50 else "pended-clinician"),
        ]
        task = a_resource("Task", f"t{number}", terms=terms, spans=[("due", number, number)], case=number)
        store.save(a_request(number, resources=[task], parties=parties))
    return store


@pytest.mark.parametrize("name", QUERIES)
def test_no_frequent_search_looks_at_every_row_of_a_table(filled: Store, name: str) -> None:
    query, visibility = QUERIES[name]
    search = Search(filled._database, query, visibility)
    matching = search.matching()
    statement = search.statement(matching)

    rows = filled._database.fetch(f"EXPLAIN QUERY PLAN {statement.text}", statement.values)
    steps = [row[3] for row in rows]

    assert [step for step in steps if step.startswith("SCAN") and step not in {"SCAN d", "SCAN q"}] == []


def test_a_search_starts_from_the_fewest_rows(filled: Store) -> None:
    both = Query("Task", (Clause((Exactly("business-status", "approved"),)), STATUS), (Sort("due", "date"),))
    search = Search(filled._database, both, EVERYTHING)

    place, _ = search._driver()

    assert place == 1


def test_a_page_of_many_rows_in_the_order_of_their_numbers_needs_no_sorting_of_all(filled: Store) -> None:
    search = Search(filled._database, Query("Task", (Clause((Exactly("business-status", "approved"),)),)), EVERYTHING)
    statement = search.statement(search.matching())
    rows = filled._database.fetch(f"EXPLAIN QUERY PLAN {statement.text}", statement.values)

    assert not any("ORDER BY" in row[3] for row in rows)


def test_an_empty_change_leaves_the_store_as_it_is(filled: Store) -> None:
    filled.save(Changes())

    assert filled.search(Query("Task", total_only=True), EVERYTHING).total == 2000
