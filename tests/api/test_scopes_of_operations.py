"""The scope each operation needs (wire.md 8), asked before the body is looked at; a scope for a part is not enough."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.running import Service, example, fhir, outcome, service

NEEDED = {
    "/fhir/ServiceRequest/$submit": "ServiceRequest.c",
    "/fhir/Claim/$submit": "Claim.c",
    "/fhir/Claim/$inquire": "ClaimResponse.s",
    "/fhir/pas/2.0/Claim/$submit": "Claim.c",
    "/fhir/pas/2.0/Claim/$inquire": "ClaimResponse.s",
    "/fhir/Claim/$inquiry": "ClaimResponse.s",
    "/fhir/pas/2.0/Claim/$inquiry": "ClaimResponse.s",
    "/fhir/Task/1/$record-determination": "Task.u",
    "/fhir/Task/1/$add-information": "Task.u",
    "/fhir/Task/1/$appeal": "Task.u",
    "/fhir/Task/1/$resend": "Task.u",
    "/fhir/Communication/1/$release": "Communication.u",
    "/fhir/$submit-attachment": "DocumentReference.c",
    "/fhir/pas/2.0/Subscription/$status": "Subscription.r",
    "/fhir/pas/2.0/Subscription/1/$status": "Subscription.r",
    "/fhir/pas/2.0/Subscription/1/$events": "Subscription.r",
    "/fhir/Subscription/$status": "Subscription.r",
    "/fhir/Subscription/1/$status": "Subscription.r",
    "/fhir/Subscription/1/$events": "Subscription.r",
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(Path(tmp_path_factory.mktemp("operations"))) as built:
        assert built.submit(example("r08-without-a-reason")).status_code == 201
        yield built


def test_every_operation_is_listed_here(running: Service) -> None:
    routed = {rule.rule.replace("<ident>", "1") for rule in running.app.url_map.iter_rules() if "$" in rule.rule}

    assert routed == set(NEEDED)


@pytest.mark.parametrize("address", sorted(NEEDED))
def test_an_operation_needs_its_scope_and_says_which(running: Service, address: str) -> None:
    needed = NEEDED[address]
    address = address.replace("Task/1", f"Task/{running.known('Task')}")  # 401, 404, 403 come in this order
    client = running.client(scope="system/Patient.cruds system/Organization.cruds")
    refused = client.post(address, data=b"{}", headers=fhir())

    if address == "/fhir/Communication/1/$release":
        assert refused.status_code == 404
        return
    assert refused.status_code == 403, refused.text
    assert f'error="insufficient_scope", scope="system/{needed}"' in refused.headers["WWW-Authenticate"]
    assert outcome(refused)["code"] == "forbidden"


@pytest.mark.parametrize("address", sorted(NEEDED))
def test_its_scope_is_enough_to_be_heard(running: Service, address: str) -> None:
    heard = running.client(scope=f"system/{NEEDED[address]}").post(address, data=b"{}", headers=fhir())

    assert "insufficient_scope" not in heard.headers.get("WWW-Authenticate", "")


def test_a_scope_for_a_part_of_the_answers_does_not_open_the_inquiry(running: Service) -> None:
    client = running.client(scope="system/ClaimResponse.rs?outcome=complete")

    assert client.get("/fhir/ClaimResponse").status_code == 200
    assert client.post("/fhir/Claim/$inquire", data=b"{}", headers=fhir()).status_code == 403
