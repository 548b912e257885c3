"""The ride a case owes: the plan's own order and Task for the vendor, who learns nothing of why."""

from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from desks import Caller, Service, issue, json, outputs, status_of
from small_directory import CLOSED, MEMBERS, NUCC, OUTSIDE, VENDOR
from small_orders import PENDED, a_ride, an_order, condition, provider
from workflow.informing import fact, tell

Json = dict[str, Any]

DRIVEN: Json = {"extension": [a_ride()]}


def ride_of(ehr: Caller) -> tuple[Json, Json]:
    (task,) = ehr.found("Task?code=transportation")
    return ehr.read(task["focus"]["reference"]), task


@pytest.mark.parametrize("approved", [False, True])
def test_a_favourable_answer_orders_the_ride_with_the_case(harbor: Service, ehr: Caller, *, approved: bool) -> None:
    harbor.partner("vendor", kind="vendor", npi=VENDOR)
    outside = {"performerType": specialty(CLOSED[0]), "performer": [provider(OUTSIDE)]} if approved else {}

    answered = ehr.submit(an_order(occurrenceDateTime="2026-10-20", **DRIVEN, **outside))  # type: ignore[arg-type]  # elements of any shape

    order, task = ride_of(ehr)
    assert (order["status"], task["status"]) == ("active", "requested")
    assert task["partOf"] == [{"reference": f"Task/{ehr.task(answered)['id']}"}]
    assert task["owner"]["reference"] == "Organization/rides"
    assert task["owner"]["identifier"]["value"] == VENDOR
    assert order["occurrenceDateTime"] == "2026-10-20T19:00:00.000Z"


def test_the_vendor_learns_neither_reason_nor_diagnosis_nor_specialty(ehr: Caller) -> None:
    ehr.submit(an_order(**DRIVEN))

    said = orjson.dumps(ride_of(ehr)).decode().casefold()
    for secret in ("m17.11", "surgery", "opinion review", "cardiology", "207rc0000x"):
        assert secret not in said


def test_the_driver_learns_where_and_how_to_meet_her_and_the_submitter_does_not(harbor: Service, ehr: Caller) -> None:
    vendor = harbor.partner("vendor", kind="vendor", npi=VENDOR)
    ehr.submit(an_order(**DRIVEN))

    told = {each["type"]["coding"][0]["code"]: each for each in ride_of(vendor)[1]["input"]}
    assert "pickup" not in str(ride_of(ehr)[1])
    assert told["pickup-location"]["valueAddress"]["line"] == ["1 Specimen Quay"]
    assert told["pickup-phone"]["valueContactPoint"]["value"] == "209-555-0100"
    assert told["attendant"]["valueBoolean"] is True


def test_no_ride_is_ordered_before_the_answer(ehr: Caller) -> None:
    ehr.submit(an_order(**DRIVEN, **PENDED))

    assert ehr.found("Task?code=transportation") == []


def test_a_ride_asked_for_first_is_ordered_when_a_later_order_makes_the_answer_favourable(ehr: Caller) -> None:
    ehr.submit(an_order(**DRIVEN, **PENDED))
    ehr.submit(an_order("ORD-2", performer=[provider("2000000000")]))

    assert ride_of(ehr)[1]["status"] == "requested"


def test_a_later_order_without_a_ride_takes_none_away(ehr: Caller) -> None:
    ehr.submit(an_order(**DRIVEN))
    ehr.submit(an_order("ORD-2", priority="urgent"))

    order, task = ride_of(ehr)
    assert (order["status"], task["status"]) == ("active", "requested")


def test_withdrawing_cancels_the_ride(ehr: Caller) -> None:
    answered = ehr.submit(an_order(**DRIVEN))

    assert ehr.put(ehr.order(answered) | {"status": "revoked"}).status_code == 200

    order, task = ride_of(ehr)
    assert (order["status"], task["status"]) == ("revoked", "cancelled")


def test_a_vendor_that_cannot_be_looked_up_does_not_hold_the_answer(harbor: Service, ehr: Caller) -> None:
    harbor.partner("vendor", kind="vendor", npi=VENDOR)
    harbor.spoil("Organization", "rides")

    answered = ehr.submit(an_order(**DRIVEN))

    assert json(answered)["resourceType"] == "ClaimResponse"
    assert "owner" not in ride_of(ehr)[1]


def test_the_plans_order_for_the_ride_is_nobodys_to_change(ehr: Caller) -> None:
    answered = ehr.submit(an_order(**DRIVEN))
    order, _ = ride_of(ehr)

    assert ehr.put(order | {"status": "revoked"}).status_code in {403, 422}
    assert ehr.put(an_order("ORD-9", id=order["id"], status="revoked")).status_code == 403
    assert status_of(ehr.task(answered)) == "no-authorization-required"


def test_a_ride_beside_the_order_in_a_bundle_is_the_ride_asked_for(ehr: Caller) -> None:
    ride = {
        "resourceType": "ServiceRequest",
        "status": "active",
        "intent": "order",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "428632005"}]},
        "orderDetail": [a_ride("nemt-wheelchair-van")["extension"][0]["valueCodeableConcept"]],
        "subject": an_order()["subject"],
    }
    entries = [{"resource": an_order()}, {"resource": ride}]

    ehr.submit({"resourceType": "Bundle", "type": "collection", "entry": entries})

    order, _ = ride_of(ehr)
    assert order["orderDetail"][0]["coding"][0]["code"] == "nemt-wheelchair-van"


def test_nothing_of_the_ride_is_in_the_answer_of_the_case(ehr: Caller) -> None:
    with_ride = ehr.submit(an_order(**DRIVEN))
    without = ehr.submit(an_order("ORD-2", member=MEMBERS[1], reasonCode=[condition("M17.12")]))

    kinds = [sorted(json(each)) for each in (with_ride, without)]
    assert kinds[0] == kinds[1]
    assert outputs(ehr.task(with_ride), "determination-code") == outputs(ehr.task(without), "determination-code")


def specialty(code: str) -> Json:
    return {"coding": [{"system": NUCC, "code": code}]}


@pytest.fixture
def vendor(harbor: Service) -> Caller:
    return harbor.partner("vendor", kind="vendor", npi=VENDOR)


def answered(vendor: Caller, task: Json, **changes: object) -> TestResponse:
    body = orjson.dumps(task | changes)
    return vendor.client.put(f"/fhir/Task/{task['id']}", data=body, content_type="application/fhir+json")


def test_the_vendor_answers_by_status_reason_and_output_alone(vendor: Caller, ehr: Caller) -> None:
    ehr.submit(an_order(**DRIVEN))
    task = ride_of(vendor)[1]

    taken = answered(vendor, task, status="accepted")

    assert taken.status_code == 200, taken.get_data(as_text=True)
    assert json(taken)["businessStatus"]["coding"][0]["code"] == "accepted"
    wrongs = (("priority", "urgent", "priority"), ("status", "draft", "status"), ("status", "failed", "statusReason"))
    for name, value, path in wrongs:
        refused = answered(vendor, json(taken), **{name: value})
        assert (refused.status_code, issue(refused)["expression"]) == (422, [f"Task.{path}"])
    stale = vendor.client.put(
        f"/fhir/Task/{task['id']}",
        data=orjson.dumps(task | {"status": "completed"}),
        content_type="application/fhir+json",
        headers={"If-Match": 'W/"1"'},
    )
    assert stale.status_code == 412
    assert answered(ehr, json(taken), status="completed").status_code == 403


def test_a_failed_ride_opens_the_visit_again(vendor: Caller, ehr: Caller) -> None:
    submitted = ehr.submit(an_order(**DRIVEN))

    failed = answered(vendor, ride_of(vendor)[1], status="failed", statusReason={"text": "The van broke down"})

    assert failed.status_code == 200, failed.get_data(as_text=True)
    assert ehr.task(submitted)["businessStatus"]["coding"][0]["code"] == "missed"


def test_a_ride_refused_is_a_persons_to_arrange(harbor: Service, vendor: Caller, ehr: Caller) -> None:
    ehr.submit(an_order(**DRIVEN))

    answered(vendor, ride_of(vendor)[1], status="rejected", statusReason={"text": "No van that day"})

    (entry,) = harbor.partner("plan", kind="plan").found("Task?performer=network")
    assert (entry["status"], entry["statusReason"]["text"]) == ("requested", "No van that day")


@pytest.mark.usefixtures("vendor")
def test_a_medical_ride_waits_for_the_physicians_certification(harbor: Service, ehr: Caller) -> None:
    ehr.submit(an_order(extension=[a_ride("nemt-wheelchair-van")]))
    owed = "SELECT count(*) FROM work WHERE key LIKE 'deliver/Task/%' OR key LIKE 'deliver/ServiceRequest/%'"

    assert harbor.desk.store._database.fetch(owed) == [(0,)]
    (task,) = ehr.found("Task?code=second-opinion-review")
    tell(harbor.partner("plan", kind="plan"), task, fact("physician-certification", valueBoolean=True))

    assert harbor.desk.store._database.fetch(owed) == [(2,)]
