"""What a token's scopes open, through the front door: types, interactions, and queries enforced before the search."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from api.running import BASE, Service, example, outcome, service

ACCEPTED = "system/Task.rs?status=accepted"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Two cases: one accepted at once, one that waits for information."""
    with service(Path(tmp_path_factory.mktemp("scopes"))) as built:
        for shows in ("r01-in-network", "r08-without-a-reason"):
            assert built.submit(example(shows)).status_code == 201
        yield built


def found(client: FlaskClient, query: str) -> list[dict[str, Any]]:
    body = client.get(f"/fhir/{query}").get_json()
    assert body["resourceType"] == "Bundle", body
    return [each["resource"] for each in body.get("entry", []) if each["search"]["mode"] != "outcome"]


def statuses(client: FlaskClient, query: str) -> set[str]:
    return {each["status"] for each in found(client, query)}


def test_a_query_is_part_of_every_search_and_total(running: Service) -> None:
    narrow, whole = running.client(scope=ACCEPTED), running.client()

    assert len(statuses(whole, "Task")) > 1
    assert statuses(narrow, "Task") == {"accepted"}
    assert found(narrow, "Task?status=received") == []
    for query in ("Task?_summary=count", "Task?_count=1", "Task?status:not=x"):
        assert narrow.get(f"/fhir/{query}").get_json()["total"] == len(found(narrow, "Task"))
    assert narrow.post("/fhir/Task/_search", data={"_count": "50"}).get_json()["total"] == len(found(narrow, "Task"))


def test_what_a_query_leaves_out_is_not_there_to_be_read(running: Service) -> None:
    narrow, whole = running.client(scope=ACCEPTED), running.client()
    (inside,) = {each["id"] for each in found(whole, "Task?status=accepted")}
    outside = min(each["id"] for each in found(whole, "Task?status=received"))

    assert narrow.get(f"/fhir/Task/{inside}").status_code == 200
    for address in (f"/fhir/Task/{outside}", f"/fhir/Task/{outside}/_history", f"/fhir/Task/{outside}/_history/1"):
        hidden, absent = narrow.get(address), narrow.get(address.replace(outside, "nothing"))
        assert (hidden.status_code, hidden.data) == (absent.status_code, absent.data) == (404, absent.data)


def test_the_history_of_the_type_holds_only_what_the_query_names(running: Service) -> None:
    entries = running.client(scope=ACCEPTED).get("/fhir/Task/_history").get_json()["entry"]

    assert {each["resource"]["status"] for each in entries} == {"accepted"}


def test_what_is_included_is_narrowed_too(running: Service) -> None:
    narrow = running.client(scope=f"system/ServiceRequest.rs {ACCEPTED}")

    got = found(narrow, "ServiceRequest?_revinclude=Task:focus&_count=50")
    assert {each["status"] for each in got if each["resourceType"] == "Task"} == {"accepted"}
    got = found(running.client(scope="system/ServiceRequest.rs"), "ServiceRequest?_revinclude=Task:focus&_count=50")
    assert {each["resourceType"] for each in got} == {"ServiceRequest"}


def test_a_chain_or_has_looks_through_no_type_the_token_may_not_search(running: Service) -> None:
    patient = found(running.client(), "Patient?_count=1")[0]
    narrow, whole = running.client(scope="system/Task.rs"), running.client()
    chain = f"Task?patient.family={found(whole, 'Patient')[0]['name'][0]['family']}"
    has = f"Patient?_has:Task:patient:status=accepted&_id={patient['id']}"

    assert found(narrow, chain) == []
    assert found(running.client(scope="system/Patient.rs"), has) == []


def test_alternatives_open_what_either_names(running: Service) -> None:
    scope = f"{ACCEPTED} system/Task.rs?status=received"

    assert statuses(running.client(scope=scope), "Task") == {"accepted", "received"}


def test_a_search_scope_does_not_read_and_a_read_scope_does_not_search(running: Service) -> None:
    ident = running.known("Task")

    assert running.client(scope="system/Task.s").get(f"/fhir/Task/{ident}").status_code == 403
    refused = running.client(scope="system/Task.r").get("/fhir/Task")
    assert refused.status_code == 403
    assert 'error="insufficient_scope", scope="system/Task.s"' in refused.headers["WWW-Authenticate"]
    assert outcome(refused)["code"] == "forbidden"


@pytest.mark.parametrize(
    "query",
    [
        "colour=red",
        "status=purple",
        "status:not=accepted",
        "patient.family=Test",
        "patient:identifier=1",
        "_has:Task:patient:status=accepted",
        "_include=Task:patient",
        "_sort=_id",
        "_count=0",
        "authored-on=ap2026-10-05",
        "authored-on=yesterday",
        "status",
        "status=",
        "%ff=%ff",
    ],
)
def test_a_scope_whose_query_is_not_understood_is_not_granted(running: Service, query: str) -> None:
    with pytest.raises(Exception, match="nothing of it is granted"):
        running.client(scope=f"system/Task.rs?{query}")


@pytest.mark.parametrize(
    "query", ["owner=Organization/x", "_id=1", "authored-on=ge2026-01-01", f"patient={BASE}/Patient/1", "code=a,b"]
)
def test_a_scope_may_name_any_plain_parameter_of_the_type(running: Service, query: str) -> None:
    assert running.client(scope=f"system/Task.rs?{query}").get("/fhir/Task").status_code == 200
