"""The cases at the edge of the rules (regulation: edge cases), each as it must come out. All synthetic."""

from dataclasses import replace
from typing import Any

import pytest

import small_directory
from desks import Caller, Json, Service, issue, json, outputs, status_of
from second_opinion.cases.status import CaseStatus
from second_opinion.store.changes import Changes
from second_opinion.workflow import case_file
from second_opinion.workflow.explain import explain
from second_opinion.workflow.repeats import kept_case
from second_opinion.workflow.sweep import sweep
from small_directory import INSIDE, MEMBERS, OPEN, OUTSIDE, UNKNOWN
from small_orders import PENDED, a_ride, an_order, member_informed, provider, received, the_member
from workflow.informing import CLOSED_NETWORK, NO_REASON, PHONE_LOG, R8, R9, R10, clocks, code, opened, staff, told

INTERNAL = provider(INSIDE[OPEN[0]])


def delivered(harbor: Service, number: int) -> None:
    """The opinion of the case has been delivered."""
    case = kept_case(harbor.desk, number)
    view = replace(case.view, status=CaseStatus.REPORT_DELIVERED)
    case = replace(case, version=case.version + 1, view=view)
    harbor.desk.store.save(Changes(case=case_file.row(case), close_question=True))


def revoke(caller: Caller, task: Json, **changes: Any) -> Any:
    """PUT revoked of the case's order."""
    order = caller.read(task["focus"]["reference"])
    return caller.put(order | {"status": "revoked"} | changes)


def without(*ids: str) -> list[Json]:
    return [each for each in small_directory.resources() if each["id"] not in ids]


def ended(day: str) -> list[Json]:
    """The directory with the first member's coverage ended on the day."""
    coverage = next(each for each in small_directory.resources() if each["id"] == "coverage-0")
    return [*without("coverage-0"), coverage | {"period": {"start": "2024-01-01", "end": day}}]


# Third opinions


def test_a_third_opinion_outside_the_network_is_a_clinicians(harbor: Service, ehr: Caller) -> None:
    opened(ehr, "ORD-1", performer=[provider(OUTSIDE)], **CLOSED_NETWORK)
    delivered(harbor, 1)

    third = opened(ehr, "ORD-2", performer=[provider(UNKNOWN)], **CLOSED_NETWORK)

    assert status_of(third) == "pended-clinician"
    assert "G5" in explain(harbor.desk, "SMO-2026-000002")


def test_a_third_opinion_in_the_network_needs_no_authorization(harbor: Service, ehr: Caller) -> None:
    opened(ehr, "ORD-1", performer=[provider(OUTSIDE)], **CLOSED_NETWORK)
    delivered(harbor, 1)

    assert status_of(opened(ehr, "ORD-2", performer=[INTERNAL])) == "no-authorization-required"


def test_that_it_is_a_third_opinion_may_be_told_later(ehr: Caller) -> None:
    task = opened(ehr, **R10)

    assert status_of(told(ehr, task, code("opinion-number", "3"))) == "pended-clinician"


# Withdrawal


def test_withdrawing_closes_everything_the_case_asked_for(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, extension=[a_ride()], performer=[provider(OUTSIDE)], **CLOSED_NETWORK)

    after = ehr.task(revoke(ehr, task))

    assert (after["status"], status_of(after)) == ("cancelled", "withdrawn")
    assert {each["status"] for each in ehr.found("CommunicationRequest")} == {"revoked"}
    assert [each["status"] for each in ehr.found("Task?code=transportation")] == ["cancelled"]
    response = ehr.read(outputs(after, "determination")[0]["reference"])
    assert response["status"] == "cancelled"
    assert "preAuthRef" not in response
    harbor.clock.move(days=30)
    assert sweep(harbor.desk) == 0


def test_a_question_withdrawn_is_asked_no_more(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R8)

    revoke(ehr, task)

    assert [each["status"] for each in ehr.found("Task?code=additional-information")] == ["cancelled"]
    harbor.clock.move(days=30)
    assert sweep(harbor.desk) == 0


def test_a_providers_own_request_is_withdrawn_without_the_members_word_and_she_may_ask_herself(ehr: Caller) -> None:
    task = opened(ehr, **PENDED)

    after = ehr.task(revoke(ehr, task))

    assert "may ask for a second opinion again" in after["statusReason"]["text"]


@pytest.mark.parametrize("informed", [True, False])
def test_what_the_member_asked_for_or_adopted_falls_only_with_her_knowledge(
    harbor: Service, ehr: Caller, *, informed: bool
) -> None:
    task = opened(ehr, requester=provider(OUTSIDE), **PENDED)
    told(ehr, task, code("requester-kind", "member-or-representative", "Said so by phone, 10:05"))

    answered = revoke(ehr, task, extension=[member_informed(informed=informed)])

    assert answered.status_code == (200 if informed else 422)
    assert status_of(ehr.read(f"Task/{task['id']}")) == ("withdrawn" if informed else "pended-clinician")
    assert harbor.count("case_file") == 1


def test_others_withdraw_nothing(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **PENDED)
    order = ehr.read(task["focus"]["reference"]) | {"status": "revoked"}

    assert harbor.partner("second", npi=OUTSIDE).put(order).status_code == 403
    assert harbor.partner("stranger", npi="1902000004").put(order).status_code == 404


def test_a_withdrawn_case_is_closed_and_takes_no_facts(ehr: Caller) -> None:
    task = opened(ehr, **PENDED)
    revoke(ehr, task)

    assert revoke(ehr, task).status_code == 409
    assert ehr.post(f"Task/{task['id']}/$add-information", facts(code("urgency", "urgent"))).status_code == 409
    assert ehr.post(f"Task/{task['id']}/$add-information", facts(code("visit", "kept"))).status_code == 409


def facts(*given: Json) -> Json:
    return {"resourceType": "Parameters", "parameter": list(given)}


# Duplicates


def test_the_exact_request_again_joins_the_case_and_keeps_the_earliest_receipt(harbor: Service, ehr: Caller) -> None:
    first = opened(ehr, "ORD-1", **PENDED)
    harbor.clock.move(days=3)

    again = opened(ehr, "ORD-2", **PENDED)

    assert (again["id"], again["authoredOn"]) == (first["id"], first["authoredOn"])
    assert clocks(again)["decide"] == clocks(first)["decide"]


def test_the_same_question_for_another_provider_is_new_facts_on_the_same_case(harbor: Service, ehr: Caller) -> None:
    first = opened(ehr, "ORD-1", **PENDED)
    harbor.clock.move(days=3)

    again = opened(ehr, "ORD-2", performer=[INTERNAL])

    assert (again["id"], status_of(again)) == (first["id"], "no-authorization-required")
    assert again["authoredOn"] == first["authoredOn"]


def test_what_was_learned_stands_when_the_same_question_is_asked_again(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, "ORD-1", **R10, **NO_REASON)
    told(staff(harbor, "nan", "network-staff"), task, code("in-network-alternative", "no", PHONE_LOG))

    again = opened(ehr, "ORD-2", **R10)

    assert (again["id"], status_of(again)) == (task["id"], "approved")


# Care already given


def test_care_already_given_is_reviewed_by_a_clinician_within_thirty_days(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, occurrenceDateTime="2026-09-21", priority="urgent", **R10)

    assert status_of(task) == "pended-clinician"
    assert task["restriction"]["period"]["end"] == "2026-11-04T16:00:00.000Z"
    harbor.clock.move(days=28, hours=23)
    assert sweep(harbor.desk) == 0
    harbor.clock.move(hours=1)
    assert sweep(harbor.desk) == 1


def test_a_case_told_later_to_be_about_care_already_given_keeps_its_due_time(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **PENDED)
    harbor.clock.move(days=1)

    order = task["focus"]["reference"].partition("/")[2]
    after = ehr.task(ehr.put(an_order(id=order, occurrenceDateTime="2026-09-21", **PENDED)))

    assert after["restriction"]["period"] == task["restriction"]["period"]


# Coverage


def test_coverage_that_ends_before_the_decision_is_no_reason_and_the_approval_says_so(
    harbor: Service, ehr: Caller
) -> None:
    task = opened(ehr, **R10)
    harbor.load(ended("2026-10-06"))
    harbor.clock.move(days=2)

    after = told(staff(harbor, "nan", "network-staff"), task, code("in-network-alternative", "no", PHONE_LOG))

    assert status_of(after) == "approved"
    assert "eligibility on the day of the visit" in after["note"][0]["text"]


def test_coverage_that_goes_on_needs_no_proviso(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R10)

    after = told(staff(harbor, "nan", "network-staff"), task, code("in-network-alternative", "no", PHONE_LOG))

    assert "note" not in after


def test_other_coverage_never_stops_the_clock(harbor: Service, ehr: Caller) -> None:
    alone = opened(ehr, "ORD-1", member=MEMBERS[1], **PENDED)
    other = {
        "resourceType": "Organization",
        "id": "other-payer",
        "active": True,
        "name": "Other payer (synthetic)",
    }
    coverage = next(each for each in small_directory.resources() if each["id"] == "coverage-0")
    second = coverage | {"id": "coverage-other", "payor": [{"reference": "Organization/other-payer"}]}
    harbor.load([*small_directory.resources(), other, second])

    task = opened(ehr, "ORD-2", **PENDED)

    assert clocks(task) == clocks(alone)
    assert status_of(task) == status_of(alone)


# Urgency


@pytest.mark.parametrize("order", [PENDED, R8, R10], ids=["R11", "R8", "R10"])
def test_the_urgent_flag_wins_over_everything_but_a_clinician(ehr: Caller, order: Json) -> None:
    task = opened(ehr, "ORD-1", **(order | {"priority": "asap"}))
    assert clocks(task)["decide"] == "2026-10-08T16:00:00.000Z"

    again = opened(ehr, "ORD-2", **(order | {"priority": "routine"}))

    assert (again["id"], again["priority"]) == (task["id"], "asap")
    assert clocks(again)["decide"] == "2026-10-08T16:00:00.000Z"


def test_an_urgent_question_is_never_asked_but_reviewed(ehr: Caller) -> None:
    task = opened(ehr, **(R8 | {"priority": "urgent"}))

    assert status_of(task) == "pended-clinician"
    assert not ehr.found("Task?code=additional-information")


# Words


@pytest.mark.parametrize("words", ["I don't trust this surgeon", "Complaint: nobody listens to me about my knee"])
def test_the_words_of_a_grievance_are_a_request(ehr: Caller, words: str) -> None:
    order = {"performer": [provider(OUTSIDE)], **CLOSED_NETWORK, "requester": the_member()}

    task = opened(ehr, **order, reasonCode=[*NO_REASON["reasonCode"], {"text": words}])

    assert status_of(task) == "approved"


# Where it was received first


def test_the_delegates_receipt_is_the_plans(harbor: Service) -> None:
    plan = harbor.partner("plan", kind="plan", npi="1003000126")

    task = opened(plan, extension=[received("2026-10-02T09:00:00-07:00")], **PENDED)

    assert task["authoredOn"] == "2026-10-02T16:00:00.000Z"
    assert clocks(task)["decide"] == "2026-10-09T16:00:00.000Z"


def test_a_receipt_in_the_future_is_refused(harbor: Service) -> None:
    plan = harbor.partner("plan", kind="plan", npi="1003000126")

    refused = plan.submit(an_order(extension=[received("2027-01-01T09:00:00-08:00")], **PENDED))

    assert (refused.status_code, issue(refused)["code"]) == (422, "business-rule")


def test_a_receipt_long_ago_is_caught_up_by_the_next_sweep(harbor: Service) -> None:
    plan = harbor.partner("plan", kind="plan", npi="1003000126")
    task = opened(plan, extension=[received("2026-09-01T09:00:00-07:00")], **R10)
    assert status_of(task) == "pended-network"

    sweep(harbor.desk)

    assert status_of(plan.read(f"Task/{task['id']}")) == "approved"


# Who is not in the directory any more


def test_a_member_who_left_the_directory_is_for_people_to_find(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R9)
    harbor.load(without("member-0", "coverage-0"))

    after = told(ehr, task, code("care-source", "pcp"))

    assert status_of(after) == "pended-eligibility"
    assert clocks(after)["decide"] == clocks(task)["decide"]
    assert json(ehr.submit(an_order(**R9))).get("resourceType") == "Task"
