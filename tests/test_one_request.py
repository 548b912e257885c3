"""The whole way of one request over a real socket: sent, answered, looked up, withdrawn."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from desks import EXAMPLES
from second_opinion import app, demo
from second_opinion.access import registry
from second_opinion.settings import Settings
from second_opinion.workflow.load import load_directory

BODY = EXAMPLES / "r06-outside-doctor-none-in-network-with-a-ride.approved.request.json"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The service as an operator starts it: its FHIR base, and a token of the demonstration's sender."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = Settings.load({}, data_folder=tmp_path_factory.mktemp("data"), public_url=f"http://127.0.0.1:{port}")
    desk = app.desk(settings)
    load_directory(desk.store, [EXAMPLES / "directory"], replace=True, base=settings.fhir_base, now=desk.now())
    registry.add_partner(desk.store, "clinic", partner_class="ehr", organization=demo.SENDER_NPI, name="Test clinic")
    token = app.token(desk, "clinic", None, None)
    desk.store.close()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SECOND_OPINION_")}
    environ |= {
        "SECOND_OPINION_DATA_FOLDER": str(settings.data_folder),
        "SECOND_OPINION_PUBLIC_URL": settings.public_url,
    }
    command = [sys.executable, "-m", "second_opinion", "serve", "--port", str(port), "--clock", demo.CLOCK]
    service = subprocess.Popen(command, env=environ, start_new_session=True)  # noqa: S603 - our own command
    try:
        _await(f"{settings.public_url}/readyz")
        yield settings.fhir_base, token
    finally:
        os.killpg(service.pid, signal.SIGTERM)
        service.wait(timeout=15)


def _await(address: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if requests.get(address, timeout=2).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    pytest.fail("the service was not ready within 30 seconds")


def test_a_request_is_answered_looked_up_and_withdrawn(served: tuple[str, str]) -> None:
    base, token = served
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}

    def get(path: str) -> Any:
        answered = requests.get(f"{base}/{path}", headers=headers, timeout=10)
        assert answered.status_code == 200, answered.text
        return answered.json()

    answered = requests.post(f"{base}/ServiceRequest/$submit", BODY.read_bytes(), headers=headers, timeout=10)

    response = answered.json()
    assert (answered.status_code, response["resourceType"]) == (200, "ClaimResponse")
    assert response["disposition"].startswith("Approved as requested")
    assert response["disposition"].endswith("(Policy II.D).")
    task = get(answered.headers["Location"].removeprefix(f"{base}/"))
    found = get("Task?identifier=https://ehr.specimen.example/orders|ORD-0006")
    assert [each["resource"]["id"] for each in found["entry"]] == [task["id"]]
    ride = get(f"Task?part-of=Task/{task['id']}")["entry"][0]["resource"]
    report = get("CommunicationRequest")["entry"][0]["resource"]
    assert (task["status"], ride["status"], report["status"]) == ("accepted", "requested", "active")

    order = get(task["focus"]["reference"])
    revoked = requests.put(
        f"{base}/ServiceRequest/{order['id']}", json=order | {"status": "revoked"}, headers=headers, timeout=10
    )

    assert revoked.status_code == 200
    assert get(f"Task/{task['id']}")["status"] == get(f"Task/{ride['id']}")["status"] == "cancelled"
    assert get(f"CommunicationRequest/{report['id']}")["status"] == "revoked"
    assert get(f"ClaimResponse/{response['id']}/_history")["total"] == 2


def test_nobody_is_answered_without_a_token(served: tuple[str, str]) -> None:
    base, _ = served
    headers = {"Content-Type": "application/fhir+json"}

    answered = requests.post(f"{base}/ServiceRequest/$submit", BODY.read_bytes(), headers=headers, timeout=10)

    assert answered.status_code == 401
    assert answered.json()["resourceType"] == "OperationOutcome"
    assert answered.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "path", "status"), [("PUT", "Task", 405), ("POST", "Nothing/$submit", 404)])
def test_a_request_refused_unread_leaves_its_connection_to_the_next(
    served: tuple[str, str], method: str, path: str, status: int
) -> None:
    base, token = served
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
    with requests.Session() as connection:
        for _ in range(20):
            refused = connection.request(method, f"{base}/{path}", data=b" " * 100_000, headers=headers, timeout=10)
            answered = connection.get(f"{base}/metadata", timeout=10)
            assert (refused.status_code, answered.status_code) == (status, 200)
            assert refused.headers.get("Connection") != "close"


@pytest.mark.parametrize("depth", [80, 200, 5000])
def test_deep_nesting_is_refused_and_kills_nothing(served: tuple[str, str], depth: int) -> None:
    base, token = served
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
    body = '{"resourceType":"ServiceRequest"' + ',"extension":[{"url":"x:x"' * depth + "}]" * depth + "}"

    answered = requests.post(f"{base}/ServiceRequest/$submit", body, headers=headers, timeout=10)

    assert answered.status_code == 400
    assert answered.json()["resourceType"] == "OperationOutcome"
