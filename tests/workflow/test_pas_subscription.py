"""Subscriptions for pended results as PAS has them: the whole answer each time it changes, for the sender alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import determinations
from delivery.listening import Listener
from desks import BASE, Caller, Service, json, status_of
from pas_answers import action, claim_response
from pas_bundles import a_bundle
from second_opinion.fhir.subscription_topics import PAS_TOPIC
from small_directory import MEMBERS, NPI, OUTSIDE, SPECIALIST
from small_orders import PENDED, an_order
from subscriptions import (
    a_subscription,
    notified,
    numbers,
    standing,
    subscribe,
    subscribed,
    told,
    work_off,
)
from workflow.informing import R8

Json = dict[str, Any]
OLDER = "pas/2.0/Subscription"


@pytest.fixture
def hooked(tmp_path: Path) -> Iterator[tuple[Service, Caller, Listener]]:
    with subscribed(tmp_path) as (service, _, listener):
        yield service, service.partner("clinic", npi=SPECIALIST), listener


def pend(ehr: Caller, **more: Any) -> Json:
    """The response Bundle of a Claim a person must look at."""
    answered = ehr.post("Claim/$submit", a_bundle(**more))
    assert answered.status_code == 200, answered.text
    bundle = json(answered)
    assert action(bundle) == "A4"
    return bundle


def approve(service: Service, ehr: Caller, bundle: Json) -> None:
    (task,) = ehr.found(f"Task?identifier={claim_response(bundle)['identifier'][-1]['value']}")
    answered = service.reviewer("doctor").record(task["id"], determinations.approved())
    assert answered.status_code == 200, answered.text


def test_a_decision_is_told_as_the_whole_response_bundle(hooked: tuple[Service, Caller, Listener]) -> None:
    service, ehr, listener = hooked
    mine = subscribe(ehr, listener, service.desk, criteria=PAS_TOPIC, content="full-resource")
    pended = pend(ehr)
    assert standing(ehr, mine)["events-since-subscription-start"] == "0"  # the answer was given in its own exchange

    approve(service, ehr, pended)
    work_off(service.desk)

    event = notified(listener)[-1]
    (one,) = told(event)["events"]
    entry = event["entry"][1]
    answer = entry["resource"]
    assert one["focus"] == entry["fullUrl"] == f"{BASE}/Bundle/{answer['id']}"
    assert answer["type"] == "collection"
    assert action(answer) == "A1"
    assert answer["identifier"] == pended["identifier"]
    assert claim_response(answer)["id"] == claim_response(pended)["id"]
    assert told(event)["topic"] == PAS_TOPIC
    assert {"request", "response"} <= set(entry)


def test_a_case_that_came_as_an_order_is_told_too(hooked: tuple[Service, Caller, Listener]) -> None:
    service, ehr, listener = hooked
    subscribe(ehr, listener, service.desk, criteria=PAS_TOPIC, content="full-resource")
    task = ehr.task(ehr.submit(an_order(**PENDED)))

    assert service.reviewer("doctor").record(task["id"], determinations.approved()).status_code == 200
    work_off(service.desk)

    assert action(notified(listener)[-1]["entry"][1]["resource"]) == "A1"


@pytest.mark.parametrize(
    "filtered",
    [
        f"org-identifier={SPECIALIST}",
        f"orgIdentifier={SPECIALIST}",
        f"org-identifier={NPI}|{SPECIALIST}",
        f"Claim?org-identifier={SPECIALIST}",
    ],
)
def test_the_filter_finds_the_senders_own_claims_in_each_spelling(
    hooked: tuple[Service, Caller, Listener], filtered: str
) -> None:
    service, ehr, listener = hooked
    more: Json = {"criteria": PAS_TOPIC, "content": "full-resource", "filters": (filtered,)}
    subscribe(ehr, listener, service.desk, **more)

    approve(service, ehr, pend(ehr))
    work_off(service.desk)

    assert numbers(notified(listener)) == [1]


def test_the_filter_leaves_out_claims_of_another_sender(hooked: tuple[Service, Caller, Listener]) -> None:
    service, ehr, listener = hooked
    second = service.partner("second", npi=OUTSIDE)
    more: Json = {"criteria": PAS_TOPIC, "content": "full-resource"}
    all_of_mine = subscribe(second, listener, service.desk, **more)
    sent_by_me = subscribe(second, listener, service.desk, filters=(f"org-identifier={OUTSIDE}",), **more)

    approve(service, ehr, pend(ehr))  # the second doctor is theirs, the sender is not

    assert standing(second, all_of_mine)["events-since-subscription-start"] == "1"
    assert standing(second, sent_by_me)["events-since-subscription-start"] == "0"


def test_every_change_is_told_also_while_it_stays_pended(hooked: tuple[Service, Caller, Listener]) -> None:
    service, ehr, listener = hooked
    subscribe(ehr, listener, service.desk, criteria=PAS_TOPIC, content="full-resource")
    answered = ehr.submit(an_order(**R8))

    changed = ehr.put(an_order(**PENDED, id=ehr.order(answered)["id"]))
    assert status_of(ehr.task(changed)) == "pended-clinician"
    work_off(service.desk)

    assert [action(each["entry"][1]["resource"]) for each in notified(listener)[1:]] == ["A4"]


def test_clients_of_pas_2_0_are_told_by_id_only(hooked: tuple[Service, Caller, Listener]) -> None:
    service, ehr, listener = hooked
    whole = a_subscription(listener.url, criteria=PAS_TOPIC, content="full-resource")
    assert ehr.post(OLDER, whole).status_code == 422
    filtered = (f"orgIdentifier={SPECIALIST}",)
    answered = ehr.post(OLDER, a_subscription(listener.url, criteria=PAS_TOPIC, filters=filtered))
    created = json(answered)
    assert answered.headers["Location"].startswith(f"{BASE}/{OLDER}/{created['id']}/")
    work_off(service.desk)

    pended = pend(ehr, member=MEMBERS[1])
    approve(service, ehr, pended)
    work_off(service.desk)

    event = notified(listener)[-1]
    focus = f"{BASE}/ClaimResponse/{claim_response(pended)['id']}"
    assert told(event)["subscription"] == f"{BASE}/{OLDER}/{created['id']}"
    assert told(event)["events"][0]["focus"] == event["entry"][1]["fullUrl"] == focus
    assert "resource" not in event["entry"][1]
    assert ehr.read(f"{OLDER}/{created['id']}")["status"] == "active"
    assert told(ehr.read(f"{OLDER}/{created['id']}/$status"))["events-since-subscription-start"] == "1"
    assert ehr.client.get(f"/fhir/Subscription/{created['id']}/$status").status_code == 404
