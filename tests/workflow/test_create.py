"""The plain FHIR doors: create, conditional create, drafts and the transaction, all or nothing."""

from typing import Any

import pytest

from desks import BASE, Caller, Service, issue, json, status_of
from small_directory import MEMBER_NUMBERS, MEMBERS, NPI, SPECIALIST
from small_orders import ORDERS, PENDED, an_order, received

Json = dict[str, Any]

FOUND = f"identifier={ORDERS}|ORD-1"
PATIENT: Json = {
    "resourceType": "Patient",
    "identifier": [{"system": MEMBER_NUMBERS, "value": MEMBERS[0]}],
    "name": [{"family": "Testmember"}],
    "birthDate": "1970-01-01",
}
DOCTOR: Json = {"resourceType": "Practitioner", "identifier": [{"system": NPI, "value": SPECIALIST}]}


def test_create_answers_the_kept_order_and_the_way_to_its_case(ehr: Caller) -> None:
    answered = ehr.create(an_order(id="mine"))

    order = json(answered)
    assert answered.status_code == 201
    assert order["id"] != "mine"
    assert answered.headers["Location"] == f"{BASE}/ServiceRequest/{order['id']}/_history/1"
    assert answered.headers["ETag"] == 'W/"1"'
    assert answered.headers["Link"] == f'<{BASE}/Task/{ehr.task(answered)["id"]}>; rel="related"'
    assert order["subject"]["reference"] == "Patient/member-0"
    assert order["identifier"] == an_order()["identifier"]
    assert ehr.read(f"ServiceRequest/{order['id']}") == order


def test_create_of_the_same_again_is_200_with_the_same_headers(harbor: Service, ehr: Caller) -> None:
    first, again = ehr.create(an_order()), ehr.create(an_order())

    assert again.status_code == 200
    assert [again.headers[each] for each in ("Location", "Link")] == [
        first.headers[each] for each in ("Location", "Link")
    ]
    assert harbor.count("case_file") == 1


def test_an_outcome_is_returned_where_it_is_preferred(ehr: Caller) -> None:
    answered = ehr.create(an_order(), Prefer="return=OperationOutcome")

    assert answered.status_code == 201
    text = issue(answered)["details"]["text"]
    assert ehr.task(answered)["groupIdentifier"]["value"] in text
    assert "No authorization" in text


def test_nothing_is_returned_where_nothing_is_preferred(ehr: Caller) -> None:
    answered = ehr.create(an_order(), Prefer="return=minimal")

    assert (answered.status_code, answered.data) == (201, b"")
    assert "Location" in answered.headers


@pytest.mark.parametrize("condition", [FOUND, f"?{FOUND}", f"identifier={ORDERS}%7CORD-1".replace("%7C", "|")])
def test_if_none_exist_answers_what_exists_and_creates_nothing(harbor: Service, ehr: Caller, condition: str) -> None:
    first = ehr.create(an_order(), If_None_Exist=condition)
    again = ehr.create(an_order(priority="stat"), If_None_Exist=condition)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.data == first.data
    assert harbor.count("case_file") == 1


def test_the_address_may_say_the_condition_as_fhirpy_sends_it(ehr: Caller) -> None:
    path = f"ServiceRequest?{FOUND.replace('|', '%7C')}"
    first, again = ehr.post(path, an_order()), ehr.post(path, an_order(priority="stat"))

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.data == first.data


def test_format_in_the_address_is_no_condition(ehr: Caller) -> None:
    ehr.create(an_order())

    assert ehr.post("ServiceRequest?_format=json", an_order("ORD-2", member=MEMBERS[1])).status_code == 201


@pytest.mark.parametrize(("condition", "status"), [("", 400), ("identifier=", 400), ("unknown=1", 400)])
def test_a_condition_that_says_nothing_is_refused(ehr: Caller, condition: str, status: int) -> None:
    assert ehr.create(an_order(), If_None_Exist=condition).status_code == status


def test_a_condition_that_fits_several_is_412(ehr: Caller) -> None:
    ehr.create(an_order("ORD-1", **PENDED))
    ehr.create(an_order("ORD-2", member=MEMBERS[1]))

    refused = ehr.create(an_order("ORD-3"), If_None_Exist="status=active")

    assert (refused.status_code, issue(refused)["expression"]) == (412, ["http.if-none-exist"])


def test_what_the_caller_cannot_see_satisfies_no_condition(harbor: Service, ehr: Caller) -> None:
    ehr.create(an_order())
    stranger = harbor.partner("stranger", npi="1245319599")

    assert stranger.create(an_order(member=MEMBERS[1]), If_None_Exist=FOUND).status_code == 201


def test_a_draft_is_kept_and_starts_nothing(harbor: Service, ehr: Caller) -> None:
    answered = ehr.create(an_order(status="draft"))

    assert answered.status_code == 201
    assert "Link" not in answered.headers
    assert ehr.read(f"ServiceRequest/{json(answered)['id']}")["status"] == "draft"
    assert ehr.found("Task") == []
    assert harbor.count("case_file") == 0


def test_a_draft_may_lack_what_an_order_needs(ehr: Caller) -> None:
    assert ehr.create(an_order(status="draft", code=None, requester=None)).status_code == 201


def test_a_draft_again_is_the_same_draft_and_other_content_409(ehr: Caller) -> None:
    first, again = ehr.create(an_order(status="draft")), ehr.create(an_order(status="draft"))
    other = ehr.create(an_order(status="draft", priority="stat"))

    assert (again.status_code, again.headers["Location"]) == (200, first.headers["Location"])
    assert (other.status_code, issue(other)["code"]) == (409, "duplicate")


@pytest.mark.parametrize("status", ["draft", "revoked", "completed"])
def test_submit_takes_only_what_is_active(ehr: Caller, status: str) -> None:
    refused = ehr.submit(an_order(status=status))

    assert (refused.status_code, issue(refused)["expression"]) == (422, ["ServiceRequest.status"])


def test_a_transaction_stores_the_order_and_resolves_the_rest(harbor: Service, ehr: Caller) -> None:
    answered = ehr.transact(transaction())

    order, patient, doctor = (each["response"] for each in json(answered)["entry"])
    assert answered.status_code == 200
    assert json(answered)["type"] == "transaction-response"
    assert order["status"] == "201 Created"
    assert order["location"].endswith("/_history/1")
    assert (patient["status"], patient["location"]) == ("200 OK", f"{BASE}/Patient/member-0")
    assert (doctor["status"], doctor["location"]) == ("200 OK", f"{BASE}/Practitioner/specialist")
    (kept,) = ehr.found("ServiceRequest")
    assert kept["subject"]["reference"] == "Patient/member-0"
    assert kept["requester"]["reference"] == "Practitioner/specialist"
    assert harbor.count("case_file") == 1


def test_a_transaction_again_answers_the_same(harbor: Service, ehr: Caller) -> None:
    first, again = json(ehr.transact(transaction())), json(ehr.transact(transaction()))

    where = [[each["response"].get("location") for each in answered["entry"]] for answered in (first, again)]
    assert where[0] == where[1]
    assert again["entry"][0]["response"]["status"] == "200 OK"
    assert harbor.count("case_file") == 1


def test_a_draft_in_a_transaction_starts_nothing(harbor: Service, ehr: Caller) -> None:
    body = transaction()
    body["entry"][0]["resource"]["status"] = "draft"

    assert json(ehr.transact(body))["entry"][0]["response"]["status"] == "201 Created"
    assert harbor.count("case_file") == 0


@pytest.mark.parametrize(
    "strange",
    [
        {"request": {"method": "DELETE", "url": "ServiceRequest/1"}},
        {"request": {"method": "PUT", "url": "Patient/member-0"}, "resource": PATIENT},
        {
            "request": {"method": "POST", "url": "Basic"},
            "resource": {"resourceType": "Basic", "code": {"text": "synthetic"}},
        },
        {"request": {"method": "POST", "url": "ServiceRequest"}, "resource": an_order("ORD-2")},
    ],
)
def test_one_entry_that_cannot_be_done_refuses_the_whole_transaction(
    harbor: Service, ehr: Caller, strange: Json
) -> None:
    body = transaction()
    body["entry"].append(strange)

    refused = ehr.transact(body)

    assert refused.status_code == 422
    assert issue(refused)["expression"][0].startswith("Bundle.entry[3]")
    assert harbor.count("case_file") == harbor.count("submission") == 0
    assert ehr.found("ServiceRequest") == []


def test_a_transaction_for_a_member_nobody_knows_stores_nothing(harbor: Service, ehr: Caller) -> None:
    body = transaction()
    body["entry"][1]["resource"] = PATIENT | {"birthDate": "1971-01-01"}

    assert ehr.transact(body).status_code == 422
    assert harbor.count("submission") == 0
    assert len(harbor.attempts()) == 1


def test_if_none_exist_holds_in_a_transaction(harbor: Service, ehr: Caller) -> None:
    body = transaction()
    body["entry"][0]["request"]["ifNoneExist"] = FOUND
    ehr.create(an_order(**PENDED))

    assert json(ehr.transact(body))["entry"][0]["response"]["status"] == "200 OK"
    assert harbor.count("case_file") == 1


def test_created_is_decided_as_submitted(ehr: Caller) -> None:
    created = ehr.task(ehr.create(an_order(**PENDED)))
    submitted = ehr.task(ehr.submit(an_order("ORD-2", member=MEMBERS[1], **PENDED)))

    assert status_of(created) == status_of(submitted) == "pended-clinician"
    assert created["restriction"] == submitted["restriction"]


def test_when_the_plan_received_it_counts_at_every_door(harbor: Service) -> None:
    plan = harbor.partner("plan", kind="plan", npi="1003000126")

    created = plan.create(an_order(extension=[received("2026-10-02T09:00:00-07:00")]))

    assert plan.task(created)["authoredOn"] == "2026-10-02T16:00:00.000Z"


def transaction() -> Json:
    """The order with patient and doctor beside it."""
    member, doctor = "urn:uuid:7a1c3b0e-5b0b-4c6e-9b3f-0d6a5d3b1c01", "urn:uuid:7a1c3b0e-5b0b-4c6e-9b3f-0d6a5d3b1c02"
    order = an_order(subject={"reference": member}, requester={"reference": doctor})
    entries = [
        {"resource": order, "request": {"method": "POST", "url": "ServiceRequest"}},
        {"fullUrl": member, "resource": PATIENT, "request": {"method": "POST", "url": "Patient"}},
        {"fullUrl": doctor, "resource": DOCTOR, "request": {"method": "POST", "url": "Practitioner"}},
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}
