"""How each described status of an operation on a Task comes about."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import orjson
from werkzeug.test import TestResponse

import determinations
import documents
from api.running import Service, example, fhir
from letters_directory import enclosures
from second_opinion.store.changes import Changes, Work
from second_opinion.workflow import case_file, working

Json = dict[str, Any]
EXAMPLE = "r11-outside-doctor-though-an-alternative-is-open"
EXAMPLE_ALTERNATIVE = {"reference": "PractitionerRole/amber-delta"}  # in the network of the examples
WRONG_HEADERS: Mapping[int, dict[str, str]] = {  # what a request is refused for
    406: {"Accept": "application/fhir+xml"},
    412: {"If-Match": 'W/"9"'},
    415: {"Content-Type": "text/plain"},
}
Door = Callable[[Service, int, int], TestResponse]


def a_case(running: Service, shows: str = EXAMPLE) -> str:
    """The Task id of a new case."""
    number = [{"system": "https://ehr.specimen.example/orders", "value": uuid4().hex}]
    answered = running.submit(example(shows) | {"identifier": number, "reasonCode": [{"text": uuid4().hex}]})
    assert answered.status_code == 201, answered.text
    return answered.headers["Link"].partition("/Task/")[2].partition(">")[0]


def send(
    running: Service,
    operation: str,
    status: int,
    largest: int,
    body: Json,
    *,
    caller: str,
    stranger: str,
    wrong: Json | None = None,
    prepared: Callable[[Service, str], None] = lambda *_: None,
) -> TestResponse:
    """The request that gets this status; ``stranger`` may not do it, and a 409 comes of doing it twice."""
    sent: dict[int, bytes] = {
        400: b"{",
        413: b" " * (largest + 1),
        422: orjson.dumps(wrong or determinations.parameters(determinations.words("colour", "red"))),
    }
    headers = {
        406: {"Accept": "application/fhir+xml"},
        415: {"Content-Type": "text/plain"},
        412: {"If-Match": 'W/"9"'},
    }.get(status, {})
    who = {401: None, 403: stranger}.get(status, caller)
    task = a_case(running)
    prepared(running, task)
    address = f"/fhir/Task/{'nothing' if status == 404 else task}/{operation}"
    data = sent.get(status, orjson.dumps(body))
    for _ in range(2 if status == 409 else 1):
        answered = running.client(who).post(address, data=data, headers=fhir(headers))
    return answered


def _record(running: Service, status: int, largest: int) -> TestResponse:
    body = determinations.approved()
    return send(running, "$record-determination", status, largest, body, caller="doctor", stranger="plan")


def _appeal(running: Service, status: int, largest: int) -> TestResponse:
    body = determinations.appeal()
    return send(running, "$appeal", status, largest, body, caller="plan", stranger="doctor", prepared=_denied)


def _add_information(running: Service, status: int, largest: int) -> TestResponse:
    """What the network search found, which closes the case."""
    said = (("name", "valueCode", "in-network-alternative"), ("value", "valueCode", "no"))
    parts = [{"name": name, element: value} for name, element, value in said]
    parts.append({"name": "evidence", "valueString": "Called on Monday: takes no new patients"})
    body = determinations.parameters({"name": "fact", "part": parts})
    return send(running, "$add-information", status, largest, body, caller="doctor", stranger="plan")


def _submit_attachment(running: Service, status: int, largest: int) -> TestResponse:
    """A document in answer to the case's number; the case is decided where it must be closed."""
    task = a_case(running)
    if status == 409:
        body = orjson.dumps(determinations.approved())
        running.client("doctor").post(f"/fhir/Task/{task}/$record-determination", data=body, headers=fhir())
    number = orjson.loads(running.client("plan").get(f"/fhir/Task/{task}").data)["identifier"][0]
    attachment = documents.parameters(number, {"value": example(EXAMPLE)["contained"][0]["identifier"][0]["value"]})
    sent: dict[int, bytes] = {400: b"{", 413: b" " * (largest + 1), 422: orjson.dumps(determinations.approved())}
    headers = {
        406: {"Accept": "application/fhir+xml"},
        415: {"Content-Type": "text/plain"},
        412: {"If-Match": 'W/"9"'},
    }.get(status, {})
    who = {401: None, 403: "doctor"}.get(status, "plan")
    data = sent.get(status, orjson.dumps(attachment))
    return running.client(who).post("/fhir/$submit-attachment", data=data, headers=fhir(headers))


def _release(running: Service, status: int, largest: int) -> TestResponse:
    """A denial's letter; the plan's enclosures are there, but where the letter must wait for them."""
    folder = running.desk.settings.enclosures_folder
    assert folder is not None
    for file in folder.glob("*.pdf"):
        file.unlink()
    task = a_case(running)
    _denied(running, task)
    found = running.client("plan").get(f"/fhir/Communication?part-of=Task/{task}&status=preparation")
    letter = orjson.loads(found.data)["entry"][0]["resource"]["id"]
    if status != 422:
        enclosures(folder, "en", "es")
    address = f"/fhir/Communication/{'nothing' if status == 404 else letter}/$release"
    headers = {
        406: {"Accept": "application/fhir+xml"},
        415: {"Content-Type": "text/plain"},
        412: {"If-Match": 'W/"9"'},
    }.get(status, {})
    who = {401: None, 403: "plan"}.get(status, "doctor")
    data = {400: b"{", 413: b" " * (largest + 1)}.get(status, b'{"resourceType": "Parameters"}')
    for _ in range(2 if status == 409 else 1):
        answered = running.client(who).post(address, data=data, headers=fhir(headers))
    return answered


def _denied(running: Service, task: str) -> None:
    body = orjson.dumps(determinations.denied(EXAMPLE_ALTERNATIVE))
    answered = running.client("doctor").post(f"/fhir/Task/{task}/$record-determination", data=body, headers=fhir())
    assert answered.status_code == 200, answered.text


def _resend(running: Service, status: int, largest: int) -> TestResponse:
    """On an entry of the list; 403 is for a practice, on a Task of its own."""
    headers = {
        406: {"Accept": "application/fhir+xml"},
        415: {"Content-Type": "text/plain"},
        412: {"If-Match": 'W/"9"'},
    }.get(status, {})
    who = {401: None, 403: "clinic"}.get(status, "plan")
    task = _clinics_task(running) if status == 403 else "nothing" if status == 404 else _entry(running)
    sent = {
        400: b"{",
        413: b" " * (largest + 1),
        422: orjson.dumps(determinations.parameters(determinations.words("colour", "red"))),
    }
    data = sent.get(status, b'{"resourceType":"Parameters"}')
    for _ in range(2 if status == 409 else 1):
        answered = running.client(who).post(f"/fhir/Task/{task}/$resend", data=data, headers=fhir(headers))
    return answered


def _entry(running: Service) -> str:
    """The Task of a message that has neither an endpoint nor an address."""
    stored = running.store.case_by_task(a_case(running))
    assert stored is not None
    reference = f"Task/{stored.task}"
    key = f"deliver/{reference}"
    body = {"reference": reference, "recipient": {"display": "Nobody known"}}
    running.store.save(Changes(work=[Work(key, "deliver", stored.number, body)]))
    working.perform(running.desk, key, 0)
    kept = running.store.case(stored.number)
    assert kept is not None
    (delivery,) = case_file.load(kept.body).view.deliveries
    assert delivery.task_id is not None
    return delivery.task_id


def _clinics_task(running: Service) -> str:
    number = [{"system": "https://ehr.specimen.example/orders", "value": uuid4().hex}]
    order = example(EXAMPLE) | {"identifier": number, "reasonCode": [{"text": uuid4().hex}]}
    answered = running.client("clinic").post("/fhir/ServiceRequest", data=orjson.dumps(order), headers=fhir())
    return answered.headers["Link"].partition("/Task/")[2].partition(">")[0]


TASK_DOORS: Mapping[str, Door] = {
    "/fhir/Task/{id}/$resend": _resend,
    "/fhir/Task/{id}/$record-determination": _record,
    "/fhir/Task/{id}/$appeal": _appeal,
    "/fhir/Task/{id}/$add-information": _add_information,
    "/fhir/$submit-attachment": _submit_attachment,
    "/fhir/Communication/{id}/$release": _release,
}
