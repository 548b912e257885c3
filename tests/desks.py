"""A whole service for tests: a desk on a store, a clock that stands still, a directory, callers. All data synthetic."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from second_opinion import app, demo
from second_opinion.access import registry
from second_opinion.settings import Settings
from second_opinion.store.keeping import Store
from second_opinion.workflow import working
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.load import load_directory

Json = dict[str, Any]

EXAMPLES = Path(__file__).parents[1] / "fhir_examples"
ROOT = "http://127.0.0.1:8080"
BASE = f"{ROOT}/fhir"
MONDAY = datetime.fromisoformat(demo.CLOCK).astimezone(UTC)
FHIR = "application/fhir+json"


class Clock:
    """Stands still until it is moved."""

    def __init__(self, at: datetime = MONDAY) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        """Later by so much."""
        self.at += timedelta(**by)


@dataclass(frozen=True)
class Service:
    """The service and its callers."""

    desk: Desk
    clock: Clock
    app: Flask

    def caller(self, name: str, scope: str | None = None, member: str | None = None) -> "Caller":
        """A client that sends this partner's token, bound to the member of this number if one is given."""
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {app.token(self.desk, name, scope, member)}"
        return Caller(client)

    def partner(self, name: str, kind: str = "ehr", npi: str = demo.SENDER_NPI, npis: Iterable[str] = ()) -> "Caller":
        """Register a partner; its client."""
        registry.add_partner(
            self.desk.store, name, partner_class=kind, organization=npi, npis=tuple(npis), name=f"Test {name}"
        )
        return self.caller(name)

    def reviewer(self, name: str, kind: str = "physician", **given: Any) -> "Caller":
        """Register a reviewer; the reviewer's client. Name and numbers are made up."""
        licensed = {"licence": "A-TEST-1", "state": "CA", "specialty": "207RC0000X", "phone": "209-555-0180"}
        registry.add_reviewer(self.desk.store, name, name=f"Test Reviewer {name}", kind=kind, **(licensed | given))
        return self.caller(name)

    def attempts(self) -> list[tuple[Any, ...]]:
        """Requests whose member nobody knew: (received at, partner, path)."""
        return list(self.desk.store._database.fetch("SELECT received_at, partner, path FROM attempt"))

    def spoil(self, kind: str, key: str) -> None:
        """Make one row of the directory unreadable, as a failing disk would."""
        with self.desk.store._database.migrating() as connection:
            spoiled = "UPDATE resource SET body = '{not json' WHERE type = ? AND id = ?"
            assert connection.exec_driver_sql(spoiled, (kind, key)).rowcount == 1

    def load(self, resources: Iterable[Json]) -> None:
        """Put another directory in force."""
        file = self.desk.settings.data_folder / "another.ndjson"
        file.write_bytes(b"\n".join(map(orjson.dumps, resources)))
        load_directory(self.desk.store, [file], replace=True, base=BASE, now=self.clock.at)

    def work(self, kind: str) -> None:
        """Let the worker do all that waits of this kind."""
        for each in self.desk.store.waiting_work(datetime.now(UTC), 100):
            if each.kind == kind:
                working.perform(self.desk, each.key, each.tries)

    def count(self, table: str) -> int:
        """Rows of a table."""
        rows: int = self.desk.store._database.fetch(f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608 - our own word
        return rows


@dataclass(frozen=True)
class Caller:
    """One partner's client, in FHIR's words."""

    client: FlaskClient

    def submit(self, body: Json, **headers: str) -> TestResponse:
        """POST ServiceRequest/$submit."""
        return self.post("ServiceRequest/$submit", body, **headers)

    def create(self, body: Json, **headers: str) -> TestResponse:
        """POST ServiceRequest."""
        return self.post("ServiceRequest", body, **headers)

    def transact(self, body: Json) -> TestResponse:
        """POST the Bundle at the base."""
        return self.client.post("/fhir", data=orjson.dumps(body), content_type=FHIR)

    def post(self, path: str, body: Json, **headers: str) -> TestResponse:
        """POST to a path under the base; header names with _ for -."""
        return self.send(path, orjson.dumps(body), **headers)

    def send(self, path: str, body: bytes, **headers: str) -> TestResponse:
        """POST these bytes."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(f"/fhir/{path}", data=body, content_type=FHIR, headers=list(sent.items()))

    def record(self, task: str, body: Json, **headers: str) -> TestResponse:
        """POST Task/{id}/$record-determination."""
        return self.post(f"Task/{task}/$record-determination", body, **headers)

    def appeal(self, task: str, body: Json) -> TestResponse:
        """POST Task/{id}/$appeal."""
        return self.post(f"Task/{task}/$appeal", body)

    def put(self, body: Json, **headers: str) -> TestResponse:
        """PUT the order under its id."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        path = f"/fhir/ServiceRequest/{body['id']}"
        return self.client.put(path, data=orjson.dumps(body), content_type=FHIR, headers=list(sent.items()))

    def read(self, address: str) -> Json:
        """GET an address, absolute or under the base."""
        answered = self.client.get(address.removeprefix(ROOT) if address.startswith(ROOT) else f"/fhir/{address}")
        assert answered.status_code == 200, answered.get_data(as_text=True)
        return json(answered)

    def found(self, query: str) -> list[Json]:
        """The resources a search finds."""
        return [each["resource"] for each in self.read(query).get("entry", [])]

    def task(self, answered: TestResponse) -> Json:
        """The case's Task: what Location of $submit, or Link of create and update, names."""
        location = answered.headers["Location"]
        if "/Task/" not in location:
            location = answered.headers["Link"].partition("<")[2].partition(">")[0]
        return self.read(location)

    def order(self, answered: TestResponse) -> Json:
        """The kept ServiceRequest that Link of $submit names."""
        return self.read(answered.headers["Link"].partition("<")[2].partition(">")[0])


@contextmanager
def service(
    folder: Path, *, directory: Sequence[Path] = (EXAMPLES / "directory",), url: str = ":memory:", **given: Any
) -> Iterator[Service]:
    """A service with this directory loaded; its keys and database lie in the folder."""
    settings = Settings.load({}, database_url=url, data_folder=folder, public_url=ROOT, **given)
    store = Store(settings.database)
    store.upgrade()
    clock = Clock()
    desk = app.desk_on(settings, store, clock)
    load_directory(store, directory, replace=True, base=BASE, now=MONDAY)
    try:
        yield Service(desk, clock, app.application(desk))
    finally:
        store.close()


def json(answered: TestResponse) -> Json:
    """The answer's JSON."""
    body: Json = orjson.loads(answered.data)
    return body


def status_of(task: Json) -> str:
    """The case-status."""
    code: str = task["businessStatus"]["coding"][0]["code"]
    return code


def outputs(task: Json, code: str) -> list[Any]:
    """The values of a Task's outputs of this kind."""
    return [
        next(value for name, value in each.items() if name.startswith("value"))
        for each in task["output"]
        if each["type"]["coding"][0]["code"] == code
    ]


def action_of(response: Json) -> str:
    """The X12 306 code of a ClaimResponse's item."""
    adjudication = response["item"][0]["adjudication"][0]
    reviewed = adjudication["extension"][0]["extension"]
    code: str = next(
        each["valueCodeableConcept"]["coding"][0]["code"] for each in reviewed if "valueCodeableConcept" in each
    )
    return code


def issue(answered: TestResponse) -> Json:
    """The first issue of an OperationOutcome."""
    body = json(answered)
    assert body["resourceType"] == "OperationOutcome"
    first: Json = body["issue"][0]
    return first
