"""A Claim answered as pended because there was no time is decided, whatever is killed in between."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

import small_directory
from delivery.crew import FAULTS, free_port
from desks import BASE, FHIR
from pas_answers import action, claim_response
from pas_bundles import a_bundle, an_item, with_second
from second_opinion import app
from second_opinion.access import registry
from second_opinion.settings import Settings
from second_opinion.store.keeping import Store
from second_opinion.workflow.load import load_directory
from small_directory import CLOSED, OUTSIDE, SPECIALIST

WITHIN = 60  # seconds a loaded machine may need


@contextmanager
def serving(settings: Settings, port: int, answer_within: int) -> Iterator[None]:
    """The service in processes of its own, all killed in the end."""
    given = {
        "DATABASE_URL": settings.database_url,
        "DATA_FOLDER": str(settings.data_folder),
        "PUBLIC_URL": settings.public_url,
        "ANSWER_WITHIN": str(answer_within),
    }
    environ = os.environ | {f"SECOND_OPINION_{name}": value for name, value in given.items()}
    command = [sys.executable, "-m", "second_opinion", "serve", "--port", str(port)]
    with (settings.data_folder / "serve.log").open("ab") as log:
        service = subprocess.Popen(command, env=environ, start_new_session=True, stdout=log, stderr=log)  # noqa: S603 - our own words
    try:
        yield
    finally:
        os.killpg(service.pid, signal.SIGKILL)
        service.wait()


def claim(number: str) -> Any:
    """One the policy approves, whenever the service is asked for."""
    return with_second(a_bundle([an_item(servicedPeriod=None)], number=number), OUTSIDE, CLOSED[0])


def test_a_pended_claim_is_decided_once_though_everything_is_killed(database_url: str, tmp_path: Path) -> None:
    store = Store(database_url)
    load_directory(store, [small_directory.write(tmp_path)], replace=True, base=BASE, now=datetime.now(UTC))
    registry.add_partner(store, "ehr", partner_class="ehr", organization=SPECIALIST)
    port = free_port()
    root = f"http://127.0.0.1:{port}"
    settings = Settings.load({}, database_url=database_url, data_folder=tmp_path, public_url=root)
    token = app.token(app.desk_on(settings, store, lambda: datetime.now(UTC)), "ehr", None, None)
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": FHIR,
    }
    store.close()

    def asked(method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON, sent until there is one."""
        until = time.monotonic() + WITHIN
        while time.monotonic() < until:
            try:
                answered = requests.request(method, f"{root}/fhir/{path}", json=body, headers=headers, timeout=15)
            except FAULTS:
                time.sleep(0.1)
                continue
            if answered.ok:
                return answered.json()
            time.sleep(0.1)
        raise AssertionError(f"{path} was not answered")

    with serving(settings, port, answer_within=0):
        told = asked("POST", "Claim/$submit", claim("1"))
    assert action(told) == "A4"
    with serving(settings, port, answer_within=12):
        until, code, ident = time.monotonic() + WITHIN, "", claim_response(told)["id"]
        while code != "A1" and time.monotonic() < until:
            code = action({"entry": [{"resource": asked("GET", f"ClaimResponse/{ident}")}]})
            time.sleep(0.1)
        again = asked("POST", "Claim/$submit", claim("1"))

    assert code == "A1"
    assert claim_response(again)["id"] == ident
    ended = Store(database_url)
    assert sum(ended.case_counts().values()) == 1
    ended.close()
