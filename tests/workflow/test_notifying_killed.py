"""A worker killed while a notification is on its way: no event is left out, their order holds. On both databases."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from delivery.listening import Answer, Listener, Request
from desks import Caller, Service
from second_opinion.workflow.counting import count
from small_orders import PENDED, an_order
from subscriptions import notified, numbers, standing, subscribe, subscribed, told

ROOT = Path(__file__).parents[2]
EVENTS = 8


@contextmanager
def a_worker(service: Service) -> Iterator["subprocess.Popen[bytes]"]:
    """A background worker of its own on the service's database."""
    chosen = service.desk.settings
    environment = {
        "DATABASE_URL": chosen.database,
        "DATA_FOLDER": str(chosen.data_folder),
        "PUBLIC_URL": chosen.public_url,
        "ALLOWED_HOSTS": ",".join(chosen.allowed_hosts),
        "ALLOW_LOOPBACK": "true",
        "RETRY_DELAYS": "1,1,1",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "second_opinion", "worker"],
        env=os.environ | {f"SECOND_OPINION_{name}": value for name, value in environment.items()},
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def wait_for(listener: Listener, count: int) -> None:
    """Until so many notifications have begun to arrive."""
    until = time.monotonic() + 30
    while len(listener.posts()) < count:
        assert time.monotonic() < until, f"only {len(listener.posts())} of {count} notifications came"
        time.sleep(0.02)


def change(ehr: Caller, number: int) -> None:
    assert ehr.create(an_order(f"ORD-{number}", reasonCode=None, **PENDED)).status_code == 201


def slowly(_: Request) -> Answer:
    return Answer(200, pause=0.15)


def test_no_event_is_left_out_and_none_overtakes_another(tmp_path: Path, database_url: str) -> None:
    with subscribed(tmp_path, slowly, url=database_url) as (service, ehr, listener):
        subscription = subscribe(ehr, listener, service.desk)
        for number in range(1, EVENTS + 1):
            change(ehr, number)
        for begun in (3, 6):  # killed in the middle of a notification, whichever it is
            with a_worker(service):
                wait_for(listener, begun)
        with a_worker(service):
            until = time.monotonic() + 30
            while numbers(notified(listener))[-1:] != [EVENTS] and time.monotonic() < until:
                time.sleep(0.05)

        arrived = numbers(notified(listener))
        assert list(dict.fromkeys(arrived)) == list(range(1, EVENTS + 1))
        assert arrived == sorted(arrived)
        assert standing(ehr, subscription)["events-since-subscription-start"] == str(EVENTS)


def test_numbers_have_no_gap_however_many_count_at_once(tmp_path: Path, database_url: str) -> None:
    with subscribed(tmp_path, url=database_url) as (service, ehr, listener):
        subscription = subscribe(ehr, listener, service.desk)
        with ThreadPoolExecutor(8) as threads:
            changes = [threads.submit(change, ehr, number) for number in range(20)]
            counts = [threads.submit(count, service.desk) for _ in range(20)]
            for each in (*changes, *counts):
                each.result()

        shown = ehr.read(f"Subscription/{subscription['id']}/$events")
        assert numbers([shown]) == list(range(1, 21))
        assert len({event["focus"] for event in told(shown)["events"]}) == 20
