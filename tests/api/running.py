"""The whole service in this process: a store in memory, the example directory, and callers with tokens."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from consents import consent
from second_opinion import app
from second_opinion.access import registry
from second_opinion.settings import Settings
from second_opinion.store.keeping import Store
from second_opinion.workflow import working
from second_opinion.workflow.load import load_directory
from subscriptions import a_subscription

ROOT = "https://plan.example"
BASE = f"{ROOT}/fhir"
NOW = datetime(2026, 10, 5, 16, 0, tzinfo=UTC)  # the examples' Monday morning
EXAMPLES = Path(__file__).parents[2] / "fhir_examples"
FHIR_JSON = "application/fhir+json"


class Service:
    """The service with two callers: ``plan``, who sees and may do everything, and ``clinic``, which has no case yet."""

    hook = "https://127.0.0.1"  # an address that may be subscribed to

    def __init__(self, folder: Path, **settings: Any) -> None:
        callable_hosts: dict[str, Any] = {
            "allowed_hosts": ("127.0.0.1", "ehr.specimen.example"),
            "allow_loopback": True,
        }
        chosen = Settings.load({}, data_folder=folder, public_url=ROOT, **callable_hosts | settings)
        self.store = Store(":memory:")
        self.store.upgrade()
        load_directory(self.store, (EXAMPLES / "directory",), replace=True, base=BASE, now=NOW)
        registry.add_partner(self.store, "plan", partner_class="plan", organization="1234567893", name="Test plan")
        registry.add_partner(self.store, "clinic", partner_class="ehr", organization="1245319599", name="Test clinic")
        registry.add_reviewer(
            self.store,
            "doctor",
            name="Test Reviewer",
            kind="physician",
            licence="A-TEST-1",
            state="CA",
            specialty="207RC0000X",
            phone="209-555-0180",
        )
        self.desk = app.desk_on(chosen, self.store, lambda: NOW)
        self.app = app.application(self.desk)

    def client(self, name: str | None = "plan", scope: str | None = None) -> FlaskClient:
        """A client that sends this caller's token; of nobody: none."""
        client = self.app.test_client()
        if name is not None:
            token = app.token(self.desk, name, scope, None)
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client

    def another(self) -> Flask:
        """The same service as another process would have it: nothing shared but store and keys."""
        return app.application(app.desk_on(self.desk.settings, self.store, lambda: NOW))

    def submit(self, order: dict[str, Any], **headers: str) -> TestResponse:
        """The plan's order through the plain door."""
        return self.client().post("/fhir/ServiceRequest", data=json.dumps(order), headers=fhir(headers))

    def _write_letters(self) -> None:
        """What the worker writes to members and providers."""
        for each in self.store.waiting_work(datetime.now(UTC), 100):
            if each.kind == "letters":
                working.perform(self.desk, each.key, each.tries)

    def _consent(self) -> None:
        """One member's consent for a payer nobody is registered as."""
        if self.client().get("/fhir/Consent?status=active").get_json()["total"] == 0:
            body = consent(patient={"reference": f"Patient/{self.known('Patient')}"}, number="known")
            assert self.client().post("/fhir/Consent", json=body, headers=fhir()).status_code == 201

    def _subscribe(self) -> None:
        """The plan's one subscription to nothing yet."""
        if self.client().get("/fhir/Subscription").get_json()["total"] == 0:
            body = a_subscription(f"{self.hook}/known", status="off")
            assert self.client().post("/fhir/Subscription", json=body, headers=fhir()).status_code == 201

    def known(self, type_name: str) -> str:
        """The id of one stored resource of this type."""
        if type_name == "Subscription":
            self._subscribe()
        if type_name == "Consent":
            self._consent()
        if type_name in {"Communication", "DocumentReference", "Binary"}:
            self._write_letters()
        needed = f"&target=Task/{self.known('Task')}" if type_name == "Provenance" else ""
        found = self.client().get(f"/fhir/{type_name}?_count=1{needed}").get_json()
        return str(found["entry"][0]["resource"]["id"])


@contextmanager
def service(folder: Path, **settings: Any) -> Iterator[Service]:
    """The running service, closed afterwards."""
    running = Service(folder, **settings)
    try:
        yield running
    finally:
        running.store.close()


def example(shows: str) -> dict[str, Any]:
    """The body of the one example whose name starts so."""
    (path,) = EXAMPLES.glob(f"{shows}.*.request.json")
    body: dict[str, Any] = json.loads(path.read_bytes())
    return body


def fhir(further: dict[str, str] | None = None) -> dict[str, str]:
    """The headers of a request with a body."""
    return {"Content-Type": FHIR_JSON, **(further or {})}


def outcome(response: TestResponse) -> dict[str, Any]:
    """The first issue of the OperationOutcome this answer must be."""
    assert response.content_type == f"{FHIR_JSON}; charset=utf-8", response.content_type
    body = json.loads(response.data)
    assert body["resourceType"] == "OperationOutcome"
    first: dict[str, Any] = body["issue"][0]
    assert first["details"]["text"]
    return first
