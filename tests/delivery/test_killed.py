"""SIGKILL of who answers and of who delivers, at any instant under load, loses nothing and sends nothing twice.

Each order is decided by the table, and its approval is told in two letters: to the provider's endpoint and by mail.
``--killing SECONDS`` goes on longer.
"""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import small_directory
from delivery.crew import Crew, free_port, words
from delivery.listening import Listener, listening
from desks import BASE
from second_opinion import app
from second_opinion.access import registry
from second_opinion.settings import Settings
from second_opinion.store.keeping import Store
from second_opinion.workflow import case_file
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.load import load_directory
from small_directory import SPECIALIST


@pytest.fixture
def seconds(request: pytest.FixtureRequest) -> float:
    return float(request.config.getoption("--killing"))


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as running:
        yield running


@pytest.fixture
def crew(database_url: str, tmp_path: Path, listener: Listener) -> Iterator[Crew]:
    store = Store(database_url)
    load_directory(store, [small_directory.write(tmp_path)], replace=True, base=BASE, now=datetime.now(UTC))
    registry.add_partner(store, "ehr", partner_class="ehr", organization=SPECIALIST, endpoint=listener.url)
    port = free_port()
    root = f"http://127.0.0.1:{port}"
    settings = Settings.load({}, database_url=database_url, data_folder=tmp_path, public_url=root)
    token = app.token(app.desk_on(settings, store, lambda: datetime.now(UTC)), "ehr", None, None)
    store.close()
    running = Crew(database_url, tmp_path, port, token)
    try:
        yield running
    finally:
        running.end()


def test_nothing_is_lost_and_nothing_is_sent_twice(
    database_url: str, tmp_path: Path, crew: Crew, listener: Listener, seconds: float
) -> None:
    _until(lambda: len(crew.answered) > 2 and bool(listener.posts()), 60)
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        time.sleep(crew.chosen.uniform(0.1, 1.5))
        crew.kill_some()
    crew.send_no_more()
    store = Store(database_url)
    _until(lambda: not any(store.work_standing(kind)[0] for kind in ("letters", "deliver")), 90)

    assert crew.kills > 2
    cases = [_case(store, task) for task in crew.answered]
    owed = {notice.number: notice for case in cases for notice in case.view.notices}
    assert len(owed) == 2 * len(cases)
    posted = [words(request.headers["if-none-exist"]) for request in listener.posts()]
    mailed = [json.loads(path.read_bytes())["identifier"]["value"] for path in _envelopes(tmp_path)]
    assert sorted(set(posted) | set(mailed)) == sorted(set(owed) | set(posted) | set(mailed))
    assert set(posted).isdisjoint(mailed)
    assert len(listener.created) == len(set(posted))
    assert len(mailed) == len(set(mailed))
    for case in cases:
        assert sorted(each.state for each in case.view.deliveries) == ["delivered", "handed-over"]
    store.close()


def _case(store: Store, task: str) -> CaseFile:
    stored = store.case_by_task(task)
    assert stored is not None, "an answered request has its case"
    return case_file.load(stored.body)


def _envelopes(folder: Path) -> list[Path]:
    return sorted((folder / "mail" / "outbox").glob("[!.]*/manifest.json"))


def _until(holds: Callable[[], bool], patience: float) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)
