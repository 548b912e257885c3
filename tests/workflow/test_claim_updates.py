"""Updates and cancellations of Claims: what is untouched stays, what is changed is decided anew, numbers live on."""

from typing import Any

import pytest

from desks import Caller, Service, json, status_of
from pas_answers import action, claim_response, line, lines, number
from pas_bundles import PAS, a_bundle, an_item, an_update, coded, home_care, with_document, with_second
from small_directory import CLOSED, INSIDE, MEMBERS, OPEN, OUTSIDE

Json = dict[str, Any]

CANCELLED = [{"url": f"{PAS}/modifierextension-infoCancelled", "valueBoolean": True}]
ALL_CANCELLED = [
    {
        "url": f"{PAS}/extension-certificationType",
        "valueCodeableConcept": coded("https://codesystem.x12.org/005010/1322", "3"),
    }
]


def submit(ehr: Caller, bundle: Json) -> Json:
    """The response Bundle."""
    answered = ehr.post("Claim/$submit", bundle)
    assert answered.status_code == 200, answered.get_data(as_text=True)
    return json(answered)


def case_of(ehr: Caller, answered: Json, sequence: int = 1) -> Json:
    """The Task of an item's case."""
    (task,) = (each for each in ehr.found(f"Task?identifier={number(answered, sequence)}") if "partOf" not in each)
    return task


@pytest.fixture
def first() -> Json:
    return a_bundle([an_item(1), an_item(2)])


def test_untouched_item_keeps_its_decision_and_number(ehr: Caller, first: Json) -> None:
    before = submit(ehr, first)
    after = submit(ehr, an_update(first, [an_item(1), an_item(2, modifierExtension=CANCELLED)]))

    assert number(after, 1) == number(before, 1)
    assert [action(after, each) for each in (1, 2)] == ["A4", "C"]
    assert claim_response(after)["id"] != claim_response(before)["id"]
    assert claim_response(after)["identifier"][0]["value"] == "111099-2"


def test_cancelled_item_is_a_withdrawn_case_and_never_a_denial(ehr: Caller, first: Json) -> None:
    submit(ehr, first)
    after = submit(ehr, an_update(first, [an_item(1), an_item(2, modifierExtension=CANCELLED)]))

    assert status_of(case_of(ehr, after, 2)) == "withdrawn"
    assert claim_response(after)["status"] == "active"
    assert claim_response(after)["disposition"].startswith("Pended")


def test_whole_claim_is_cancelled_without_items(ehr: Caller, first: Json) -> None:
    before = submit(ehr, first)
    after = submit(ehr, an_update(first, [], item=None, extension=ALL_CANCELLED))

    assert [each["itemSequence"] for each in lines(after)] == [1, 2]
    assert [action(after, each) for each in (1, 2)] == ["C", "C"]
    assert claim_response(after)["disposition"].startswith("Withdrawn")
    assert number(after, 2) == number(before, 2)


def test_cancelling_twice_is_cancelled_once(ehr: Caller, first: Json) -> None:
    submit(ehr, first)
    cancel = an_update(first, [], item=None, extension=ALL_CANCELLED)
    once = submit(ehr, cancel)
    twice = submit(ehr, an_update(cancel, [], number="111099-3", item=None, extension=ALL_CANCELLED))

    assert [action(twice, each) for each in (1, 2)] == ["C", "C"]
    assert number(twice) == number(once)
    assert claim_response(twice)["outcome"] == "complete"


def test_changed_item_is_decided_anew_with_its_first_receipt(harbor: Service, ehr: Caller, first: Json) -> None:
    before = submit(ehr, first)
    received = case_of(ehr, before)["authoredOn"]
    harbor.clock.move(hours=5)
    update = with_second(an_update(first, [an_item(1), an_item(2)]), INSIDE[OPEN[0]], OPEN[0])
    after = submit(ehr, update)

    assert [action(after, each) for each in (1, 2)] == ["NA", "NA"]
    assert number(after) == number(before)
    assert case_of(ehr, after)["authoredOn"] == received


def test_approved_item_that_changes_to_what_a_person_decides_is_pended(ehr: Caller) -> None:
    approved = with_second(a_bundle(), OUTSIDE, CLOSED[0])
    before = submit(ehr, approved)
    assert action(before) == "A1"

    after = submit(ehr, with_second(an_update(approved, [an_item(1)]), OUTSIDE, OPEN[0]))

    assert action(after) == "A4"
    assert number(after) == number(before)
    assert "preAuthRef" not in claim_response(after)


def test_added_item_is_a_case_of_its_own(harbor: Service, ehr: Caller) -> None:
    only = a_bundle()
    submit(ehr, only)
    after = submit(ehr, an_update(only, [an_item(1), an_item(2), home_care(3)]))

    assert [each["itemSequence"] for each in lines(after)] == [1, 2, 3]
    assert number(after, 1) != number(after, 2)
    assert harbor.count("case_file") == 2


def test_item_the_update_leaves_out_is_answered_all_the_same(ehr: Caller, first: Json) -> None:
    before = submit(ehr, first)
    after = submit(ehr, an_update(first, [an_item(2)]))

    assert {each["itemSequence"] for each in lines(after)} == {1, 2}
    assert number(after, 1) == number(before, 1)


def test_update_of_a_superseded_claim_means_its_newest_successor(ehr: Caller, first: Json) -> None:
    submit(ehr, first)
    second = submit(ehr, an_update(first, [an_item(1), an_item(2, modifierExtension=CANCELLED)]))
    late = an_update(first, [an_item(1), an_item(2, modifierExtension=CANCELLED)], number="111099-9")
    third = submit(ehr, late)

    assert [action(third, each) for each in (1, 2)] == ["A4", "C"]
    assert number(third) == number(second)


def test_update_names_its_predecessor_by_identifier_or_by_our_number(harbor: Service, ehr: Caller) -> None:
    only = a_bundle()
    before = submit(ehr, only)
    update = an_update(only, [an_item(1, modifierExtension=CANCELLED)])
    related = update["entry"][0]["resource"]["related"][0]
    related["claim"] = {"identifier": only["entry"][0]["resource"]["identifier"][0]}
    update["entry"] = update["entry"][:-1]

    assert number(submit(ehr, update)) == number(before)

    numbered = {"url": f"{PAS}/extension-administrationReferenceNumber", "valueString": number(before)}
    other = an_update(only, [an_item(1)], number="5", extension=[numbered])
    other["entry"][0]["resource"]["related"][0]["claim"] = {"identifier": {"value": "unheard of"}}
    other["entry"] = other["entry"][:-1]
    submit(ehr, other)
    assert harbor.count("case_file") == 2  # what was cancelled and is asked for again is a new case


def test_update_of_an_unknown_claim_is_an_answer_in_error(harbor: Service, ehr: Caller) -> None:
    update = an_update(a_bundle(), [an_item(1)])
    update["entry"] = update["entry"][:-1]
    update["entry"][0]["resource"]["related"][0]["claim"]["reference"] = "https://elsewhere.example/Claim/9"

    answered = submit(ehr, update)

    assert claim_response(answered)["outcome"] == "error"
    assert "related[0].claim" in str(claim_response(answered)["error"])
    assert harbor.count("case_file") == 0


def test_unknown_predecessor_that_came_along_is_the_baseline(ehr: Caller) -> None:
    answered = submit(ehr, an_update(a_bundle(), [an_item(1), an_item(2, modifierExtension=CANCELLED)]))

    assert [action(answered, each) for each in (1, 2)] == ["A4", "C"]


def test_another_partner_cannot_cancel(harbor: Service, ehr: Caller) -> None:
    only = a_bundle()
    before = submit(ehr, only)
    other = harbor.partner("other", npi="1234567893")
    cancel = an_update(only, [], item=None, extension=ALL_CANCELLED)
    answered = json(other.post("Claim/$submit", cancel | {"entry": cancel["entry"][:-1]}))

    assert claim_response(answered)["outcome"] == "error"
    assert status_of(case_of(ehr, before)) == "pended-clinician"


def test_resent_original_gets_the_answer_that_stands_now(ehr: Caller) -> None:
    only = a_bundle()
    submit(ehr, only)
    submit(ehr, an_update(only, [an_item(1, modifierExtension=CANCELLED)]))

    assert action(submit(ehr, only)) == "C"


def test_resent_update_opens_nothing(harbor: Service, ehr: Caller) -> None:
    only = a_bundle()
    submit(ehr, only)
    update = an_update(only, [an_item(1), an_item(2)])
    once = submit(ehr, update)

    assert submit(ehr, update)["entry"] == once["entry"]
    assert harbor.count("case_file") == 2


def test_marker_that_is_false_changes_nothing(ehr: Caller) -> None:
    known = [{"url": f"{PAS}/modifierextension-infoCancelled", "valueBoolean": False}]

    assert action(submit(ehr, a_bundle([an_item(1, modifierExtension=known)]))) == "A4"


def test_member_cannot_be_changed_by_an_update(ehr: Caller) -> None:
    only = a_bundle()
    submit(ehr, only)
    update = an_update(only, [an_item(1)])
    update["entry"] = [update["entry"][0], *a_bundle(member=MEMBERS[5])["entry"][1:], update["entry"][-1]]

    answered = submit(ehr, update)

    assert claim_response(answered)["outcome"] == "error"
    assert "member" in claim_response(answered)["disposition"]


def test_cancelled_item_names_its_order_as_revoked(ehr: Caller) -> None:
    only = a_bundle()
    submit(ehr, only)
    answered = ehr.post("Claim/$submit", an_update(only, [an_item(1, modifierExtension=CANCELLED)]))

    assert ehr.order(answered)["status"] == "revoked"
    assert line(json(answered))["noteNumber"]


def test_documents_of_a_claim_can_be_read_by_those_who_review_it(harbor: Service, ehr: Caller) -> None:
    answered = ehr.post("Claim/$submit", with_document(a_bundle()))
    task = ehr.task(answered)

    (document,) = harbor.reviewer("doctor").found(f"DocumentReference?related=Task/{task['id']}")
    assert document["content"][0]["attachment"]["contentType"] == "text/plain"


def test_document_that_comes_later_answers_what_was_asked(harbor: Service, ehr: Caller) -> None:
    silent = with_second(a_bundle(supportingInfo=None), OUTSIDE, CLOSED[0])
    before = submit(ehr, silent)
    assert status_of(case_of(ehr, before)) == "information-requested"

    update = with_second(an_update(silent, [an_item(1)], supportingInfo=None), OUTSIDE, CLOSED[0])
    after = submit(ehr, with_document(update))

    assert status_of(case_of(ehr, after)) == "pended-clinician"
    assert "communicationRequest" not in claim_response(after)
    again = submit(ehr, with_document(update | {"identifier": {"value": "again"}}))
    assert status_of(case_of(ehr, again)) == "pended-clinician"
    assert (
        len(harbor.reviewer("doctor").found(f"DocumentReference?subject={case_of(ehr, after)['for']['reference']}"))
        == 1
    )


def test_item_changed_to_a_question_other_cases_already_ask_is_answered(harbor: Service, ehr: Caller) -> None:
    other = with_second(a_bundle(number="other"), OUTSIDE, OPEN[1])
    submit(ehr, a_bundle([an_item(1), an_item(2)]))
    submit(ehr, other)

    after = submit(ehr, with_second(an_update(other, [an_item(1)]), OUTSIDE, OPEN[0]))

    assert action(after) == "A4"
    assert harbor.count("case_file") == 3


def test_cancelling_an_unknown_claim_that_came_along_opens_nothing(harbor: Service, ehr: Caller) -> None:
    answered = submit(ehr, an_update(a_bundle(), [an_item(1)], extension=ALL_CANCELLED))

    assert action(answered) == "C"
    assert claim_response(answered)["disposition"].startswith("Withdrawn")
    assert harbor.count("case_file") == 0


def test_only_the_cases_that_answer_items_now_are_told_of(ehr: Caller) -> None:
    only = with_second(a_bundle(), OUTSIDE, CLOSED[0])
    before = submit(ehr, only)
    cancelled = an_update(only, [an_item(1)], extension=ALL_CANCELLED)
    submit(ehr, cancelled)
    again = claim_response(submit(ehr, an_update(only, [an_item(1)], number="3")))

    assert again["outcome"] == "complete"
    assert again["disposition"].startswith("Approved")
    assert again["identifier"][-1]["value"] != number(before)
    assert len(again["identifier"]) == 2


def test_update_of_a_claim_whose_item_was_asked_anew_means_the_newest(harbor: Service, ehr: Caller) -> None:
    only = a_bundle()
    submit(ehr, only)
    submit(ehr, an_update(only, [an_item(1)], number="2", extension=ALL_CANCELLED))
    anew = submit(ehr, an_update(only, [an_item(1)], number="3"))
    submit(ehr, an_update(only, [an_item(1), an_item(2)], number="4"))
    last = submit(ehr, an_update(only, [], number="5", item=None, extension=ALL_CANCELLED))

    assert [action(last, each) for each in (1, 2)] == ["C", "C"]
    assert status_of(case_of(ehr, anew)) == "withdrawn"
    assert harbor.count("case_file") == 3
