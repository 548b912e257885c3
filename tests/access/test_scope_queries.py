"""Scopes with a query: what they open, asked of the scopes alone."""

import pytest

from second_opinion.access.scopes import SYSTEM, effective, grant
from second_opinion.access.visibility import _within
from second_opinion.store.query import Clause, HasId

STATUS, OWNER = (Clause((HasId("status"),)),), (Clause((HasId("owner"),)),)


def understand(type_name: str, query: str) -> tuple[Clause, ...] | None:
    return {("Task", "status=accepted"): STATUS, ("Task", "owner=x"): OWNER}.get((type_name, query))


@pytest.mark.parametrize(
    ("requested", "registered", "granted"),
    [
        ("system/Task.rs?status=accepted", "system/*.cruds", "system/Task.rs?status=accepted"),
        ("system/Task.cruds?status=accepted", "system/*.cruds", "system/Task.rs?status=accepted"),
        ("system/Task.c?status=accepted", "system/*.cruds", ""),
        ("system/Task.rs?colour=red", "system/*.cruds", ""),
        ("system/*.rs?status=accepted", "system/*.cruds", ""),
        ("system/Task.read?status=accepted", "system/*.cruds", ""),  # version 1 has no queries
        ("system/Task.rs", "system/Task.rs?status=accepted", "system/Task.rs?status=accepted"),
        ("system/*.rs", "system/Task.rs?status=accepted", "system/Task.rs?status=accepted"),
        ("system/Task.rs?owner=x", "system/Task.rs?status=accepted", "system/Task.rs?owner=x&status=accepted"),
        ("system/Task.cruds", "system/Task.r?owner=x system/Task.u", "system/Task.r?owner=x system/Task.u"),
    ],
)
def test_a_query_narrows_what_is_granted(requested: str, registered: str, granted: str) -> None:
    assert grant(requested, registered, SYSTEM, understand) == granted


def test_the_demands_of_token_and_registry_both_hold() -> None:
    (scope,) = effective("system/Task.rs?owner=x", "system/Task.rs?status=accepted", SYSTEM, understand)

    assert scope.clauses == (*OWNER, *STATUS)


def test_one_scope_without_a_query_opens_the_type_whole() -> None:
    scopes = effective("system/Task.rs?owner=x system/Task.r system/Claim.s", "system/*.rs", SYSTEM, understand)

    reading, searching = _within(scopes, "r"), _within(scopes, "s")
    assert reading == (frozenset({"Task"}), ())
    assert searching[0] == frozenset({"Task", "Claim"})
    assert [(each.type, each.alternatives) for each in searching[1]] == [("Task", (OWNER,))]


def test_a_scope_for_every_type_narrows_nothing() -> None:
    assert _within(effective("system/*.rs system/Task.r?owner=x", "system/*.rs", SYSTEM, understand), "r") == (None, ())
