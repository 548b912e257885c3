"""Orders answered ahead of Flask and by Flask get the same answers, and are decided once. Health data synthetic."""

import logging
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import request_started
from werkzeug.test import EnvironBuilder, TestResponse

import small_directory
from desks import FHIR, Caller, Json, Service, issue, service
from pas_bundles import a_bundle
from second_opinion.api import claims, service_requests
from second_opinion.errors import BadRequest
from small_orders import an_order

FORM = "application/x-www-form-urlencoded"
DOORS: dict[str, Json] = {
    "/fhir/ServiceRequest/$submit": an_order(),
    "/fhir/Claim/$submit": a_bundle(),
    "/fhir/pas/2.0/Claim/$submit": a_bundle(),
}
BY_FLASK = "?unread=1"  # what has a query is left to Flask
MOST = 100_000  # bytes


@pytest.fixture(scope="module")
def harbor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("doors")
    with service(folder, directory=[small_directory.write(folder)], rate_limit=0, max_body=MOST) as running:
        yield running


@pytest.fixture(scope="module")
def sender(harbor: Service) -> Caller:
    return harbor.partner("sender")


@contextmanager
def flask_requests(running: Service) -> Iterator[list[Any]]:
    """The requests that reached Flask meanwhile."""
    seen: list[Any] = []

    def started(app: Any, **_: Any) -> None:
        seen.append(app)

    with request_started.connected_to(started, running.app):
        yield seen


def post(sender: Caller, address: str, body: bytes, **headers: str) -> TestResponse:
    sent = {"Content-Type": FHIR} | {name.replace("_", "-"): value for name, value in headers.items()}
    return sender.client.post(address, data=body, headers=sent)


def comparable(answer: TestResponse) -> tuple[int, dict[str, str], bytes]:
    headers = {name: value for name, value in answer.headers.items() if name != "X-Request-Id"}
    return answer.status_code, headers, answer.data.replace(answer.headers["X-Request-Id"].encode(), b"the request")


@pytest.mark.parametrize("path", DOORS)
def test_an_order_is_answered_ahead_of_flask_as_by_flask(harbor: Service, sender: Caller, path: str) -> None:
    body = orjson.dumps(DOORS[path])
    with flask_requests(harbor) as seen:
        express = post(sender, path, body)
        assert not seen
        usual = post(sender, path + BY_FLASK, body)  # the same content is the same case
        assert len(seen) == 1

    assert express.status_code == 200
    assert comparable(express) == comparable(usual)


@pytest.mark.parametrize("path", DOORS)
@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"resourceType":', {}, 400),
        (b'{"resourceType": "Patient"}', {}, 400),
        (b"\xff", {}, 400),
        (b"{}", {"Content_Type": "text/plain"}, 415),
        (b"{}", {"Accept": "text/turtle"}, 406),
        (b"_format=xml", {"Content_Type": FORM}, 406),
        (b"{}", {"Authorization": "Bearer none"}, 401),
        (b"", {}, 400),
        (b" " * (MOST + 1), {}, 413),
    ],
)
def test_what_is_refused_is_told_as_by_flask(
    harbor: Service, sender: Caller, path: str, body: bytes, headers: dict[str, str], status: int
) -> None:
    with flask_requests(harbor) as seen:
        express = post(sender, path, body, **headers)
        usual = post(sender, path + BY_FLASK, body, **headers)

    assert len(seen) == 2
    assert express.status_code == status
    assert comparable(express) == comparable(usual)


@pytest.mark.parametrize("path", DOORS)
def test_a_sender_that_leaves_in_the_middle_is_told_so(sender: Caller, path: str) -> None:
    answers = []
    for query in ("", BY_FLASK.removeprefix("?")):
        environ = EnvironBuilder(path, method="POST", data=b"{}", content_type=FHIR, query_string=query).get_environ()
        environ |= sender.client.environ_base | {"CONTENT_LENGTH": "100", "wsgi.input_terminated": True}
        answers.append(sender.client.open(environ))

    assert [each.status_code for each in answers] == [400, 400]
    assert comparable(answers[0]) == comparable(answers[1])


@pytest.mark.parametrize(
    ("path", "door"),
    [
        ("/fhir/ServiceRequest/$submit", service_requests),
        ("/fhir/Claim/$submit", claims),
        ("/fhir/pas/2.0/Claim/$submit", claims),
    ],
)
def test_a_fault_is_told_and_not_tried_again(
    harbor: Service,
    sender: Caller,
    path: str,
    door: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = []

    def fault(*_: object) -> None:
        asked.append(path)
        raise ZeroDivisionError

    monkeypatch.setattr(door, "submit", fault)
    with flask_requests(harbor) as seen:
        answer = post(sender, path, orjson.dumps(DOORS[path]))

    assert answer.status_code == 500
    assert answer.headers["X-Request-Id"] in issue(answer)["details"]["text"]
    assert (len(asked), len(seen)) == (1, 1)
    assert f"{__file__}:" in next(each.getMessage() for each in caplog.records if "ZeroDivisionError" in each.message)


def test_an_order_nothing_can_be_made_of_is_told_as_by_flask(sender: Caller) -> None:
    path, body = "/fhir/ServiceRequest/$submit", orjson.dumps(an_order("ORD-2", subject={"display": "nobody"}))
    express, usual = (post(sender, address, body) for address in (path, path + BY_FLASK))

    assert express.status_code == 422
    assert comparable(express) == comparable(usual)


def test_an_order_refused_leaves_one_record(harbor: Service, sender: Caller) -> None:
    def refusals() -> int:
        harbor.desk.store.wait_for_notes()
        return sum(row.outcome == "4" for _, row in harbor.desk.store.audited())

    for path in DOORS:
        before = refusals()
        assert post(sender, path, b"{}").status_code == 400
        assert refusals() == before + 1


def test_the_line_of_an_order_refused_tells_its_whole_time(
    sender: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        time.sleep(0.05)
        raise BadRequest("late")

    monkeypatch.setattr(claims, "submit", refuse)
    with caplog.at_level(logging.INFO, "second_opinion.requests"):
        assert post(sender, "/fhir/Claim/$submit", orjson.dumps(a_bundle(number="late"))).status_code == 400

    took = re.search(r" 400 ([0-9.]+)ms", "\n".join(each.getMessage() for each in caplog.records))
    assert took
    assert float(took[1]) >= 50


def test_a_door_opens_for_post_alone(harbor: Service, sender: Caller) -> None:
    for path in DOORS:
        with flask_requests(harbor) as seen:
            assert sender.client.get(path).status_code == 405
        assert len(seen) == 1


def test_a_request_counts_once(tmp_path: Path) -> None:
    with service(tmp_path, directory=[small_directory.write(tmp_path)], rate_limit=4) as running:
        caller = running.partner("few")
        bodies = (b"{}", orjson.dumps(an_order()), b"{}", b"{}", b"{}")
        answers = [post(caller, "/fhir/ServiceRequest/$submit", body) for body in bodies]

    assert [each.status_code == 429 for each in answers] == [False, False, False, False, True]
