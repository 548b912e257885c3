"""The demonstration as a process of its own: what it leaves behind, and what it says when it cannot start."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from threading import Timer

import pytest

from desks import EXAMPLES
from second_opinion import serving
from second_opinion.errors import Unavailable

COMMAND = (sys.executable, "-m", "second_opinion", "demo", "--port")
NOWHERE = "http://127.0.0.1:9"  # a proxy that nobody runs


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    (tmp_path / "fhir_examples").symlink_to(EXAMPLES)
    return tmp_path


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def free() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


def test_ending_the_demonstration_ends_its_service_and_no_proxy_stands_between(clone: Path, free: int) -> None:
    environ = os.environ | {"HTTP_PROXY": NOWHERE, "http_proxy": NOWHERE}
    with _started(clone, free, environ) as shown:
        lines = list(_until(shown, "API page:"))
        shown.send_signal(signal.SIGTERM)

        assert shown.wait(timeout=20) == 0
    assert "Every example got the outcome it promises.\n" in lines
    serving.require_free("127.0.0.1", free)


def test_a_port_in_use_is_told_in_one_line(clone: Path, taken: int) -> None:
    with _started(clone, taken, os.environ) as told:
        _, said = told.communicate(timeout=30)

    assert told.returncode == 1
    assert said == (
        f"Error: Cannot listen on 127.0.0.1 port {taken}: Address already in use. Choose another with --port\n"
    )


def test_a_port_its_holder_is_about_to_leave_is_waited_for() -> None:
    holder = socket.create_server(("127.0.0.1", 0))
    Timer(0.3, holder.close).start()

    serving.require_free("127.0.0.1", holder.getsockname()[1])


@pytest.mark.parametrize("host", ["203.0.113.9", "no.such.host.invalid"])
def test_an_address_nobody_can_listen_on_is_unavailable(host: str) -> None:
    with pytest.raises(Unavailable, match=r"Choose another with --port"):
        serving.require_free(host, 8080)


def _started(folder: Path, port: int, environ: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own command
        [*COMMAND, str(port)], cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _until(shown: subprocess.Popen[str], beginning: str) -> Iterator[str]:
    for line in shown.stdout or ():
        yield line
        if line.startswith(beginning):
            return
