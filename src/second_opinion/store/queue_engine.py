"""The engine the durable queue's own tables are written through, in the same database as everything else."""

import contextlib
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url

from second_opinion.store.turns import Turns

CONNECTIONS = 12  # of one worker at most
_READING = ("SELECT", "PRAGMA", "EXPLAIN")


def queue_engine(url: str) -> Engine:
    """An engine on the service's own database."""
    if url.startswith("sqlite:///"):
        return _sqlite(Path(url.removeprefix("sqlite:///")))
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5},
    )


def _sqlite(path: Path) -> Engine:
    """On SQLite the queue takes its turns with the writers of cases.

    Not synced at each commit: the work it holds is kept, on disk, until it is done.
    """
    engine = create_engine(f"sqlite:///{path}", pool_size=CONNECTIONS, max_overflow=0)
    turns = Turns(path)

    @event.listens_for(engine, "connect")
    def _opened(connection: Any, _: Any) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("busy_timeout=30000", "foreign_keys=ON", "synchronous=NORMAL", "wal_autocheckpoint=0"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "before_cursor_execute")
    def _before(connection: Any, _: Any, statement: str, *__: Any) -> None:
        held = connection.connection.info
        if "turn" not in held and not statement.lstrip().upper().startswith(_READING):
            held["turn"] = contextlib.ExitStack()
            held["turn"].enter_context(turns.taken())

    @event.listens_for(engine, "checkin")
    def _returned(_: Any, record: Any) -> None:
        turn = record.info.pop("turn", None)
        if turn is not None:
            turn.close()

    return engine
