"""An appeal: a new case beside the old, for another clinician, never for the table."""

from datetime import datetime, timedelta
from typing import Any

import pytest

import determinations as given
import small_directory
from desks import Caller, Service, action_of, issue, json, outputs, status_of
from second_opinion.workflow.sweep import sweep
from small_directory import MEMBERS
from small_orders import PENDED, an_order
from workflow.informing import code, told

Json = dict[str, Any]


@pytest.fixture
def plan(harbor: Service) -> Caller:
    return harbor.partner("plan", kind="plan", npi="1999999984")


@pytest.fixture
def doctor(harbor: Service) -> Caller:
    return harbor.reviewer("doctor")


@pytest.fixture
def denied(ehr: Caller, doctor: Caller) -> Json:
    """The Task of a denied case."""
    answered = doctor.record(ehr.task(ehr.submit(an_order(**PENDED)))["id"], given.denied())
    assert answered.status_code == 200, answered.text
    return doctor.task(answered)


def due_after(task: Json) -> timedelta:
    """The time from receipt until the answer is due."""
    period = task["restriction"]["period"]
    return datetime.fromisoformat(period["end"]) - datetime.fromisoformat(period["start"])


@pytest.mark.parametrize(
    ("expedited", "time"), [(None, timedelta(days=30)), (False, timedelta(days=30)), (True, timedelta(hours=72))]
)
def test_an_appeal_is_a_new_case_with_a_clinician_and_its_own_time(
    plan: Caller, denied: Json, *, expedited: bool | None, time: timedelta
) -> None:
    answered = plan.appeal(denied["id"], given.appeal(expedited=expedited))

    assert answered.status_code == 201, answered.text
    task = json(answered)
    assert answered.headers["Location"].endswith(f"/Task/{task['id']}")
    assert task["partOf"] == [{"reference": f"Task/{denied['id']}"}]
    assert (task["status"], status_of(task)) == ("received", "pended-clinician")
    assert task["identifier"][0]["value"] != denied["identifier"][0]["value"]
    assert task["basedOn"] == denied["basedOn"]
    assert due_after(task) == time
    assert outputs(task, "determination-code")[0]["coding"][0]["code"] == "A4"
    assert plan.read(f"Task/{denied['id']}")["meta"] == denied["meta"]


def test_reversed_on_appeal_is_another_approval_and_the_old_denial_stays(
    harbor: Service, plan: Caller, denied: Json
) -> None:
    task = json(plan.appeal(denied["id"], given.appeal()))

    answered = harbor.reviewer("another").record(task["id"], given.approved())

    assert action_of(json(answered)) == "A1"
    assert status_of(plan.read(f"Task/{task['id']}")) == "approved"
    old = plan.read(f"Task/{denied['id']}")
    assert (old["status"], status_of(old)) == ("rejected", "denied")
    (response,) = outputs(old, "determination")
    assert action_of(plan.read(response["reference"])) == "A3"
    assert response["reference"] != f"ClaimResponse/{json(answered)['id']}"


def test_upheld_on_appeal_leads_to_a_hearing_and_a_medical_review_and_no_further_appeal(
    harbor: Service, plan: Caller, denied: Json
) -> None:
    task = json(plan.appeal(denied["id"], given.appeal()))
    harbor.reviewer("another").record(task["id"], given.denied())

    upheld = plan.read(f"Task/{task['id']}")

    clocks = {part["valueCode"] for each in upheld["extension"] for part in each["extension"] if part["url"] == "name"}
    assert clocks >= {"hearingWindow", "IMRWindow"}
    assert "appealWindow" not in clocks
    assert plan.appeal(task["id"], given.appeal()).status_code == 409


def test_nobody_decides_an_appeal_of_their_own_decision(doctor: Caller, plan: Caller, denied: Json) -> None:
    task = json(plan.appeal(denied["id"], given.appeal()))

    for body in (given.approved(), given.denied(), given.extended("2026-11-20T09:00:00Z")):
        assert doctor.record(task["id"], body).status_code == 403


def test_a_nurse_may_approve_a_request_but_decides_no_appeal(harbor: Service, plan: Caller, denied: Json) -> None:
    task = json(plan.appeal(denied["id"], given.appeal()))

    assert harbor.reviewer("nurse", kind="nurse").record(task["id"], given.approved()).status_code == 403


def test_a_case_is_appealed_once(harbor: Service, plan: Caller, denied: Json) -> None:
    task = json(plan.appeal(denied["id"], given.appeal()))
    again = plan.appeal(denied["id"], given.appeal())
    assert (again.status_code, issue(again)["code"]) == (409, "conflict")
    assert task["identifier"][0]["value"] in issue(again)["details"]["text"]

    harbor.reviewer("another").record(task["id"], given.denied())

    assert plan.appeal(denied["id"], given.appeal()).status_code == 409


def test_there_are_sixty_days_to_appeal(harbor: Service, plan: Caller, denied: Json) -> None:
    harbor.clock.move(days=60)
    assert plan.appeal(denied["id"], given.parameters()).status_code == 422
    harbor.clock.move(days=1)
    assert plan.appeal(denied["id"], given.appeal()).status_code == 409


def test_what_is_not_decided_against_the_member_cannot_be_appealed(ehr: Caller, plan: Caller, doctor: Caller) -> None:
    task = ehr.task(ehr.submit(an_order(**PENDED)))
    assert plan.appeal(task["id"], given.appeal()).status_code == 409
    doctor.record(task["id"], given.approved())
    assert plan.appeal(task["id"], given.appeal()).status_code == 409


def test_a_modification_can_be_appealed(ehr: Caller, plan: Caller, doctor: Caller) -> None:
    task = ehr.task(ehr.submit(an_order(**PENDED)))
    doctor.record(task["id"], given.modified())

    answered = plan.appeal(task["id"], given.appeal())

    assert answered.status_code == 201
    asked = [each for each in json(answered)["input"] if "valueReference" in each]
    assert "outside" in asked[0]["valueReference"]["reference"]


def test_the_members_own_app_appeals_for_her_and_for_nobody_else(harbor: Service, denied: Json) -> None:
    harbor.partner("app", kind="member-app")
    hers, anothers = harbor.caller("app", member=MEMBERS[0]), harbor.caller("app", member=MEMBERS[1])

    assert anothers.appeal(denied["id"], given.appeal()).status_code == 404
    assert hers.appeal(denied["id"], given.appeal()).status_code == 201


@pytest.mark.parametrize(
    ("consent", "status"),
    [
        (None, 403),
        ({"organization": [{"identifier": {"value": "1234567893"}}]}, 201),
        ({"performer": [{"identifier": {"value": "1234567893"}}]}, 201),
        ({"organization": [{"identifier": {"value": "1999999984"}}]}, 403),
        ({"organization": [{"identifier": {"value": "1234567893"}}], "status": "inactive"}, 403),
        (
            {
                "organization": [{"identifier": {"value": "1234567893"}}],
                "provision": {"period": {"end": "2026-10-04"}},
            },
            403,
        ),
        ({"organization": [{"identifier": {"value": "1234567893"}}], "provision": {"type": "deny"}}, 403),
    ],
)
def test_the_submitter_appeals_with_the_members_written_consent_only(
    harbor: Service, ehr: Caller, denied: Json, consent: Json | None, status: int
) -> None:
    if consent is not None:
        whole = {
            "resourceType": "Consent",
            "id": "consent-1",
            "status": "active",
            "scope": {"text": "representation"},
            "category": [{"text": "appeal"}],
            "patient": {"reference": "Patient/member-0"},
        }
        harbor.load([*small_directory.resources(), whole | consent])

    assert ehr.appeal(denied["id"], given.appeal()).status_code == status


def test_who_may_not_see_the_case_learns_nothing_and_a_reviewer_appeals_nothing(
    harbor: Service, doctor: Caller, denied: Json
) -> None:
    assert harbor.partner("elsewhere", npi="1003000126").appeal(denied["id"], given.appeal()).status_code == 404
    assert doctor.appeal(denied["id"], given.appeal()).status_code == 403


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (given.parameters(given.words("colour", "red")), "Parameters.parameter[0].name"),
        (given.parameters({"name": "expedited", "valueBoolean": True}), "Parameters.parameter.where(name='reason')"),
        (given.parameters(given.words("reason", " ")), "Parameters.parameter.where(name='reason')"),
        (given.parameters(given.code("reason", "no")), "Parameters.parameter[0].value"),
    ],
)
def test_what_is_missing_or_unknown_is_named(plan: Caller, denied: Json, body: Json, place: str) -> None:
    answered = plan.appeal(denied["id"], body)

    assert (answered.status_code, issue(answered)["expression"]) == (422, [place])


def test_no_fact_and_no_clock_has_an_appeal_answered_by_the_table(
    harbor: Service, ehr: Caller, plan: Caller, denied: Json
) -> None:
    task = json(plan.appeal(denied["id"], given.appeal()))

    after = told(ehr, task, code("urgency", "urgent"))
    assert status_of(after) == "pended-clinician"
    assert due_after(after) == timedelta(hours=72)

    harbor.load(small_directory.resources())
    harbor.clock.move(days=3)
    sweep(harbor.desk)

    expired = plan.read(f"Task/{task['id']}")
    assert status_of(expired) == "pended-clinician"
    assert expired["performerType"][0]["coding"][0]["code"] == "medical-director"


def test_what_staff_find_out_on_an_appeal_is_kept_for_the_clinician(
    harbor: Service, plan: Caller, denied: Json
) -> None:
    task = json(plan.appeal(denied["id"], given.appeal()))
    staff = harbor.reviewer("staff", kind="network-staff", licence=None, state=None, specialty=None, phone=None)

    after = told(staff, task, code("in-network-alternative", "no", "Called the office: closed to new patients"))

    assert status_of(after) == "pended-clinician"
    assert harbor.reviewer("another").record(task["id"], given.approved()).status_code == 200


def test_that_somebody_is_no_member_can_be_appealed_and_upheld(harbor: Service, ehr: Caller, plan: Caller) -> None:
    harbor.load([each for each in small_directory.resources() if each["id"] != "coverage-1"])
    task = ehr.task(ehr.submit(an_order(member=MEMBERS[1])))
    harbor.reviewer("doctor").record(task["id"], given.not_eligible())

    appeal = json(plan.appeal(task["id"], given.appeal()))
    answered = harbor.reviewer("another").record(appeal["id"], given.not_eligible())

    assert (status_of(appeal), answered.status_code) == ("pended-clinician", 200)
    assert status_of(plan.read(f"Task/{appeal['id']}")) == "not-eligible"
