"""What is not there, what is not the caller's and what is kept from it: one answer, reached by the same steps.

Whose steps differ can be told apart by the clock, so the steps are compared: statements asked of the database, records
written. How long they take is measured in tests/benchmarks.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any, NamedTuple

import pytest
from werkzeug.test import TestResponse

import small_directory
from desks import Service, service
from oracle import ID, Named, Places, Question, places
from second_opinion.api import even
from second_opinion.store.database import Database

_OWN_TO_EACH_ANSWER = re.compile(r'"(id|lastUpdated|timestamp)":"[^"]*"')


class Seen(NamedTuple):
    """One exchange, as far as it may not tell what was asked about."""

    status: int
    headers: dict[str, str]
    body: str
    statements: list[tuple[str, int]]
    records: list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def harbor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("oracle")
    with service(folder, directory=[small_directory.write(folder)]) as running:
        yield running


@pytest.fixture(scope="module")
def asked(harbor: Service) -> Places:
    return places(harbor)


@contextmanager
def listened(database: Database) -> Iterator[list[tuple[str, int]]]:
    """Every statement asked of the database meanwhile, recalled ones too, and how many values it came with."""
    told: list[tuple[str, int]] = []

    def telling(asked: Callable[..., Any]) -> Callable[..., Any]:
        def tell(statement: str, values: Any = ()) -> Any:
            told.append((statement, len(values)))
            return asked(statement, values)

        return tell

    database.fetch, database.recall = telling(database.fetch), telling(database.recall)  # type: ignore[method-assign]
    try:
        yield told
    finally:
        del database.fetch, database.recall


def seen(harbor: Service, asked: Places, question: Question, named: Named) -> Seen:
    store = harbor.desk.store
    request = question.ask(named)
    before = len(list(store.audited()))
    with listened(store._database) as statements:
        answered = asked.callers[question.caller].client.open(
            f"/fhir/{request.path}",
            method=request.method,
            data=request.body or None,
            content_type=request.content_type or None,
            headers=list(request.headers),
        )
    kept = [row for _, row in store.audited()][before:]
    records = [
        (each.actor, each.action, each.patient, each.outcome, {**each.detail, "query": None}, each.resource is None)
        for each in kept
    ]
    return Seen(answered.status_code, _headers(answered, named), _body(answered, named), statements, records)


def _headers(answered: TestResponse, named: Named) -> dict[str, str]:
    left_out = {"X-Request-Id", "X-Correlation-Id", "Date", "Content-Length"}
    return {name: _blank(value, named) for name, value in answered.headers.items() if name not in left_out}


def _body(answered: TestResponse, named: Named) -> str:
    return _OWN_TO_EACH_ANSWER.sub("", _blank(answered.get_data(as_text=True), named))


def _blank(text: str, named: Named) -> str:
    """What the caller sent is in self; that is no news to it."""
    for each in filter(None, (*named.ids.values(), named.order, named.member, ID)):
        text = text.replace(each, "*")
    return text


def test_what_is_kept_from_a_caller_is_answered_like_what_is_not_there(harbor: Service, asked: Places) -> None:
    told = []
    for question in asked.questions:
        nothing = seen(harbor, asked, question, question.about["absent"])
        for kind, named in question.about.items():
            other = seen(harbor, asked, question, named)
            told += [
                f"{question.name}, {kind}: {part} {getattr(nothing, part)!r} / {getattr(other, part)!r}"
                for part in ("status", "headers", "body", "records")
                if getattr(nothing, part) != getattr(other, part)
            ]

    assert told == []


def test_what_is_kept_from_a_caller_is_looked_for_as_what_is_not_there(harbor: Service, asked: Places) -> None:
    told = []
    for question in (each for each in asked.questions if each.by_the_same_steps):
        nothing = seen(harbor, asked, question, question.about["absent"]).statements
        assert nothing, question.name
        told += [
            f"{question.name}, {kind}"
            for kind, named in question.about.items()
            if seen(harbor, asked, question, named).statements != nothing
        ]

    assert told == []


def test_what_shows_nothing_leaves_at_even_intervals(harbor: Service, asked: Places) -> None:
    for question in asked.questions:
        request = question.ask(question.about["absent"])
        began = perf_counter()
        asked.callers[question.caller].client.open(
            f"/fhir/{request.path}",
            method=request.method,
            data=request.body or None,
            content_type=request.content_type or None,
            headers=list(request.headers),
        )
        assert perf_counter() - began >= even.EVERY, question.name
    assert harbor.desk.store.verify_audit()[1] is None
