"""How each described status of a Consent that is posted or changed comes about."""

from collections.abc import Callable, Mapping
from uuid import uuid4

import orjson
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.running import Service, fhir
from api.task_doors import WRONG_HEADERS
from consents import NUMBERS, consent

Door = Callable[[Service, str, str, int, int], TestResponse]


def _posted(running: Service, _: str, path: str, status: int, largest: int) -> TestResponse:
    """200 is of one that is there already, 412 of a condition that two fit."""
    number = uuid4().hex
    body = orjson.dumps(consent(patient={"reference": f"Patient/{running.known('Patient')}"}, number=number))
    for _before in range({200: 1, 412: 2}.get(status, 0)):
        assert running.client().post(path, data=body, headers=fhir()).status_code == 201
    headers = {
        200: {"If-None-Exist": f"identifier={NUMBERS}|{number}"},
        412: {"If-None-Exist": f"identifier={NUMBERS}|{number}"},
        406: WRONG_HEADERS[406],
        415: WRONG_HEADERS[415],
    }.get(status, {})
    return _sender(running, status).post(path, data=_data(status, largest, body), headers=fhir(headers))


def _changed(running: Service, _: str, path: str, status: int, largest: int) -> TestResponse:
    known = running.known("Consent")
    body = orjson.dumps(orjson.loads(running.client().get(f"/fhir/Consent/{known}").data))
    address = path.replace("{id}", "nothing" if status == 404 else known)
    headers = fhir(WRONG_HEADERS.get(status, {}))
    return _sender(running, status).put(address, data=_data(status, largest, body), headers=headers)


def _sender(running: Service, status: int) -> FlaskClient:
    return running.client({401: None, 403: "clinic"}.get(status, "plan"))


def _data(status: int, largest: int, body: bytes) -> bytes:
    nobodys = orjson.dumps(orjson.loads(body) | {"patient": {"reference": "Patient/nobody"}})
    return {400: b"{", 413: b" " * (largest + 1), 422: nobodys}.get(status, body)


CONSENT_DOORS: Mapping[tuple[str, str], Door] = {
    ("POST", "/fhir/Consent"): _posted,
    ("PUT", "/fhir/Consent/{id}"): _changed,
}
