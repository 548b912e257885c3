"""The floor: the same server, the same body parsed, the same rows inserted, and nothing of what the service is for.

``/store`` inserts through the service's own store, which groups commits; ``/bare`` with the driver alone, one
commit for each request, as the first version of any such service would. The reads answer the same bytes.
"""

import json
import os
import sqlite3
import sys
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path
from threading import local
from typing import Any

from flask import Flask, Response, request
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from second_opinion import serving
from second_opinion.store import writing
from second_opinion.store.group_commit import SqliteTransaction
from second_opinion.store.keeping import Store
from second_opinion.store.numbering import Numbers

from . import samples
from .samples import Copies, Sample, Samples


def application(taken: Samples, database: Path) -> Flask:
    """The floor's routes."""
    app = Flask("floor", static_folder=None)
    store = Store(f"sqlite:///{database}")
    bare = Bare(database, store)
    for kind, sampled in (
        ("submitted", taken.submitted),
        ("created", taken.created),
        ("claimed", taken.claimed),
    ):
        app.add_url_rule(f"/store/{kind}", f"store {kind}", _inserting(sampled, _through(store)), methods=["POST"])
        app.add_url_rule(f"/bare/{kind}", f"bare {kind}", _inserting(sampled, bare.save), methods=["POST"])
    app.add_url_rule("/task/<ident>", "task", lambda ident: _answer(taken.task))  # noqa: ARG005 - Flask passes it by name
    app.add_url_rule("/searched", "searched", lambda: _answer(taken.searched))
    app.add_url_rule("/ready", "ready", lambda: Response("yes"))
    return app


def _inserting(sampled: list[Sample], save: Callable[[Copies], None]) -> Callable[[], Response]:
    copies = [(Copies(sample), sample) for sample in sampled]
    turns = count()

    def insert() -> Response:
        copy, sample = copies[next(turns) % len(copies)]
        json.loads(request.get_data())
        save(copy)
        return _answer(sample)

    return insert


def _through(store: Store) -> Callable[[Copies], None]:
    return lambda copies: store.save(copies.another(store.next_case_number()))


def _answer(sample: Sample) -> Response:
    return Response(sample.answer, sample.status, sample.headers)


class Bare:
    """The rows inserted with the driver alone: durable, in WAL mode, waiting for the lock as SQLite itself does."""

    def __init__(self, database: Path, store: Store) -> None:
        self._database = database
        self._numbers = Numbers(store._database, "resource", 1000)
        self._store = store
        self._mine = local()

    def save(self, copies: Copies) -> None:
        """One transaction, on disk when it returns."""
        batch = writing.batch(copies.another(self._store.next_case_number()), self._numbers.take)
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        batch.run(SqliteTransaction(connection))
        connection.execute("COMMIT")

    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._mine, "connection"):
            connection = sqlite3.connect(self._database, isolation_level=None, timeout=30)
            connection.execute("PRAGMA synchronous = FULL")
            self._mine.connection = connection
        mine: sqlite3.Connection = self._mine.connection
        return mine


def main(port: int, processes: int, folder: Path, database: Path) -> None:
    """Serve as the service is served."""
    os.environ["RUST_MIN_STACK"] = str(serving.STACK_BYTES)
    server = Granian(
        "tests.benchmarks.floor:application",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=serving.BLOCKING_THREADS,
        backpressure=256,
        log_level=LogLevels.warning,
        websockets=False,
    )
    server.serve(target_loader=partial(_web, folder, database))


def _web(folder: Path, database: Path, *_: Any) -> Any:
    return application(samples.read(folder), database).wsgi_app


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
