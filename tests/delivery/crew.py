"""A whole service as an operator starts it, for tests that kill its processes at any instant."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from desks import FHIR
from small_orders import an_order, condition, reason

ROOT = Path(__file__).parents[2]
FAULTS = (requests.RequestException,)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Crew:
    """``serve`` with its web processes and its worker, in a process group of its own."""

    def __init__(self, url: str, folder: Path, port: int, token: str) -> None:
        self.chosen = random.Random(7)  # noqa: S311 - chances, not secrets
        self.answered: set[str] = set()  # case Tasks whose $submit was answered
        self.kills = 0
        self._token = token
        self._port = port
        self._folder = folder
        self._environ = os.environ | {
            "SECOND_OPINION_DATABASE_URL": url,
            "SECOND_OPINION_DATA_FOLDER": str(folder),
            "SECOND_OPINION_PUBLIC_URL": f"http://127.0.0.1:{self._port}",
            "SECOND_OPINION_ALLOW_LOOPBACK": "true",
            "SECOND_OPINION_RETRY_DELAYS": ",".join(["1"] * 30),
            "SECOND_OPINION_SEND_TIMEOUT": "3",
        }
        self._busy = True
        self.service = self._started()
        self._clients = [threading.Thread(target=self._send, args=(place,), daemon=True) for place in range(2)]
        for client in self._clients:
            client.start()

    def _started(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "second_opinion", "serve", "--port", str(self._port)]
        with (self._folder / "serve.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own words
                command, env=self._environ, start_new_session=True, stdout=log, stderr=log
            )

    def _send(self, client: int) -> None:
        """Order after order, each on a question of its own, sent until it is answered."""
        place = 0
        while self._busy:
            place += 1
            while not self._sent(f"{client}-{place}") and self._busy:
                time.sleep(0.1)
            time.sleep(0.2)

    def _sent(self, number: str) -> bool:
        order = an_order(number, reasonCode=[condition(f"T{number}"), reason("surgery-necessity")])
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": FHIR}
        address = f"http://127.0.0.1:{self._port}/fhir/ServiceRequest/$submit"
        try:
            answered = requests.post(address, json=order, headers=headers, timeout=15)
        except FAULTS:
            return False
        if answered.ok:
            self.answered.add(answered.headers["Location"].rpartition("/")[2])
        return answered.ok

    def kill_some(self) -> None:
        """Kill a web process, the worker, or all of them at once and start again without clean-up."""
        self.kills += 1
        what = self.chosen.choice(["web", "web", "worker", "worker", "all"])
        if what == "all":
            os.killpg(self.service.pid, signal.SIGKILL)
            self.service.wait()
            self.service = self._started()
            return
        found = [pid for pid, words in self._children() if ("spawn_main" in words) == (what == "worker")]
        if found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.chosen.choice(found), signal.SIGKILL)

    def _children(self) -> Iterator[tuple[int, str]]:
        """The processes that answer requests, and the worker."""
        command = ["/bin/ps", "-o", "pid=,args=", "--ppid", str(self.service.pid)]
        listed = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
        for line in listed.stdout.splitlines():
            pid, _, words = line.strip().partition(" ")
            if "resource_tracker" not in words:
                yield int(pid), words

    def send_no_more(self) -> None:
        """Let the orders under way be answered."""
        self._busy = False
        for client in self._clients:
            client.join(20)

    def end(self) -> None:
        """End the service, for good."""
        self._busy = False
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.service.pid, signal.SIGKILL)
        self.service.wait()


def words(value: Any) -> str:
    """The value of a condition: what a message was created under."""
    return str(value).rpartition("|")[2]
