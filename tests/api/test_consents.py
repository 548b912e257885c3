"""The plan posts consents of members: in force at once, for every door and every process. All synthetic."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import small_directory
from consents import PAYER, consent
from desks import FHIR, Caller, Json, Service, issue, json, service
from second_opinion.app import desk_on
from small_directory import MEMBER_NUMBERS, MEMBERS, resources
from small_orders import an_order

MINE: Json = {"reference": "Patient/member-0"}


@pytest.fixture
def harbor(tmp_path: Path) -> Iterator[Service]:
    url = f"sqlite:///{tmp_path / 'harbor.db'}"
    with service(tmp_path, directory=[small_directory.write(tmp_path)], url=url) as running:
        yield running


@pytest.fixture
def plan(harbor: Service) -> Caller:
    return harbor.partner("plan", kind="plan", npi="9000000041")


@pytest.fixture
def payer(harbor: Service) -> Caller:
    return harbor.partner("payer", kind="payer", npi=PAYER)


def sees(payer: Caller) -> bool:
    return payer.client.get("/fhir/Patient/member-0").status_code == 200


@pytest.mark.parametrize(
    "patient", [MINE, {"type": "Patient", "identifier": {"system": MEMBER_NUMBERS, "value": MEMBERS[0]}}]
)
def test_a_posted_consent_is_in_force_at_once(harbor: Service, plan: Caller, payer: Caller, patient: Json) -> None:
    harbor.partner("ehr").submit(an_order())
    before = sees(payer), len(payer.found("Task"))
    answered = plan.post("Consent", consent(patient=patient))

    assert (before, answered.status_code) == ((False, 0), 201)
    kept = json(answered)
    assert kept["patient"]["reference"] == "Patient/member-0"
    assert answered.headers["Location"].endswith(f"/fhir/Consent/{kept['id']}/_history/1")
    assert plan.read(f"Consent/{kept['id']}") == kept
    assert (sees(payer), len(payer.found("Task"))) == (True, 1)


def test_it_is_in_force_for_every_process(harbor: Service, plan: Caller) -> None:
    """Another desk on the same database stands for another process: nothing is remembered between them."""
    other = desk_on(harbor.desk.settings, harbor.desk.store, harbor.clock)
    payer = harbor.partner("payer", kind="payer", npi=PAYER)
    authorization = payer.client.environ_base["HTTP_AUTHORIZATION"]
    assert other.identify(authorization).members == ()
    plan.post("Consent", consent(patient=MINE))
    assert other.identify(authorization).members == ("member-0",)


def test_it_is_taken_back_by_the_next_version(plan: Caller, payer: Caller) -> None:
    kept = json(plan.post("Consent", consent(patient=MINE)))
    stale = plan.client.put(f"/fhir/Consent/{kept['id']}", json=kept, headers={"If-Match": 'W/"9"'}, content_type=FHIR)
    taken = put(plan, kept | {"status": "inactive"})

    assert (stale.status_code, taken.status_code, taken.headers["ETag"]) == (412, 200, 'W/"2"')
    assert not sees(payer)
    assert plan.read(f"Consent/{kept['id']}/_history")["total"] == 2


def test_a_consent_against_the_payer_counts_more(plan: Caller, payer: Caller) -> None:
    plan.post("Consent", consent(patient=MINE))
    plan.post("Consent", consent("deny", patient=MINE, identifier=None))

    assert not sees(payer)


def test_what_was_posted_outlives_a_load(harbor: Service, plan: Caller, payer: Caller) -> None:
    kept = json(plan.post("Consent", consent(patient=MINE)))
    put(plan, kept | {"status": "inactive"})
    older = consent(patient=MINE, id=kept["id"])
    harbor.load([*resources(), older])
    after_older = sees(payer)
    harbor.load(resources())

    assert not after_older
    assert plan.read(f"Consent/{kept['id']}")["status"] == "inactive"


def test_what_is_there_already_is_not_posted_twice(plan: Caller) -> None:
    condition = {"If_None_Exist": "identifier=https://plan.example/consents|C-1"}
    first = plan.post("Consent", consent(patient=MINE), **condition)
    again = plan.post("Consent", consent(patient=MINE), **condition)

    assert (first.status_code, again.status_code) == (201, 200)
    assert json(first) == json(again)
    assert again.headers["Location"] == first.headers["Location"]


def test_posted_at_once_under_one_condition_there_is_one(harbor: Service, plan: Caller) -> None:
    condition = {"If_None_Exist": "identifier=https://plan.example/consents|C-1"}
    answers: list[int] = []

    def post() -> None:
        answers.append(harbor.caller("plan").post("Consent", consent(patient=MINE), **condition).status_code)

    threads = [Thread(target=post) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert sorted(answers) == [200, 200, 200, 201]
    assert plan.read("Consent?patient=Patient/member-0")["total"] == 1


@pytest.mark.parametrize("kind", ["ehr", "payer", "hie", "vendor", "member-app"])
def test_only_the_plan_posts(harbor: Service, kind: str) -> None:
    other = harbor.partner("other", kind=kind, npi="9000000017")

    assert other.post("Consent", consent(patient=MINE)).status_code == 403


def test_a_token_without_the_scope_posts_nothing(harbor: Service, plan: Caller) -> None:
    assert plan.post("Consent", consent(patient=MINE)).status_code == 201
    assert harbor.caller("plan", "system/Consent.rs").post("Consent", consent(patient=MINE)).status_code == 403


@pytest.mark.parametrize(
    ("changes", "status", "where"),
    [
        ({"patient": {"reference": "Patient/nobody"}}, 422, "Consent.patient"),
        ({"patient": {"display": "somebody"}}, 422, "Consent.patient"),
        ({"patient": {"identifier": {"value": "HARBOR-999"}}}, 422, "Consent.patient"),
        ({"status": "yes"}, 422, "Consent.status"),
        ({"provision": {"type": "allow"}}, 422, "Consent.provision.type"),
        ({"scope": None}, 422, "Consent.scope"),
        ({"provision": {"type": "permit"}}, 422, "Consent.provision.actor"),
        ({"colour": "red"}, 400, "Consent.colour"),
    ],
)
def test_a_consent_that_could_not_take_effect_is_refused(plan: Caller, changes: Json, status: int, where: str) -> None:
    given: dict[str, Any] = {"patient": MINE} | changes
    answered = plan.post("Consent", consent(**given))

    assert answered.status_code == status, answered.get_data(as_text=True)
    assert issue(answered)["expression"] == [where]


def test_each_change_is_on_record_in_its_own_transaction(harbor: Service, plan: Caller) -> None:
    kept = json(plan.post("Consent", consent(patient=MINE)))
    put(plan, kept | {"status": "inactive"})

    rows = [row for _, row in harbor.desk.store.audited()]
    assert [(row.actor, row.action, row.resource, row.patient) for row in rows] == [
        ("plan", "create", f"Consent/{kept['id']}", "member-0"),
        ("plan", "update", f"Consent/{kept['id']}", "member-0"),
    ]
    assert harbor.desk.store.verify_audit()[1] is None


def test_every_version_says_who_made_it(harbor: Service, plan: Caller) -> None:
    harbor.load([*resources(), consent(patient=MINE, id="loaded")])
    loaded = plan.read("Consent/loaded")
    assert put(plan, loaded | {"status": "inactive"}).status_code == 200

    told = plan.found("Provenance?target=Consent/loaded")
    assert [(each["target"][0]["reference"], each["agent"][0]["who"]) for each in told] == [
        ("Consent/loaded/_history/2", {"identifier": {"value": "plan"}}),
        (
            "Consent/loaded/_history/1",
            {"type": "Organization", "display": "The plan, by its directory as it was loaded"},
        ),
    ]
    beside = plan.read("Consent?_id=loaded&_revinclude=Provenance:target")["entry"]
    assert [each["resource"]["resourceType"] for each in beside] == ["Consent", "Provenance", "Provenance"]


def test_others_see_no_consents(harbor: Service, plan: Caller, payer: Caller) -> None:
    kept = json(plan.post("Consent", consent(patient=MINE)))
    harbor.partner("ehr").submit(an_order())

    assert harbor.caller("ehr").client.get(f"/fhir/Consent/{kept['id']}").status_code == 404
    assert harbor.caller("ehr").found("Consent") == []
    assert payer.client.get(f"/fhir/Consent/{kept['id']}").status_code == 404


def put(plan: Caller, body: Json) -> Any:
    return plan.client.put(f"/fhir/Consent/{body['id']}", json=body, content_type=FHIR)
