"""SIGKILL of whoever takes requests and of whoever delivers, at any instant, loses nothing and sends nothing twice."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import small_directory
from delivery.listening import Listener, listening
from desks import BASE, MONDAY
from second_opinion.access import registry
from second_opinion.store.keeping import Store
from second_opinion.workflow import case_file
from second_opinion.workflow.load import load_directory
from small_directory import SPECIALIST

ROOT = Path(__file__).parents[2]


class Crew:
    """The processes of one service, killed again and again."""

    def __init__(self, url: str, folder: Path, workers: int) -> None:
        self._environ = os.environ | {
            "PYTHONPATH": f"{ROOT / 'tests'}:{ROOT / 'src'}",
            "SECOND_OPINION_DATABASE_URL": url,
            "SECOND_OPINION_DATA_FOLDER": str(folder),
            "SECOND_OPINION_ALLOW_LOOPBACK": "true",
            "SECOND_OPINION_RETRY_DELAYS": ",".join(["1"] * 30),
            "SECOND_OPINION_SEND_TIMEOUT": "3",
        }
        self._folder = folder
        self.chosen = random.Random(7)  # noqa: S311 - chances, not secrets
        self.told: set[str] = set()
        self.kills = 0
        self.web = self._started_web()
        self.workers = [self._started_worker() for _ in range(workers)]

    def _started(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(  # noqa: S603 - our own words
            [sys.executable, "-m", *words],
            env=self._environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def _started_web(self) -> "subprocess.Popen[str]":
        web = self._started("delivery.processes", "submit_until_killed", str(self._folder))
        threading.Thread(target=self._listen, args=(web,), daemon=True).start()
        return web

    def _started_worker(self) -> "subprocess.Popen[str]":
        return self._started("second_opinion", "worker")

    def _listen(self, web: "subprocess.Popen[str]") -> None:
        assert web.stdout is not None
        with web.stdout:
            for line in web.stdout:
                if line.endswith("\n"):
                    self.told.add(line.strip())

    def kill_some(self) -> None:
        """Kill one of them, or all at once, and start them again without clean-up."""
        self.kills += 1
        chosen = self.chosen.choice(["web", "worker", "worker", "all"])
        if chosen != "worker":
            _kill(self.web)
            self.web = self._started_web()
        if chosen == "worker":
            place = self.chosen.randrange(len(self.workers))
            _kill(self.workers[place])
            self.workers[place] = self._started_worker()
        if chosen == "all":
            for worker in self.workers:
                _kill(worker)
            self.workers = [self._started_worker() for _ in self.workers]

    def end(self) -> None:
        """Everybody, for good."""
        for each in (self.web, *self.workers):
            _kill(each)


def _kill(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    if process.args[2] == "second_opinion":  # type: ignore[index]  # the other's is read to its end by a thread
        process.stdout.close()


@pytest.fixture
def seconds(request: pytest.FixtureRequest) -> float:
    return float(request.config.getoption("--killing"))


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as running:
        yield running


def test_nothing_is_lost_and_nothing_is_sent_twice(
    database_url: str, tmp_path: Path, listener: Listener, seconds: float
) -> None:
    store = Store(database_url)
    load_directory(store, [small_directory.write(tmp_path)], replace=True, base=BASE, now=MONDAY)
    registry.add_partner(store, "ehr", partner_class="ehr", organization=SPECIALIST, endpoint=listener.url)
    crew = Crew(database_url, tmp_path, workers=2)
    try:
        _until(lambda: len(listener.posts()) > 3, 30)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            time.sleep(crew.chosen.uniform(0.1, 2.0))
            crew.kill_some()
        _kill(crew.web)
        time.sleep(0.2)
        _until(lambda: store.work_standing("deliver")[0] == 0, 60)
    finally:
        crew.end()

    assert len(crew.told) > 5
    assert crew.kills > 2
    sent = [each.headers["if-none-exist"].rpartition("|")[2].removesuffix("-R1") for each in listener.posts()]
    assert crew.told <= set(sent)
    assert len(listener.created) == len(set(sent))
    states = {}
    for number in range(1, store.next_case_number()):
        if (kept := store.case(number)) is not None:
            case = case_file.load(kept.body)
            states[case.view.number] = [each.state for each in case.view.deliveries]
    assert {number for number, state in states.items() if state == ["delivered"]} == set(sent)
    assert all(state in ([], ["delivered"]) for state in states.values())
    store.close()


def _until(holds: Callable[[], bool], patience: float) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)
