"""The demonstration: every request in fhir_examples/ sent over HTTP to a real service, and what it really answered."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import requests
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from second_opinion import app, serving
from second_opinion.access import registry
from second_opinion.errors import Unavailable
from second_opinion.settings import Settings
from second_opinion.workflow.load import load_directory

EXAMPLES = Path("fhir_examples")
DATA = Path("data/demo")  # made anew by every demonstration
CLOCK = "2026-10-05T09:00:00-07:00"  # the examples' Monday morning
HOST = "127.0.0.1"
SENDER, SENDER_NPI = "demo-ehr", "1234567893"  # a made-up practice's system
REQUEST = ".request.json"
STARTED_WITHIN = 30  # seconds
HTTP = requests.Session()
HTTP.trust_env = False  # the service is on this machine: no proxy of the environment stands between
HEADINGS = ("request", "outcome", "reason", "clause", "answer due", "link")
WIDEST = {"request": 20, "outcome": 16, "clause": 12, "answer due": 11, "link": 26}  # on a terminal; the rest: reason


@dataclass(frozen=True)
class Example:
    """One request: its file is named ``<what it shows>.<outcome it promises>.request.json``."""

    path: Path

    @property
    def shows(self) -> str:
        """What it is about."""
        return self.path.name.split(".")[0]

    @property
    def promised(self) -> str:
        """The case-status, or ``not-identified``."""
        return self.path.name.split(".")[1]

    @property
    def answer(self) -> Path:
        """The answer it really gets, beside it."""
        return self.path.with_name(self.path.name.replace(REQUEST, ".answer.json"))


@dataclass(frozen=True)
class Told:
    """What the service answered to one example."""

    outcome: str
    reason: str
    clause: str
    due: str
    link: str


def examples(folder: Path = EXAMPLES) -> list[Example]:
    """Every example request, in the order of their names."""
    return [Example(path) for path in sorted(folder.glob(f"*{REQUEST}"))]


def show(port: int, *, once: bool) -> int:
    """Run the demonstration; exit status 0 when every example got the outcome it promises."""
    console = Console(soft_wrap=not sys.stdout.isatty())
    if not EXAMPLES.is_dir():
        console.print("fhir_examples/ is not here: run this in the folder the project was cloned into")
        return 2
    serving.require_free(HOST, port)
    shutil.rmtree(DATA, ignore_errors=True)
    settings = Settings.load({}, data_folder=DATA, public_url=f"http://{HOST}:{port}")
    token = _prepared(settings, console)
    with _ending_in_order(), _service(settings, port):
        console.print(f"The service answers at {settings.fhir_base}; its clock reads {CLOCK}.\n")
        kept = _all(settings, token, console)
        if not once:
            _serve_on(settings, token, console)
    return 0 if kept else 1


def send(settings: Settings, token: str, example: Example) -> requests.Response:
    """The example through the $submit door."""
    return HTTP.post(
        f"{settings.fhir_base}/ServiceRequest/$submit",
        data=example.path.read_bytes(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"},
        timeout=30,
    )


def _prepared(settings: Settings, console: Console) -> str:
    """The example directory loaded, a sender registered; its token."""
    desk = app.desk(settings)
    with console.status("loading the example directory"):
        loaded = load_directory(
            desk.store, (EXAMPLES / "directory",), replace=True, base=settings.fhir_base, now=datetime.now(UTC)
        )
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(loaded.counts.items()))
    console.print(f"Example directory (synthetic): {counts}")
    registry.add_partner(
        desk.store, SENDER, partner_class="ehr", organization=SENDER_NPI, name="Demonstration EHR (synthetic)"
    )
    try:
        return app.token(desk, SENDER, None, None)
    finally:
        desk.store.close()


@contextmanager
def _service(settings: Settings, port: int) -> Iterator[None]:
    """The service as an operator would start it, in a process group of its own."""
    command = [sys.executable, "-m", "second_opinion", "serve", "--port", str(port), "--clock", CLOCK]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SECOND_OPINION_")}
    environ |= {
        "SECOND_OPINION_DATA_FOLDER": str(settings.data_folder),
        "SECOND_OPINION_PUBLIC_URL": settings.public_url,
        "SECOND_OPINION_ACCESS_LOG": "false",
    }
    service = subprocess.Popen(command, env=environ, start_new_session=True)  # noqa: S603 - our own command
    try:
        _await(settings, service)
        yield
    finally:
        with suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(service.pid, signal.SIGTERM)
        service.wait(timeout=15)


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """A closed terminal or a plain ``kill`` ends the demonstration as Ctrl-C does, and the service with it."""
    before = {each: signal.signal(each, _interrupt) for each in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _await(settings: Settings, service: subprocess.Popen[bytes]) -> None:
    """Until the service is ready; Unavailable when it ends or takes too long."""
    deadline = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < deadline:
        if service.poll() is not None:
            raise Unavailable("The service ended while starting; its own words are above")
        try:
            if HTTP.get(f"{settings.public_url}/readyz", timeout=2).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise Unavailable(f"The service was not ready within {STARTED_WITHIN} seconds")


def _all(settings: Settings, token: str, console: Console) -> bool:
    """Send every example and print one line for each; whether all kept their promise."""
    kept, lines = True, []
    for example in examples():
        told = read(send(settings, token, example), settings, token)
        as_promised = told.outcome == example.promised
        kept &= as_promised
        outcome = _words(told.outcome) if as_promised else f"{_words(told.outcome)} (promised: {example.promised})"
        lines.append((_words(example.shows), outcome, told.reason, told.clause, told.due, told.link))
    _print(lines, console)
    console.print("Every example got the outcome it promises." if kept else "Not every example got what it promises.")
    return kept


def _print(lines: Sequence[tuple[str, ...]], console: Console) -> None:
    """A table that folds on a terminal; elsewhere each case is one line, whatever its length."""
    if console.is_terminal:
        columns = (Column(each, overflow="fold", max_width=WIDEST.get(each)) for each in HEADINGS)
        table = Table(*columns, show_lines=True)
        for line in lines:
            table.add_row(*map(escape, line))
        console.print(table)
        return
    widths = [max(map(len, column)) for column in zip(HEADINGS, *lines, strict=True)]
    for line in (HEADINGS, *lines):
        sys.stdout.write("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() + "\n")
    sys.stdout.flush()


def _words(name: str) -> str:
    return name.replace("-", " ")


def read(answered: requests.Response, settings: Settings, token: str) -> Told:
    """What an answer says, for a person."""
    body: dict[str, Any] = answered.json()
    if body["resourceType"] == "OperationOutcome":
        outcome = "not-identified" if answered.status_code == requests.codes.unprocessable else "refused"
        return Told(outcome, body["issue"][0]["details"]["text"], "", "", "")
    headers = {"Authorization": f"Bearer {token}"}
    task: dict[str, Any] = HTTP.get(answered.headers["Location"], headers=headers, timeout=30).json()
    decision = next(each for each in task["output"] if _code(each["type"]) == "determination")
    response = HTTP.get(
        f"{settings.fhir_base}/{decision['valueReference']['reference']}", headers=headers, timeout=30
    ).json()
    reason, _, clause = response["processNote"][0]["text"].rpartition(" (")  # "In plain words (Policy II.A)."
    due = datetime.fromisoformat(task["restriction"]["period"]["end"]).astimezone(ZoneInfo("America/Los_Angeles"))
    return Told(
        outcome=_code(task["businessStatus"]),
        reason=reason,
        clause=clause.removesuffix(")."),
        due=f"{due:%a %b %d, %H:%M}",
        link=answered.headers["Location"],
    )


def _code(concept: dict[str, Any]) -> str:
    return str(concept["coding"][0]["code"])


def _serve_on(settings: Settings, token: str, console: Console) -> None:
    """Keep serving until Ctrl-C, and say how to try it."""
    try:
        console.print(
            f'\nTry it:\n  TOKEN={token}\n  curl -H "Authorization: Bearer $TOKEN" {settings.fhir_base}/Task',
            soft_wrap=True,
        )
        console.print(f"API page: {settings.public_url}/docs   Ctrl-C ends the service.")
        signal.pause()
    except KeyboardInterrupt:
        console.print("ended")
