"""Running the service: web processes on granian, with a stack deep enough to parse on, and one background worker.

All of them are of one process group; whichever dies is replaced, and none outlives the process that started it.
"""

import ctypes
import errno
import gc
import logging
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from threading import Event, Thread
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

from second_opinion import app, log_lines
from second_opinion.errors import Unavailable
from second_opinion.fhir import validation
from second_opinion.settings import Settings

BLOCKING_THREADS = 8  # per process: enough requests in flight that commits are shared
STACK_BYTES = 64 * 1024 * 1024  # pydantic-core recurses; granian's 2 MB threads would overflow before Python notices
HEADERS_WITHIN = 10_000  # milliseconds
LONGEST_HEADERS = 64 * 1024  # bytes, address and headers together
PRIVATE = 0o077  # umask: what is written holds health data or keys; an ACL of the folder may still let others in
COLLECT_AFTER = 20_000  # allocations; a request makes some thousand that live as long as it does
START_AFTER = 0.6  # seconds: the web processes, which somebody waits for, come first
NICENESS = 10  # of the background beside web processes: answering requests goes first
RESTART_AFTER = 0.2  # seconds before a worker that died is started again
PREDECESSORS_END_WITHIN = 2  # seconds
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def serve(settings: Settings, host: str, port: int, workers: int, clock: datetime | None) -> None:
    """Serve until interrupted. ``clock`` is where the clock of cases starts; None: now."""
    os.umask(PRIVATE)
    os.environ["RUST_MIN_STACK"] = str(STACK_BYTES)
    ahead = app.ahead_of_now(clock)
    server = Granian(
        "second_opinion.app:web",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=BLOCKING_THREADS,
        backpressure=256,
        respawn_failed_workers=True,
        respawn_interval=0.2,
        workers_kill_timeout=10,
        log_level=LogLevels.error,
        websockets=False,
        http=HTTPModes.http1,  # as proxies speak it; HTTP/2 has limits of its own
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_WITHIN, max_buffer_size=LONGEST_HEADERS),
    )
    server.respawned_wrks = _Forgetful()
    validation.prepare()  # once for all web processes, which are copies of this one
    with background_worker(settings, ahead):
        server.serve(target_loader=partial(_web, settings, ahead, os.getpid()))


class _Forgetful(dict[int, float]):
    """When each web process was last replaced: never. Granian ends them all when one dies twice within 5.5 seconds."""

    def get(self, *_: Any) -> float:  # the one question granian asks
        """Long ago."""
        return -1e9


@contextmanager
def background_worker(settings: Settings, ahead: timedelta) -> Iterator[None]:
    """A worker process beside this one, started again whenever it ends, until the block is left."""
    ended = Event()
    watching = Thread(target=_keep_working, args=(settings, ahead, ended), name="watch worker", daemon=True)
    watching.start()
    try:
        yield
    finally:
        ended.set()
        watching.join()


def _keep_working(settings: Settings, ahead: timedelta, ended: Event) -> None:
    fresh = multiprocessing.get_context("spawn")  # granian's threads must not be copied into it
    ended.wait(START_AFTER)
    while not ended.is_set():
        process = fresh.Process(target=_work_beside, args=(settings, ahead, os.getpid()), name="worker")
        process.start()
        while process.is_alive() and not ended.wait(0.1):
            pass
        if not process.is_alive():
            ended.wait(RESTART_AFTER)
        process.terminate()
        process.join(settings.send_timeout + 2)
        process.kill()
        process.join()


def _work_beside(settings: Settings, ahead: timedelta, parent: int) -> None:
    _end_with(parent)  # what it leaves under way, the next one resumes
    os.nice(NICENESS)
    work(settings, ahead)


def work(settings: Settings, ahead: timedelta) -> None:
    """Be a background worker until told to end."""
    os.umask(PRIVATE)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    stopped = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    app.worker(settings, ahead).run(stopped, settings.send_timeout)


def _end_with(parent: int) -> None:
    """Let this process end with the one that started it, also when that is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before we could ask
            sys.exit(1)


def require_free(host: str, port: int) -> None:
    """Unavailable where nothing can listen on the address, before anything else is started.

    Processes whose parent was killed let go of it within moments: a service started again at once waits for them.
    """
    patient_until = time.monotonic() + PREDECESSORS_END_WITHIN
    try:
        while _is_taken(host, port) and time.monotonic() < patient_until:
            time.sleep(0.1)
        _bind(host, port)
    except OSError as fault:
        raise Unavailable(
            f"Cannot listen on {host} port {port}: {fault.strerror}. Choose another with --port"
        ) from fault


def _is_taken(host: str, port: int) -> bool:
    try:
        _bind(host, port)
    except OSError as fault:
        return fault.errno == errno.EADDRINUSE
    return False


def _bind(host: str, port: int) -> None:
    family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)


def _web(settings: Settings, ahead: timedelta, parent: int, *_: Any) -> Any:
    """The WSGI application of one web process, which ends with the process that started it."""
    _end_with(parent)  # while it starts any other signal is lost, and it would hold the port for ever
    log_lines.register(sys.stderr, logging.INFO if settings.access_log else logging.WARNING)
    application = app.web(settings, ahead)
    gc.freeze()  # what is loaded by now stays; collections need not walk it again and again
    gc.set_threshold(COLLECT_AFTER)
    return application
