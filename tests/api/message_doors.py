"""How each described status of a report or message that comes in comes about."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import orjson
from werkzeug.test import TestResponse

from api.running import Service, example, fhir
from second_opinion.access import registry
from second_opinion.fhir import incoming

Json = dict[str, Any]
IN_NETWORK = "r01-in-network"
WITH_A_RIDE = "r06-outside-doctor-none-in-network-with-a-ride"
RIDES_NPI = "9990009174"
Door = Callable[[Service, str, str, int, int], TestResponse]
FILE: Json = {"contentType": "application/pdf", "data": b64encode(b"%PDF-1.7 synthetic").decode()}
BRINGS: Mapping[str, Json] = {
    "Communication": {"status": "completed", "payload": [{"contentAttachment": FILE}]},
    "CommunicationRequest": {"status": "active", "payload": [{"contentAttachment": FILE}]},
    "DocumentReference": {"status": "current", "content": [{"attachment": FILE}]},
    "DiagnosticReport": {"status": "final", "code": {"text": "Second reading"}, "presentedForm": [FILE]},
}


def _sent(running: Service, _: str, path: str, status: int, largest: int) -> TestResponse:
    """A report of the second doctor's; 404 and 409 are of a case she has nothing to do with, and of a changed one."""
    kind = path.rpartition("/")[2]
    body = _body(running, kind)
    caller = _doctor(running)
    if status in {200, 409}:
        running.client(caller).post(path, data=orjson.dumps(body), headers=fhir())
    if status == 409:
        body["language"] = "en"
    if status == 422:
        body = {name: value for name, value in body.items() if name not in {"basedOn", "context"}}
    headers = {406: {"Accept": "application/fhir+xml"}, 415: {"Content-Type": "text/plain"}}.get(status, {})
    data = {400: b"{", 413: b" " * (largest + 1)}.get(status, orjson.dumps(body))
    who = {401: None, 404: "clinic"}.get(status, caller)
    scope = "system/Task.rs" if status == 403 else None
    return running.client(who, scope).post(path, data=data, headers=fhir(headers))


def _ride_answered(running: Service, _: str, path: str, status: int, largest: int) -> TestResponse:
    """The vendor of the examples answers its ride."""
    if registry.find(running.store, "rides") is None:
        registry.add_partner(running.store, "rides", partner_class="vendor", organization=RIDES_NPI)
    number = [{"system": "https://ehr.specimen.example/orders", "value": uuid4().hex}]
    order = example(WITH_A_RIDE) | {"identifier": number, "reasonCode": [{"text": uuid4().hex}]}
    task = running.submit(order).headers["Link"].partition("/Task/")[2].partition(">")[0]
    found = running.client("rides").get("/fhir/Task?code=transportation&_lastUpdated=gt2000")
    rides = [each["resource"] for each in orjson.loads(found.data)["entry"]]
    ride = next(each for each in rides if each["partOf"][0]["reference"] == f"Task/{task}")
    changes = {422: {"priority": "stat"}}.get(status, {"status": "accepted"})
    further = {406: {"Accept": "application/fhir+xml"}, 415: {"Content-Type": "text/plain"}}
    headers = {**further, 412: {"If-Match": 'W/"9"'}}.get(status, {})
    data = {400: b"{", 413: b" " * (largest + 1)}.get(status, orjson.dumps(ride | changes))
    who = {401: None, 403: "plan"}.get(status, "rides")
    address = path.replace("{id}", "nothing" if status == 404 else ride["id"])
    return running.client(who).put(address, data=data, headers=fhir(headers))


def _body(running: Service, kind: str) -> Json:
    order = example(IN_NETWORK)
    number = [{"system": "https://ehr.specimen.example/orders", "value": uuid4().hex}]
    answered = running.submit(order | {"identifier": number, "reasonCode": [{"text": uuid4().hex}]})
    about = {"reference": "Task/" + answered.headers["Link"].partition("/Task/")[2].partition(">")[0]}
    where = {"context": {"related": [about]}} if kind == "DocumentReference" else {"basedOn": [about]}
    named = [{"system": "https://second.specimen.example/reports", "value": uuid4().hex}]
    return {"resourceType": kind, "identifier": named, **BRINGS[kind], **where}


def _doctor(running: Service) -> str:
    """A partner that stands for the second doctor of the example."""
    if registry.find(running.store, "second-doctor") is None:
        order = example(IN_NETWORK)
        npi = next(
            each["value"]
            for found in _identifiers(order["performer"], order)
            for each in found
            if each.get("system") == "http://hl7.org/fhir/sid/us-npi"
        )
        registry.add_partner(running.store, "second-doctor", partner_class="ehr", organization=npi)
    return "second-doctor"


def _identifiers(references: list[Json], order: Json) -> list[list[Json]]:
    contained = {f"#{each['id']}": each for each in order.get("contained", ())}
    found = []
    for each in references:
        resource = contained.get(each.get("reference", ""), {})
        found.append([*([each["identifier"]] if "identifier" in each else []), *resource.get("identifier", [])])
        for name in ("practitioner", "organization"):
            inner = resource.get(name, {})
            target = contained.get(inner.get("reference", ""), {})
            found.append([*([inner["identifier"]] if "identifier" in inner else []), *target.get("identifier", [])])
    return found


MESSAGE_DOORS: Mapping[tuple[str, str], Door] = {
    **{("POST", f"/fhir/{kind}"): _sent for kind in incoming.TYPES},
    ("PUT", "/fhir/Task/{id}"): _ride_answered,
}
