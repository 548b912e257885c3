"""The ride a case owes: the plan's own order and Task for the vendor, who learns nothing of why."""

from typing import Any

import orjson
import pytest

from desks import Caller, Service, json, outputs, status_of
from small_directory import CLOSED, MEMBERS, NUCC, OUTSIDE, VENDOR
from small_orders import PENDED, a_ride, an_order, condition, provider

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
