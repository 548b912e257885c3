"""A worker as an operator starts it: it delivers, is fair to partners, takes over from the dead, and ends when told."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

import small_directory
from delivery.listening import Answer, Listener, Request, listening
from desks import BASE
from second_opinion import app
from second_opinion.access import registry
from second_opinion.delivery.queue import AT_ONCE_PER_PARTNER
from second_opinion.delivery.worker import HELD_TOO_LONG, executor, own_place
from second_opinion.fhir import submission
from second_opinion.settings import Settings
from second_opinion.store.changes import Changes, Work
from second_opinion.store.database import Batch, Transaction
from second_opinion.store.keeping import Store
from second_opinion.store.stored import microseconds
from second_opinion.workflow import case_file
from second_opinion.workflow.arrival import Arrival
from second_opinion.workflow.load import load_directory
from second_opinion.workflow.submit import submit
from small_directory import FAMILY_DOCTOR, SPECIALIST
from small_orders import PENDED, an_order, provider

ROOT = Path(__file__).parents[2]


class Post:
    """A database with one case, and workers on it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.folder = folder
        self.url = url
        self.settings = Settings.load({}, database_url=url, data_folder=folder)
        self.desk = app.desk_on(self.settings, Store(url), lambda: datetime.now(UTC))
        load_directory(self.desk.store, [small_directory.write(folder)], replace=True, base=BASE, now=datetime.now(UTC))
        registry.add_partner(self.desk.store, "plan", partner_class="plan", organization="1234567893")
        caller = self.desk.identify(f"Bearer {app.token(self.desk, 'plan', None, None)}")
        received = submission.read(an_order(**PENDED), self.desk.vocabulary)
        view = submit(self.desk, Arrival(caller, b"{}", None, "operation"), received).view
        assert view is not None
        self.number = int(view.number.rpartition("-")[2])
        self.reference = f"Task/{view.task_id}"

    def register(self, listener: Listener, npi: str, name: str) -> None:
        registry.add_partner(self.desk.store, name, partner_class="ehr", organization=npi, endpoint=listener.url)

    def owe(self, npi: str, count: int = 1) -> None:
        """As many errands to one provider; each its own number."""
        works = []
        for place in range(count):
            recipient = provider(npi, reference=f"Practitioner/{npi}-{place}")
            body = {"reference": self.reference, "recipient": recipient}
            works.append(Work(f"deliver/{npi}/{place}", "deliver", self.number, body))
        self.desk.store.save(Changes(work=works))

    def standing(self) -> int:
        return self.desk.store.work_standing("deliver")[0]

    def states(self) -> list[str]:
        stored = self.desk.store.case(self.number)
        assert stored is not None
        return [each.state for each in case_file.load(stored.body).view.deliveries]

    def start(self) -> "subprocess.Popen[bytes]":
        environ = os.environ | {
            "SECOND_OPINION_DATABASE_URL": self.url,
            "SECOND_OPINION_DATA_FOLDER": str(self.folder),
            "SECOND_OPINION_ALLOW_LOOPBACK": "true",
            "SECOND_OPINION_RETRY_DELAYS": ",".join(["1"] * 20),
        }
        with (self.folder / "worker.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "second_opinion", "worker"], env=environ, stdout=log, stderr=log
            )

    @contextmanager
    def working(self) -> Iterator["subprocess.Popen[bytes]"]:
        worker = self.start()
        try:
            yield worker
        finally:
            worker.kill()
            worker.wait()


@pytest.fixture
def post(database_url: str, tmp_path: Path) -> Iterator[Post]:
    built = Post(database_url, tmp_path)
    yield built
    built.desk.store.close()


def until(holds: Callable[[], bool], patience: float = 40) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


class Counting:
    """How many posts are under way at once; none is answered before the event."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.go = threading.Event()
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        if request.method == "GET":
            return Answer(404)
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.go.wait(8)
        with self._lock:
            self.now -= 1
        return Answer(201)


def test_a_partner_that_stalls_holds_up_nobody_else_and_is_not_flooded(post: Post) -> None:
    counting = Counting()
    with listening(counting.answer) as slow, listening() as quick, post.working() as worker:
        post.register(slow, SPECIALIST, "slow")
        post.register(quick, FAMILY_DOCTOR, "quick")
        post.owe(SPECIALIST, AT_ONCE_PER_PARTNER + 4)
        until(lambda: counting.now == AT_ONCE_PER_PARTNER)
        post.owe(FAMILY_DOCTOR, 2)
        until(lambda: len(quick.posts()) == 2, 6)
        assert counting.most == AT_ONCE_PER_PARTNER

        counting.go.set()
        until(lambda: post.standing() == 0)
        assert post.states() == ["delivered"] * (AT_ONCE_PER_PARTNER + 6)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(15) == 0


def test_what_a_dead_worker_had_begun_is_finished_by_a_living_one(post: Post) -> None:
    counting = Counting()
    with listening(counting.answer) as listener, post.working() as first:
        post.register(listener, SPECIALIST, "partner")
        post.owe(SPECIALIST, 3)
        until(lambda: counting.now == 3)
        with post.working():
            until(lambda: not _free(post, 2))  # the second has its place
            first.kill()
            first.wait()
            counting.go.set()
            until(lambda: post.standing() == 0)
    assert post.states() == ["delivered"] * 3
    assert len({each.headers["if-none-exist"] for each in listener.posts()}) == 1  # one message, three recipients


def test_a_try_the_queue_lost_is_made_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    app.prepare(Settings.load({}, database_url=url, data_folder=tmp_path))
    post = Post(url, tmp_path)
    post.owe(SPECIALIST)
    handed = (microseconds(datetime.now(UTC) - 2 * HELD_TOO_LONG), f"deliver/{SPECIALIST}/0")
    step = partial(_set, statement="UPDATE work SET handed_at = ? WHERE key = ?", values=handed)
    post.desk.store._database.write(Batch([step]))

    with listening() as listener, post.working():
        post.register(listener, SPECIALIST, "partner")
        until(lambda: post.standing() == 0)
    assert len(listener.posts()) == 1
    post.desk.store.close()


def _set(transaction: Transaction, statement: str, values: tuple[object, ...]) -> None:
    assert transaction.execute(statement, values) == 1


def _free(post: Post, number: int) -> bool:
    place = post.desk.store.hold(number)
    if place is not None:
        place.release()
    return place is not None


def test_a_worker_takes_the_first_place_nobody_holds(post: Post) -> None:
    first, one = own_place(post.desk.store)
    second, two = own_place(post.desk.store)
    assert [executor(one), executor(two)] == ["worker-1", "worker-2"]
    first.release()
    again, three = own_place(post.desk.store)
    assert three == 1
    for place in (second, again):
        place.release()
