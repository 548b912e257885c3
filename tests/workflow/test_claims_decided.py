"""What a reviewer decides about an item of a client's Claim, as the PAS answer tells it."""

from typing import Any

import pytest

import determinations as given
from desks import Caller, Service, json
from pas_answers import action, claim_response, line
from pas_bundles import a_bundle, an_item, an_update
from workflow.test_claim_updates import ALL_CANCELLED

Json = dict[str, Any]


@pytest.fixture
def doctor(harbor: Service) -> Caller:
    return harbor.reviewer("doctor")


def cases(ehr: Caller, bundle: Json) -> list[str]:
    """Task ids of the cases of a Claim, in the order of its items."""
    answered = ehr.post("Claim/$submit", bundle)
    assert answered.status_code == 200, answered.text
    orders = [each.partition("<")[2].partition(">")[0] for each in answered.headers["Link"].split(", ")]
    return [ehr.found(f"Task?based-on={each.rpartition('/fhir/')[2]}")[0]["id"] for each in orders]


def current(ehr: Caller, bundle: Json) -> Json:
    """The current answer to the Claim."""
    return json(ehr.post("Claim/$submit", bundle))


def test_a_modified_item_keeps_its_line_and_an_item_of_its_number_says_what_is_authorized(
    ehr: Caller, doctor: Caller
) -> None:
    bundle = a_bundle([an_item(1), an_item(3)])
    _, second = cases(ehr, bundle)

    assert doctor.record(second, given.modified()).status_code == 200

    answered = current(ehr, bundle)
    assert (action(answered, 1), action(answered, 3)) == ("A4", "A6")
    (added,) = claim_response(answered)["addItem"]
    assert added["itemSequence"] == [3]
    assert "3000000001" in str(added["provider"])
    authorized = [each for each in line(answered, 3)["extension"] if each["url"].endswith("itemAuthorizedProvider")]
    assert len(authorized) == 1
    assert claim_response(answered)["preAuthRef"]
    assert claim_response(answered)["disposition"].startswith("Pended")
    assert any("by-role" in each["fullUrl"] for each in answered["entry"])


def test_a_denied_item_is_not_certified_with_its_reason_and_a_person_behind_it(ehr: Caller, doctor: Caller) -> None:
    bundle = a_bundle()
    (task,) = cases(ehr, bundle)

    doctor.record(task, given.denied())

    answered = current(ehr, bundle)
    assert action(answered) == "A3"
    reason = line(answered)["adjudication"][0]["reason"]["coding"][0]["code"]
    assert reason == "in-network-equivalent-available"
    response = claim_response(answered)
    assert "wasHumanReviewedFlag" in str(response["extension"])
    assert response["disposition"].startswith("Denied")
    assert any("network heart doctor" in each["text"] for each in response["processNote"])
    assert "preAuthRef" not in response


def test_an_approved_item_carries_its_number_and_the_provider_asked_for(ehr: Caller, doctor: Caller) -> None:
    bundle = a_bundle()
    (task,) = cases(ehr, bundle)

    doctor.record(task, given.approved())

    answered = current(ehr, bundle)
    assert action(answered) == "A1"
    assert claim_response(answered)["preAuthRef"]
    assert "addItem" not in claim_response(answered)


def test_a_denied_claim_is_appealed_beside_it(harbor: Service, ehr: Caller, doctor: Caller) -> None:
    bundle = a_bundle()
    (task,) = cases(ehr, bundle)
    doctor.record(task, given.denied())
    plan = harbor.partner("plan", kind="plan", npi="1999999984")

    appeal = json(plan.appeal(task, given.appeal()))
    answered = harbor.reviewer("another").record(appeal["id"], given.approved())

    assert answered.status_code == 200
    assert json(answered)["request"]["reference"].startswith("Claim/")
    assert json(answered)["preAuthRef"]
    assert action(current(ehr, bundle)) == "A3"


def test_cancelling_all_leaves_what_was_denied_and_withdraws_the_rest(ehr: Caller, doctor: Caller) -> None:
    bundle = a_bundle([an_item(1), an_item(2)])
    first, _ = cases(ehr, bundle)
    assert doctor.record(first, given.denied()).status_code == 200
    answered = current(ehr, an_update(bundle, [an_item(1), an_item(2)], extension=ALL_CANCELLED))

    assert (action(answered, 1), action(answered, 2)) == ("A3", "C")
    assert claim_response(answered)["outcome"] == "complete"


def test_an_update_or_cancellation_of_a_denied_item_is_an_answer_in_error(ehr: Caller, doctor: Caller) -> None:
    bundle = a_bundle()
    (task,) = cases(ehr, bundle)
    assert doctor.record(task, given.denied()).status_code == 200
    changed = an_update(bundle, [an_item(careTeamSequence=None)], careTeam=None)
    for update in (changed, an_update(bundle, [an_item()], number="3", extension=ALL_CANCELLED)):
        response = claim_response(current(ehr, update))
        assert response["outcome"] == "error"
        assert "denied" in response["disposition"]
    assert action(current(ehr, bundle)) == "A3"
