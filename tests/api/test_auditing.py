"""Every look on record, as ``audit export`` tells it."""

import base64
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner
from fhir.resources.R4B.auditevent import AuditEvent

import small_directory
from desks import BASE, Caller, Json, Service, service
from second_opinion.cli import main
from second_opinion.fhir import audit_event
from second_opinion.store.changes import AuditRow
from small_orders import ORDERS, PENDED, an_order


@pytest.fixture
def harbor(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path, directory=[small_directory.write(tmp_path)]) as running:
        yield running


@pytest.fixture
def ehr(harbor: Service) -> Caller:
    return harbor.partner("ehr")


@pytest.fixture
def task(ehr: Caller) -> Json:
    return ehr.task(ehr.submit(an_order(**PENDED)))


def rows(harbor: Service) -> list[AuditRow]:
    return [row for _, row in harbor.desk.store.audited()]


def last(harbor: Service) -> AuditRow:
    return rows(harbor)[-1]


def test_what_is_submitted_is_recorded_with_the_case_and_once(harbor: Service, ehr: Caller) -> None:
    ehr.submit(an_order())

    (row,) = rows(harbor)
    assert (row.actor, row.action, row.outcome) == ("ehr", "operation", "0")
    assert row.patient is not None


def test_a_read_names_who_looked_at_whom_and_the_senders_request(harbor: Service, ehr: Caller, task: Json) -> None:
    ehr.client.get(f"/fhir/Task/{task['id']}", headers={"X-Request-Id": "their-7", "X-Purpose-Of-Use": "TREAT"})

    row = last(harbor)
    assert (row.actor, row.action, row.resource, row.outcome) == ("ehr", "read", f"Task/{task['id']}", "0")
    assert f"Patient/{row.patient}" == task["for"]["reference"]
    assert (row.request, row.detail["purpose"]) == ("their-7", "TREAT")


@pytest.mark.parametrize(
    ("path", "action", "outcome"),
    [
        ("Task/{id}/_history/1", "vread", "0"),
        ("Task/{id}/_history", "history-instance", "0"),
        ("Task/_history", "history-type", "0"),
        ("Task?identifier=" + ORDERS + "|ORD-1", "search", "0"),
        ("Task?identifier=nothing", "search", "0"),
        ("Task/absent", "read", "4"),
        ("Task?no-such=1&identifier:wrong=1", "search", "4"),
    ],
)
def test_each_interaction_is_recorded_as_what_it_is(
    harbor: Service, ehr: Caller, task: Json, path: str, action: str, outcome: str
) -> None:
    ehr.client.get("/fhir/" + path.format(id=task["id"]))

    assert (last(harbor).action, last(harbor).outcome) == (action, outcome)


def test_a_search_that_shows_two_members_is_two_records(harbor: Service, ehr: Caller) -> None:
    ehr.submit(an_order())
    ehr.submit(an_order("ORD-2", member=small_directory.MEMBERS[1]))
    before = len(rows(harbor))

    ehr.client.get("/fhir/Task?_lastUpdated=gt2000")

    seen = rows(harbor)[before:]
    assert len(seen) == 2
    assert len({row.patient for row in seen}) == 2


def test_a_search_with_nothing_to_show_is_one_record_about_nobody(harbor: Service, ehr: Caller) -> None:
    ehr.client.get("/fhir/Task?identifier=nothing")

    assert [(row.patient, row.outcome) for row in rows(harbor)] == [(None, "0")]


def test_what_is_asked_by_form_is_on_record(harbor: Service, ehr: Caller) -> None:
    ehr.client.post("/fhir/Task/_search", data={"identifier": "hidden"})

    assert last(harbor).action == "search"
    assert last(harbor).detail["query"] == "POST /fhir/Task/_search identifier=hidden"


def test_refusals_are_recorded_also_of_callers_nobody_knows(harbor: Service, ehr: Caller) -> None:
    harbor.caller("ehr", "system/Task.c").client.get("/fhir/Task/x")
    harbor.app.test_client().get("/fhir/Task/x")
    ehr.post("ServiceRequest/$submit", {"resourceType": "Patient"})

    assert [(row.actor, row.action, row.outcome) for row in rows(harbor)] == [
        ("ehr", "read", "8"),
        ("anonymous", "read", "8"),
        ("ehr", "operation", "4"),
    ]


def test_what_is_open_to_everybody_is_not_recorded(harbor: Service) -> None:
    harbor.app.test_client().get("/fhir/metadata")

    assert rows(harbor) == []


def test_every_record_is_an_audit_event_that_tells_its_query_in_base64_alone(
    harbor: Service, ehr: Caller, task: Json
) -> None:
    ehr.client.get(f"/fhir/Task/{task['id']}")
    ehr.client.get("/fhir/Task?identifier=marked-value")
    ehr.client.get("/fhir/Task/absent")

    events = [audit_event.write(number, row, BASE) for number, row in harbor.desk.store.audited()]

    for event in events:
        AuditEvent.model_validate(event)
        assert event["agent"][0]["who"]["identifier"]["value"] == "ehr"
    assert [event["outcome"] for event in events[-3:]] == ["0", "0", "4"]
    assert events[-3]["meta"]["profile"] == [f"{audit_event.BALP}PatientRead"]
    assert events[-2]["meta"]["profile"] == [f"{audit_event.BALP}Query"]
    assert "marked-value" not in orjson.dumps(events).decode()
    asked = base64.b64decode(events[-2]["entity"][0]["query"]).decode()
    assert asked == "GET /fhir/Task?identifier=marked-value"


def test_the_commands_tell_whether_the_trail_holds_and_every_record_of_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'kept.db'}"
    with service(tmp_path, directory=[small_directory.write(tmp_path)], url=url) as running:
        ehr = running.partner("ehr")
        ehr.task(ehr.submit(an_order()))
        store = running.desk.store

        exported = CliRunner().invoke(main, ["audit", "export", "--database", url])
        retired = CliRunner().invoke(main, ["audit", "retire", "--database", url])
        holds = CliRunner().invoke(main, ["audit", "verify", "--database", url])
        with store._database.migrating() as connection:
            connection.exec_driver_sql("UPDATE audit SET actor = 'nobody' WHERE number = 1")
        broken = CliRunner().invoke(main, ["audit", "verify", "--database", url])

    assert [orjson.loads(each)["resourceType"] for each in exported.stdout.splitlines()] == ["AuditEvent"] * 2
    assert retired.stdout.startswith("0 records from before 20")
    assert (holds.exit_code, holds.stdout) == (0, "2 records, every one as it was written\n")
    assert broken.exit_code == 1
    assert "record 1 is not as it was written" in broken.stderr
