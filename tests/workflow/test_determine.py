"""A reviewer decides over HTTP: what each outcome makes of the case, and what it shows."""

from datetime import timedelta
from typing import Any

import pytest

import determinations as given
from desks import MONDAY, Caller, Service, action_of, issue, json, outputs, status_of
from small_directory import CLOSED, MEMBERS, NUCC, OUTSIDE, PHONE, VENDOR, resources
from small_orders import PENDED, a_ride, an_order, condition, provider
from workflow.informing import code, tell, told
from workflow.informing import doctor as provider_named

Json = dict[str, Any]


@pytest.fixture
def doctor(harbor: Service) -> Caller:
    return harbor.reviewer("doctor", licence="A-TEST-77")


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


def test_what_changed_since_the_reviewer_read_it_can_be_kept_undecided(
    ehr: Caller, doctor: Caller, pended: Json
) -> None:
    told(ehr, pended, code("urgency", "urgent"))

    stale = doctor.record(pended["id"], given.denied(), If_Match='W/"1"')
    assert (stale.status_code, issue(stale)["expression"]) == (412, ["http.if-match"])
    assert doctor.record(pended["id"], given.approved(), If_Match='W/"2"').status_code == 200
    assert doctor.record(pended["id"], given.approved(), If_Match='W/"1"').status_code == 409


def test_a_decided_case_is_not_decided_again(doctor: Caller, pended: Json) -> None:
    doctor.record(pended["id"], given.approved())

    again = doctor.record(pended["id"], given.denied())

    assert (again.status_code, issue(again)["code"]) == (409, "conflict")


def test_a_denial_tells_who_as_what_and_by_number_never_by_name(doctor: Caller, ehr: Caller, pended: Json) -> None:
    answered = doctor.record(pended["id"], given.denied())

    (reviewer,) = outputs(doctor.task(answered), "reviewer")
    assert reviewer["identifier"]["value"] == f"{pended['identifier'][0]['value']}-A1"
    assert reviewer["display"] == "Physician, licensed in CA"
    human = json(answered)["extension"][0]["extension"]
    assert {"url": "wasHumanReviewedFlag", "valueBoolean": True} in human
    for kind in ("Task", "ClaimResponse"):
        assert "Test Reviewer" not in str(ehr.found(f"{kind}?patient=Patient/member-0"))
        shown = str(ehr.found(f"{kind}?patient=Patient/member-0"))
        assert "209-555-0180" not in shown
        assert "A-TEST-77" not in shown
        assert "'doctor'" not in shown


def test_a_modification_authorizes_another_provider_and_keeps_what_was_asked(doctor: Caller, pended: Json) -> None:
    period = {"name": "period", "valuePeriod": {"start": "2026-10-06", "end": "2026-12-31"}}
    quantity = {"name": "quantity", "valueQuantity": {"value": 1}}

    answered = doctor.record(pended["id"], given.modified(period, quantity))

    response = json(answered)
    assert (action_of(response), response["outcome"]) == ("A6", "complete")
    assert response["disposition"].startswith("Modified")
    assert response["preAuthRef"]
    assert response["preAuthPeriod"] == {"start": "2026-10-06", "end": "2026-12-31"}
    (added,) = response["addItem"]
    assert added["itemSequence"] == [1]
    assert added["provider"][0]["reference"] == "Practitioner/by-role"
    assert added["provider"][0]["identifier"]["value"] == "3000000001"
    assert added["quantity"] == {"value": 1}
    assert added["servicedPeriod"] == {"start": "2026-10-06", "end": "2026-12-31"}
    assert "A1" in str(added["adjudication"])
    assert "itemAuthorizedProvider" in str(response["item"][0]["extension"])
    task = doctor.task(answered)
    assert (task["status"], status_of(task)) == ("accepted", "modified")
    assert outputs(task, "authorization-number")[0]["value"] == response["preAuthRef"]
    claim = doctor.read(response["request"]["reference"])
    assert OUTSIDE in str(claim["careTeam"])


def test_the_report_is_asked_of_the_provider_authorized_instead(doctor: Caller, pended: Json) -> None:
    doctor.record(pended["id"], given.modified())

    (asked,) = doctor.found("CommunicationRequest?category=consultation-report-request")
    assert asked["sender"]["reference"] == "Practitioner/by-role"
    assert asked["status"] == "active"


def test_the_provider_authorized_instead_sees_the_case(harbor: Service, doctor: Caller, pended: Json) -> None:
    other = harbor.partner("other", npi="3000000001")
    assert other.found("Task?patient=Patient/member-0") == []

    doctor.record(pended["id"], given.modified())

    assert [each["id"] for each in other.found("Task?code=second-opinion-review")] == [pended["id"]]


@pytest.mark.parametrize("body", [given.approved(), given.modified()], ids=["approved", "modified"])
def test_what_a_reviewer_grants_owes_the_report_and_the_ride_like_the_computers(
    harbor: Service, ehr: Caller, doctor: Caller, body: Json
) -> None:
    harbor.partner("vendor", kind="vendor", npi=VENDOR)
    asked = an_order(**PENDED, extension=[a_ride()], occurrenceDateTime="2026-10-20")
    doctor.record(ehr.task(ehr.submit(asked))["id"], body)

    assert doctor.found("CommunicationRequest?category=consultation-report-request")
    (ride,) = doctor.found("Task?code=transportation")
    assert ride["owner"]["reference"] == "Organization/rides"


def test_a_denial_owes_neither(ehr: Caller, doctor: Caller) -> None:
    doctor.record(ehr.task(ehr.submit(an_order(**PENDED, extension=[a_ride()])))["id"], given.denied())

    assert doctor.found("CommunicationRequest") == []
    assert doctor.found("Task?code=transportation") == []


def test_more_time_leaves_the_case_pended_and_moves_the_clock_to_decide_alone(doctor: Caller, pended: Json) -> None:
    answered = doctor.record(pended["id"], given.extended("2026-10-20T16:00:00Z"))

    task = json(answered)
    assert (answered.status_code, task["resourceType"], task["id"]) == (200, "Task", pended["id"])
    assert (task["status"], status_of(task)) == ("received", "pended-clinician")
    assert task["restriction"]["period"]["end"] == "2026-10-20T16:00:00.000Z"
    before, after = clocks(pended), clocks(task)
    assert after.pop("decide") == "2026-10-20T16:00:00.000Z"
    before.pop("decide")
    assert after == before
    assert "extended to 2026-10-20" in task["note"][0]["text"]
    assert "heart test" in task["note"][0]["text"]
    (response,) = outputs(task, "determination")
    assert action_of(doctor.read(response["reference"])) == "A4"


def test_more_time_is_given_once(doctor: Caller, pended: Json) -> None:
    doctor.record(pended["id"], given.extended("2026-10-20T16:00:00Z"))

    again = doctor.record(pended["id"], given.extended("2026-10-22T16:00:00Z"))

    assert again.status_code == 409
    assert doctor.record(pended["id"], given.approved()).status_code == 200


def test_time_that_has_run_out_is_extended_no_more_and_the_case_is_still_decided(
    harbor: Service, doctor: Caller, pended: Json
) -> None:
    harbor.clock.move(days=7)
    assert doctor.record(pended["id"], given.extended("2026-10-20T16:00:00Z")).status_code == 409

    assert doctor.record(pended["id"], given.approved()).status_code == 200


def test_a_moment_before_it_runs_out_time_is_still_extended(harbor: Service, doctor: Caller, pended: Json) -> None:
    harbor.clock.move(days=7, seconds=-1)

    assert doctor.record(pended["id"], given.extended("2026-10-20T16:00:00Z")).status_code == 200


def test_a_third_opinion_outside_the_network_is_a_clinicians_who_may_find_it_not_warranted(
    ehr: Caller, doctor: Caller
) -> None:
    third = {"coding": [{"system": "https://codesystem.x12.org/005010/1365", "code": "21"}]}
    task = ehr.task(ehr.submit(an_order(**PENDED, code=third)))
    assert status_of(task) == "pended-clinician"
    body = given.having(given.without(given.denied(), "reason"), given.reason("further-opinion-not-warranted"))

    answered = doctor.record(task["id"], body)

    assert action_of(json(answered)) == "A3"
    assert "Policy II.G" in json(answered)["disposition"]


def test_more_time_never_moves_the_72_hours_of_a_serious_condition(ehr: Caller, doctor: Caller) -> None:
    serious = an_order(
        **PENDED,
        reasonCode=[
            {"coding": [{"system": f"{given.OWN}/CodeSystem/second-opinion-reason", "code": "serious-condition"}]}
        ],
    )
    task = ehr.task(ehr.submit(serious))

    told = json(doctor.record(task["id"], given.extended("2026-10-20T16:00:00Z")))

    assert told["restriction"]["period"]["end"] == (MONDAY + timedelta(hours=72)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert clocks(told)["decide"] == "2026-10-20T16:00:00.000Z"


@pytest.fixture
def uncovered(harbor: Service, ehr: Caller) -> Json:
    """No coverage on record: G1, with eligibility staff."""
    without = [each for each in resources() if each["id"] != "coverage-1"]
    harbor.load(without)
    task = ehr.task(ehr.submit(an_order(member=MEMBERS[1])))
    assert status_of(task) == "pended-eligibility"
    return task


def test_eligibility_staff_close_a_case_without_coverage(harbor: Service, uncovered: Json) -> None:
    staff = harbor.reviewer("staff", kind="eligibility-staff", licence=None, state=None, specialty=None, phone=None)

    answered = staff.record(uncovered["id"], given.not_eligible())

    assert answered.status_code == 200, answered.text
    response = json(answered)
    assert (response["resourceType"], response["outcome"]) == ("ClaimResponse", "error")
    assert response["disposition"].startswith("Not eligible")
    assert response["error"]
    assert "reviewAction" not in str(response)
    task = staff.task(answered)
    assert (task["status"], status_of(task)) == ("rejected", "not-eligible")
    assert task["statusReason"]["coding"][0]["code"] == "not-enrolled"
    assert outputs(task, "determination-code") == []


def test_only_a_case_without_coverage_is_closed_as_not_eligible(doctor: Caller, pended: Json) -> None:
    answered = doctor.record(pended["id"], given.not_eligible())

    assert answered.status_code == 409


def test_a_question_nobody_answered_is_no_longer_asked_once_a_reviewer_decides(ehr: Caller, doctor: Caller) -> None:
    task = ehr.task(ehr.submit(an_order(**PENDED, requester=provider(OUTSIDE))))
    assert status_of(task) == "information-requested"

    doctor.record(task["id"], given.approved())

    (asked,) = doctor.found("Task?code=additional-information")
    assert asked["status"] == "cancelled"


def test_a_denied_question_asked_again_is_a_case_of_its_own(ehr: Caller, doctor: Caller, pended: Json) -> None:
    doctor.record(pended["id"], given.denied())

    again = ehr.task(ehr.submit(an_order("ORD-2", **PENDED)))

    assert again["id"] != pended["id"]
    assert status_of(again) == "pended-clinician"


def test_the_same_order_again_is_answered_with_the_reviewers_answer(ehr: Caller, doctor: Caller, pended: Json) -> None:
    doctor.record(pended["id"], given.denied())

    again = ehr.submit(an_order(**PENDED))

    assert action_of(json(again)) == "A3"
    assert again.headers["Location"].endswith(f"/Task/{pended['id']}")


def test_a_denied_case_is_neither_changed_nor_withdrawn_by_its_order(ehr: Caller, doctor: Caller) -> None:
    answered = ehr.submit(an_order(**PENDED))
    doctor.record(ehr.task(answered)["id"], given.denied())
    order = ehr.order(answered)

    for changed in ({"status": "revoked"}, {"priority": "urgent"}):
        assert ehr.put(order | changed).status_code == 409


def test_what_was_modified_may_still_be_withdrawn_and_is_then_no_denial(ehr: Caller, doctor: Caller) -> None:
    answered = ehr.submit(an_order(**PENDED))
    doctor.record(ehr.task(answered)["id"], given.modified())

    assert ehr.put(ehr.order(answered) | {"status": "revoked"}).status_code == 200

    task = ehr.task(answered)
    assert (task["status"], status_of(task)) == ("cancelled", "withdrawn")
    assert outputs(task, "reviewer") == []


def test_what_a_reviewer_granted_no_later_request_takes_back(ehr: Caller, doctor: Caller, pended: Json) -> None:
    doctor.record(pended["id"], given.approved())

    later = ehr.submit(an_order("ORD-2", **PENDED))

    assert ehr.task(later)["id"] == pended["id"]
    assert status_of(ehr.task(later)) == "approved"


def test_a_modified_case_takes_the_visit_and_no_other_doctor(ehr: Caller, doctor: Caller, pended: Json) -> None:
    doctor.record(pended["id"], given.modified())

    assert tell(ehr, pended, provider_named("requested-provider", OUTSIDE)).status_code == 422
    scheduled = told(ehr, pended, code("visit", "scheduled"))

    assert (scheduled["status"], status_of(scheduled)) == ("in-progress", "scheduled")
    (response,) = outputs(scheduled, "determination")
    assert action_of(doctor.read(response["reference"])) == "A6"


def test_an_approval_with_nobody_named_takes_the_doctor_who_is_found(ehr: Caller, doctor: Caller) -> None:
    nobody = an_order(priority="urgent", performerType=specialty(CLOSED[0]), reasonCode=[condition("M17.11")])
    task = ehr.task(ehr.submit(nobody))
    assert status_of(task) == "pended-clinician"
    doctor.record(task["id"], given.approved())
    (held,) = doctor.found("CommunicationRequest?category=consultation-report-request")
    assert held["status"] == "on-hold"

    told(ehr, task, provider_named("requested-provider", OUTSIDE))

    (asked,) = doctor.found("CommunicationRequest?category=consultation-report-request")
    assert (asked["status"], asked["sender"]["reference"]) == ("active", "Practitioner/outside")
    assert status_of(ehr.read(f"Task/{task['id']}")) == "approved"


@pytest.mark.parametrize(("ends", "proviso"), [("2026-12-31", False), ("2026-10-10", True)])
def test_an_approval_says_that_it_depends_on_eligibility_where_coverage_ends_before_the_visit(
    harbor: Service, ehr: Caller, doctor: Caller, ends: str, *, proviso: bool
) -> None:
    ending = {"period": {"start": "2024-01-01", "end": ends}}
    harbor.load([each | ending if each["id"] == "coverage-0" else each for each in resources()])
    task = ehr.task(ehr.submit(an_order(**PENDED, occurrenceDateTime="2026-10-20")))

    doctor.record(task["id"], given.approved())

    assert ("eligibility on the day" in str(ehr.read(f"Task/{task['id']}").get("note"))) == proviso


def specialty(nucc: str) -> Json:
    """A performerType."""
    return {"coding": [{"system": NUCC, "code": nucc}]}


def clocks(task: Json) -> dict[str, str]:
    """The clocks of a Task by name."""
    found = {}
    for each in task["extension"]:
        parts = {part["url"]: part for part in each["extension"]}
        found[parts["name"]["valueCode"]] = parts["due"]["valueDateTime"]
    return found
