"""The databases tests run on: SQLite in a file, and PostgreSQL where this machine has it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import databases
from second_opinion.store.keeping import Store


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long the kill tests go on."""
    parser.addoption("--killing", default="5", help="Seconds processes are killed at random on each database.")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[databases.Server]:
    """A PostgreSQL server of our own, with the schema in a database ``template_store``; skips where there is none."""
    try:
        with databases.server() as server:
            server.make_template("template_store")
            yield server
    except databases.Missing as reason:
        pytest.skip(f"PostgreSQL tests skipped: {reason}")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database with the schema, on each kind of database in turn."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'store.db'}"
        store = Store(url)
        store.upgrade()
        store.close()
        yield url
        return
    server: databases.Server = request.getfixturevalue("postgresql")
    name = server.new_database("template_store")
    yield server.url(name)
    server.drop(name)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An empty store, on each kind of database in turn."""
    opened = Store(database_url)
    yield opened
    opened.close()
