"""PostgreSQL, when there is more than one machine: pooled connections, one transaction for each batch."""

import contextlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.abc import PQGen
from sqlalchemy import Connection, Engine, PoolProxiedConnection, create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError

from second_opinion.errors import OutOfTime, Unavailable
from second_opinion.store import patience
from second_opinion.store.changes import Conflict
from second_opinion.store.database import (
    POSTGRESQL,
    Batch,
    Row,
    Step,
    columns,
    conflict_kind,
    insert_statements,
    unavailable,
)
from second_opinion.store.places import Place

RV = TypeVar("RV")

TRIES = 5  # of a transaction that lost against another's locks
CONNECTIONS = 40  # of one process at most
REACHED_WITHIN = 5  # seconds
LOOKS_UP = 0.1  # seconds between looks at whether to wait on
_MIGRATING, _LOADING, _PLACES = 7_700_001, 7_700_002, 7_700_003  # advisory locks, numbers of our own

_SERVING = "-c statement_timeout=8000 -c lock_timeout=6000"  # milliseconds: every answer comes within 15 s


@lru_cache(maxsize=2048)
def _translated(statement: str) -> str:
    return statement.replace("?", "%s")


class PostgresqlTransaction:
    """One transaction under way on a PostgreSQL connection."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._cursor = connection.cursor(binary=True)

    def execute(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Run one statement; the number of rows it changed."""
        return self._cursor.execute(_translated(statement).encode(), values).rowcount

    def fetch(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of one query."""
        return self._cursor.execute(_translated(statement).encode(), values).fetchall()

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows."""
        for statement, values in insert_statements(POSTGRESQL, table, rows):
            self._cursor.execute(_translated(statement).encode(), values)


class BulkTransaction(PostgresqlTransaction):
    """A transaction that copies rows in."""

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows."""
        with self._cursor.copy(f"COPY {table} ({', '.join(columns(table))}) FROM STDIN".encode()) as copy:
            for row in rows:
                copy.write_row(row)


class Patient(psycopg.Connection[Row]):
    """A connection whose server is waited for as long as the request under way has time, and no longer."""

    def wait(self, gen: PQGen[RV], interval: float = LOOKS_UP, timeout: float | None = None) -> RV:
        """Psycopg's own place for it. OutOfTime ends the connection: what it does meanwhile, nobody knows."""
        try:
            return super().wait(gen, interval, patience.left(timeout))
        except errors._WaitTimeout:  # noqa: SLF001 - psycopg's: callers are to turn it into an error of their own
            self.close()
            patience.left()
            raise


class Postgresql:
    """A PostgreSQL database shared with other threads, processes and machines."""

    dialect = POSTGRESQL
    stamp = None
    waiting = None

    def __init__(self, url: str) -> None:
        self._url = make_url(url).set(drivername="postgresql+psycopg")
        self._engine = create_engine(
            self._url,
            pool_size=10,
            max_overflow=CONNECTIONS - 10,
            pool_timeout=5,
            pool_pre_ping=True,
            connect_args={"autocommit": True, "options": _SERVING},
        )
        event.listen(self._engine, "do_connect", _connected)

    @contextlib.contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[Row]]:
        patience.left()
        try:
            pooled = self._engine.raw_connection()
        except Exception as error:
            raise unavailable() from error
        try:
            yield _driver(pooled)
        except OutOfTime:
            pooled.invalidate()
            raise
        finally:
            pooled.close()

    def fetch(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of one query."""
        with self._connection() as connection, _faults():
            return PostgresqlTransaction(connection).fetch(statement, values)

    def recall(self, statement: str, values: tuple[Any, ...]) -> list[Row]:
        """All rows of one query."""
        return self.fetch(statement, values)

    def write(self, batch: Batch) -> None:
        """Write the batch in one transaction of its own."""
        with self._connection() as connection, _faults():
            for _ in range(TRIES):
                try:
                    with connection.transaction():
                        batch.run(PostgresqlTransaction(connection))
                except (errors.DeadlockDetected, errors.SerializationFailure):
                    continue
                else:
                    return
        raise unavailable()

    def note(self, rows: Sequence[Row]) -> None:
        """Write audit rows now; PostgreSQL has no queue of ours to wait in."""
        batch = Batch()
        batch.rows["audit"] = list(rows)
        self.write(batch)

    def wait_for_notes(self) -> None:
        """Nothing waits: what was noted was written."""

    def recover(self) -> int:
        """Nothing is left behind: what was noted was written."""
        return 0

    @contextlib.contextmanager
    def bulk(self) -> Iterator["PostgresqlBulk"]:
        """A bulk writer on its own connection; a second one at a time is refused."""
        url = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        with _faults(), psycopg.connect(url, autocommit=True) as connection:
            taken = connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOADING,)).fetchone()
            if taken != (True,):
                raise Unavailable("Another load is under way; try again when it has ended")
            yield PostgresqlBulk(connection)

    @contextlib.contextmanager
    def migrating(self) -> Iterator[Connection]:
        """A SQLAlchemy connection in a transaction that waits for another migration's end."""
        engine = create_engine(self._url)
        try:
            with _reached(engine) as connection, connection.begin():
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _MIGRATING})
                yield connection
        finally:
            engine.dispose()

    def hold(self, place: int) -> Place | None:
        """A lock of a connection of its own; the server gives it back when the connection ends."""
        url = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        with _faults():
            connection = psycopg.connect(url, autocommit=True, connect_timeout=5)
            taken = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", (_PLACES, place)).fetchone()
            if taken == (True,):
                return ConnectionPlace(connection)
            connection.close()
        return None

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()


class ConnectionPlace:
    """A place held by a lock of a connection's."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def lost(self) -> bool:
        """Whether the connection is gone, and the lock with it."""
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:
            return True
        return False

    def release(self) -> None:
        """Give the lock back."""
        self._connection.close()


class PostgresqlBulk:
    """Bulk writing on a connection of its own."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection

    def fetch(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of one query."""
        return PostgresqlTransaction(self._connection).fetch(statement, values)

    def write(self, step: Step) -> None:
        """One short transaction; not on disk for certain before ``settle``."""
        with self._connection.transaction():
            self._connection.execute("SET LOCAL synchronous_commit = off")
            step(BulkTransaction(self._connection))

    def settle(self, step: Step) -> None:
        """One short transaction, on disk with everything before it when it returns."""
        with self._connection.transaction():
            step(BulkTransaction(self._connection))


def _connected(_dialect: Any, _record: Any, given: Sequence[Any], named: dict[str, Any]) -> Patient:
    """A new connection of the pool; the driver waits two seconds at least."""
    within = patience.left(REACHED_WITHIN)
    return Patient.connect(*given, **named, connect_timeout=int(within or REACHED_WITHIN))


def _driver(pooled: PoolProxiedConnection) -> psycopg.Connection[Row]:
    connection: Any = pooled.driver_connection
    return connection  # type: ignore[no-any-return]  # the pool does not know its driver's type


def _reached(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except OperationalError as fault:
        raise Unavailable(
            "The database cannot be reached; is its server running, and are host, port, user and name right?",
            headers={"Retry-After": "5"},
        ) from fault


@contextlib.contextmanager
def _faults() -> Iterator[None]:
    """The driver's errors in the store's words."""
    try:
        yield
    except errors.UniqueViolation as error:
        raise Conflict(conflict_kind(error.diag.table_name or "")) from None
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise unavailable() from error
