"""Facts learned later: the table is asked again from all of them; first receipt and clocks stay as they were."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import small_directory
from desks import Caller, Json, Service, action_of, issue, json, outputs, service, status_of
from second_opinion.workflow.explain import explain
from second_opinion.workflow.repeats import kept_case
from small_directory import CLOSED, INSIDE, NUCC, OPEN, OUTSIDE, SPECIALIST, UNKNOWN, UNSTATED
from small_orders import PENDED, a_ride, an_order, provider, the_member
from workflow.informing import (
    CLOSED_NETWORK,
    NO_REASON,
    PHONE_LOG,
    R4,
    R5,
    R8,
    R9,
    R10,
    clocks,
    code,
    doctor,
    fact,
    opened,
    staff,
    tell,
    told,
)

INTERNAL = provider(INSIDE[OPEN[0]])


def specialty(nucc: str) -> Json:
    return {"coding": [{"system": NUCC, "code": nucc}]}


def test_network_staff_who_find_nobody_make_the_case_approved(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R10)
    harbor.clock.move(hours=3)

    answered = tell(staff(harbor, "nan", "network-staff"), task, code("in-network-alternative", "no", PHONE_LOG))

    assert (answered.status_code, json(answered)["resourceType"]) == (200, "ClaimResponse")
    assert action_of(json(answered)) == "A1"
    assert answered.headers["Location"].endswith(f"/Task/{task['id']}")
    after = ehr.task(answered)
    assert (status_of(after), after["authoredOn"]) == ("approved", task["authoredOn"])
    assert after["restriction"]["period"] == task["restriction"]["period"]
    story = explain(harbor.desk, "SMO-2026-000001")
    assert PHONE_LOG in story
    assert "informed by nan" in story


def test_an_alternative_found_sends_the_named_outside_doctor_to_a_clinician(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R10)

    after = told(staff(harbor, "nan", "nurse"), task, code("in-network-alternative", "yes", PHONE_LOG))

    assert status_of(after) == "pended-clinician"


def test_a_reason_stated_later_answers_the_question(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R8)
    harbor.clock.move(hours=5)

    after = told(ehr, task, fact("reason", valueString="She is not sure about the surgery"))

    assert status_of(after) == "approved"
    (child,) = ehr.found("Task?code=additional-information")
    assert child["status"] == "completed"


def test_the_member_adopting_the_request_goes_on_from_the_first_receipt(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R4)
    harbor.clock.move(hours=5)

    after = told(ehr, task, code("requester-kind", "member-or-representative", "Member said so by phone"))

    assert status_of(after) == "approved"
    assert after["authoredOn"] == task["authoredOn"]


def test_an_adopted_request_without_a_reason_asks_for_it_in_the_same_child_task(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R4, **NO_REASON)
    harbor.clock.move(hours=5)

    after = told(ehr, task, code("requester-kind", "member-or-representative", "Member said so by phone"))

    assert status_of(after) == "information-requested"
    (child,) = ehr.found("Task?code=additional-information")
    missing = [each["valueCode"] for each in child["input"] if "valueCode" in each]
    assert (child["status"], missing) == ("requested", ["reason"])


def test_urgency_told_later_brings_the_decision_forward(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **PENDED)
    harbor.clock.move(days=1)

    after = told(ehr, task, code("urgency", "urgent"))

    assert after["priority"] == "urgent"
    assert clocks(after)["decide"] == "2026-10-08T16:00:00.000Z"
    assert "renderOpinion" in clocks(after)


def test_a_physician_may_call_it_standard_and_the_decision_counts_from_receipt(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, priority="urgent", **PENDED)
    harbor.clock.move(days=1)

    after = told(staff(harbor, "doc", "physician"), task, code("urgency", "standard", "No threat within 72 hours"))

    assert after["priority"] == "routine"
    assert clocks(after)["decide"] == "2026-10-12T16:00:00.000Z"
    assert "renderOpinion" not in clocks(after)


def test_what_a_physician_called_standard_stays_standard_when_the_flag_is_sent_again(
    harbor: Service, ehr: Caller
) -> None:
    task = opened(ehr, priority="urgent", **PENDED)
    told(staff(harbor, "doc", "physician"), task, code("urgency", "standard", "No threat within 72 hours"))
    order = task["focus"]["reference"].partition("/")[2]

    answered = ehr.put(an_order(id=order, priority="urgent", note=[{"text": "see scan"}], **PENDED))

    after = ehr.task(answered)
    assert (after["priority"], clocks(after)["decide"]) == ("routine", "2026-10-12T16:00:00.000Z")


@pytest.mark.parametrize("kind", ["nurse", "network-staff", "eligibility-staff"])
def test_only_a_physician_calls_an_urgent_request_standard(harbor: Service, ehr: Caller, kind: str) -> None:
    task = opened(ehr, priority="urgent", **PENDED)

    refused = tell(staff(harbor, "who", kind), task, code("urgency", "standard", "looks fine"))

    assert (refused.status_code, issue(refused)["code"]) == (403, "forbidden")


def test_no_partner_calls_an_urgent_request_standard(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, priority="urgent", **PENDED)

    assert tell(ehr, task, code("urgency", "standard", "looks fine")).status_code == 403
    plan = harbor.partner("plan", kind="plan", npi="1003000126")
    assert tell(plan, task, code("urgency", "standard", "looks fine")).status_code == 403


@pytest.mark.parametrize("kind", ["ehr", "plan"])
def test_what_the_network_search_found_is_for_staff_to_say(harbor: Service, ehr: Caller, kind: str) -> None:
    task = opened(ehr, **R10)
    caller = ehr if kind == "ehr" else harbor.partner("plan", kind="plan", npi="1003000126")

    refused = tell(caller, task, code("in-network-alternative", "no", PHONE_LOG))

    assert refused.status_code == 403
    who = staff(harbor, "eli", "eligibility-staff")
    assert tell(who, task, code("in-network-alternative", "no", PHONE_LOG)).status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        code("in-network-alternative", "no"),
        code("requester-kind", "member-or-representative"),
        code("in-network-alternative", "perhaps", PHONE_LOG),
        code("urgency", "very"),
        code("care-source", "x"),
        code("opinion-number", "1"),
        code("visit", "maybe"),
        code("specialty", "heart"),
        code("reason", "surgery"),
        code("transportation", "helicopter"),
        code("favourite-colour", "blue"),
        {"name": "fakt", "valueCode": "urgency"},
        {"name": "fact", "part": [{"name": "name", "valueCode": "urgency"}]},
        {"name": "fact", "part": [{"name": "value", "valueCode": "urgent"}]},
        {"name": "fact", "part": [*code("urgency", "urgent")["part"], {"name": "colour", "valueCode": "blue"}]},
        {"name": "fact", "part": [*code("urgency", "urgent")["part"], {"name": "name", "valueCode": "urgency"}]},
        fact("requested-provider", valueString="Dr. Somebody"),
        fact("requested-provider", valueReference={"reference": "Practitioner/nobody"}),
    ],
)
def test_a_fact_that_is_wrong_is_422_naming_its_place_and_changes_nothing(
    harbor: Service, ehr: Caller, wrong: Json
) -> None:
    task = opened(ehr, **R10)

    refused = tell(staff(harbor, "nan", "nurse"), task, wrong)

    assert refused.status_code == 422, refused.get_data(as_text=True)
    assert issue(refused)["expression"][0].startswith("Parameters.parameter")
    assert len(harbor.desk.store.events(1)) == 2


def test_a_task_that_is_no_case_of_the_callers_is_404(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R8)
    stranger = harbor.partner("stranger", npi="1902000004")
    (child,) = ehr.found("Task?code=additional-information")

    assert tell(stranger, task, code("urgency", "urgent")).status_code == 404
    assert tell(ehr, child, code("urgency", "urgent")).status_code == 404
    assert tell(ehr, "nothing", code("urgency", "urgent")).status_code == 404


def test_a_closed_case_takes_no_more_facts(ehr: Caller) -> None:
    task = opened(ehr, **R5)

    refused = tell(ehr, task, code("urgency", "urgent"))

    assert (refused.status_code, issue(refused)["code"]) == (409, "conflict")


def test_the_doctor_found_later_wakes_the_request_for_the_report(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R5)
    (waiting,) = ehr.found("CommunicationRequest?category=consultation-report-request")
    assert waiting["status"] == "on-hold"

    after = told(ehr, task, doctor("requested-provider", OUTSIDE))

    (asked,) = ehr.found("CommunicationRequest?category=consultation-report-request")
    assert (asked["status"], asked["sender"]["identifier"]["value"]) == ("active", OUTSIDE)
    assert outputs(after, "authorization-number") == outputs(task, "authorization-number")
    assert "npi:" + OUTSIDE in harbor.desk.store.parties(1)


def test_a_network_doctor_chosen_from_the_list_stays_free_of_authorization(ehr: Caller) -> None:
    task = opened(ehr)
    assert status_of(task) == "no-authorization-required"

    after = told(ehr, task, doctor("requested-provider", INSIDE[OPEN[0]]))

    assert status_of(after) == "no-authorization-required"
    (asked,) = ehr.found("CommunicationRequest?category=consultation-report-request")
    assert asked["status"] == "active"


def test_an_outside_doctor_is_not_covered_by_an_answer_that_rests_on_the_network(ehr: Caller) -> None:
    task = opened(ehr)

    refused = tell(ehr, task, doctor("requested-provider", OUTSIDE))

    assert (refused.status_code, issue(refused)["code"]) == (422, "business-rule")


def test_another_doctor_on_an_open_case_is_new_facts(ehr: Caller) -> None:
    task = opened(ehr, **PENDED)

    assert status_of(told(ehr, task, doctor("requested-provider", INSIDE[OPEN[0]]))) == "no-authorization-required"


def test_nobody_named_any_more_leaves_the_choice_to_the_member(ehr: Caller) -> None:
    task = opened(ehr, **PENDED)

    after = told(ehr, task, code("requested-provider", "unspecified"))

    assert status_of(after) == "no-authorization-required"
    assert outputs(after, "alternative-provider")


def test_the_specialty_told_later_is_searched_for(ehr: Caller) -> None:
    task = opened(ehr, performerType=None, performer=[provider(UNKNOWN)], requester=the_member())
    assert status_of(task) == "pended-network"

    after = told(ehr, task, code("specialty", "207RR0500X"))

    assert status_of(after) == "approved"


def test_the_visit_moves_the_status_and_the_reports_due_time(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, performer=[provider(OUTSIDE)], **CLOSED_NETWORK)
    assumed = clocks(task)["consultReport"]
    harbor.clock.move(days=1)

    scheduled = told(ehr, task, fact("visit", valueDateTime="2026-10-14T10:00:00-07:00"))
    assert (status_of(scheduled), scheduled["status"]) == ("scheduled", "in-progress")
    assert clocks(scheduled)["consultReport"] == "2026-10-28T17:00:00.000Z" < assumed
    assert clocks(scheduled)["transportReady"] == "2026-10-14T17:00:00.000Z"

    harbor.clock.move(days=10)
    missed = told(ehr, task, code("visit", "missed"))
    assert status_of(missed) == "missed"

    again = told(ehr, task, fact("visit", ("2026-10-20T10:00:00-07:00",), valueCode="scheduled"))
    assert clocks(again)["transportReady"] == "2026-10-20T17:00:00.000Z"

    harbor.clock.move(days=10)
    kept = told(ehr, task, code("visit", "kept"))
    assert status_of(kept) == "report-due"
    assert clocks(kept)["consultReport"] == "2026-11-03T18:00:00.000Z"
    (asked,) = ehr.found("CommunicationRequest?category=consultation-report-request")
    assert asked["occurrenceDateTime"] == "2026-11-03T18:00:00.000Z"


def test_the_second_doctor_tells_of_the_visit_and_of_nothing_else(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, performer=[provider(OUTSIDE)], **CLOSED_NETWORK)
    second = harbor.partner("second", npi=OUTSIDE)

    assert tell(second, task, doctor("requested-provider", SPECIALIST)).status_code == 403
    assert status_of(told(second, task, code("visit", "kept"))) == "report-due"


def test_a_visit_before_there_is_an_answer_is_409(ehr: Caller) -> None:
    assert tell(ehr, opened(ehr, **PENDED), code("visit", "kept")).status_code == 409


def test_a_ride_asked_for_later_is_ordered_and_certified(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, performer=[provider(OUTSIDE)], **CLOSED_NETWORK)

    told(ehr, task, code("transportation", "nemt-wheelchair-van"), fact("physician-certification", valueBoolean=True))

    (ride,) = ehr.found("Task?code=transportation")
    assert ride["partOf"] == [{"reference": f"Task/{task['id']}"}]
    assert kept_case(harbor.desk, 1).certified


def test_a_ride_is_kept_through_further_facts(ehr: Caller) -> None:
    task = opened(ehr, extension=[a_ride()], **R8)

    told(ehr, task, code("reason", "surgery-necessity"))

    assert ehr.found("Task?code=transportation")


def test_an_urgent_case_whose_alternative_is_proved_absent_is_approved(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R9)

    after = told(staff(harbor, "nan", "network-staff"), task, code("in-network-alternative", "no", PHONE_LOG))

    assert status_of(after) == "approved"


def test_what_staff_found_stands_when_the_order_is_changed(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R10, **NO_REASON)
    told(staff(harbor, "nan", "network-staff"), task, code("in-network-alternative", "no", PHONE_LOG))
    order = task["focus"]["reference"].partition("/")[2]

    answered = ehr.put(an_order(id=order, **R10))

    assert status_of(ehr.task(answered)) == "approved"


def test_what_was_found_for_one_specialty_says_nothing_of_another(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R10, **NO_REASON)
    who = staff(harbor, "nan", "network-staff")
    told(who, task, code("in-network-alternative", "no", PHONE_LOG))
    order = task["focus"]["reference"].partition("/")[2]

    changed = ehr.put(an_order(id=order, performer=R10["performer"], performerType=specialty(UNSTATED[1])))
    assert status_of(ehr.task(changed)) == "pended-network"
    told(who, task, code("in-network-alternative", "no", PHONE_LOG))

    assert status_of(ehr.read(f"Task/{task['id']}")) == "approved"


def test_a_specialty_told_later_is_searched_for_anew(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R10, **NO_REASON)
    told(staff(harbor, "nan", "network-staff"), task, code("in-network-alternative", "no", PHONE_LOG))

    assert status_of(told(ehr, task, code("specialty", UNSTATED[1]))) == "pended-network"


def test_facts_told_at_once_by_many_are_all_kept(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'many.db'}"
    with service(tmp_path, directory=[small_directory.write(tmp_path)], url=url) as running:
        ehr = running.partner("ehr")
        task = opened(ehr, **PENDED)
        given = [code("urgency", "urgent"), code("care-source", "pcp"), code("reason", "serious-condition")] * 2

        with ThreadPoolExecutor(6) as callers:
            statuses = [each.status_code for each in callers.map(lambda each: tell(ehr, task, each), given)]

        assert statuses == [200] * 6
        assert ehr.read(f"Task/{task['id']}")["priority"] == "urgent"
        assert kept_case(running.desk, 1).version == 7
        assert [each.kind for each in running.desk.store.events(1)].count("informed") == 6


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (code("requester-kind", "not-stated", "nobody answers the phone"), "information-requested"),
        (code("requester-kind", "other", "a neighbour asks"), "information-requested"),
        (code("requester-kind", "treating-participating", "contract signed today"), "pended-network"),
        (fact("opinion-number", valueInteger=3), "pended-clinician"),
        (fact("opinion-number", valuePositiveInt=2), "pended-network"),
        (fact("care-source", valueString="unknown"), "pended-network"),
        (fact("urgency", valueCodeableConcept={"coding": [{"code": "urgent"}]}), "pended-clinician"),
        (fact("specialty", valueCoding={"system": NUCC, "code": CLOSED[0]}), "approved"),
        (fact("specialty", valueCodeableConcept=specialty(CLOSED[0])), "approved"),
        (fact("requested-provider", valueIdentifier=INTERNAL["identifier"]), "no-authorization-required"),
        (fact("requested-provider", valueReference={"reference": "Practitioner/outside"}), "pended-network"),
        (fact("transportation", valueBoolean=True), "pended-network"),
        (fact("reason", valueCoding={"code": "diagnosis-unclear"}), "pended-network"),
        (fact("reason", valueCodeableConcept={"text": "I don't trust this surgeon"}), "pended-network"),
    ],
)
def test_a_fact_comes_in_whichever_type_says_it(harbor: Service, ehr: Caller, given: Json, status: str) -> None:
    task = opened(ehr, **R10)

    assert status_of(told(staff(harbor, "nan", "nurse"), task, given)) == status
