"""Claims through the PAS door: the same decision as at the other doors, told as PAS wants it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import pas_bundles
import small_directory
from desks import BASE, Caller, Service, issue, json, service, status_of
from pas_answers import action, claim_response, line, lines, number, resource
from pas_bundles import CLIENT, PAS, a_bundle, an_item, coded, home_care, message, with_order, with_second
from small_directory import CLOSED, INSIDE, MEMBER_NUMBERS, MEMBERS, NPI, OPEN, OUTSIDE, SPECIALIST
from small_orders import an_order, provider

Json = dict[str, Any]


def submit(ehr: Caller, bundle: Json) -> Json:
    """The response Bundle."""
    answered = ehr.post("Claim/$submit", bundle)
    assert answered.status_code == 200, answered.get_data(as_text=True)
    return json(answered)


def in_network(**changes: Any) -> Json:
    """Asks for a doctor of the network."""
    return with_second(a_bundle(**changes), INSIDE[OPEN[0]], OPEN[0])


def approvable(**changes: Any) -> Json:
    """Asks for an outside doctor where the network has nobody open."""
    return with_second(a_bundle(**changes), OUTSIDE, CLOSED[0])


@pytest.mark.parametrize(
    ("bundle", "code", "disposition"),
    [(in_network(), "NA", "No authorization required"), (approvable(), "A1", "Approved"), (a_bundle(), "A4", "Pended")],
)
def test_claim_gets_the_policys_answer(ehr: Caller, bundle: Json, code: str, disposition: str) -> None:
    answered = submit(ehr, bundle)

    assert action(answered) == code
    assert claim_response(answered)["disposition"].startswith(disposition)


def test_answer_is_the_one_the_other_door_gives(ehr: Caller) -> None:
    by_order = json(ehr.submit(an_order(member=MEMBERS[1], performer=[provider(OUTSIDE)])))
    by_claim = submit(ehr, a_bundle(member=MEMBERS[2]))

    case = ehr.read(f"Task?identifier={number(by_claim)}")["entry"][0]["resource"]
    assert status_of(case) == status_of(by_order)


def test_answer_comes_in_the_clients_own_terms(ehr: Caller) -> None:
    sent = approvable()
    answered = submit(ehr, sent)
    response = claim_response(answered)

    assert answered["identifier"] == sent["identifier"]
    assert response["identifier"][0] == sent["entry"][0]["resource"]["identifier"][0]
    assert response["patient"] == {"reference": f"{CLIENT}/Patient/member"}
    assert response["requestor"] == {"reference": f"{CLIENT}/PractitionerRole/asks"}
    assert response["request"]["reference"] == sent["entry"][0]["fullUrl"]
    echoed = {each["fullUrl"]: each["resource"] for each in sent["entry"]}
    assert all(each["resource"] == echoed[each["fullUrl"]] for each in answered["entry"][1:])
    assert len(answered["entry"]) > 4


def test_person_who_asks_without_a_role_is_told_of_by_number(ehr: Caller) -> None:
    response = claim_response(submit(ehr, a_bundle(provider={"reference": "Practitioner/asks"})))

    assert response["requestor"] == {"identifier": {"system": NPI, "value": SPECIALIST}}  # PAS takes no Practitioner


def test_item_brings_back_trace_dates_and_what_is_authorized(ehr: Caller) -> None:
    answered = submit(ehr, approvable())
    said = {each["url"].rpartition("extension-")[2]: each for each in line(answered)["extension"]}

    assert said["itemTraceNumber"]["valueIdentifier"]["value"] == "11221"
    assert said["itemRequestedServiceDate"]["valuePeriod"] == {"start": "2026-10-19", "end": "2026-11-13"}
    assert said["itemAuthorizedProvider"]["extension"][0]["valueReference"] == {
        "reference": f"{CLIENT}/Practitioner/second"
    }
    assert {each["url"] for each in said["itemAuthorizedDetail"]["extension"]} == {"productOrServiceCode", "quantity"}
    assert claim_response(answered)["preAuthRef"].startswith("AUTH-")


def test_sender_and_receiver_are_turned_round(ehr: Caller) -> None:
    (transmission,) = claim_response(submit(ehr, a_bundle()))["extension"]

    parts = {each["url"]: each["valueString"] for each in transmission["extension"]}
    assert parts["applicationSenderCode"] == "PAYERAPP"
    assert parts["interchangeReceiverID"] == "PROVIDERID"


def test_answer_can_be_read_where_it_says_it_is(ehr: Caller) -> None:
    answered = submit(ehr, a_bundle())

    read = ehr.read(answered["entry"][0]["fullUrl"])
    assert lines(answered)[0]["adjudication"] == read["item"][0]["adjudication"]
    assert read["patient"]["reference"] == "Patient/member-0"


def test_claim_is_kept_as_it_was_sent(ehr: Caller) -> None:
    sent = a_bundle()
    response = ehr.read(submit(ehr, sent)["entry"][0]["fullUrl"])

    kept = ehr.read(response["request"]["reference"])
    claim = sent["entry"][0]["resource"]
    assert kept["identifier"] == claim["identifier"]
    assert kept["item"] == claim["item"]
    assert kept["patient"] == {"reference": "Patient/member-0"}
    assert {resource["id"] for resource in ehr.found(f"Claim?patient={kept['patient']['reference']}")} == {kept["id"]}


def test_order_behind_the_item_wins(ehr: Caller) -> None:
    behind = with_order(
        a_bundle(),
        code=coded("http://snomed.info/sct", "77406008"),
        performer=[provider(INSIDE[OPEN[0]])],
        identifier=[{"system": "https://ehr.example/orders", "value": "ORD-9"}],
    )
    answered = ehr.post("Claim/$submit", behind)

    assert action(json(answered)) == "NA"
    order = ehr.order(answered)
    assert order["identifier"][0]["value"] == "ORD-9"
    assert "reasonCode" not in order


def test_items_that_are_no_second_opinion_keep_their_line(ehr: Caller) -> None:
    answered = submit(ehr, a_bundle([home_care(1), an_item(2)]))

    first, second = lines(answered)
    assert [first["itemSequence"], second["itemSequence"]] == [1, 2]
    assert "extension" not in first["adjudication"][0]
    note = claim_response(answered)["processNote"][first["noteNumber"][0] - 1]["text"]
    assert note.startswith("Not handled here")
    assert action(answered, 2) == "A4"


def test_claim_without_any_second_opinion_is_answered_and_opens_nothing(harbor: Service, ehr: Caller) -> None:
    answered = submit(ehr, a_bundle([home_care(1)]))

    assert claim_response(answered)["disposition"].startswith("Not processed")
    assert "reference" not in claim_response(answered)["request"]
    assert harbor.count("case_file") == 0
    assert ehr.read(answered["entry"][0]["fullUrl"])["outcome"] == "complete"


def test_each_item_is_its_own_case(harbor: Service, ehr: Caller) -> None:
    answered = ehr.post("Claim/$submit", a_bundle([an_item(1), an_item(3)]))

    assert harbor.count("case_file") == 2
    assert number(json(answered), 1) != number(json(answered), 3)
    assert [part.rpartition("title=")[2] for part in answered.headers["Link"].split(", ")] == ['"item 1"', '"item 3"']


def test_second_item_changes_the_one_answer_that_both_share(ehr: Caller) -> None:
    answered = ehr.post("Claim/$submit", a_bundle([an_item(1), an_item(2)]))
    orders = [part.partition("<")[2].partition(">")[0] for part in answered.headers["Link"].split(", ")]
    order = ehr.read(orders[1])

    assert ehr.put(order | {"status": "revoked"}).status_code == 200

    response = ehr.read(json(answered)["entry"][0]["fullUrl"])
    assert [action({"entry": [{"resource": response}]}, each) for each in (1, 2)] == ["A4", "C"]
    assert response["disposition"].startswith("Pended")
    assert response["outcome"] == "partial"


def test_same_bundle_again_gets_the_current_answer(harbor: Service, ehr: Caller) -> None:
    bundle = a_bundle()
    first = submit(ehr, bundle)
    again = submit(ehr, bundle)

    assert again["entry"] == first["entry"]
    assert harbor.count("case_file") == 1


def test_same_identifiers_with_other_content_are_a_new_submission(harbor: Service, ehr: Caller) -> None:
    submit(ehr, a_bundle())
    other = submit(ehr, a_bundle(member=MEMBERS[3]))

    assert action(other) == "A4"
    assert harbor.count("case_file") == 2


def test_same_question_from_a_second_claim_is_the_same_case(harbor: Service, ehr: Caller) -> None:
    first = submit(ehr, a_bundle())
    second = submit(ehr, a_bundle(number="222"))

    assert number(first) == number(second)
    assert claim_response(second)["identifier"][0]["value"] == "222"
    assert claim_response(first)["id"] != claim_response(second)["id"]
    assert harbor.count("case_file") == 1


def test_member_nobody_knows_is_an_answer_in_error_and_is_logged(harbor: Service, ehr: Caller) -> None:
    answered = submit(ehr, a_bundle(member="NOBODY"))
    response = claim_response(answered)

    assert response["outcome"] == "error"
    (error,) = response["error"]
    assert "Bundle.entry[3].resource.identifier" in str(error)
    assert "NOBODY" not in response["disposition"]
    assert [each["itemSequence"] for each in response["item"]] == [1]
    assert "reviewAction" not in str(response["item"])
    assert harbor.attempts()[0][1:] == ("ehr", "Claim operation")


def test_member_loaded_later_is_found_by_the_same_bundle(harbor: Service, ehr: Caller) -> None:
    bundle = a_bundle(member="HARBOR-NEW")
    assert claim_response(submit(ehr, bundle))["outcome"] == "error"
    assert claim_response(submit(ehr, bundle))["outcome"] == "error"
    resources = pas_bundles.small_directory_with("HARBOR-NEW")
    harbor.load(resources)

    answered = submit(ehr, bundle)
    assert action(answered) == "A4"
    assert ehr.read(answered["entry"][0]["fullUrl"])["outcome"] == "complete"


def test_reason_in_a_message_is_read(ehr: Caller) -> None:
    silent = approvable(supportingInfo=None)
    spoken = approvable(member=MEMBERS[4], supportingInfo=[message(1, words="She is not getting better.")])

    assert action(submit(ehr, silent)) == "A4"
    assert action(submit(ehr, spoken)) == "A1"


def test_urgent_level_of_service_makes_the_case_urgent(ehr: Caller) -> None:
    bundle = a_bundle()
    bundle["entry"][0]["resource"]["extension"].append(
        {
            "url": f"{pas_bundles.PAS}/extension-levelOfServiceCode",
            "valueCodeableConcept": coded(f"{pas_bundles.X12}/1338", "U"),
        }
    )
    assert ehr.task(ehr.post("Claim/$submit", bundle))["priority"] == "urgent"


def test_clients_of_pas_2_0_hear_queued(ehr: Caller) -> None:
    answered = json(ehr.post("pas/2.0/Claim/$submit", a_bundle()))

    assert claim_response(answered)["outcome"] == "queued"
    assert ehr.read(answered["entry"][0]["fullUrl"])["outcome"] == "complete"


@pytest.mark.parametrize(
    ("body", "status", "expression"),
    [
        (a_bundle()["entry"][0]["resource"], 400, "Claim"),
        (a_bundle() | {"type": "batch"}, 400, "Bundle.type"),
        ({**a_bundle(), "entry": []}, 400, "Bundle.entry"),
        (a_bundle() | {"entry": a_bundle()["entry"][1:]}, 400, "Bundle.entry[0]"),
        ({each: value for each, value in a_bundle().items() if each != "identifier"}, 400, "Bundle.identifier"),
        ({each: value for each, value in a_bundle().items() if each != "timestamp"}, 400, "Bundle.timestamp"),
        (a_bundle(use="claim"), 422, "Bundle.entry[0].resource.use"),
        (a_bundle(identifier=None), 422, "Bundle.entry[0].resource.identifier"),
        (a_bundle(patient={"reference": "Patient/nobody"}), 422, "Bundle.entry[0].resource.patient"),
        (
            a_bundle(insurer={"reference": "urn:uuid:0a5d9d5f-95a5-4c1a-9ee3-9d0b6bb0e0b1"}),
            422,
            "Bundle.entry[0].resource.insurer",
        ),
        (
            a_bundle(supportingInfo=[message(1, words="a"), message(1, words="b")]),
            422,
            "Bundle.entry[0].resource.supportingInfo[1].sequence",
        ),
        (a_bundle([an_item(locationCodeableConcept=None)]), 422, "Bundle.entry[0].resource.item[0].location"),
        (a_bundle() | {"entry": [*a_bundle()["entry"], a_bundle()["entry"][1]]}, 422, "Bundle.entry[8].fullUrl"),
    ],
)
def test_what_is_no_pas_request_is_refused_where_it_is_wrong(
    ehr: Caller, body: Json, status: int, expression: str
) -> None:
    answered = ehr.post("Claim/$submit", body)

    assert answered.status_code == status
    assert issue(answered)["expression"] == [expression]


def test_parameters_bring_the_bundle_too(ehr: Caller) -> None:
    body = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": a_bundle()}]}

    assert action(submit(ehr, body)) == "A4"


def test_bundle_of_urns_that_refer_by_type_and_id_is_understood(ehr: Caller) -> None:
    bundle = a_bundle()
    for index, each in enumerate(bundle["entry"]):
        each["fullUrl"] = f"urn:uuid:00000000-0000-4000-8000-{index:012d}"
    answered = submit(ehr, bundle)

    assert claim_response(answered)["patient"]["reference"] == bundle["entry"][3]["fullUrl"]
    assert resource(answered, "Patient")["id"] == "member"


def test_claim_of_another_payer_is_an_answer_in_error(harbor: Service, ehr: Caller) -> None:
    npi = "http://hl7.org/fhir/sid/us-npi"
    plan = [
        each | ({"identifier": [{"system": npi, "value": "1999999984"}]} if each["id"] == "payer" else {})
        for each in small_directory.resources()
    ]
    harbor.load(plan)
    bundle = a_bundle()
    insurer = bundle["entry"][1]["resource"]

    insurer["identifier"] = [{"system": npi, "value": "1234567893"}]
    answered = submit(ehr, bundle)
    assert (claim_response(answered)["outcome"], harbor.count("case_file")) == ("error", 0)
    assert "Bundle.entry[1].resource.identifier" in str(claim_response(answered)["error"])

    insurer["identifier"].append({"system": npi, "value": "1999999984"})
    assert action(submit(ehr, bundle)) == "A4"


def test_approval_owes_its_letter(harbor: Service, ehr: Caller) -> None:
    submit(ehr, approvable())

    assert [each.kind for each in harbor.desk.store.waiting_work(datetime.now(UTC), 100) if each.kind == "letters"]


def test_two_at_once_are_one_case(tmp_path: Path) -> None:
    with service(tmp_path, directory=[small_directory.write(tmp_path)], url=f"sqlite:///{tmp_path}/kept.db") as running:
        running.partner("ehr")
        callers = [running.caller("ehr") for _ in range(4)]
        with ThreadPoolExecutor(4) as at_once:
            answers = list(at_once.map(lambda each: submit(each, a_bundle()), callers))
        assert len({number(each) for each in answers}) == 1
        assert running.count("case_file") == 1


def test_items_of_a_claim_asked_again_find_a_case_each(harbor: Service, ehr: Caller) -> None:
    answers = [submit(ehr, a_bundle([an_item(1), an_item(2)], number=str(each))) for each in range(4)]

    assert len({(number(each, 1), number(each, 2)) for each in answers}) == 1
    assert harbor.count("case_file") == 2
    three = submit(ehr, a_bundle([an_item(1), an_item(2), an_item(3)], number="9"))
    assert number(three, 3) not in {number(three, 1), number(three, 2)}


def test_case_is_found_by_the_trace_number_of_every_claim(ehr: Caller) -> None:
    assert ehr.submit(an_order(performer=[provider(OUTSIDE)])).status_code == 200
    sent = submit(ehr, a_bundle(number="T-1"))
    submit(ehr, a_bundle(number="T-2"))

    for each in ("T-1", "T-2"):
        (task,) = ehr.found(f"Task?identifier=urn:trnorg:9012345678|{each}")
        assert task["identifier"][0]["value"] == number(sent)


@pytest.mark.parametrize(("items", "status"), [(99, 200), (100, 422)])
def test_claim_has_as_many_items_as_are_answered_in_time(ehr: Caller, items: int, status: int) -> None:
    assert ehr.post("Claim/$submit", a_bundle([home_care(n + 1) for n in range(items)])).status_code == status


def test_order_about_somebody_else_is_refused(ehr: Caller) -> None:
    other = {"type": "Patient", "identifier": {"system": MEMBER_NUMBERS, "value": MEMBERS[7]}}
    same = {"type": "Patient", "identifier": {"system": MEMBER_NUMBERS, "value": MEMBERS[0]}}

    refused = ehr.post("Claim/$submit", with_order(a_bundle(), subject=other))
    assert (refused.status_code, issue(refused)["expression"]) == (422, ["Bundle.entry[8].resource.subject"])
    assert ehr.post("Claim/$submit", with_order(a_bundle(), subject=same)).status_code == 200


@pytest.mark.parametrize("missing", ["asks", "second"])
def test_role_whose_person_is_not_in_the_bundle_is_taken_by_its_words(ehr: Caller, missing: str) -> None:
    bundle = a_bundle()
    bundle["entry"] = [each for each in bundle["entry"] if not each["fullUrl"].endswith(f"Practitioner/{missing}")]

    assert action(submit(ehr, bundle)) == "A4"


def test_question_to_somebody_without_a_number_names_no_owner(ehr: Caller) -> None:
    bundle = a_bundle()
    bundle["entry"] = [each for each in bundle["entry"] if not each["fullUrl"].endswith("Practitioner/asks")]
    answered = submit(ehr, bundle)

    assert claim_response(answered)["communicationRequest"]
    assert "owner" not in resource(answered, "Task")


def test_senders_own_parts_of_transmission_identifiers_are_left_out(ehr: Caller) -> None:
    own = {"url": f"{PAS}/extension-TransmissionIdentifiers", "extension": [{"url": "other", "valueString": "x"}]}
    first = claim_response(submit(ehr, a_bundle(extension=[own])))
    second = claim_response(submit(ehr, a_bundle(number="2")))

    assert "extension" not in first
    assert second["identifier"][-1] == first["identifier"][-1]


BACKWARDS = {"start": "2026-11-13", "end": "2026-10-19"}


def _at(bundle: Json, *path: str | int) -> Any:
    found: Any = bundle
    for each in path:
        found = found[each]
    return found


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("careTeam", 0, "provider"), {"reference": "Practitioner/nowhere"}, "careTeam[0].provider"),
        (("provider",), {"reference": f"{BASE}/Practitioner/nobody"}, "provider"),
        (("item", 0, "servicedPeriod"), BACKWARDS, "item.where(sequence=1).serviced"),
    ],
)
def test_what_is_wrong_is_named_where_the_claim_says_it(
    ehr: Caller, path: tuple[str | int, ...], value: Json, named: str
) -> None:
    bundle = a_bundle()
    _at(bundle, "entry", 0, "resource", *path[:-1])[path[-1]] = value
    answered = ehr.post("Claim/$submit", bundle)

    assert answered.status_code == 422
    assert issue(answered)["expression"] == [f"Bundle.entry[0].resource.{named}"]
