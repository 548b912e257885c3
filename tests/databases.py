"""A scratch PostgreSQL for tests, from the binaries this machine has; a plain reason to skip where it has none."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

from second_opinion.store.keeping import Store

_OPTIONS = "-c fsync=off -c full_page_writes=off -c max_connections=120 -c shared_buffers=64MB"
_numbers = count(1)


class Missing(Exception):
    """PostgreSQL cannot be started here; the message says why."""


class Server:
    """A PostgreSQL server of our own; every database on it is made from one template."""

    def __init__(self, port: int) -> None:
        self._port = port

    def url(self, database: str) -> str:
        """The URL the store is given."""
        return f"postgresql://postgres@127.0.0.1:{self._port}/{database}"

    def new_database(self, template: str = "template0") -> str:
        """The name of a fresh database, a copy of ``template``."""
        name = f"scratch_{next(_numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return name

    def make_template(self, name: str) -> None:
        """A database with the schema, for others to be copied from."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        store = Store(self.url(name))
        store.upgrade()
        store.close()

    def drop(self, database: str) -> None:
        """Remove a database and whoever is still connected to it."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {database} WITH (FORCE)".encode())


def _binaries() -> Path:
    """The folder of initdb, pg_ctl and postgres, the newest where there are several."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("pg_ctl")
    if found:
        folders.append(Path(found).resolve().parent)
    for folder in folders:
        if all((folder / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
            return folder
    raise Missing("no PostgreSQL binaries (initdb, pg_ctl, postgres) on this machine")


def _as_ordinary_user(folder: Path) -> list[str]:
    """The words before a command that run it as somebody PostgreSQL accepts; it refuses to run as root."""
    if os.geteuid() != 0:
        return []
    if not shutil.which("setpriv"):
        raise Missing("running as root without setpriv, and PostgreSQL refuses to run as root")
    try:
        shutil.chown(folder, "postgres", "postgres")
    except LookupError:
        raise Missing("running as root without a user postgres, and PostgreSQL refuses to run as root") from None
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def server() -> Iterator[Server]:
    """A running server in a temporary folder; Missing when there can be none."""
    binaries = _binaries()
    with tempfile.TemporaryDirectory(prefix="second-opinion-postgresql-", ignore_cleanup_errors=True) as temporary:
        folder = Path(temporary)
        user = _as_ordinary_user(folder)
        data, port = folder / "data", _free_port()

        def run(*command: str) -> None:
            subprocess.run([*user, *command], check=True, cwd=folder, stdout=subprocess.DEVNULL)  # noqa: S603 - our own words

        run(str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        listening = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
        control = (str(binaries / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log"))
        run(*control, "-o", f"{listening} {_OPTIONS}", "start")
        try:
            yield Server(port)
        finally:
            run(*control, "-m", "immediate", "stop")
