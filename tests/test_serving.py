"""The processes of a running service, when the one that started them is killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from second_opinion import serving


def test_a_service_killed_the_moment_it_answers_leaves_nobody_at_its_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    environ = os.environ | {"SECOND_OPINION_DATA_FOLDER": str(tmp_path)}
    command = [sys.executable, "-m", "second_opinion", "serve", "--port", str(port)]
    service = subprocess.Popen(command, env=environ, start_new_session=True)  # noqa: S603 - our own command
    try:
        _await(f"http://127.0.0.1:{port}/readyz")
        service.kill()
        service.wait()

        serving.require_free("127.0.0.1", port)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(service.pid, signal.SIGKILL)


def _await(address: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(requests.ConnectionError):
            if requests.get(address, timeout=2).ok:
                return
        time.sleep(0.02)
    pytest.fail("the service was not ready within 30 seconds")
