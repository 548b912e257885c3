import os
import subprocess
import sys
import time
from pathlib import Path

from second_opinion.store.keeping import Store
from second_opinion.store.query import Query
from store.entries import EVERYTHING, a_request, a_resource

ROOT = Path(__file__).parents[2]


def start(life: str, url: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-m", "store.processes", life, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'tests'}:{ROOT / 'src'}"},
    )


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_process_killed_in_the_middle_leaves_whole_cases_and_all_it_had_told(database_url: str) -> None:
    told = []
    for _ in range(3):
        with start("save_until_killed", database_url) as process:
            told += [int(line(process)) for _ in range(15)]
            process.kill()

    store = Store(database_url)
    numbers = range(1, max(told) + 200)
    cases = {number for number in numbers if store.case(number)}
    whole = {
        number
        for number in numbers
        if len(store.case_resources(number)) == 2
        and store.submission("ehr", f"order|{number}")
        and store.open_question("ehr", f"question {number}")
        and len(store.events(number)) == 1
        and store.parties(number)
        and store._database.fetch("SELECT 1 FROM search_term WHERE value = ?", (f"{number}\x1fcase",))
    }
    parts = store._database.fetch("SELECT count(*) FROM resource")[0][0]

    assert set(told) <= cases
    assert cases == whole
    assert parts == 2 * len(cases)
    store.close()


def test_a_load_killed_in_the_middle_leaves_the_old_directory_in_force(database_url: str) -> None:
    store = Store(database_url)
    with store.load_snapshot([], replace=False) as load:
        load.put([a_resource("Practitioner", "old", terms=[("name", "old")])])
        load.activate({}, "")

    with start("load_until_killed", database_url) as process:
        assert line(process) == "written"
        process.kill()

    assert [row.id for row in store.search(Query("Practitioner"), EVERYTHING).rows] == ["old"]
    assert store._database.fetch("SELECT count(*) FROM resource") == [(101,)]
    with store.load_snapshot([], replace=False) as load:
        load.put([a_resource("Practitioner", "new1")])
        load.activate({}, "")
    assert [row.id for row in store.search(Query("Practitioner"), EVERYTHING).rows] == ["old", "new1"]
    assert store._database.fetch("SELECT count(*) FROM resource") == [(2,)]
    assert store._database.fetch("SELECT value FROM search_term") == [("old",)]
    store.close()


def test_of_equal_requests_in_two_processes_one_is_saved(database_url: str) -> None:
    processes = [start("save_the_same", database_url) for _ in range(2)]
    outcomes = [line(process).split() for process in processes]
    for process in processes:
        process.communicate()

    assert all(sorted(pair) == ["saved", "submission"] for pair in zip(*outcomes, strict=True))
    assert len(outcomes[0]) == 10


def test_a_busy_process_lets_another_take_its_turn(database_url: str) -> None:
    store = Store(database_url)
    waits = []
    with start("save_all_the_time", database_url) as busy:
        assert line(busy) == "busy"
        for _ in range(30):
            number = store.next_case_number()
            began = time.monotonic()
            store.save(a_request(number))
            waits.append(time.monotonic() - began)
        busy.communicate("")
    store.close()

    assert max(waits) < 1.0  # seconds; SQLite's own waiting starves a writer for longer


def test_of_two_processes_one_uses_an_assertion(database_url: str) -> None:
    processes = [start("use_the_same_assertions", database_url) for _ in range(2)]
    outcomes = [line(process).split() for process in processes]
    for process in processes:
        process.communicate()

    assert all(sorted(pair) == ["assertion", "used"] for pair in zip(*outcomes, strict=True))
    assert len(outcomes[0]) == 20
