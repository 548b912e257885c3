"""Whole commands, as an operator runs them: loading a directory, and starting up to the first answer."""

import http.client
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from . import generate_directory, samples, services
from .clients import Talk, get, post
from .figures import Line
from .options import Options
from .orders import Orders
from .prepared import Prepared

LOADED_WITHIN, LOADED_IN, STARTED_WITHIN = 180.0, 1024.0, 2.0  # seconds, MiB, seconds


def load(_: Prepared, options: Options) -> list[Line]:
    """Time and most memory of ``second-opinion load`` of a whole plan."""
    with TemporaryDirectory(prefix="second-opinion-load-") as name:
        folder = Path(name)
        directory = folder / "directory"
        generate_directory.write(directory, options.members, options.providers)
        began = time.perf_counter()
        environment = services.environ(folder, folder / "loaded.db")
        command = [sys.executable, "-m", "second_opinion", "load", "--replace", str(directory)]
        child = os.posix_spawn(sys.executable, command, environment)
        status, usage = os.wait4(child, 0)[1:]
        seconds = time.perf_counter() - began
    if status != 0:
        raise RuntimeError("second-opinion load failed")
    work = f"load of {options.members:,} members, {options.providers:,} providers"
    mebibytes = usage.ru_maxrss / 1024
    return [
        Line(work, f"{seconds:.1f} s", target="< 180 s", holds=seconds < LOADED_WITHIN),
        Line(f"{work}: most memory", f"{mebibytes:.0f} MiB", target="< 1024 MiB", holds=mebibytes < LOADED_IN),
    ]


def start(prepared: Prepared, _: Options) -> list[Line]:
    """From the command to the first answer: with nothing there yet, and with a directory to decide on."""
    order = post(samples.SUBMIT, prepared.token, Orders(prepared.members).body(0))
    empty = prepared.folder / "empty.db"
    return [
        _started("start to first answer, new database", prepared, empty, lambda: get("/fhir/metadata", "")),
        _started("start to first decision, loaded directory", prepared, prepared.copy("started"), lambda: order),
    ]


def _started(work: str, prepared: Prepared, database: Path, request: Callable[[], bytes]) -> Line:
    port = services.free_port()
    began = time.perf_counter()
    command = ["second_opinion", "serve", "--port", str(port)]
    with services.started(command, services.environ(prepared.folder, database)):
        while _asked(port, request()) != http.client.OK:
            if time.perf_counter() - began > services.STARTED_WITHIN:
                raise TimeoutError(f"no answer within {services.STARTED_WITHIN} seconds")
            time.sleep(0.01)
        seconds = time.perf_counter() - began
    return Line(work, f"{seconds:.2f} s", target="< 2 s", holds=seconds < STARTED_WITHIN)


def _asked(port: int, request: bytes) -> int | None:
    """The status of the answer; None while nobody answers."""
    try:
        talk = Talk(port)
    except OSError:
        return None
    try:
        return talk.ask(request)[0]
    except OSError:
        return None
    finally:
        talk.close()
