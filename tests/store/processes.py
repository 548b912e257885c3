"""What tests let other processes do on the same database; each function is the whole life of one process."""

import os
import sys
import time
from typing import TextIO

from second_opinion.store.changes import Conflict
from second_opinion.store.keeping import Store
from store.entries import a_request, a_resource, a_submission, an_audit_row


def save_until_killed(url: str, told: TextIO) -> None:
    """Save case after case, telling each number once it is saved."""
    store = Store(url)
    while True:
        number = store.next_case_number()
        store.save(a_request(number))
        print(number, file=told, flush=True)


def load_until_killed(url: str, told: TextIO) -> None:
    """Load, and die in the middle."""
    store = Store(url)
    with store.load_snapshot([], replace=True) as load:
        load.put([a_resource("Practitioner", f"new{number}", terms=[("name", "new")]) for number in range(100)])
        load._flush()
        print("written", file=told, flush=True)
        time.sleep(60)


def save_the_same(url: str, told: TextIO) -> None:
    """Ten times the same submission at once with another process."""
    store = Store(url)
    outcomes = []
    for key in range(10):
        number = store.next_case_number()
        try:
            store.save(a_request(number, submissions=[a_submission(f"same|{key}")]))
        except Conflict as conflict:
            outcomes.append(conflict.kind)
        else:
            outcomes.append("saved")
    print(*outcomes, file=told, flush=True)
    store.close()


def use_the_same_assertions(url: str, told: TextIO) -> None:
    """Use the same twenty assertions at once with another process."""
    store = Store(url)
    outcomes = []
    for number in range(20):
        try:
            store.use_assertion("ehr", f"digest {number}", 1, 2)
        except Conflict as conflict:
            outcomes.append(conflict.kind)
        else:
            outcomes.append("used")
    print(*outcomes, file=told, flush=True)
    store.close()


def save_all_the_time(url: str, told: TextIO) -> None:
    """Save without a pause until the standard input closes."""
    from threading import Event, Thread  # noqa: PLC0415 - of this one process

    store, ended = Store(url), Event()

    def work() -> None:
        while not ended.is_set():
            store.save(a_request(store.next_case_number()))

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    print("busy", file=told, flush=True)
    sys.stdin.read()
    ended.set()
    for thread in threads:
        thread.join()
    store.close()


def note_until_killed(url: str, told: TextIO) -> None:
    """Note one read after another, telling each number at once, as an answer would be given."""
    store, number = Store(url), 0
    while True:
        number += 1
        store.note([an_audit_row(f"{os.getpid()}-{number}")])
        print(f"{os.getpid()}-{number}", file=told, flush=True)


if __name__ == "__main__":
    globals()[sys.argv[1]](sys.argv[2], os.fdopen(1, "w"))
