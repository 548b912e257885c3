"""A partner subscribes: it is answered, and told; what could never be served is refused by its place."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import small_directory
from delivery.listening import Listener
from desks import BASE, Caller, Service, issue, json
from second_opinion.access import registry
from second_opinion.fhir.subscription import BACKPORT
from second_opinion.fhir.subscription_topics import HREX_TOPIC, PAS_TOPIC
from small_directory import NPI, OUTSIDE
from small_orders import PENDED, an_order
from subscriptions import (
    CASE_STATUS,
    TOPICS,
    a_subscription,
    channel_extension,
    notified,
    standing,
    subscribe,
    subscribed,
    told,
    work_off,
)

Json = dict[str, Any]


@pytest.fixture
def hooked(tmp_path: Path) -> Iterator[tuple[Service, Caller, Listener]]:
    with subscribed(tmp_path) as three:
        yield three


def pended_then_decided(ehr: Caller, number: str = "ORD-1") -> Json:
    """A case whose Task changes once after it was answered; the Task."""
    answered = ehr.submit(an_order(number, **PENDED))
    changed = ehr.put(an_order(number, id=ehr.order(answered)["id"]))
    assert changed.status_code == 200
    return ehr.task(answered)


def test_a_subscription_is_requested_whatever_its_sender_says_and_active_after_the_handshake(
    hooked: tuple[Service, Caller, Listener],
) -> None:
    service, ehr, listener = hooked

    answered = ehr.post("Subscription", a_subscription(listener.url, status="active"))

    created = json(answered)
    assert (answered.status_code, created["status"]) == (201, "requested")
    assert answered.headers["Location"] == f"{BASE}/Subscription/{created['id']}/_history/1"
    assert listener.posts() == []
    assert work_off(service.desk, timedelta()) == 0  # the answer goes out first

    work_off(service.desk)

    (handshake,) = notified(listener)
    said = told(handshake)
    assert (said["type"], said["status"], said["events-since-subscription-start"]) == ("handshake", "requested", "0")
    assert said["subscription"] == f"{BASE}/Subscription/{created['id']}"
    kept = ehr.read(f"Subscription/{created['id']}")
    assert (kept["status"], kept["meta"]["versionId"]) == ("active", "2")
    assert kept["_criteria" if "_criteria" in created else "channel"] == created["channel"]


def test_what_a_subscriber_asked_for_comes_back_as_it_was_sent(hooked: tuple[Service, Caller, Listener]) -> None:
    _, ehr, listener = hooked
    extensions = [channel_extension("heartbeat-period", valueUnsignedInt=86400)]
    sent = a_subscription(
        listener.url,
        filters=("Task?status=accepted", "code=x"),
        channel={"header": ["Authorization: Bearer s3cr3t"], "extension": extensions},
    )

    kept = json(ehr.post("Subscription", sent))

    assert {name: kept[name] for name in sent if name != "status"} == {
        name: value for name, value in sent.items() if name != "status"
    }
    assert f"{BACKPORT}/backport-subscription" in kept["meta"]["profile"]


def test_headers_arrive_exactly(hooked: tuple[Service, Caller, Listener]) -> None:
    service, ehr, listener = hooked
    lines = ["Authorization: Bearer s3cr3t==", "X-Clinic: a, b;  c", "X-Short:1"]

    subscribe(ehr, listener, service.desk, channel={"header": lines})

    (handshake,) = listener.posts()
    assert handshake.headers["authorization"] == "Bearer s3cr3t=="
    assert handshake.headers["x-clinic"] == "a, b;  c"
    assert handshake.headers["x-short"] == "1"
    assert handshake.headers["content-type"] == "application/fhir+json"


def test_a_change_is_told_once_and_by_id_only(hooked: tuple[Service, Caller, Listener]) -> None:
    service, ehr, listener = hooked
    subscription = subscribe(ehr, listener, service.desk)

    task = pended_then_decided(ehr)
    work_off(service.desk)

    _, event = notified(listener)
    said = told(event)
    assert (said["type"], said["status"], said["events-since-subscription-start"]) == (
        "event-notification",
        "active",
        "1",
    )
    (one,) = said["events"]
    assert (one["event-number"], one["focus"]) == ("1", f"{BASE}/Task/{task['id']}")
    assert event["entry"][1] == {
        "fullUrl": f"{BASE}/Task/{task['id']}",
        "request": {"method": "PUT", "url": f"Task/{task['id']}"},
        "response": {"status": "200"},
    }
    assert standing(ehr, subscription)["events-since-subscription-start"] == "1"


def test_what_the_answer_showed_is_not_told_again_but_others_are_told(
    hooked: tuple[Service, Caller, Listener],
) -> None:
    service, ehr, listener = hooked
    other = service.partner("other", npi=small_directory.SPECIALIST)
    mine, theirs = (subscribe(each, listener, service.desk) for each in (ehr, other))

    ehr.submit(an_order(**PENDED))

    assert standing(ehr, mine)["events-since-subscription-start"] == "0"
    assert standing(other, theirs)["events-since-subscription-start"] == "1"


def test_a_case_opened_by_plain_create_is_told_to_its_sender_for_the_answer_does_not_show_it(
    hooked: tuple[Service, Caller, Listener],
) -> None:
    service, ehr, listener = hooked
    mine = subscribe(ehr, listener, service.desk)

    ehr.create(an_order())

    assert standing(ehr, mine)["events-since-subscription-start"] == "1"


def test_what_happened_before_the_subscription_is_not_told(hooked: tuple[Service, Caller, Listener]) -> None:
    service, ehr, listener = hooked
    subscribe(service.partner("other"), listener, service.desk)
    pended_then_decided(ehr)

    mine = subscribe(ehr, listener, service.desk)

    assert standing(ehr, mine)["events-since-subscription-start"] == "0"


@pytest.mark.parametrize(
    ("content", "parts"),
    [("empty", {"event-number", "timestamp"}), ("full-resource", {"event-number", "timestamp", "focus"})],
)
def test_content_is_as_much_as_was_asked_for(
    hooked: tuple[Service, Caller, Listener], content: str, parts: set[str]
) -> None:
    service, ehr, listener = hooked
    subscribe(ehr, listener, service.desk, content=content)

    task = pended_then_decided(ehr)
    work_off(service.desk)

    event = notified(listener)[-1]
    assert set(told(event)["events"][0]) == parts
    assert ("topic" in told(event)) == (content != "empty")
    assert [each.get("resource") for each in event["entry"][1:]] == ([task] if content == "full-resource" else [])


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"criteria": "https://somewhere.example/SubscriptionTopic/admissions"}, "Subscription.criteria"),
        ({"criteria": f"{CASE_STATUS}?status=accepted"}, "Subscription.criteria"),
        ({"criteria": "Task?status=accepted"}, "Subscription.criteria"),
        ({"reason": None}, "Subscription.reason"),
        ({"filters": ("Task?priority=urgent",)}, "Subscription.criteria.extension[0]"),
        ({"filters": ("Task?status=accepted", "Patient?name=x")}, "Subscription.criteria.extension[1]"),
        ({"filters": ("Task?status=no-such-status",)}, "Subscription.criteria.extension[0]"),
        ({"filters": ("status",)}, "Subscription.criteria.extension[0]"),
        ({"filters": ("patient.name=x",)}, "Subscription.criteria.extension[0]"),
        ({"channel": {"type": "email"}}, "Subscription.channel.type"),
        ({"channel": {"type": "websocket"}}, "Subscription.channel.type"),
        ({"channel": {"payload": "application/fhir+xml"}}, "Subscription.channel.payload"),
        ({"channel": {"payload": "text/plain"}}, "Subscription.channel.payload"),
        ({"channel": {"_payload": None}}, "Subscription.channel.payload"),
        ({"content": "everything"}, "Subscription.channel.payload.extension.value"),
        ({"channel": {"header": ["no colon"]}}, "Subscription.channel.header[0]"),
        ({"channel": {"header": ["X-A:"]}}, "Subscription.channel.header[0]"),
        ({"channel": {"header": ["X-A: b "]}}, "Subscription.channel.header[0]"),
        ({"channel": {"header": ["X-A:  b"]}}, "Subscription.channel.header[0]"),
        ({"channel": {"header": ["X-A: bé"]}}, "Subscription.channel.header[0]"),
        ({"channel": {"header": ["X-A: b\r\nX-C: d"]}}, "Subscription.channel.header[0]"),
        ({"channel": {"header": ["X-A: b", "Host: elsewhere.example"]}}, "Subscription.channel.header[1]"),
        ({"channel": {"endpoint": "https://elsewhere.example/hook"}}, "Subscription.channel.endpoint"),
        ({"channel": {"endpoint": "https://10.1.2.3/hook"}}, "Subscription.channel.endpoint"),
        ({"channel": {"endpoint": "not an address"}}, "Subscription.channel.endpoint"),
        ({"channel": {"endpoint": None}}, "Subscription.channel.endpoint"),
        ({"criteria": PAS_TOPIC, "content": "id-only"}, "Subscription.channel.payload.extension.value"),
        ({"criteria": PAS_TOPIC, "content": "empty"}, "Subscription.channel.payload.extension.value"),
        ({"status": "error"}, "Subscription.status"),
        ({"filters": ("Task?status=accepted",) * 21}, "Subscription.criteria.extension"),
        ({"channel": {"header": ["X-A: b"] * 21}}, "Subscription.channel.header"),
        (
            {"extension": [{"url": "http://hl7.org/fhir/5.0/StructureDefinition/extension-Subscription.topic"}]},
            None,
        ),
    ],
)
def test_what_could_never_be_served_is_refused_by_its_place(
    hooked: tuple[Service, Caller, Listener], wrong: Json, where: str | None
) -> None:
    service, ehr, listener = hooked

    answered = ehr.post("Subscription", a_subscription(**{"endpoint": listener.url, **wrong}))

    assert 400 <= answered.status_code < 500, answered.text
    if where:
        assert issue(answered)["expression"][0].startswith(where)
    assert service.count("subscription") == 0


def test_a_listed_address_that_is_private_is_refused(tmp_path: Path) -> None:
    with subscribed(tmp_path, allowed_hosts=("10.1.2.3", "127.0.0.1"), allow_loopback=False) as (_, ehr, listener):
        for endpoint in ("https://10.1.2.3/hook", listener.url, "https://127.0.0.1/hook"):
            assert ehr.post("Subscription", a_subscription(endpoint)).status_code == 422


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_is_offered_and_declared(hooked: tuple[Service, Caller, Listener], topic: str) -> None:
    _, ehr, listener = hooked

    answered = ehr.post("Subscription", a_subscription(listener.url, criteria=topic, content="full-resource"))

    assert answered.status_code == 201, answered.text
    (declared,) = [each for each in ehr.read("metadata")["rest"][0]["resource"] if each["type"] == "Subscription"]
    assert topic in [each["valueCanonical"] for each in declared["extension"]]
    assert declared["supportedProfile"][0] == f"{BACKPORT}/backport-subscription"
    assert declared["supportedProfile"][1].endswith("/davinci-pas/StructureDefinition/profile-subscription")


@pytest.mark.parametrize(
    ("topic", "filtered", "status"),
    [
        (CASE_STATUS, f"Task?requester:identifier={NPI}|1234567893", 201),
        (CASE_STATUS, "Task?requester:identifier=1234567893", 201),
        (CASE_STATUS, f"Task?requester:identifier={NPI}|{OUTSIDE}", 403),
        (CASE_STATUS, f"Task?owner:identifier={NPI}|{OUTSIDE}", 403),
        (CASE_STATUS, "Task?requester=Organization/of-nobody", 403),
        (HREX_TOPIC, f"Task?requester:identifier={NPI}|{OUTSIDE}", 403),
        (PAS_TOPIC, "org-identifier=1234567893", 201),
        (PAS_TOPIC, "orgIdentifier=1234567893", 201),
        (PAS_TOPIC, f"ORG-IDENTIFIER={NPI}|1234567893", 201),
        (PAS_TOPIC, "org-identifier=HUB-77", 201),
        (PAS_TOPIC, f"org-identifier={OUTSIDE}", 403),
        (PAS_TOPIC, f"org-identifier=1234567893,{OUTSIDE}", 403),
        (PAS_TOPIC, "status=active", 422),
    ],
)
def test_a_filter_names_its_own_organization_or_nobody(
    hooked: tuple[Service, Caller, Listener], topic: str, filtered: str, status: int
) -> None:
    service, _, listener = hooked
    registry.add_partner(
        service.desk.store, "hub", partner_class="ehr", organization="1234567893", name="Test", sender="HUB-77"
    )
    body = a_subscription(listener.url, criteria=topic, content="full-resource", filters=(filtered,))

    assert service.caller("hub").post("Subscription", body).status_code == status


def test_a_clinic_is_named_and_its_doctors_requests_are_told(hooked: tuple[Service, Caller, Listener]) -> None:
    service, _, listener = hooked
    practice = [each for each in small_directory.resources() if each["id"] == "specialists"]
    numbered = [each | {"identifier": [{"system": NPI, "value": "1999999984"}]} for each in practice]
    service.load([*(each for each in small_directory.resources() if each["id"] != "specialists"), *numbered])
    clinic = service.partner("clinic", npi="1999999984", npis=(small_directory.SPECIALIST,))
    filtered = ("Task?requester=Organization/specialists",)
    named = subscribe(clinic, listener, service.desk, filters=filtered)
    also = subscribe(clinic, listener, service.desk, filters=("requester=specialists", "owner=Organization/payer"))

    assert clinic.create(an_order()).status_code == 201

    assert standing(clinic, named)["events-since-subscription-start"] == "1"
    assert standing(clinic, also)["events-since-subscription-start"] == "1"


def test_what_was_told_to_whom_is_on_record(hooked: tuple[Service, Caller, Listener]) -> None:
    service, ehr, listener = hooked
    subscribe(ehr, listener, service.desk)
    task = pended_then_decided(ehr)

    work_off(service.desk)

    records = [row for _, row in service.desk.store.audited() if row.action == "notification"]
    assert [(row.actor, row.resource, row.outcome) for row in records] == [("ehr", f"Task/{task['id']}", "0")]
    assert records[0].patient is not None


def test_a_class_that_must_name_the_member_it_asks_about_does_not_subscribe(
    hooked: tuple[Service, Caller, Listener],
) -> None:
    service, _, listener = hooked
    scope = "system/Task.rs system/Subscription.cruds"
    registry.add_partner(
        service.desk.store, "hub", partner_class="hie", organization="1234567893", name="Test", scope=scope
    )

    answered = service.caller("hub").post("Subscription", a_subscription(listener.url))

    assert answered.status_code == 403
