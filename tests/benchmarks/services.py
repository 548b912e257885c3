"""Services to measure: ours as an operator starts it, and the floor on the same server with the same processes."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from .prepared import PUBLIC_URL

STARTED_WITHIN = 30  # seconds
LOOK_EVERY = 0.5  # seconds
AT_REST = 0.08  # of one processor: what a worker uses that looks for work and finds none, and a little
PROCESSES = 2


@dataclass(frozen=True)
class Service:
    """A running service: its port, and its process group."""

    port: int
    group: int

    def processor_seconds(self) -> float:
        """What its processes have used of the processors so far: other work on the machine does not change it."""
        ticks = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # a process that ended meanwhile
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[2]) == self.group:
                    ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def rest(self) -> None:
        """Wait until all of its processes, the background worker too, have started and have nothing to do."""
        deadline = time.monotonic() + STARTED_WITHIN
        while time.monotonic() < deadline:
            before = self.processor_seconds()
            time.sleep(LOOK_EVERY)
            if self.processor_seconds() - before < AT_REST * LOOK_EVERY:
                return
        raise TimeoutError(f"the service was not at rest within {STARTED_WITHIN} seconds")


def free_port() -> int:
    """A port nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def ours(folder: Path, database: Path) -> Iterator[Service]:
    """The service on this database."""
    port = free_port()
    command = ["second_opinion", "serve", "--port", str(port), "--workers", str(PROCESSES)]
    with started(command, environ(folder, database)) as process:
        await_answer(port, "/readyz")
        yield Service(port, process.pid)


@contextmanager
def floor(folder: Path, database: Path) -> Iterator[Service]:
    """The floor, with its samples in ``folder``."""
    port = free_port()
    command = ["tests.benchmarks.floor", str(port), str(PROCESSES), str(folder), str(database)]
    with started(command, dict(os.environ)) as process:
        await_answer(port, "/ready")
        yield Service(port, process.pid)


def environ(folder: Path, database: Path) -> dict[str, str]:
    """The environment of the service: nobody's settings but these."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SECOND_OPINION_")}
    return inherited | {
        "SECOND_OPINION_DATA_FOLDER": str(folder),
        "SECOND_OPINION_DATABASE_URL": f"sqlite:///{database}",
        "SECOND_OPINION_PUBLIC_URL": PUBLIC_URL,
        "SECOND_OPINION_RATE_LIMIT": "0",
    }


@contextmanager
def started(module: Sequence[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A Python module running as a process group of its own, ended afterwards."""
    process = subprocess.Popen([sys.executable, "-m", *module], env=environment, start_new_session=True)  # noqa: S603 - our own command
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)


def await_answer(port: int, path: str) -> None:
    """Until the path is answered with 200; TimeoutError."""
    deadline = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=STARTED_WITHIN)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == http.client.OK:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.01)
    raise TimeoutError(f"no answer of 200 to {path} within {STARTED_WITHIN} seconds")
