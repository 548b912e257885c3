"""Every status openapi.yaml describes is one the service really gives, and it gives it in the described shape."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.consent_doors import CONSENT_DOORS
from api.description import Json, operations
from api.message_doors import MESSAGE_DOORS
from api.running import FHIR_JSON, NOW, Service, example, fhir, outcome, service
from api.subscription_doors import SUBSCRIPTION_DOORS
from api.task_doors import TASK_DOORS
from pas_bundles import a_bundle
from second_opinion import admitting, app
from second_opinion.access.issuer import COMMAND_LINE_LIFETIME
from second_opinion.api.cursors import Cursor
from second_opinion.fhir.search_registry import EXPOSED
from second_opinion.store.changes import Changes, ResourceWrite

DOORS = ("/fhir", "/fhir/ServiceRequest", "/fhir/ServiceRequest/$submit", "/fhir/ServiceRequest/{id}")
CLAIMS = tuple(
    f"{base}/Claim/{name}" for base in ("/fhir", "/fhir/pas/2.0") for name in ("$submit", "$inquire", "$inquiry")
)
NEVER = frozenset({500, 503})  # a fault inside, and a store that is out of reach; test_discovery shows one
GONE, LARGEST = "gone", 64 * 1024

Operation = tuple[str, str]  # method, path


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    enclosures = Path(tmp_path_factory.mktemp("enclosures"))
    with service(Path(tmp_path_factory.mktemp("answers")), max_body=LARGEST, enclosures_folder=enclosures) as built:
        for shows in ("r01-in-network", "r08-without-a-reason"):
            assert built.submit(example(shows)).status_code == 201
        versions = [
            ResourceWrite(each, GONE, version, NOW, body, partner="plan")
            for each in EXPOSED
            for version, body in ((1, b'{"resourceType":"%b","id":"gone"}' % each.encode()), (2, b""))
        ]
        built.store.save(Changes(resources=versions[::2]))
        built.store.save(Changes(resources=versions[1::2]))
        yield built


def _described() -> Iterator[tuple[Operation, int]]:
    for operation, described in operations().items():
        if operation[1].startswith("/fhir") and ".well-known" not in operation[1]:
            yield from ((operation, int(status)) for status in described["responses"])


def _named(part: Operation | int) -> str:
    return str(part) if isinstance(part, int) else " ".join(part)


@pytest.mark.parametrize(("operation", "status"), [each for each in _described() if each[1] not in NEVER], ids=_named)
def test_every_described_answer_is_given(running: Service, operation: Operation, status: int) -> None:
    method, path = operation
    if (task_door := TASK_DOORS.get(path)) is not None:
        answered = task_door(running, status, LARGEST)
    elif (subscription_door := SUBSCRIPTION_DOORS.get(operation)) is not None:
        answered = subscription_door(running, method, path, status, LARGEST)
    elif (consent_door := CONSENT_DOORS.get(operation)) is not None:
        answered = consent_door(running, method, path, status, LARGEST)
    elif (message_door := MESSAGE_DOORS.get(operation)) is not None:
        answered = message_door(running, method, path, status, LARGEST)
    else:
        ask = _at_a_door if _is_door(operation) else _with_a_claim if path in CLAIMS else _READING[status]
        answered = ask(running, method, path, status)
    assert answered.status_code == status, answered.text
    if status >= 400:
        outcome(answered)
    elif answered.data:
        assert answered.content_type == f"{FHIR_JSON}; charset=utf-8"


def test_a_history_since_an_instant_is_still_of_something_that_is_there(running: Service) -> None:
    client, task = running.client(), running.known("Task")
    assert client.get(f"/fhir/Task/{task}/_history?_since=2999-01-01T00:00:00Z").status_code == 200
    assert client.get("/fhir/Task/nothing/_history?_since=2999-01-01T00:00:00Z").status_code == 404
    assert running.client("clinic").get(f"/fhir/Task/{task}/_history?_since=2999-01-01T00:00:00Z").status_code == 404


def _is_door(operation: Operation) -> bool:
    return operation[0] != "GET" and operation[1] in DOORS


def _with_a_claim(running: Service, method: str, path: str, status: int) -> TestResponse:
    """The request Bundle that gets this status at a PAS door."""
    headers = {406: {"Accept": "application/fhir+xml"}, 415: {"Content-Type": "text/plain"}}.get(status, {})
    body = json.dumps(a_bundle(use="claim") if status == 422 else a_bundle()).encode()
    data = {400: b"{", 413: b" " * (LARGEST + 1)}.get(status, body)
    caller, scope = (None if status == 401 else "plan"), ("system/Task.rs" if status == 403 else None)
    return _send(running, method, path, data=data, headers=fhir(headers), caller=caller, scope=scope)


def _send(running: Service, method: str, address: str, **further: Any) -> TestResponse:
    """A request of the plan's, as it should be but for what is given; a search by form brings one."""
    caller = further.pop("caller", "plan")
    client = running.client(caller, further.pop("scope", None))
    if method == "POST" and "_search" in address and "data" not in further:
        further["data"] = {"_count": "1"}
    return client.open(address, method=method, **further)


def _address(running: Service, path: str) -> str:
    """The path with what exists in its places."""
    if "{id}" not in path:
        return path
    kind = path.split("/")[2]
    return path.replace("{id}", running.known(kind)).replace("{version}", "1")


def _well(running: Service, method: str, path: str, _: int) -> TestResponse:
    needed = {"target": f"Task/{running.known('Task')}"} if path == "/fhir/Provenance" else None
    return _send(running, method, _address(running, path), query_string=needed)


def _already_had(running: Service, method: str, path: str, _: int) -> TestResponse:
    return _send(running, method, _address(running, path), headers={"If-None-Match": "*"})


def _wrongly_asked(running: Service, method: str, path: str, _: int) -> TestResponse:
    query = {"_count": "many", "_summary": "short", "colour": "red", "mode": "short"}
    headers = {"Prefer": "handling=strict"}
    return _send(running, method, _address(running, path), query_string=query, headers=headers)


def _by_nobody(running: Service, method: str, path: str, _: int) -> TestResponse:
    return _send(running, method, _address(running, path), caller=None)


def _without_the_right(running: Service, method: str, path: str, _: int) -> TestResponse:
    """With a token for another type; definitions are for everyone registered, so there of somebody who is not."""
    kind = path.split("/")[2]
    if kind in EXPOSED:
        other = "Task" if kind != "Task" else "Patient"
        return _send(running, method, _address(running, path), scope=f"system/{other}.rs")
    token = admitting.issuer(running.desk.settings).issue("stranger", "system/*.rs", COMMAND_LINE_LIFETIME, None)
    headers = {"Authorization": f"Bearer {token}"}
    return _send(running, method, _address(running, path), caller=None, headers=headers)


def _of_what_is_not_there(running: Service, method: str, path: str, _: int) -> TestResponse:
    return _send(running, method, path.replace("{id}", "nothing").replace("{version}", "1"))


def _in_another_language(running: Service, method: str, path: str, _: int) -> TestResponse:
    return _send(running, method, _address(running, path), headers={"Accept": "application/fhir+xml"})


def _of_what_is_gone(running: Service, method: str, path: str, _: int) -> TestResponse:
    """A deleted resource; of a search or history, a page whose time is over."""
    if "_history" not in path.replace("_history/{version}", "") and "{id}" in path:
        return _send(running, method, path.replace("{id}", GONE).replace("{version}", "2"))
    address = _address(running, path)
    below = address.removeprefix("/fhir/").removesuffix("/_search")
    page = app.front(running.desk).cursors.seal(Cursor(below), "plan", at=0)
    return _send(running, method, address, query_string={"_page": page})


def _too_large(running: Service, method: str, path: str, _: int) -> TestResponse:
    return _send(running, method, _address(running, path), data={"_id": "x" * LARGEST})


def _as_something_else(running: Service, method: str, path: str, _: int) -> TestResponse:
    headers = {"Content-Type": "text/plain"}
    return _send(running, method, _address(running, path), data=b"_count=1", headers=headers)


_READING: dict[int, Callable[[Service, str, str, int], TestResponse]] = {
    200: _well,
    304: _already_had,
    400: _wrongly_asked,
    401: _by_nobody,
    403: _without_the_right,
    404: _of_what_is_not_there,
    406: _in_another_language,
    410: _of_what_is_gone,
    413: _too_large,
    415: _as_something_else,
}


def _at_a_door(running: Service, method: str, path: str, status: int) -> TestResponse:
    """The order that gets this status here, sent by the plan after what has to come before it."""
    number = f"{method}-{path.count('/')}{'$' in path}-{status}"
    order = _order(number)
    address = path
    if method == "PUT":
        order["id"] = json.loads(running.submit(order).data)["id"]
        address = path.replace("{id}", order["id"])
    body, headers = _variant(running, order, status, path)
    if status == 404:
        address = path.replace("{id}", "nothing")
    data = body if isinstance(body, bytes) else json.dumps(_wrapped(body, path, headers)).encode()
    caller, scope = (None if status == 401 else "plan"), ("system/Task.rs" if status == 403 else None)
    return _send(running, method, address, data=data, headers=fhir(headers), caller=caller, scope=scope)


def _order(number: str) -> Json:
    """An order of its own that asks for further information, so that its case stays open."""
    order = example("r08-without-a-reason")
    return order | {"identifier": [{"system": "https://ehr.specimen.example/orders", "value": f"ORD-{number}"}]}


def _variant(running: Service, order: Json, status: int, path: str) -> tuple[Json | bytes, dict[str, str]]:
    """Body and headers that differ in what gets this status."""
    headers = {406: {"Accept": "application/fhir+xml"}, 415: {"Content-Type": "text/plain"}}.get(status, {})
    if status == 400:
        return b"{", headers
    if status == 413:
        return b" " * (LARGEST + 1), headers
    if status == 422:
        return order | {"status": "completed"}, headers
    if status == 412:
        return order, {"If-Match": 'W/"9"'} if "{id}" in path else {"If-None-Exist": "intent=order"}
    if status == 409:
        return _refused_now(running, order, path), headers
    if status == 200 and path == "/fhir/ServiceRequest":
        assert running.submit(order).status_code == 201
    return order, headers


def _refused_now(running: Service, order: Json, path: str) -> Json:
    """Other content under an identifier that is taken; or changed content where the case is closed."""
    if "{id}" not in path:
        assert running.submit(order).status_code == 201
        return order | {"priority": "urgent"}
    revoked = order | {"status": "revoked"} | MEMBER_INFORMED
    address = path.replace("{id}", order["id"])
    withdrawn = _send(running, "PUT", address, data=json.dumps(revoked), headers=fhir())
    assert withdrawn.status_code == 200, withdrawn.text
    return order | {"priority": "urgent"}


MEMBER_INFORMED: Json = {
    "extension": [
        {"url": "https://second-opinion.example/fhir/StructureDefinition/member-informed", "valueBoolean": True}
    ]
}


def _wrapped(order: Json | bytes, path: str, headers: dict[str, str]) -> Json | bytes:
    """The order as this door takes it: at the base in a transaction, which has its conditions inside."""
    if path != "/fhir":
        return order
    condition = {"ifNoneExist": headers.pop("If-None-Exist")} if "If-None-Exist" in headers else {}
    request = {"method": "POST", "url": "ServiceRequest", **condition}
    return {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": order, "request": request}]}
