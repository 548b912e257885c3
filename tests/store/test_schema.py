from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

import databases
from second_opinion.fhir.search_registry import PARAMETERS
from second_opinion.store.keeping import Store
from second_opinion.store.parameters import param
from second_opinion.store.tables import metadata


def test_the_migrations_build_the_tables_of_this_release(store: Store) -> None:
    with store._database.migrating() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
        tables = set(inspect(connection).get_table_names())

    assert differences == []
    assert tables == {*metadata.tables, "alembic_version"}


def test_a_database_says_where_it_stands_and_is_upgraded_once() -> None:
    store = Store(":memory:")
    current, head = store.status()
    assert current is None
    assert not store.is_current()

    store.upgrade()
    store.upgrade()

    assert store.status() == (head, head)
    assert store.is_current()
    store.ping()
    store.close()


def test_a_new_database_on_a_server_is_upgraded_from_nothing(postgresql: databases.Server) -> None:
    name = postgresql.new_database()
    store = Store(postgresql.url(name))
    assert store.status()[0] is None

    store.upgrade()

    assert store.next_case_number() == 1
    store.close()
    postgresql.drop(name)


def test_no_two_search_parameters_share_a_number() -> None:
    names = {
        (kind, f"{name}{part}")
        for kind, parameters in PARAMETERS.items()
        for parameter in parameters.values()
        for name in (parameter.name, *parameter.stored)
        for part in ("", ":identifier", ":exact")
    }

    numbers = {param(kind, name) for kind, name in names}

    assert len(numbers) == len(names) > 500
    assert all(-(2**31) <= number < 2**31 for number in numbers)
