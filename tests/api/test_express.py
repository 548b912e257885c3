"""Reads answered ahead of Flask and by Flask are the same answers, and leave the same record. Health data synthetic."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import request_started
from werkzeug.test import TestResponse

import small_directory
from desks import Caller, Json, Service, service
from second_opinion.access import registry
from small_directory import MEMBERS
from small_orders import an_order

BY_FLASK = {"If-None-Match": 'W/"0"'}  # nobody has that version: nothing but Flask reads the header
_NEW = re.compile(rb"urn:uuid:[0-9a-f-]{36}")  # of an entry that is nowhere else


@pytest.fixture(scope="module")
def harbor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("express")
    with service(folder, directory=[small_directory.write(folder)], rate_limit=0) as running:
        yield running


@pytest.fixture(scope="module")
def submitter(harbor: Service) -> Caller:
    return harbor.partner("submitter")


@pytest.fixture(scope="module")
def task(submitter: Caller) -> Json:
    return submitter.task(submitter.submit(an_order()))


@contextmanager
def flask_requests(running: Service) -> Iterator[list[Any]]:
    """The requests that reached Flask meanwhile."""
    seen: list[Any] = []

    def started(sender: Any, **_: Any) -> None:
        seen.append(sender)

    with request_started.connected_to(started, running.app):
        yield seen


def comparable(answer: TestResponse) -> tuple[int, dict[str, str], bytes]:
    headers = {name: value for name, value in answer.headers.items() if name != "X-Request-Id"}
    return answer.status_code, headers, _NEW.sub(b"urn:uuid:new", answer.data)


QUERIES = (
    "Task?identifier={number}",
    "Task?patient=Patient/{patient}&_sort=-_lastUpdated&_count=1",
    "Task?patient={patient}&_include=Task:focus&_revinclude=Provenance:target",
    "Task?_id={id}&_elements=status&_summary=false",
    "Task?_count=0",
    "Task?status=no-such",
    "Task?unknown=1&_id={id}",
    "Task?_lastUpdated=ap2026",
    "Practitioner?name=a%20b%C3%A9",
    "ClaimResponse",
)


@pytest.mark.parametrize("path", ["Task/{id}", *QUERIES])
def test_an_answer_ahead_of_flask_is_flasks_own_to_the_byte(
    harbor: Service, submitter: Caller, task: Json, path: str
) -> None:
    number = task["identifier"][0]["value"]
    patient = task["for"]["reference"].removeprefix("Patient/")
    address = "/fhir/" + path.format(id=task["id"], number=number, patient=patient)

    with flask_requests(harbor) as seen:
        express = submitter.client.get(address)
        assert not seen
        usual = submitter.client.get(address, headers=BY_FLASK)
        assert len(seen) == 1

    assert express.status_code == 200
    assert comparable(express) == comparable(usual)


def test_both_leave_the_same_record(harbor: Service, submitter: Caller, task: Json) -> None:
    for path in (f"/fhir/Task/{task['id']}", f"/fhir/Task?_id={task['id']}"):
        submitter.client.get(path)
        submitter.client.get(path, headers=BY_FLASK)
        harbor.desk.store.wait_for_notes()

        *_, (_, first), (_, second) = harbor.desk.store.audited()
        assert (first.actor, first.action, first.resource) == (second.actor, second.action, second.resource)
        assert (first.patient, first.outcome, first.detail) == (second.patient, second.outcome, second.detail)
        assert first.patient == task["for"]["reference"].removeprefix("Patient/")
        assert first.detail["query"] == f"GET {path}"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("Task/none", {}, 404),
        ("Task/{id}", {"If-None-Match": 'W/"{version}"'}, 304),
        ("Task/{id}", {"Accept": "text/turtle"}, 406),
        ("Task/{id}?_format=json", {}, 200),
        ("Task?_id={id}&_format=json", {}, 200),
        ("Task?_id={id}&%5Fformat=text%2Fturtle", {}, 406),
        ("Task/{id}/_history", {}, 200),
        ("Task?nothing=known", {"Prefer": "handling=strict"}, 400),
        ("Task?patient=%ff", {}, 200),
        ("Binary/none", {}, 404),
        ("Subscription", {}, 200),
        ("metadata", {}, 200),
    ],
)
def test_what_is_not_plain_or_is_refused_goes_to_flask(
    harbor: Service, submitter: Caller, task: Json, path: str, headers: dict[str, str], status: int
) -> None:
    sent = {name: value.format(version=task["meta"]["versionId"]) for name, value in headers.items()}
    with flask_requests(harbor) as seen:
        answer = submitter.client.get(f"/fhir/{path.format(id=task['id'])}", headers=sent)

    assert answer.status_code == status
    assert len(seen) == 1


def test_without_a_token_nothing_is_answered_ahead(harbor: Service, task: Json) -> None:
    answer = harbor.app.test_client().get(f"/fhir/Task/{task['id']}")

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"]


def test_a_disabled_caller_is_out_at_once(harbor: Service, task: Json) -> None:
    leaving = harbor.partner("leaving")
    assert leaving.client.get("/fhir/Task?_count=0").status_code == 200
    registry.set_active(harbor.desk.store, "partner", "leaving", active=False)

    assert leaving.client.get("/fhir/Task?_count=0").status_code == 401
    assert leaving.client.get(f"/fhir/Task/{task['id']}").status_code == 401


@pytest.mark.usefixtures("task")
def test_an_exchange_partner_finds_the_named_member_alone(harbor: Service) -> None:
    hie = harbor.partner("hie", kind="hie", npi="9000000033")
    hie.client.environ_base["HTTP_X_PURPOSE_OF_USE"] = "TREAT"
    query = f"/fhir/Task?patient.identifier={MEMBERS[0]}"

    express, usual = hie.client.get(query), hie.client.get(query, headers=BY_FLASK)

    assert MEMBERS[0] not in express.get_data(as_text=True)
    assert comparable(express) == comparable(usual)


def test_a_request_counts_once_whoever_answers_it(tmp_path: Path) -> None:
    with service(tmp_path, directory=[small_directory.write(tmp_path)], rate_limit=4) as running:
        caller = running.partner("few")
        paths = ("Task?_count=0", "Task/none", "Task/none", "Task?_count=0", "Task?_count=0", "Task/none")

        statuses = [caller.client.get(f"/fhir/{path}").status_code for path in paths]

    assert statuses == [200, 404, 404, 200, 429, 429]
