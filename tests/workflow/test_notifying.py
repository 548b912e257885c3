"""Endpoints that fail, stall, redirect or move; subscriptions that pause, end and come back. No event is left out."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delivery.listening import Answer
from desks import BASE, Caller, Service, json
from second_opinion.access import registry
from second_opinion.delivery.calling import Calls
from second_opinion.delivery.gate import Gate
from second_opinion.store.changes import Work
from small_directory import NPI, SPECIALIST
from small_orders import PENDED, an_order
from subscriptions import (
    OURS,
    Taking,
    a_subscription,
    channel_extension,
    notified,
    numbers,
    put,
    standing,
    subscribe,
    subscribed,
    told,
    work_off,
)

Json = dict[str, Any]


def change(ehr: Caller, number: int = 1) -> Json:
    """One event of the sender's own: the Task of a case opened by plain create."""
    answered = ehr.create(an_order(f"ORD-{number}", reasonCode=None, **PENDED))
    assert answered.status_code == 201, answered.text
    return ehr.task(answered)


def waiting(service: Service) -> list[Work]:
    """Work not yet done."""
    works = service.desk.store.waiting_work(datetime.now(UTC) + timedelta(days=30), 100)
    return [each for each in works if each.kind in OURS]


def next_work(service: Service) -> datetime:
    """When the earliest waiting work may be done."""
    return min(each.not_before or datetime.now(UTC) for each in waiting(service))


@pytest.mark.parametrize("answers", [(503,), (429,), (500, 502), (Answer(200, pause=2.5),)], ids=str)
def test_a_handshake_that_fails_for_now_is_tried_again(tmp_path: Path, answers: tuple[int | Answer, ...]) -> None:
    with subscribed(tmp_path, Taking(*answers), send_timeout=1) as (service, ehr, listener):
        answered = json(ehr.post("Subscription", a_subscription(listener.url)))

        work_off(service.desk)

        assert ehr.read(f"Subscription/{answered['id']}")["status"] == "active"
        assert [told(each)["type"] for each in notified(listener)] == ["handshake"] * (len(answers) + 1)


def test_as_many_tries_as_there_are_delays_and_one_then_error_for_good(tmp_path: Path) -> None:
    with subscribed(tmp_path, Taking(*[500] * 9), retry_delays=(1, 1)) as (service, ehr, listener):
        answered = json(ehr.post("Subscription", a_subscription(listener.url)))

        work_off(service.desk)

        kept = ehr.read(f"Subscription/{answered['id']}")
        assert (kept["status"], kept["error"]) == ("error", "The endpoint answered with status 500")
        assert len(listener.posts()) == 3
        said = standing(ehr, answered)
        assert said["status"] == "error"
        assert said["error"]["coding"][0]["code"] == "no-response"


@pytest.mark.parametrize("status", [301, 302, 308, 400, 401, 404, 410])
def test_what_no_other_try_can_help_is_an_error_at_once(tmp_path: Path, status: int) -> None:
    elsewhere = Answer(status, {"Location": "https://elsewhere.example/hook"})
    with subscribed(tmp_path, Taking(elsewhere)) as (service, ehr, listener):
        answered = json(ehr.post("Subscription", a_subscription(listener.url)))

        work_off(service.desk)

        assert ehr.read(f"Subscription/{answered['id']}")["status"] == "error"
        assert len(listener.posts()) == 1


def test_an_endpoint_that_moved_to_a_private_address_is_told_nothing(tmp_path: Path) -> None:
    with subscribed(tmp_path) as (service, ehr, listener):
        subscription = subscribe(ehr, listener, service.desk)
        gate = Gate(lambda: {"127.0.0.1"}, loopback=True, resolve=lambda *_: ["10.1.2.3"])
        moved = replace(service.desk, calls=Calls(gate, 2))
        change(ehr)

        work_off(moved)

        assert len(listener.posts()) == 1
        assert ehr.read(f"Subscription/{subscription['id']}")["status"] == "error"


@pytest.mark.parametrize(("header", "seconds"), [("90", 90), ("not a date", 1)])
def test_retry_after_is_waited_for(tmp_path: Path, header: str, seconds: int) -> None:
    with subscribed(tmp_path, Taking(Answer(429, {"Retry-After": header}))) as (service, ehr, listener):
        ehr.post("Subscription", a_subscription(listener.url))
        work_off(service.desk, most=1)

        waits = (next_work(service) - datetime.now(UTC)).total_seconds()

        assert seconds - 1 <= waits <= seconds * 1.2


def test_events_during_a_failure_arrive_in_order_and_each_once(tmp_path: Path, database_url: str) -> None:
    with subscribed(tmp_path, Taking(200, 500, 500), url=database_url) as (service, ehr, listener):
        subscribe(ehr, listener, service.desk)
        for number in range(1, 5):
            change(ehr, number)

        work_off(service.desk)

        assert numbers(notified(listener)) == [1, 1, 1, 2, 3, 4]
        counted = [told(each)["events-since-subscription-start"] for each in notified(listener)]
        assert counted == ["0", "1", "1", "1", "2", "3", "4"]


def test_in_error_events_are_counted_and_shown_and_told_after_the_owner_asks_again(
    tmp_path: Path, database_url: str
) -> None:
    with subscribed(tmp_path, Taking(200, 404), url=database_url) as (service, ehr, listener):
        subscription = subscribe(ehr, listener, service.desk)
        change(ehr, 1)
        work_off(service.desk)
        change(ehr, 2)
        change(ehr, 3)
        work_off(service.desk)

        errored = ehr.read(f"Subscription/{subscription['id']}")
        assert errored["status"] == "error"
        assert len(listener.posts()) == 2
        assert standing(ehr, subscription)["events-since-subscription-start"] == "3"
        missed = ehr.read(f"Subscription/{subscription['id']}/$events?eventsSinceNumber=2&eventsUntilNumber=3")
        assert numbers([missed]) == [2, 3]

        assert put(ehr, errored, status="requested", error=None) == 200
        work_off(service.desk)

        assert [told(each)["type"] for each in notified(listener)[2:]] == ["handshake", *["event-notification"] * 3]
        assert numbers(notified(listener)[2:]) == [1, 2, 3]
        assert ehr.read(f"Subscription/{subscription['id']}")["status"] == "active"


def test_nothing_revives_a_subscription_but_its_owner(tmp_path: Path) -> None:
    with subscribed(tmp_path, Taking(404)) as (service, ehr, listener):
        subscription = subscribe(ehr, listener, service.desk)
        assert subscription["status"] == "error"

        for number in range(3):
            change(ehr, number)
            work_off(service.desk)

        assert len(listener.posts()) == 1
        assert ehr.read(f"Subscription/{subscription['id']}")["status"] == "error"


def test_at_most_so_many_events_in_one_notification(tmp_path: Path) -> None:
    with subscribed(tmp_path, Taking(200, 500)) as (service, ehr, listener):
        extension = [channel_extension("max-count", valuePositiveInt=3)]
        subscribe(ehr, listener, service.desk, channel={"extension": extension})
        for number in range(1, 6):
            change(ehr, number)

        work_off(service.desk)

        sizes = [len(told(each)["events"]) for each in notified(listener)]
        assert sizes == [0, 3, 3, 2]
        assert numbers(notified(listener)[2:]) == [1, 2, 3, 4, 5]


def test_a_heartbeat_comes_when_nothing_else_did(tmp_path: Path) -> None:
    with subscribed(tmp_path) as (service, ehr, listener):
        extension = [channel_extension("heartbeat-period", valueUnsignedInt=60)]
        subscription = subscribe(ehr, listener, service.desk, channel={"extension": extension})
        assert 55 < (next_work(service) - datetime.now(UTC)).total_seconds() <= 60

        work_off(service.desk, most=1)
        change(ehr)
        assert work_off(service.desk, timedelta(seconds=1)) == 2  # counting, and telling at once

        assert [told(each)["type"] for each in notified(listener)] == ["handshake", "heartbeat", "event-notification"]
        assert standing(ehr, subscription)["events-since-subscription-start"] == "1"
        assert 55 < (next_work(service) - datetime.now(UTC)).total_seconds() <= 60


def test_a_deleted_subscription_is_told_nothing_more_and_is_gone(tmp_path: Path, database_url: str) -> None:
    with subscribed(tmp_path, url=database_url) as (service, ehr, listener):
        subscription = subscribe(ehr, listener, service.desk)
        change(ehr)
        path = f"/fhir/Subscription/{subscription['id']}"

        assert ehr.client.delete(path).status_code == 204
        work_off(service.desk)
        change(ehr, 2)
        work_off(service.desk)

        assert len(listener.posts()) == 1
        assert [ehr.client.get(f"{path}{more}").status_code for more in ("", "/$status", "/$events")] == [410] * 3
        assert ehr.client.delete(path).status_code == 204
        assert ehr.found("Subscription") == []
        assert service.count("subscription_event") == 0


def test_off_stops_and_requested_begins_again_with_what_comes_then(tmp_path: Path) -> None:
    with subscribed(tmp_path) as (service, ehr, listener):
        subscription = subscribe(ehr, listener, service.desk)
        change(ehr, 1)
        assert put(ehr, subscription, status="off") == 200
        change(ehr, 2)
        work_off(service.desk)
        assert len(listener.posts()) == 1

        assert put(ehr, subscription, status="requested") == 200
        change(ehr, 3)
        work_off(service.desk)

        assert [told(each)["type"] for each in notified(listener)] == ["handshake", "handshake", "event-notification"]
        assert numbers(notified(listener)) == [2]


@pytest.mark.parametrize(
    ("changed", "shakes_hands"),
    [
        ({"reason": "another reason"}, False),
        ({"end": "2999-01-01T00:00:00Z"}, False),
        ({"status": "requested"}, True),
        ({"channel": {"header": ["X-New: 1"]}}, True),
        ({"filters": ("Task?status=accepted",)}, True),
    ],
    ids=str,
)
def test_a_change_of_what_goes_where_must_be_agreed_to_again(
    tmp_path: Path, changed: Json, *, shakes_hands: bool
) -> None:
    with subscribed(tmp_path) as (service, ehr, listener):
        subscription = subscribe(ehr, listener, service.desk)
        body = a_subscription(**{"endpoint": listener.url, "status": "active", **changed}) | {"id": subscription["id"]}

        assert put(ehr, body) == 200
        work_off(service.desk, timedelta(minutes=1))

        assert len(listener.posts()) == 1 + shakes_hands
        assert ehr.read(f"Subscription/{subscription['id']}")["status"] == "active"


@pytest.mark.parametrize("busy", [True, False])
def test_at_its_end_a_subscription_turns_off(tmp_path: Path, *, busy: bool) -> None:
    with subscribed(tmp_path) as (service, ehr, listener):
        ends = datetime.now(UTC) + timedelta(seconds=1)
        subscription = subscribe(ehr, listener, service.desk, end=ends.isoformat())
        assert subscription["status"] == "active"
        time.sleep((ends - datetime.now(UTC)).total_seconds())

        if busy:
            change(ehr)
        work_off(service.desk, timedelta())

        assert ehr.read(f"Subscription/{subscription['id']}")["status"] == "off"
        assert len(listener.posts()) == 1


def test_an_end_that_has_passed_is_as_good_as_none_and_not_kept(tmp_path: Path) -> None:
    with subscribed(tmp_path) as (service, ehr, listener):
        subscription = subscribe(ehr, listener, service.desk, end="2020-12-31T12:00:00Z")

        assert subscription["status"] == "active"
        assert "end" not in subscription


def test_a_disabled_owner_is_told_nothing_and_the_subscription_is_off(tmp_path: Path) -> None:
    with subscribed(tmp_path) as (service, ehr, listener):
        subscribe(ehr, listener, service.desk)
        change(ehr)
        registry.set_active(service.desk.store, registry.PARTNER, "ehr", active=False)

        work_off(service.desk)

        assert len(listener.posts()) == 1
        registry.set_active(service.desk.store, registry.PARTNER, "ehr", active=True)
        assert [each["status"] for each in ehr.found("Subscription")] == ["off"]


def test_only_what_the_owner_may_see_becomes_an_event(tmp_path: Path) -> None:
    with subscribed(tmp_path) as (service, ehr, listener):
        stranger = service.partner("stranger", npi="1999999984")
        subscription = subscribe(stranger, listener, service.desk)

        change(ehr)
        work_off(service.desk)

        assert standing(stranger, subscription)["events-since-subscription-start"] == "0"
        assert len(listener.posts()) == 1


def test_nobody_reads_anothers_subscription_not_even_the_plan(tmp_path: Path) -> None:
    with subscribed(tmp_path) as (service, ehr, listener):
        subscription = subscribe(ehr, listener, service.desk)
        plan = service.partner("plan", kind="plan", npi="1999999984")

        for more in ("", "/_history", "/_history/1", "/$status", "/$events"):
            assert plan.client.get(f"/fhir/Subscription/{subscription['id']}{more}").status_code == 404
        assert plan.found("Subscription") == []
        assert put(plan, subscription) == 404
        assert plan.client.delete(f"/fhir/Subscription/{subscription['id']}").status_code == 404
        assert plan.read(f"Subscription/$status?id={subscription['id']}")["total"] == 0


def test_status_is_asked_of_several_and_narrowed(tmp_path: Path) -> None:
    with subscribed(tmp_path, Taking(200, 404)) as (service, ehr, listener):
        active, errored = (subscribe(ehr, listener, service.desk) for _ in range(2))

        whole = ehr.read("Subscription/$status")
        parameters = {"resourceType": "Parameters", "parameter": [{"name": "status", "valueCode": "error"}]}
        narrowed = json(ehr.post("Subscription/$status", parameters))

        assert (whole["type"], whole["total"]) == ("searchset", 2)
        both = ehr.read(f"Subscription/$status?id={active['id']}&id={errored['id']}")
        assert both["total"] == 2
        (one,) = narrowed["entry"]
        assert told(narrowed)["subscription"] == f"{BASE}/Subscription/{errored['id']}"
        assert one["search"] == {"mode": "match"}
        assert ehr.client.get("/fhir/Subscription/$status?colour=red").status_code == 400


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", [1, 2, 3]),
        ("?eventsSinceNumber=2", [2, 3]),
        ("?eventsUntilNumber=2", [1, 2]),
        ("?eventsSinceNumber=2&eventsUntilNumber=2", [2]),
        ("?eventsSinceNumber=4", []),
    ],
)
def test_events_are_shown_between_two_numbers_both_included(tmp_path: Path, asked: str, found: list[int]) -> None:
    with subscribed(tmp_path) as (service, ehr, listener):
        subscription = subscribe(ehr, listener, service.desk)
        for number in range(3):
            change(ehr, number)

        answered = ehr.read(f"Subscription/{subscription['id']}/$events{asked}")

        assert (answered["type"], told(answered)["type"]) == ("history", "query-event")
        assert numbers([answered]) == found
        assert told(answered)["events-since-subscription-start"] == "3"


def test_events_can_be_asked_for_whole(tmp_path: Path) -> None:
    with subscribed(tmp_path) as (service, ehr, listener):
        subscription = subscribe(ehr, listener, service.desk)
        task = change(ehr)
        address = f"Subscription/{subscription['id']}/$events"

        assert ehr.read(f"{address}?content=full-resource")["entry"][1]["resource"] == task
        assert len(ehr.read(f"{address}?content=empty")["entry"]) == 1
        assert ehr.client.get(f"/fhir/{address}?content=all").status_code == 422
        assert ehr.client.get(f"/fhir/{address}?eventsSinceNumber=x").status_code == 400


@pytest.mark.parametrize(
    ("filtered", "events"),
    [
        ("Task?status=received", 1),
        ("Task?status=accepted", 0),
        ("Task?status:not=accepted", 1),
        ("Task?status=accepted,received", 1),
        ("Task?identifier=https://ehr.example/orders|ORD-1", 1),
        ("Task?identifier=ORD-2", 0),
        ("Task?code=second-opinion-review", 1),
        ("Task?code=transportation", 0),
    ],
)
def test_a_filter_narrows_what_is_told(tmp_path: Path, filtered: str, events: int) -> None:
    with subscribed(tmp_path) as (service, ehr, listener):
        subscription = subscribe(ehr, listener, service.desk, filters=(filtered,))

        change(ehr)

        assert standing(ehr, subscription)["events-since-subscription-start"] == str(events)


def test_filters_must_all_hold(tmp_path: Path) -> None:
    with subscribed(tmp_path) as (service, ehr, listener):
        both = ("Task?status=received", "Task?identifier=ORD-2")
        subscription = subscribe(ehr, listener, service.desk, filters=both)

        change(ehr, 1)
        change(ehr, 2)

        assert standing(ehr, subscription)["events-since-subscription-start"] == "1"


def test_a_case_costs_no_note_where_nobody_subscribed(tmp_path: Path) -> None:
    with subscribed(tmp_path) as (service, ehr, _):
        change(ehr)

        assert service.count("resource_change") == 0
        assert waiting(service) == []


STEPS = st.lists(st.sampled_from(["change", "work", "fail", "put", "off"]), min_size=3, max_size=14)


@given(steps=STEPS)
@settings(max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_whatever_happens_numbers_are_told_without_a_gap(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    taking = Taking()
    with subscribed(Path(tmp_path_factory.mktemp("numbers")), taking, retry_delays=(1,)) as (service, ehr, listener):
        subscription = subscribe(ehr, listener, service.desk)
        off = 0
        for place, step in enumerate(steps):
            if step == "change":
                change(ehr, place)
            elif step == "work":
                work_off(service.desk)
            elif step == "fail":
                taking.left.append(500)
            else:
                before = int(standing(ehr, subscription)["events-since-subscription-start"])
                off = max(off, before) if step == "off" else off
                put(ehr, subscription, status="off" if step == "off" else "requested")
        taking.left.clear()
        put(ehr, subscription, status="requested")
        work_off(service.desk)

        count = int(standing(ehr, subscription)["events-since-subscription-start"])
        shown = numbers([ehr.read(f"Subscription/{subscription['id']}/$events")])
        assert shown == list(range(1, count + 1))
        first_told = list(dict.fromkeys(numbers(notified(listener))))
        assert first_told == sorted(first_told)
        assert set(range(off + 1, count + 1)) <= set(first_told)


def test_what_may_not_be_called_any_more_is_turned_off_without_a_call(tmp_path: Path) -> None:
    with subscribed(tmp_path) as (service, ehr, listener):
        subscription = subscribe(ehr, listener, service.desk)
        elsewhere = subscription["channel"] | {"endpoint": "https://elsewhere.example/hook"}

        assert put(ehr, subscription, channel=elsewhere, status="requested") == 422
        assert put(ehr, subscription, channel=elsewhere, status="off") == 200


def test_a_filter_that_cannot_be_asked_keeps_nothing_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with subscribed(tmp_path) as (service, ehr, listener):
        mine = f"Task?requester:identifier={NPI}|1234567893"
        subscription = subscribe(ehr, listener, service.desk, filters=(mine,))
        change(ehr)

        service.spoil("Practitioner", "specialist")

        assert standing(ehr, subscription)["events-since-subscription-start"] == "1"
        assert "cannot be asked" in caplog.text


def test_all_events_that_wait_are_told_in_one_step(
    tmp_path: Path,
) -> None:
    with subscribed(tmp_path) as (service, ehr, listener):
        subscribe(ehr, listener, service.desk)
        for number in range(6):
            change(ehr, number)
        counting = [each for each in waiting(service) if each.kind == "count-changes"]
        assert counting

        assert work_off(service.desk) == len(counting) + 1

        assert numbers(notified(listener)) == [1, 2, 3, 4, 5, 6]


def test_what_may_no_longer_be_seen_at_the_moment_of_sending_is_a_number_and_nothing_else(tmp_path: Path) -> None:
    with subscribed(tmp_path) as (service, ehr, listener):
        doctor = service.partner("doctor", npi=SPECIALIST)
        subscription = subscribe(doctor, listener, service.desk, content="full-resource")
        change(ehr, 1)
        assert standing(doctor, subscription)["events-since-subscription-start"] == "1"
        with service.desk.store._database.migrating() as connection:
            connection.exec_driver_sql(f"DELETE FROM case_party WHERE key = 'npi:{SPECIALIST}'")  # noqa: S608 - our own

        change(ehr, 2)
        work_off(service.desk)

        first, second = notified(listener)[1:]
        assert [set(each) for each in told(first)["events"]] == [{"event-number", "timestamp"}]
        assert len(first["entry"]) == 1
        assert len(second["entry"]) == 2
        assert numbers([first, second]) == [1, 2]
