"""An answer always comes in time: what cannot be decided by then is kept, answered as pended, and decided after."""

import os
import signal
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psycopg
import pytest

import databases
import small_directory
from delivery.listening import Listener
from desks import BASE, Caller, Service, json, service, status_of
from pas_answers import action, claim_response, line, lines, number
from pas_bundles import PAS, TRACES, X12, a_bundle, an_inquiry, an_item, an_update, coded, home_care, with_order
from second_opinion import app
from second_opinion.access import registry
from second_opinion.fhir.directory import Found, Kept, StoredDirectory
from second_opinion.fhir.subscription_topics import PAS_TOPIC
from second_opinion.store.patience import KEEPING
from small_directory import SPECIALIST
from small_orders import an_order
from subscriptions import notified, subscribe, subscribed, work_off
from workflow.test_claims import approvable, in_network

Json = dict[str, Any]
MARGIN = 6  # seconds a busy machine may need beside what is measured
HELD = 60  # seconds a lock is held at most


@dataclass(frozen=True)
class Slow:
    """The store as the directory sees it, each look-up slower than it should be."""

    store: Kept
    seconds: float

    def active_snapshot(self) -> int:
        return self.store.active_snapshot()

    def one_in_force(self, type: str, id: str) -> Found:  # noqa: A002 - the store's own words
        time.sleep(self.seconds)
        return self.store.one_in_force(type, id)

    def in_force(self, type: str, parameters: Sequence[str], value: str, prefix: bool = False) -> Found:  # noqa: A002, FBT001, FBT002 - the store's own words
        time.sleep(self.seconds)
        return self.store.in_force(type, parameters, value, prefix=prefix)


def slowed(running: Service, seconds: float = 0.4, **settings: Any) -> Service:
    """The same service where the directory answers slowly; its background is as quick as ever."""
    given = replace(running.desk.settings, **settings)
    desk = replace(running.desk, settings=given, directory=StoredDirectory(Slow(running.desk.store, seconds)))
    return replace(running, app=app.application(desk))


@contextmanager
def harbor_at(folder: Path, url: str = ":memory:", **given: Any) -> Iterator[Service]:
    with service(folder, directory=[small_directory.write(folder)], url=url, **given) as running:
        yield running


@pytest.fixture
def hurried(tmp_path: Path) -> Iterator[Service]:
    """No time to decide at all: whatever comes in is pended first."""
    with harbor_at(tmp_path, answer_within=0) as running:
        yield running


@pytest.fixture
def ehr(hurried: Service) -> Caller:
    return hurried.partner("ehr")


def submit(ehr: Caller, bundle: Json) -> Json:
    answered = ehr.post("Claim/$submit", bundle)
    assert answered.status_code == 200, answered.get_data(as_text=True)
    return json(answered)


def now_at(ehr: Caller, told: Json) -> Json:
    """The ClaimResponse as it stands."""
    return ehr.read(f"ClaimResponse/{claim_response(told)['id']}")


def code_of(response: Json, sequence: int = 1) -> str:
    return action({"entry": [{"resource": response}]}, sequence)


def test_slow_directory_is_answered_in_time_and_decided_after(tmp_path: Path, database_url: str) -> None:
    with harbor_at(tmp_path, database_url, answer_within=1) as harbor:
        clinic = harbor.partner("clinic")
        slow = slowed(harbor).caller("clinic")
        begun = time.monotonic()
        told = submit(slow, approvable())
        took = time.monotonic() - begun

        assert took < 1 + KEEPING + MARGIN
        assert action(told) == "A4"
        assert claim_response(told)["outcome"] == "complete"
        assert claim_response(told)["disposition"].startswith("Pended")
        assert harbor.count("case_file") == 0

        received = harbor.clock.at
        harbor.clock.move(hours=3)
        harbor.work("claim")

        response = now_at(clinic, told)
        assert code_of(response) == "A1"
        assert response["meta"]["versionId"] == "2"
        (task,) = clinic.found(f"Task?identifier={number({'entry': [{'resource': response}]})}")
        assert task["authoredOn"].startswith(f"{received:%Y-%m-%dT%H:%M}")
        assert harbor.count("case_file") == 1
        assert harbor.count("work") >= 1  # its letter


def test_quick_directory_is_decided_at_once(tmp_path: Path) -> None:
    with harbor_at(tmp_path, answer_within=2) as harbor:
        assert action(submit(slowed(harbor, 0.01).partner("clinic"), approvable())) == "A1"


def test_order_that_cannot_be_decided_in_time_is_to_be_sent_again(tmp_path: Path) -> None:
    with harbor_at(tmp_path, answer_within=0) as harbor:
        harbor.partner("clinic")
        begun = time.monotonic()
        answered = slowed(harbor).caller("clinic").submit(an_order())

        assert time.monotonic() - begun < KEEPING + MARGIN
        assert (answered.status_code, answered.headers["Retry-After"]) == (503, "5")
        assert json(answered)["resourceType"] == "OperationOutcome"
        assert harbor.caller("clinic").submit(an_order()).status_code == 200
        assert harbor.count("case_file") == 1


def test_same_bundle_again_is_the_same_answer_until_it_is_decided(hurried: Service, ehr: Caller) -> None:
    first, again = submit(ehr, approvable()), submit(ehr, approvable())

    assert claim_response(first) == claim_response(again)
    assert hurried.count("work") == 1
    hurried.work("claim")
    hurried.work("claim")
    assert hurried.count("case_file") == 1


def test_resent_bundle_is_decided_where_there_is_time_now_with_its_first_receipt(hurried: Service, ehr: Caller) -> None:
    told = submit(ehr, approvable())
    received = hurried.clock.at
    hurried.clock.move(hours=2)
    unhurried = slowed(hurried, 0, answer_within=12).caller("ehr")
    answered = unhurried.post("Claim/$submit", approvable())

    assert action(json(answered)) == "A1"
    assert claim_response(json(answered))["id"] == claim_response(told)["id"]
    assert unhurried.task(answered)["authoredOn"].startswith(f"{received:%Y-%m-%dT%H:%M}")
    hurried.work("claim")
    assert hurried.count("case_file") == 1
    assert code_of(now_at(unhurried, told)) == "A1"


def test_items_that_are_no_second_opinion_are_told_so_at_once(ehr: Caller, hurried: Service) -> None:
    told = submit(ehr, a_bundle([an_item(), home_care(2)]))

    assert action(told) == "A4"
    assert "extension" not in line(told, 2)["adjudication"][0]
    notes = {each["number"]: each["text"] for each in claim_response(told)["processNote"]}
    assert notes[line(told, 2)["noteNumber"][0]].startswith("Not handled here")
    hurried.work("claim")
    assert len(now_at(ehr, told)["item"]) == 2


def test_every_item_is_decided_after(hurried: Service, ehr: Caller) -> None:
    told = submit(ehr, in_network(items=[an_item(), an_item(sequence=2), an_item(sequence=3)]))
    assert [action(told, each) for each in (1, 2, 3)] == ["A4"] * 3
    hurried.work("claim")

    response = now_at(ehr, told)
    assert [code_of(response, each) for each in (1, 2, 3)] == ["NA"] * 3
    assert hurried.count("case_file") == 3


def test_clients_of_pas_2_0_hear_queued(ehr: Caller) -> None:
    answered = json(ehr.post("pas/2.0/Claim/$submit", a_bundle()))

    assert claim_response(answered)["outcome"] == "queued"


def test_inquiry_finds_the_decision(hurried: Service, ehr: Caller) -> None:
    submit(ehr, approvable())
    hurried.work("claim")
    unhurried = slowed(hurried, 0, answer_within=12).caller("ehr")

    (found,) = json(unhurried.post("Claim/$inquire", an_inquiry()))["parameter"]
    assert action(found["resource"]) == "A1"


def test_decision_is_told_to_who_subscribed(tmp_path: Path) -> None:
    with subscribed(tmp_path) as (running, _, listener):
        ehr = running.partner("clinic", npi=SPECIALIST)
        subscribe(ehr, listener, running.desk, criteria=PAS_TOPIC, content="full-resource")
        told = submit(slowed(running, 0, answer_within=0).caller("clinic"), approvable())
        running.work("claim")
        work_off(running.desk)

        assert _answers(listener) == [("A1", claim_response(told)["id"])]


def test_error_found_after_is_told_to_who_subscribed(tmp_path: Path) -> None:
    with subscribed(tmp_path) as (running, _, listener):
        ehr = running.partner("clinic", npi=SPECIALIST)
        subscribe(ehr, listener, running.desk, criteria=PAS_TOPIC, content="full-resource")
        submit(slowed(running, 0, answer_within=0).caller("clinic"), a_bundle(member="SYN-NOBODY"))
        running.work("claim")
        work_off(running.desk)

        (event,) = notified(listener)[1:]
        answer = event["entry"][1]["resource"]
        assert claim_response(answer)["outcome"] == "error"
        assert claim_response(answer)["patient"]["reference"] in {each["fullUrl"] for each in answer["entry"]}


def _answers(listener: Listener) -> list[tuple[str, str]]:
    bundles = [each["entry"][1]["resource"] for each in notified(listener)[1:]]
    return [(action(each), claim_response(each)["id"]) for each in bundles]


def test_member_nobody_knows_is_an_answer_in_error_after(hurried: Service, ehr: Caller) -> None:
    told = submit(ehr, a_bundle(member="SYN-NOBODY"))
    assert action(told) == "A4"
    hurried.work("claim")

    response = now_at(ehr, told)
    assert response["outcome"] == "error"
    assert response["error"][0]["code"]["coding"][0]["code"] == "T4"
    assert hurried.count("work") == 0
    assert hurried.count("case_file") == 0


def test_cancellation_of_what_is_not_decided_yet_withdraws_it(hurried: Service, ehr: Caller) -> None:
    first = a_bundle()
    submit(ehr, first)
    told = submit(ehr, _cancelled(first))
    assert claim_response(told)["disposition"].startswith("Pended")
    hurried.work("claim")

    assert code_of(now_at(ehr, told)) == "C"
    assert hurried.count("case_file") == 1
    (task,) = ehr.found("Task?code=second-opinion-review")
    assert status_of(task) == "withdrawn"


def test_cancellation_with_time_enough_decides_the_earlier_claim_first(hurried: Service, ehr: Caller) -> None:
    first = a_bundle()
    submit(ehr, first)
    told = submit(slowed(hurried, 0, answer_within=12).caller("ehr"), _cancelled(first))

    assert action(told) == "C"
    hurried.work("claim")
    assert hurried.count("case_file") == 1
    (task,) = ehr.found("Task?code=second-opinion-review")
    assert status_of(task) == "withdrawn"


def test_updates_of_one_another_come_to_an_end(hurried: Service, ehr: Caller) -> None:
    itself = {"identifier": {"system": TRACES, "value": "111099"}}
    prior = coded("http://terminology.hl7.org/CodeSystem/ex-relatedclaimrelationship", "prior")
    days = ("2026-10-05", "2026-10-06")
    told = [submit(ehr, a_bundle(related=[{"claim": itself, "relationship": prior}], created=day)) for day in days]
    hurried.work("claim")

    assert hurried.count("work") == 0
    assert [now_at(ehr, each)["outcome"] for each in told] == ["error", "error"]


def _cancelled(earlier: Json) -> Json:
    taken_back = {"url": f"{PAS}/extension-certificationType", "valueCodeableConcept": coded(f"{X12}/1322", "3")}
    return an_update(earlier, [an_item()], extension=[taken_back])


def test_what_is_wrong_in_an_order_is_refused_though_there_is_no_time(hurried: Service, ehr: Caller) -> None:
    answered = ehr.post("Claim/$submit", with_order(a_bundle(), subject={"reference": "Patient/nowhere"}))

    assert answered.status_code == 422
    assert hurried.count("submission") == 0


def test_what_is_found_to_be_wrong_after_is_an_answer_in_error(hurried: Service, ehr: Caller) -> None:
    nobody = {"reference": f"{BASE}/Practitioner/nobody"}
    told = submit(ehr, with_order(a_bundle(), requester=nobody))
    hurried.work("claim")

    response = now_at(ehr, told)
    assert response["outcome"] == "error"
    assert "nothing here" in response["processNote"][0]["text"]
    assert (hurried.count("work"), hurried.count("case_file")) == (0, 0)


def test_nothing_is_lost_when_all_processes_end(tmp_path: Path, database_url: str) -> None:
    with harbor_at(tmp_path, database_url, answer_within=0) as harbor:
        ehr = harbor.partner("clinic")
        told = submit(ehr, approvable())
    with harbor_at(tmp_path, database_url, answer_within=12) as again:
        again.work("claim")

        assert code_of(now_at(again.caller("clinic"), told)) == "A1"


def test_who_was_disabled_since_gets_its_decision_all_the_same(hurried: Service, ehr: Caller) -> None:
    submit(ehr, approvable())
    registry.set_active(hurried.desk.store, "partner", "ehr", active=False)
    hurried.work("claim")

    assert hurried.count("case_file") == 1


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Somebody else holds what every Claim must write to."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
        return
    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE submission IN EXCLUSIVE MODE")
        yield
        connection.rollback()


def test_locked_database_is_told_in_time_and_nothing_is_kept(tmp_path: Path, database_url: str) -> None:
    with harbor_at(tmp_path, database_url, answer_within=1) as harbor:
        ehr = harbor.partner("clinic")
        with locked(database_url):
            begun = time.monotonic()
            answered = ehr.post("Claim/$submit", approvable())
            took = time.monotonic() - begun

        assert took < 1 + KEEPING + MARGIN
        assert (answered.status_code, answered.headers["Retry-After"]) == (503, "5")
        assert json(answered)["resourceType"] == "OperationOutcome"
        assert action(submit(ehr, approvable())) == "A1"
        assert (harbor.count("case_file"), harbor.count("submission")) == (1, 1)


def test_database_free_again_in_time_keeps_what_waited(tmp_path: Path, database_url: str) -> None:
    with harbor_at(tmp_path, database_url, answer_within=1) as harbor:
        ehr = harbor.partner("clinic")
        held = locked(database_url)
        with _given_back_after(held, 1.5):
            told = submit(ehr, approvable())
        assert action(told) == "A4"
        harbor.work("claim")

        assert code_of(now_at(ehr, told)) == "A1"
        assert harbor.count("case_file") == 1


@contextmanager
def _given_back_after(held: AbstractContextManager[None], seconds: float) -> Iterator[None]:
    taken = Event()

    def hold() -> None:
        with held:
            taken.set()
            time.sleep(seconds)

    holder = Thread(target=hold)
    holder.start()
    taken.wait(HELD)
    yield
    holder.join()


def test_database_that_stops_answering_is_told_in_time(tmp_path: Path, postgresql: databases.Server) -> None:
    name = postgresql.new_database("template_store")
    with harbor_at(tmp_path, postgresql.url(name), answer_within=1) as harbor:
        ehr = harbor.partner("clinic")
        with frozen(postgresql, name):
            begun = time.monotonic()
            answered = ehr.post("Claim/$submit", approvable())
            took = time.monotonic() - begun

        assert took < 1 + KEEPING + MARGIN
        assert answered.status_code in {200, 503}
        told = submit(ehr, approvable())
        harbor.work("claim")
        assert code_of(now_at(ehr, told)) == "A1"
        assert harbor.count("case_file") == 1
    postgresql.drop(name)


@contextmanager
def frozen(server: databases.Server, name: str) -> Iterator[None]:
    """The server's processes that serve this database stand still, as on a machine that is paused."""
    with psycopg.connect(server.url("postgres")) as connection:
        rows = connection.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", (name,)).fetchall()
    assert rows
    try:
        for (pid,) in rows:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for (pid,) in rows:
            os.kill(pid, signal.SIGCONT)


def test_lines_of_a_pended_answer_say_what_they_are(ehr: Caller) -> None:
    (only,) = lines(submit(ehr, a_bundle()))

    assert {each["url"].rpartition("extension-")[2] for each in only["extension"]} >= {"itemTraceNumber"}
