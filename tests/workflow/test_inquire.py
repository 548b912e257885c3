"""Inquiries: by example, blind to what the caller may not know, and always with the answer that stands now."""

from typing import Any

import pytest

from desks import Caller, Service, json
from pas_answers import action, claim_response, line, number, resource
from pas_bundles import PAS, X12, a_bundle, an_inquiry, an_item, an_update, coded, doctor, with_second
from second_opinion.access import registry
from small_directory import CLOSED, FAMILY_DOCTOR, INSIDE, MEMBERS, OPEN, OUTSIDE, SPECIALIST
from small_orders import an_order, initial_provider, provider

Json = dict[str, Any]


def ask(caller: Caller, inquiry: Json) -> list[Json]:
    """The response Bundles."""
    answered = caller.post("Claim/$inquire", inquiry)
    assert answered.status_code == 200, answered.get_data(as_text=True)
    body = json(answered)
    assert body["resourceType"] == "Parameters"
    return [each["resource"] for each in body.get("parameter", []) if each["name"] == "return"]


def submit(caller: Caller, bundle: Json) -> Json:
    """The response Bundle."""
    return json(caller.post("Claim/$submit", bundle))


def asked_by(npi: str, inquiry: Json) -> Json:
    """The inquiry with this provider asking."""
    others = [each for each in inquiry["entry"] if not each["fullUrl"].endswith("/asks")]
    return inquiry | {"entry": [*others, *doctor("asks", npi)]}


@pytest.fixture
def other(harbor: Service) -> Caller:
    """A practice of the specialist's that submitted nothing."""
    return harbor.partner("other", npi=SPECIALIST)


@pytest.fixture
def hie(harbor: Service) -> Caller:
    """A health information exchange with the scope."""
    registry.add_partner(
        harbor.desk.store,
        "exchange",
        partner_class="hie",
        organization="1234567893",
        name="Test exchange",
        scope="system/Task.rs system/ClaimResponse.rs",
    )
    return harbor.caller("exchange")


def test_sender_finds_its_claim_with_all_items_in_its_own_terms(ehr: Caller) -> None:
    sent = submit(ehr, a_bundle([an_item(1), an_item(2)]))
    (found,) = ask(ehr, an_inquiry())

    assert claim_response(found)["item"] == claim_response(sent)["item"]
    assert claim_response(found)["identifier"][0]["value"] == "111099"
    assert "communicationRequest" not in claim_response(found)
    assert found["type"] == "collection"
    assert found["identifier"] == an_inquiry()["identifier"]


def test_nothing_that_fits_is_empty_parameters(ehr: Caller) -> None:
    assert ask(ehr, an_inquiry()) == []
    assert ask(ehr, an_inquiry(member="NOBODY")) == []


def test_requester_who_did_not_send_it_finds_it_whole(ehr: Caller, other: Caller) -> None:
    submit(ehr, a_bundle())
    (found,) = ask(other, an_inquiry())

    assert claim_response(found)["disposition"].startswith("Pended.")
    assert claim_response(found)["patient"]["reference"].endswith("/Patient/member")
    assert claim_response(found)["request"]["identifier"]["value"] == "111099"
    assert resource(found, "Patient")["id"] == "member"


def test_stranger_learns_nothing_even_with_the_providers_number(harbor: Service, ehr: Caller) -> None:
    submit(ehr, a_bundle())
    stranger = harbor.partner("stranger", npi="1234567893")

    assert ask(stranger, an_inquiry()) == []


def test_exchange_learns_codes_numbers_and_periods_only(ehr: Caller, hie: Caller) -> None:
    submit(ehr, with_second(a_bundle(), OUTSIDE, CLOSED[0]))
    (found,) = ask(hie, an_inquiry())
    response = claim_response(found)

    assert (action(found), response["disposition"]) == ("A1", "Approved")
    assert number(found)
    assert response["preAuthPeriod"]
    assert not {"processNote", "requestor", "insurance", "extension", "addItem"} & set(response)
    assert "noteNumber" not in line(found)
    assert "reason" not in line(found)["adjudication"][0]
    assert "Testdoctor second" not in str(found["entry"])


def test_exchange_needs_the_number_of_a_provider_of_the_case(ehr: Caller, hie: Caller) -> None:
    submit(ehr, a_bundle())

    assert len(ask(hie, an_inquiry())) == 1
    assert ask(hie, asked_by("1999999984", an_inquiry())) == []


def test_initial_provider_learns_no_words(harbor: Service, ehr: Caller) -> None:
    order = an_order(requester=provider(SPECIALIST), extension=[initial_provider()], performer=[provider(OUTSIDE)])
    assert ehr.submit(order).status_code == 200
    family = harbor.partner("family", npi=FAMILY_DOCTOR)

    (found,) = ask(family, asked_by(FAMILY_DOCTOR, an_inquiry()))

    assert claim_response(found)["disposition"] == "Pended"


def test_cases_that_came_as_orders_are_found_too(ehr: Caller) -> None:
    answered = ehr.submit(an_order(performer=[provider(OUTSIDE)]))
    (found,) = ask(ehr, an_inquiry())

    assert number(found) == json(answered)["identifier"][0]["value"]
    assert claim_response(found)["outcome"] == "complete"


def test_several_results_come_newest_first(ehr: Caller) -> None:
    submit(ehr, a_bundle())
    submit(ehr, with_second(a_bundle(number="2"), OUTSIDE, OPEN[1]))

    assert [claim_response(each)["identifier"][0]["value"] for each in ask(ehr, an_inquiry())] == ["2", "111099"]


def test_old_number_finds_the_current_answer(ehr: Caller) -> None:
    only = with_second(a_bundle(), OUTSIDE, CLOSED[0])
    before = submit(ehr, only)
    authorization = claim_response(before)["preAuthRef"]
    submit(ehr, with_second(an_update(only, [an_item(1)]), INSIDE[OPEN[0]], OPEN[0]))

    for name, value in (("authorizationNumber", authorization), ("administrationReferenceNumber", number(before))):
        numbered = {"url": f"{PAS}/extension-{name}", "valueString": value}
        (found,) = ask(ehr, an_inquiry(extension=[numbered]))
        assert action(found) == "NA"
        assert claim_response(found)["identifier"][0]["value"] == "111099-2"


def test_number_of_an_item_taken_back_and_asked_anew_finds_what_stands_now(ehr: Caller) -> None:
    only = a_bundle()
    before = submit(ehr, only)
    cancelled = {"url": f"{PAS}/extension-certificationType", "valueCodeableConcept": coded(f"{X12}/1322", "3")}
    submit(ehr, an_update(only, [an_item(1)], number="2", extension=[cancelled]))
    submit(ehr, an_update(only, [an_item(1)], number="3"))
    submit(ehr, an_update(only, [an_item(1), an_item(2)], number="4"))
    numbered = {"url": f"{PAS}/extension-administrationReferenceNumber", "valueString": number(before)}

    for inquiry in (an_inquiry(), an_inquiry(extension=[numbered])):
        (found,) = ask(ehr, inquiry)
        assert claim_response(found)["identifier"][0]["value"] == "4"
        assert [action(found, each) for each in (1, 2)] == ["A4", "A4"]


def test_number_of_another_case_finds_nothing_of_this_one(ehr: Caller) -> None:
    submit(ehr, a_bundle())
    numbered = {"url": f"{PAS}/extension-administrationReferenceNumber", "valueString": "SMO-2026-000999"}

    assert ask(ehr, an_inquiry(extension=[numbered])) == []


def inquired(code: Json, **more: Any) -> Json:
    """An inquired item."""
    return {"sequence": 1, "productOrService": code, **more}


NOT_APPLICABLE = coded("http://terminology.hl7.org/CodeSystem/data-absent-reason", "not-applicable")
CONSULTATION = coded("https://codesystem.x12.org/005010/1365", "3")


@pytest.mark.parametrize(
    ("item", "fits"),
    [
        (inquired(NOT_APPLICABLE), True),
        (inquired(CONSULTATION), True),
        (inquired(coded("https://codesystem.x12.org/005010/1365", "42")), False),
        (inquired(NOT_APPLICABLE, servicedPeriod={"start": "2026-11-01", "end": "2026-12-01"}), True),
        (inquired(NOT_APPLICABLE, servicedPeriod={"start": "2027-01-01", "end": "2027-02-01"}), False),
        (
            inquired(
                NOT_APPLICABLE,
                extension=[
                    {
                        "url": f"{PAS}/extension-reviewActionCode",
                        "valueCodeableConcept": coded("https://codesystem.x12.org/005010/306", "A4"),
                    }
                ],
            ),
            True,
        ),
        (
            inquired(
                NOT_APPLICABLE,
                extension=[
                    {
                        "url": f"{PAS}/extension-reviewActionCode",
                        "valueCodeableConcept": coded("https://codesystem.x12.org/005010/306", "A1"),
                    }
                ],
            ),
            False,
        ),
        (
            inquired(
                NOT_APPLICABLE,
                extension=[{"url": f"{PAS}/extension-itemCertificationIssueDate", "valueDate": "2026-10-05"}],
            ),
            False,
        ),
    ],
)
def test_what_the_items_name_filters(ehr: Caller, item: Json, fits: bool) -> None:  # noqa: FBT001 - a table
    submit(ehr, a_bundle())

    assert bool(ask(ehr, an_inquiry([item]))) is fits


@pytest.mark.parametrize(("codes", "fits"), [(["M17.11"], True), (["G89.4"], False), (["G89.4", "M17.11"], True)])
def test_any_of_the_diagnoses_is_enough(ehr: Caller, codes: list[str], fits: bool) -> None:  # noqa: FBT001 - a table
    submit(ehr, a_bundle())
    diagnosis = [
        {"sequence": n, "diagnosisCodeableConcept": coded("http://hl7.org/fhir/sid/icd-10-cm", each)}
        for n, each in enumerate(codes, start=1)
    ]

    assert bool(ask(ehr, an_inquiry(diagnosis=diagnosis))) is fits


def test_open_question_comes_with_its_task(ehr: Caller) -> None:
    silent = with_second(a_bundle(supportingInfo=None), OUTSIDE, CLOSED[0])
    sent = submit(ehr, silent)
    (found,) = ask(ehr, an_inquiry())

    assert resource(sent, "CommunicationRequest")["payload"][0]["contentString"] == "11488-4"
    assert resource(found, "Task")["reasonReference"] == {
        "reference": "https://ehr.example/fhir/Claim/claim-111099",
        "identifier": {"system": "urn:trnorg:9012345678", "value": "111099"},
    }


def test_clients_of_pas_2_0_get_one_bundle(ehr: Caller) -> None:
    submit(ehr, a_bundle())
    submit(ehr, with_second(a_bundle(number="2"), OUTSIDE, OPEN[1]))
    answered = json(ehr.post("pas/2.0/Claim/$inquire", an_inquiry()))

    kinds = [each["resource"]["resourceType"] for each in answered["entry"]]
    assert kinds[:2] == ["ClaimResponse", "ClaimResponse"]
    assert "ClaimResponse" not in kinds[2:]
    urls = [each["fullUrl"] for each in answered["entry"]]
    assert len(urls) == len(set(urls))


def test_patient_nobody_can_be_is_refused(ehr: Caller) -> None:
    inquiry = an_inquiry(patient={"display": "Somebody"})

    assert ehr.post("Claim/$inquire", inquiry).status_code == 422


def test_empty_bundle_is_refused(ehr: Caller) -> None:
    assert ehr.post("Claim/$inquire", an_inquiry() | {"entry": []}).status_code == 400


def test_each_look_is_on_record(harbor: Service, ehr: Caller) -> None:
    submit(ehr, a_bundle(member=MEMBERS[0]))
    before = harbor.count("audit")
    ask(ehr, an_inquiry())

    assert harbor.count("audit") == before + 1


def test_other_name_of_the_operation_answers_the_same(ehr: Caller) -> None:
    submit(ehr, a_bundle())

    (found,) = json(ehr.post("Claim/$inquiry", an_inquiry()))["parameter"]
    assert action(found["resource"]) == "A4"


@pytest.mark.parametrize(("cases", "told", "warned"), [(25, 25, False), (26, 25, True)])
def test_more_than_can_be_told_at_once_is_said(ehr: Caller, cases: int, told: int, warned: bool) -> None:  # noqa: FBT001 - a table
    for each in range(cases):
        code = coded("http://hl7.org/fhir/sid/icd-10-cm", f"M17.{each}")
        diagnosis = {"sequence": 1, "diagnosisCodeableConcept": code}
        assert action(submit(ehr, a_bundle(number=f"M{each}", diagnosis=[diagnosis]))) == "A4"
    found = ask(ehr, an_inquiry())

    assert len(found) == told
    assert claim_response(found[0])["identifier"][0]["value"] == f"M{cases - 1}"
    last = found[-1]["entry"][-1]["resource"]
    assert (last["resourceType"] == "OperationOutcome") is warned
    assert not warned or last["issue"][0]["severity"] == "warning"


@pytest.mark.parametrize("path", ["Claim/$submit", "Claim/$inquire", "ServiceRequest/$submit"])
def test_operations_are_asked_for_by_post(ehr: Caller, path: str) -> None:
    answered = ehr.client.get(f"/fhir/{path}")

    assert (answered.status_code, answered.headers["Allow"]) == (405, "POST")
    assert ehr.client.get("/fhir/Claim/$other").status_code == 404


def test_a_look_that_finds_nothing_is_on_record(harbor: Service, ehr: Caller) -> None:
    ask(ehr, an_inquiry(member="NOBODY"))

    (row,) = [row for _, row in harbor.desk.store.audited()]
    assert (row.actor, row.action, row.resource, row.patient) == ("ehr", "operation", "Claim/$inquire", None)


def test_a_purpose_tells_an_exchange_no_more(ehr: Caller, hie: Caller) -> None:
    submit(ehr, a_bundle())
    hie.client.environ_base["HTTP_X_PURPOSE_OF_USE"] = "TREAT"
    (found,) = ask(hie, an_inquiry())

    assert "processNote" not in claim_response(found)


def test_a_sensitive_case_is_told_to_no_exchange_even_by_its_number(ehr: Caller, hie: Caller) -> None:
    why = {"sequence": 1, "diagnosisCodeableConcept": coded("http://hl7.org/fhir/sid/icd-10-cm", "B20")}
    sent = submit(ehr, a_bundle(diagnosis=[why]))
    case = line(sent)["extension"]

    assert case
    assert ask(hie, an_inquiry()) == []
    (mine,) = ask(ehr, an_inquiry())
    reference = [
        each["valueString"] for each in case if each["url"].endswith("extension-administrationReferenceNumber")
    ]
    asked = an_item(extension=[{"url": f"{PAS}/extension-administrationReferenceNumber", "valueString": reference[0]}])
    assert mine
    assert len(ask(ehr, an_inquiry([asked]))) == 1
    assert ask(hie, an_inquiry([asked])) == []


def test_what_is_very_restricted_is_told_to_plan_staff_by_breaking_the_glass(harbor: Service, ehr: Caller) -> None:
    label = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "V"}]}
    ehr.task(ehr.submit(an_order(meta=label)))
    plan = harbor.partner("plan", kind="plan", npi="9000000041")
    shut = ask(plan, an_inquiry())
    plan.client.environ_base["HTTP_X_BREAK_GLASS"] = "The member asked us to look"

    assert (len(shut), len(ask(plan, an_inquiry()))) == (0, 1)
    *_, row = (row for _, row in harbor.desk.store.audited())
    assert row.detail["break_glass"] == "The member asked us to look"


def test_what_comes_back_to_the_sender_is_what_it_sent_now(ehr: Caller) -> None:
    submit(ehr, a_bundle())
    inquiry = an_inquiry()
    patient = next(each["resource"] for each in inquiry["entry"] if each["fullUrl"].endswith("Patient/member"))
    patient["telecom"] = [{"system": "phone", "value": "209-555-0101"}]
    (found,) = ask(ehr, inquiry)

    assert resource(found, "Patient") == patient
