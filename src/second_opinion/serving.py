"""Running the service: web processes on granian, with a stack deep enough to parse on and dead workers replaced."""

import ctypes
import gc
import os
import signal
import socket
import sys
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from second_opinion import app
from second_opinion.errors import Unavailable
from second_opinion.settings import Settings

BLOCKING_THREADS = 8  # per process: enough requests in flight that commits are shared
STACK_BYTES = 64 * 1024 * 1024  # pydantic-core recurses; granian's 2 MB threads would overflow before Python notices
COLLECT_AFTER = 20_000  # allocations; a request makes some thousand that live as long as it does
PR_SET_PDEATHSIG = 1  # linux/prctl.h


def serve(settings: Settings, host: str, port: int, workers: int, clock: datetime | None) -> None:
    """Serve until interrupted. ``clock`` is where the clock of cases starts; None: now."""
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
    )
    server.serve(target_loader=partial(_web, settings, ahead))


def require_free(host: str, port: int) -> None:
    """Unavailable where nothing can listen on the address, before anything else is started."""
    try:
        family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as fault:
        raise Unavailable(
            f"Cannot listen on {host} port {port}: {fault.strerror}. Choose another with --port"
        ) from fault


def _web(settings: Settings, ahead: timedelta, *_: Any) -> Any:
    """The WSGI application of one web process, which ends with the process that started it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    application = app.web(settings, ahead)
    gc.freeze()  # what is loaded by now stays; collections need not walk it again and again
    gc.set_threshold(COLLECT_AFTER)
    return application
