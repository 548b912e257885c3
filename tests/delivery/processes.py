"""What the kill test lets other processes do: the whole life of one process each."""

import os
import sys
import time
from pathlib import Path
from typing import TextIO

import orjson

from second_opinion import app
from second_opinion.access.caller import Caller
from second_opinion.fhir import submission
from second_opinion.settings import Settings
from second_opinion.store.changes import Changes, Work
from second_opinion.workflow.arrival import Arrival
from second_opinion.workflow.submit import submit
from small_directory import SPECIALIST
from small_orders import an_order, condition, provider, reason


def submit_until_killed(folder: Path, told: TextIO) -> None:
    """Take request after request, each owing a message, and tell its number once it is kept."""
    desk = app.desk(settings(folder))
    caller = desk.identify(f"Bearer {app.token(desk, 'ehr', None, None)}")
    place = 0
    while True:
        place += 1
        number = f"{os.getpid()}-{place}"
        view = submit(desk, _arrival(caller, number), submission.read(_order(number), desk.vocabulary)).view
        assert view is not None
        case = desk.store.case_by_task(view.task_id)
        assert case is not None
        reference = f"CommunicationRequest/{view.report_request_id}"
        body = {"reference": reference, "recipient": provider(SPECIALIST)}
        desk.store.save(Changes(work=[Work(f"deliver/{reference}", "deliver", case.number, body)]))
        print(view.number, file=told, flush=True)
        time.sleep(0.01)


def _order(number: str) -> dict[str, object]:
    """An order on a question of its own."""
    return an_order(number, reasonCode=[condition(f"T{number}"), reason("surgery-necessity")])


def _arrival(caller: Caller, number: str) -> Arrival:
    return Arrival(caller, orjson.dumps(_order(number)), None, "operation")


def settings(folder: Path) -> Settings:
    """Those of the environment, with the keys of the test's own folder."""
    return Settings.load(data_folder=folder)


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]), os.fdopen(1, "w"))
