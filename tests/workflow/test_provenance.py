"""Every version of what a case shows says who made it, by which policy and from which order. All data is synthetic."""

from datetime import timedelta
from typing import Any

import pytest

import determinations
from desks import Caller, Service, json
from second_opinion.access.registry import add_partner
from small_directory import VENDOR
from small_orders import PENDED, an_order

Json = dict[str, Any]


def told(caller: Caller, target: str) -> list[Json]:
    """The Provenance of a resource, newest first."""
    answered = caller.client.get(f"/fhir/Provenance?target={target}")
    assert answered.status_code == 200, answered.text
    return [each["resource"] for each in json(answered).get("entry", ())]


def agents(provenance: Json) -> dict[str, Json]:
    return {each["type"]["coding"][0]["code"]: each for each in provenance["agent"]}


@pytest.fixture
def task(ehr: Caller) -> Json:
    return ehr.task(ehr.submit(an_order(**PENDED)))


@pytest.fixture
def decided(harbor: Service, task: Json) -> Json:
    """The same case once a reviewer approved it, ten minutes later."""
    harbor.clock.at += timedelta(minutes=10)
    assert harbor.reviewer("doctor").record(task["id"], determinations.approved()).status_code == 200
    return task


def test_what_the_table_answered_was_made_by_its_engine_for_the_plan_from_the_order(
    harbor: Service, ehr: Caller, task: Json
) -> None:
    (made,) = told(ehr, f"Task/{task['id']}")

    author = agents(made)["author"]
    assert (author["who"]["type"], author["onBehalfOf"]) == ("Device", task["owner"])
    policy = harbor.desk.policy
    assert made["policy"] == [f"{harbor.desk.settings.canonical}/PlanDefinition/{policy.plan}|{policy.digest}"]
    assert made["target"] == [{"reference": f"Task/{task['id']}/_history/1"}]
    assert made["recorded"] == task["meta"]["lastUpdated"]
    assert made["activity"]["coding"][0]["code"] == "CREATE"
    assert made["entity"] == [{"role": "source", "what": {"reference": f"{task['focus']['reference']}/_history/1"}}]


def test_an_order_was_made_by_the_partner_that_sent_it(ehr: Caller, task: Json) -> None:
    (made,) = told(ehr, task["focus"]["reference"])

    assert made["agent"] == [{"type": made["agent"][0]["type"], "who": {"identifier": {"value": "ehr"}}}]
    assert "policy" not in made
    assert "entity" not in made


def test_a_changed_order_is_its_senders_and_what_follows_is_the_engines_from_the_changed_one(
    harbor: Service, ehr: Caller, task: Json
) -> None:
    harbor.clock.move(minutes=10)
    order = ehr.read(task["focus"]["reference"])
    anybody = {name: value for name, value in order.items() if name != "performer"}
    assert ehr.put(anybody).status_code == 200

    newest, first = told(ehr, task["focus"]["reference"])
    follows = told(ehr, f"Task/{task['id']}")[0]

    assert newest["agent"] == first["agent"]
    assert newest["agent"][0]["who"] == {"identifier": {"value": "ehr"}}
    assert follows["entity"][0]["what"]["reference"] == newest["target"][0]["reference"]
    assert agents(follows)["author"]["who"]["type"] == "Device"


def test_a_reviewers_decision_is_verified_by_the_attestations_number_and_names_nobody(
    harbor: Service, ehr: Caller, decided: Json
) -> None:
    newest, first = told(ehr, f"Task/{decided['id']}")[0], told(ehr, f"Task/{decided['id']}")[-1]

    number = decided["groupIdentifier"]["value"]
    assert agents(newest)["verifier"]["who"]["identifier"]["value"] == f"{number}-A1"
    assert agents(newest)["verifier"]["onBehalfOf"] == decided["owner"]
    assert newest["policy"][0].endswith(harbor.desk.policy.digest)
    assert newest["activity"]["coding"][0]["code"] == "UPDATE"
    assert "verifier" not in agents(first)
    assert "doctor" not in str(newest)


def test_it_is_found_by_version_by_id_and_beside_its_target(ehr: Caller, decided: Json) -> None:
    name = f"Task/{decided['id']}"
    every = told(ehr, name)
    (first,) = told(ehr, f"{name}/_history/1")

    assert first == every[-1]
    assert json(ehr.client.get(f"/fhir/Provenance/{first['id']}")) == first
    assert json(ehr.client.get(f"/fhir/Provenance?_id={first['id']}"))["total"] == 1
    beside = json(ehr.client.get(f"/fhir/Task?_id={decided['id']}&_revinclude=Provenance:target"))["entry"]
    assert [each["resource"] for each in beside if each["search"]["mode"] == "include"] == every


def test_pages_go_on(ehr: Caller, decided: Json) -> None:
    first = json(ehr.client.get(f"/fhir/Provenance?target=Task/{decided['id']}&_count=1"))
    onward = next(each["url"] for each in first["link"] if each["relation"] == "next")

    second = json(ehr.client.get(onward))

    assert first["total"] == second["total"] == len(told(ehr, f"Task/{decided['id']}"))
    assert first["entry"][0]["resource"]["id"] != second["entry"][0]["resource"]["id"]


def test_who_may_not_see_the_target_is_told_nothing_of_it(harbor: Service, task: Json) -> None:
    stranger = harbor.partner("other", npi="9000000009")

    assert told(stranger, f"Task/{task['id']}") == []
    assert stranger.client.get(f"/fhir/Provenance/Task-{task['id']}-1").status_code == 404


@pytest.mark.parametrize("kind", ["vendor", "hie"])
def test_who_sees_a_part_of_a_case_is_told_no_provenance(harbor: Service, task: Json, kind: str) -> None:
    scope = "system/*.rs"
    npi = VENDOR if kind == "vendor" else "9000000009"
    add_partner(
        harbor.desk.store, kind, partner_class=kind, organization=npi, npis=(), name=f"Test {kind}", scope=scope
    )
    partner = harbor.caller(kind)
    partner.client.environ_base["HTTP_X_PURPOSE_OF_USE"] = "TREAT"

    assert told(partner, f"Task/{task['id']}") == []
    assert partner.client.get(f"/fhir/Provenance/Task-{task['id']}-1").status_code == 404


def test_a_scope_for_the_target_is_needed_too(harbor: Service, task: Json) -> None:
    alone = harbor.caller("ehr", "system/Provenance.rs")
    without = harbor.caller("ehr", "system/Task.rs")

    assert told(alone, f"Task/{task['id']}") == []
    assert without.client.get(f"/fhir/Provenance?target=Task/{task['id']}").status_code == 403
    beside = json(without.client.get(f"/fhir/Task?_id={task['id']}&_revinclude=Provenance:target"))["entry"]
    assert [each["search"]["mode"] for each in beside] == ["match"]


@pytest.mark.parametrize("query", ["", "_count=5", "target=Task/1&target=Task/2"])
def test_a_search_names_one_target(ehr: Caller, query: str) -> None:
    assert ehr.client.get(f"/fhir/Provenance?{query}").status_code == 400


def test_that_it_was_looked_at_is_on_record_under_the_member(harbor: Service, ehr: Caller, task: Json) -> None:
    assert told(ehr, f"Task/{task['id']}")

    looked = [row for _, row in harbor.desk.store.audited() if row.resource == "Provenance"]
    assert [(row.action, row.patient) for row in looked] == [("search", task["for"]["reference"].partition("/")[2])]
