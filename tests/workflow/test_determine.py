"""A reviewer decides over HTTP: what each outcome makes of the case, and what it shows."""

from typing import Any

import pytest

import determinations as given
from desks import Caller, Service, action_of, issue, json, outputs, status_of
from small_directory import PHONE
from small_orders import PENDED, an_order

Json = dict[str, Any]


@pytest.fixture
def doctor(harbor: Service) -> Caller:
    return harbor.reviewer("doctor")


@pytest.fixture
def pended(ehr: Caller) -> Json:
    """An outside doctor asked for though the network has one: R11, with a clinician."""
    task = ehr.task(ehr.submit(an_order(**PENDED)))
    assert status_of(task) == "pended-clinician"
    return task


def test_approval_answers_with_the_claim_response_and_names_the_task(doctor: Caller, pended: Json) -> None:
    answered = doctor.record(pended["id"], given.approved())

    assert answered.status_code == 200, answered.text
    response = json(answered)
    assert (response["resourceType"], action_of(response), response["outcome"]) == ("ClaimResponse", "A1", "complete")
    assert response["disposition"].startswith("Approved")
    assert response["preAuthRef"]
    assert response["preAuthPeriod"]
    assert answered.headers["Location"].endswith(f"/Task/{pended['id']}")
    task = doctor.task(answered)
    assert (task["status"], status_of(task)) == ("accepted", "approved")
    assert "performerType" not in task


def test_denial_shows_reason_clause_words_and_offer(doctor: Caller, pended: Json) -> None:
    answered = doctor.record(pended["id"], given.denied())

    response = json(answered)
    assert (action_of(response), response["outcome"]) == ("A3", "complete")
    assert response["disposition"].startswith("Denied")
    assert "preAuthRef" not in response
    assert response["item"][0]["adjudication"][0]["reason"]["coding"][0]["code"] == "in-network-equivalent-available"
    assert "Policy II.D" in response["processNote"][0]["text"]
    task = doctor.task(answered)
    assert (task["status"], status_of(task)) == ("rejected", "denied")
    assert task["statusReason"]["coding"][0]["code"] == "in-network-equivalent-available"
    assert "network heart doctor" in task["statusReason"]["text"]
    (offered,) = outputs(task, "alternative-provider")
    assert offered["reference"] == "PractitionerRole/by-role-role"
    assert PHONE in offered["display"]
    assert "2026-10-12" in offered["display"]
    assert offered["extension"][0]["valueDateTime"] == "2026-10-12T16:30:00.000Z"


def test_a_partner_of_whatever_class_never_decides(harbor: Service, ehr: Caller, pended: Json) -> None:
    for caller in (ehr, harbor.partner("plan", kind="plan", npi="1999999984")):
        assert caller.record(pended["id"], given.approved()).status_code == 403
    assert status_of(ehr.read(f"Task/{pended['id']}")) == "pended-clinician"


def test_a_decided_case_is_not_decided_again(doctor: Caller, pended: Json) -> None:
    doctor.record(pended["id"], given.approved())

    again = doctor.record(pended["id"], given.denied())

    assert (again.status_code, issue(again)["code"]) == (409, "conflict")
