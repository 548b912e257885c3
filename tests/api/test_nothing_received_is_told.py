"""Marked values through every door, in every place of a request: no log line, metric or error repeats them."""

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from api.running import Service, example, fhir, service
from second_opinion.access import registry
from signers import Signer, key_set

MARK = "ZzMarkedZz"
NAMED = "zzNamedZz"  # as the name of an element or parameter, which an error may say, to be of use; a log never
NUMBER = "31415926535897"  # as a number no other part of an answer has it
VALUES = re.compile(rf"{MARK}|{NUMBER}", re.IGNORECASE)
MARKS = re.compile(rf"{MARK}|{NUMBER}|{NAMED}", re.IGNORECASE)

Sent = tuple[str, str, dict[str, Any]]  # method, address, further


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(Path(tmp_path_factory.mktemp("marked"))) as built:
        assert built.submit(example("r08-without-a-reason")).status_code == 201
        registry.add_partner(
            built.store, "ehr-1", partner_class="ehr", organization="1234567893", jwks=key_set(Signer())
        )
        yield built


def marked(value: Any, *, numbers: bool) -> Any:
    """The same JSON with every text (or every number) marked, but for what says which resource it is."""
    if isinstance(value, dict):
        return {name: each if name == "resourceType" else marked(each, numbers=numbers) for name, each in value.items()}
    if isinstance(value, list):
        return [marked(each, numbers=numbers) for each in value]
    if isinstance(value, str):
        return NUMBER if numbers else f"{MARK} {value}"
    return value


def one_marked(value: Any) -> Iterator[Any]:
    """The JSON again and again, each time with one more text marked: faults behind other faults show too."""
    for path in _texts(value):
        copy = json.loads(json.dumps(value))
        place = copy
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = f"{MARK}-{place[path[-1]]}"
        yield copy


def _texts(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        for name, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(each, (*path, name))
    elif isinstance(value, str):
        yield path


def routes(running: Service) -> Iterator[tuple[str, str]]:
    """Every method and address of the service, marked values in its places."""
    for rule in running.app.url_map.iter_rules():
        places = dict.fromkeys(rule.arguments, MARK)
        _, address = rule.build(places, append_unknown=False) or ("", "")
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            yield method, address


def requests(running: Service) -> Iterator[Sent]:
    order = example("r01-in-network")
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": order}]}
    claim = {"resourceType": "Claim", "identifier": [{"value": MARK}], "patient": {"reference": f"Patient/{MARK}"}}
    parameters = {"resourceType": "Parameters", "parameter": [{"name": MARK, "valueString": MARK, NAMED: MARK}]}
    bodies = [
        *(json.dumps(marked(each, numbers=numbers)) for each in (order, bundle) for numbers in (False, True)),
        *(json.dumps(each) for each in (claim, parameters, {"resourceType": MARK}, {NAMED: MARK}, [MARK], MARK)),
        f'{{"resourceType": "ServiceRequest", "{NAMED}": 1, "{NAMED}": 2}}',
        f'{{"resourceType": "ServiceRequest", "status": "{MARK}',
        f"{MARK}\x00\xff",
    ]
    query = {NAMED: MARK, "_sort": MARK, "_include": f"{MARK}:{MARK}", "_page": MARK, "_count": MARK, "_since": MARK}
    headers = {
        "Accept": f"application/{MARK}",
        "Prefer": f"return={MARK}, handling=strict",
        "If-Match": f'W/"{MARK}"',
        "If-None-Exist": f"{NAMED}={MARK}",
        "If-Modified-Since": MARK,
        "X-Purpose-Of-Use": MARK,
        "X-Break-Glass": MARK,
        "Cookie": f"{MARK}={MARK}",
        "User-Agent": MARK,
        "Client-Cert": MARK,
    }
    for method, address in routes(running):
        yield method, address, {}
        yield method, address, {"headers": {"Authorization": f"Bearer {MARK}.{MARK}.{MARK}"}}
        yield method, f"{address}/{MARK}", {}
        yield method, address, {"query_string": query, "headers": {"Prefer": "handling=strict"}}
        yield method, address, {"query_string": query, "headers": headers}
        if method != "GET":
            for body in bodies:
                yield method, address, {"data": body.encode()}
            yield method, address, {"data": {NAMED: MARK, "grant_type": MARK}, "headers": {"Content-Type": None}}
            yield method, address, {"data": b"{}", "headers": {"Content-Type": f"text/{MARK}"}}
    for body in one_marked(order):
        yield "POST", "/fhir/ServiceRequest/$submit", {"data": json.dumps(body).encode()}
    for parameter in (
        "patient",
        "status",
        "authored-on",
        "identifier",
        "patient.birthdate",
        "_has:Task:patient:status",
    ):
        for text in (MARK, f"ge{MARK}", f"{MARK}|{MARK}", f"{MARK}/{MARK}", f"{MARK}\x01"):
            yield "GET", "/fhir/Task", {"query_string": {parameter: text, f"{parameter}:{NAMED}": text}}
    for name, value in headers.items():
        yield "GET", "/fhir/Task", {"headers": {name: value}}
        yield "POST", "/fhir/ServiceRequest", {"headers": {name: value}, "data": json.dumps(order).encode()}
    for name, value in query.items():
        yield "GET", "/fhir/Task", {"query_string": {name: value}}
        yield "GET", "/fhir/Patient", {"query_string": {name: value}, "headers": {"Prefer": "handling=strict"}}
    yield MARK, "/fhir/Task", {}
    yield "GET", f"/{MARK}", {}
    yield "GET", "/fhir/Task", {"headers": {"Authorization": MARK}}


def send(client: FlaskClient, sent: Sent) -> TestResponse:
    method, address, further = sent
    headers = {**fhir(), **further.get("headers", {})}
    given = {name: value for name, value in headers.items() if value is not None}
    body = {name: value for name, value in further.items() if name != "headers"}
    return client.open(address, method=method, headers=given, **body)


def test_no_marked_value_comes_back_in_an_error_or_stands_in_a_log(
    running: Service, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    told, count, client = [], 0, running.client()
    for sent in requests(running):
        answered = send(client, sent)
        count += 1
        assert answered.status_code != 500, sent
        if answered.status_code >= 400 and (found := VALUES.search(answered.get_data(as_text=True))):
            told.append((sent, answered.get_data(as_text=True)[:300], found[0]))
        answered.close()
    assert told == []

    lines = [record.getMessage() for record in caplog.records]
    assert [line for line in lines if MARKS.search(line)] == []
    assert [record for record in caplog.records if record.exc_info or MARKS.search(str(record.args))] == []
    assert sum(record.name == "second_opinion.requests" for record in caplog.records) == count
    assert MARKS.search(running.client(None).get("/metrics").text) is None
    shown = capfd.readouterr()
    assert MARKS.search(shown.out + shown.err) is None


def test_a_line_says_who_did_what_and_how_it_went(running: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "second_opinion.requests")
    running.client().get("/fhir/Task/secret?patient=secret", headers={"X-Request-Id": "req-7"})
    running.client(None).get("/fhir/Task/secret")
    running.client().get("/livez")

    known, nobody, alive = (record.getMessage() for record in caplog.records)
    assert re.fullmatch(r"GET /fhir/Task/<ident> 404 \d+\.\dms caller=plan token=[0-9a-f-]{36} request=req-7", known)
    assert re.fullmatch(r"GET /fhir/Task/<ident> 401 \d+\.\dms caller=- token=- request=[0-9a-f]{32}", nobody)
    assert re.fullmatch(r"GET /livez 200 \d+\.\dms caller=- token=- request=[0-9a-f]{32}", alive)
