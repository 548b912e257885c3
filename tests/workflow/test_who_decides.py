"""Who may decide what, over HTTP: kind of reviewer, state of the licence, own organization; and the order of faults."""

from typing import Any

import pytest

import determinations as given
from desks import Caller, Service, issue, status_of
from small_directory import FAMILY_DOCTOR, SPECIALIST, resources
from small_orders import PENDED, an_order, provider

Json = dict[str, Any]

OUTCOMES = {
    "approved": given.approved(),
    "modified": given.modified(),
    "denied": given.denied(),
    "extended": given.extended("2026-10-20T16:00:00Z"),
    "not-eligible": given.not_eligible(),
}
PRACTICE = "1245319599"  # of the specialist who asks


@pytest.fixture
def pended(ehr: Caller) -> Json:
    return ehr.task(ehr.submit(an_order(**PENDED)))


@pytest.mark.parametrize(
    ("kind", "state", "may"),
    [
        ("physician", "CA", {"approved", "modified", "denied", "extended", "not-eligible"}),
        ("physician", "NV", {"approved", "extended", "not-eligible"}),
        ("nurse", "CA", {"approved", "extended"}),
        ("network-staff", None, set()),
        ("eligibility-staff", None, {"not-eligible"}),
        ("eligibility-staff", "CA", {"not-eligible"}),
    ],
)
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_each_outcome_takes_its_kind_of_reviewer(
    harbor: Service, pended: Json, kind: str, state: str | None, may: set[str], outcome: str
) -> None:
    answered = harbor.reviewer("someone", kind=kind, state=state).record(pended["id"], OUTCOMES[outcome])

    if outcome not in may:
        assert (answered.status_code, issue(answered)["code"]) == (403, "forbidden")
    else:  # this case has coverage, so it cannot be closed as not eligible
        assert answered.status_code == (409 if outcome == "not-eligible" else 200)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_nobody_decides_what_their_own_organization_submitted(harbor: Service, outcome: str) -> None:
    practice = harbor.partner("practice", npi="1003000126", npis=("1558444216",))
    task = practice.task(practice.submit(an_order(**PENDED)))

    for number, npi in enumerate(("1003000126", "1558444216")):
        doctor = harbor.reviewer(f"doctor-{number}", organization=npi)
        assert doctor.record(task["id"], OUTCOMES[outcome]).status_code == 403


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_nobody_decides_what_somebody_of_their_own_practice_asks_for(
    harbor: Service, ehr: Caller, outcome: str
) -> None:
    numbered = {"identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": PRACTICE}]}
    harbor.load([each | numbered if each["id"] == "specialists" else each for each in resources()])
    task = ehr.task(ehr.submit(an_order(**PENDED, requester=provider(SPECIALIST))))

    doctor = harbor.reviewer("doctor", organization=PRACTICE)

    assert doctor.record(task["id"], OUTCOMES[outcome]).status_code == 403
    assert harbor.reviewer("another", organization="1003000126").record(task["id"], given.approved()).status_code == 200


def test_who_joins_a_case_later_counts_as_having_brought_it(harbor: Service, ehr: Caller, pended: Json) -> None:
    plan = harbor.partner("plan", kind="plan", npi="1999999984")
    joined = plan.submit(an_order("ORD-2", **PENDED, requester=provider(FAMILY_DOCTOR)))
    assert plan.task(joined)["id"] == pended["id"]

    assert (
        harbor.reviewer("doctor", organization=FAMILY_DOCTOR).record(pended["id"], given.approved()).status_code == 403
    )
    assert status_of(ehr.read(f"Task/{pended['id']}")) == "pended-clinician"


def test_the_plan_is_no_party_to_the_requests_it_takes_in(harbor: Service) -> None:
    plan = harbor.partner("plan", kind="plan", npi="1999999984")
    task = plan.task(plan.submit(an_order(**PENDED)))

    assert harbor.reviewer("doctor", organization="1999999984").record(task["id"], given.approved()).status_code == 200


def test_faults_come_in_one_order(harbor: Service, ehr: Caller, pended: Json) -> None:
    doctor, nurse = harbor.reviewer("doctor"), harbor.reviewer("nurse", kind="nurse")
    elsewhere = harbor.partner("elsewhere", npi="1003000126")
    nobody = Caller(harbor.app.test_client())
    wrong = given.parameters(given.code("outcome", "denied"), given.words("colour", "red"))

    assert nobody.record("nothing", wrong).status_code == 401
    assert elsewhere.record(pended["id"], wrong).status_code == 404
    assert doctor.record("nothing", wrong).status_code == 404
    assert ehr.record(pended["id"], wrong).status_code == 403
    assert doctor.record(pended["id"], given.approved()).status_code == 200
    assert nurse.record(pended["id"], wrong).status_code == 403
    assert doctor.record(pended["id"], wrong).status_code == 409


def test_a_token_without_the_scope_decides_nothing(harbor: Service, pended: Json) -> None:
    harbor.reviewer("doctor")
    reading = harbor.caller("doctor", scope="system/*.rs")

    answered = reading.record(pended["id"], given.approved())

    assert answered.status_code == 403
    assert "system/Task.u" in answered.headers["WWW-Authenticate"]


def test_a_task_that_is_no_case_is_not_decided(harbor: Service, ehr: Caller) -> None:
    ehr.submit(an_order(**PENDED, requester=provider("1000000003")))
    (asked,) = ehr.found("Task?code=additional-information")

    assert harbor.reviewer("doctor").record(asked["id"], given.approved()).status_code == 404
