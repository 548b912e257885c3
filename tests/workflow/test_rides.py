"""The ride a case owes: the plan's own order and Task for the vendor, who learns nothing of why."""

from base64 import b64decode
from dataclasses import replace
from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from desks import Caller, Service, issue, json, outputs, status_of
from second_opinion.fhir.case_view import Delivery
from second_opinion.store.changes import Work
from second_opinion.workflow import fared
from small_directory import CLOSED, INSIDE, MEMBERS, NPI, NUCC, OPEN, OUTSIDE, VENDOR, resources
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


def letters(harbor: Service, reader: Caller) -> list[Json]:
    """Letters about the ride, once the worker wrote them."""
    harbor.work("letters")
    found = reader.found("Communication?category=notice-of-action")
    return [each for each in found if each["topic"]["coding"][0]["code"] == "ride-changed"]


def sent_to_vendor(harbor: Service) -> list[Work]:
    rows = harbor.desk.store._database.fetch("SELECT key FROM work WHERE kind = 'deliver' ORDER BY key")
    works = [harbor.desk.store.work(key) for (key,) in rows]
    return [each for each in works if each is not None and "/Organization/rides" in each.key]


def word_of(harbor: Service, letter: Json) -> str:
    """The letter as it is read."""
    reader = harbor.caller("plan")
    document = reader.read(letter["payload"][0]["contentReference"]["reference"])
    files = (each["attachment"] for each in document["content"])
    address = next(each["url"] for each in files if each["contentType"] == "text/html")
    return b64decode(reader.read(address)["data"]).decode()


def test_a_ride_refused_is_told_to_the_member_and_her_doctor_by_letter(
    harbor: Service, vendor: Caller, ehr: Caller
) -> None:
    ehr.submit(an_order(**DRIVEN))
    answered(vendor, ride_of(vendor)[1], status="rejected", statusReason={"text": "No van that day"})

    plan = harbor.partner("plan", kind="plan")
    told = letters(harbor, plan)
    assert sorted(each["recipient"][0]["reference"].partition("/")[0] for each in told) == ["Patient", "Practitioner"]
    assert {each["status"] for each in told} == {"in-progress"}  # no person needs to release it
    member = next(each for each in told if each["recipient"][0]["reference"].startswith("Patient"))
    words = word_of(harbor, member)
    for said in ("cannot give you this ride", "Our plan did not say no", "grievance", "1-888-466-2219", "Call us at"):
        assert said in words
    for kept_back in ("No van that day", "M17", "surgery", "denied"):
        assert kept_back not in words
    assert harbor.desk.store.work(f"deliver/Communication/{member['id']}") is not None


def test_a_ride_in_another_mode_is_told_once_with_both_modes(harbor: Service, vendor: Caller, ehr: Caller) -> None:
    ehr.submit(an_order(**DRIVEN))
    taken = json(answered(vendor, ride_of(vendor)[1], status="accepted", output=[driven_by("nmt-bus")]))
    answered(vendor, taken, status="in-progress")

    told = letters(harbor, harbor.partner("plan", kind="plan"))
    assert len(told) == 2
    words = word_of(harbor, next(each for each in told if each["recipient"][0]["reference"].startswith("Patient")))
    assert "<strong>a taxi</strong>" in words
    assert "<strong>a bus pass</strong>" in words


def test_a_ride_as_asked_is_told_by_no_letter(harbor: Service, vendor: Caller, ehr: Caller) -> None:
    ehr.submit(an_order(**DRIVEN))
    answered(vendor, ride_of(vendor)[1], status="accepted", output=[driven_by("nmt-taxi")])

    assert letters(harbor, harbor.partner("plan", kind="plan")) == []


def test_the_vendor_sees_no_letter(harbor: Service, vendor: Caller, ehr: Caller) -> None:
    ehr.submit(an_order(**DRIVEN))
    answered(vendor, ride_of(vendor)[1], status="rejected", statusReason={"text": "No van that day"})
    (letter, _) = letters(harbor, harbor.partner("plan", kind="plan"))

    assert vendor.client.get(f"/fhir/Communication/{letter['id']}").status_code in {403, 404}


def test_an_appointment_that_is_moved_is_told_to_the_vendor_anew_and_to_the_member(
    harbor: Service, vendor: Caller, ehr: Caller
) -> None:
    task = ehr.task(ehr.submit(an_order(**DRIVEN)))
    tell(ehr, task, fact("visit", valueDateTime="2026-10-20T10:00:00-07:00"))
    assert letters(harbor, ehr) == []  # she made this appointment herself
    answered(vendor, ride_of(vendor)[1], status="accepted")

    tell(ehr, task, fact("visit", valueDateTime="2026-10-22T11:30:00-07:00"))

    order, ride = ride_of(vendor)
    assert (order["occurrenceDateTime"], ride["status"]) == ("2026-10-22T18:30:00.000Z", "requested")
    numbers = sorted({str(each.body.get("number")).rpartition("-T")[2] for each in sent_to_vendor(harbor)})
    assert numbers == ["1-2", "1-3", "None"]
    told = letters(harbor, harbor.partner("plan", kind="plan"))
    words = word_of(harbor, next(each for each in told if each["recipient"][0]["reference"].startswith("Patient")))
    assert "October 22, 2026 at 11:30" in words
    assert "A person on our staff" not in words


def test_after_a_ride_that_failed_a_new_appointment_orders_another_trip(
    harbor: Service, vendor: Caller, ehr: Caller
) -> None:
    task = ehr.task(ehr.submit(an_order(**DRIVEN)))
    first = ride_of(vendor)[1]
    answered(vendor, first, status="failed", statusReason={"text": "The van broke down"})

    tell(ehr, task, fact("visit", valueDateTime="2026-10-22T11:30:00-07:00"))

    rides = {each["id"]: each for each in vendor.found("Task?code=transportation")}
    second = next(each for each in rides.values() if each["id"] != first["id"])
    assert (rides[first["id"]]["status"], second["status"]) == ("failed", "requested")
    assert second["identifier"][0]["value"].endswith("-T2")
    assert answered(vendor, second, status="accepted").status_code == 200
    assert len([each for each in sent_to_vendor(harbor) if second["id"] in each.key]) == 1


def test_a_person_says_that_the_ride_is_arranged(harbor: Service, vendor: Caller, ehr: Caller) -> None:
    ehr.submit(an_order(**DRIVEN))
    answered(vendor, ride_of(vendor)[1], status="rejected", statusReason={"text": "No van that day"})
    plan = harbor.partner("plan", kind="plan")
    (entry,) = plan.found("Task?performer=network")

    assert answered(vendor, entry, status="completed").status_code in {403, 404}
    assert answered(plan, entry, status="rejected", statusReason={"text": "no"}).status_code == 422
    assert answered(plan, entry, status="completed").status_code == 200
    assert plan.read(f"Task/{entry['id']}")["status"] == "completed"


def test_another_way_to_ride_takes_the_refused_one_off_the_list(harbor: Service, vendor: Caller, ehr: Caller) -> None:
    task = ehr.task(ehr.submit(an_order(**DRIVEN)))
    answered(vendor, ride_of(vendor)[1], status="rejected", statusReason={"text": "No taxi that day"})
    plan = harbor.partner("plan", kind="plan")
    (entry,) = plan.found("Task?performer=network")

    tell(plan, task, fact("transportation", valueCode="nmt-rideshare"))

    assert plan.read(f"Task/{entry['id']}")["status"] == "completed"
    rides = vendor.found("Task?code=transportation")
    assert sorted(each["status"] for each in rides) == ["rejected", "requested"]


def test_a_ride_withdrawn_after_it_was_sent_is_taken_back_from_the_vendor(
    harbor: Service, vendor: Caller, ehr: Caller
) -> None:
    submitted = ehr.submit(an_order(**DRIVEN))
    vendor_is = ride_of(vendor)[1]["owner"]
    for kind, ident in (("ServiceRequest", ride_of(ehr)[0]["id"]), ("Task", ride_of(ehr)[1]["id"])):
        had = Delivery(f"{kind}/{ident}", vendor_is)
        sent = replace(had, state="delivered", sent_at=harbor.clock.at, received_at=harbor.clock.at)
        fared.told(harbor.desk, 1, had, sent, "delivered")

    ehr.put(ehr.order(submitted) | {"status": "revoked"})

    assert len([each for each in sent_to_vendor(harbor) if each.key.endswith("-T1-revoked")]) == 2


def driven_by(mode: str) -> Json:
    system = "https://second-opinion.example/fhir/CodeSystem"
    return {
        "type": {"coding": [{"system": f"{system}/task-output", "code": "transport-mode"}]},
        "valueCodeableConcept": {"coding": [{"system": f"{system}/transport-mode", "code": mode}]},
    }


def test_a_vendor_that_drives_already_is_told_that_the_ride_now_waits_and_when_it_no_longer_does(
    harbor: Service, vendor: Caller, ehr: Caller
) -> None:
    task = ehr.task(ehr.submit(an_order(**DRIVEN)))
    answered(vendor, ride_of(vendor)[1], status="accepted")
    plan = harbor.partner("plan", kind="plan")

    tell(plan, task, fact("transportation", valueCode="nemt-wheelchair-van"))
    assert ride_of(vendor)[1]["status"] == "on-hold"
    tell(plan, task, fact("physician-certification", valueBoolean=True))
    assert ride_of(vendor)[1]["status"] == "requested"

    numbers = {str(each.body.get("number")).rpartition("-T")[2] for each in sent_to_vendor(harbor)}
    assert numbers == {"None", "1-2", "1-3"}


def test_once_the_doctor_is_named_the_vendor_is_told_where_to_drive(
    harbor: Service, vendor: Caller, ehr: Caller
) -> None:
    street = {"use": "work", "line": ["7 Clinic Street"], "city": "Stockton", "state": "CA"}
    harbor.load([each | ({"address": [street]} if each["id"] == "clinic" else {}) for each in resources()])
    task = ehr.task(ehr.submit(an_order(**DRIVEN)))
    assert "7 Clinic Street" not in str(ride_of(vendor))

    tell(ehr, task, fact("requested-provider", valueReference=provider(INSIDE[OPEN[0]])))

    assert "7 Clinic Street" in str(ride_of(vendor))
    assert {str(each.body.get("number")).rpartition("-T")[2] for each in sent_to_vendor(harbor)} == {"None", "1-2"}


OTHER_VENDOR = "4000000002"


@pytest.mark.parametrize(
    ("contract", "driven_by_one"),
    [({}, True), ({"specialty": []}, False), ({"period": {"end": "2025-12-31"}}, False), ({"active": False}, False)],
)
def test_of_several_vendors_the_one_the_network_has_a_contract_with_for_rides_drives(
    harbor: Service, ehr: Caller, contract: Json, *, driven_by_one: bool
) -> None:
    other = {"resourceType": "Organization", "id": "other-rides", "active": True, "name": "Other Rides"}
    affiliation: Json = {
        "resourceType": "OrganizationAffiliation",
        "id": "rides-contract",
        "active": True,
        "participatingOrganization": {"reference": "Organization/rides"},
        "network": [{"reference": "Organization/harbor-network"}],
        "specialty": [{"coding": [{"system": NUCC, "code": "343900000X"}]}],
    } | contract
    numbered = other | {"identifier": [{"system": NPI, "value": OTHER_VENDOR}]}
    kept = {name: value for name, value in affiliation.items() if value != []}
    harbor.load([*resources(), numbered, kept])
    harbor.partner("vendor", kind="vendor", npi=VENDOR)
    harbor.partner("other", kind="vendor", npi=OTHER_VENDOR)

    ehr.submit(an_order(**DRIVEN))

    assert ("owner" in ride_of(ehr)[1]) == driven_by_one
    assert len(harbor.partner("plan", kind="plan").found("Task?performer=network")) == (not driven_by_one)
    if driven_by_one:
        assert ride_of(ehr)[1]["owner"]["reference"] == "Organization/rides"


def test_a_ride_without_a_vendor_is_a_persons_until_there_is_one(harbor: Service, ehr: Caller) -> None:
    task = ehr.task(ehr.submit(an_order(**DRIVEN)))
    plan = harbor.partner("plan", kind="plan")
    (entry,) = plan.found("Task?performer=network")
    assert (entry["status"], entry["statusReason"]["text"][:18]) == ("requested", "No vendor is known")
    assert ehr.client.get(f"/fhir/Task/{entry['id']}").status_code == 404

    harbor.partner("vendor", kind="vendor", npi=VENDOR)
    tell(plan, task, fact("transportation", valueCode="nmt-taxi"))

    assert plan.read(f"Task/{entry['id']}")["status"] == "completed"
    assert ride_of(ehr)[1]["owner"]["reference"] == "Organization/rides"
    assert len(sent_to_vendor(harbor)) == 2


@pytest.mark.usefixtures("vendor")
def test_a_medical_ride_waits_for_the_physicians_certification(harbor: Service, ehr: Caller) -> None:
    ehr.submit(an_order(extension=[a_ride("nemt-wheelchair-van")]))
    owed = "SELECT count(*) FROM work WHERE key LIKE 'deliver/Task/%' OR key LIKE 'deliver/ServiceRequest/%'"

    assert harbor.desk.store._database.fetch(owed) == [(0,)]
    (task,) = ehr.found("Task?code=second-opinion-review")
    assert "The ride waits for the physician's certification." in str(task["note"])
    driving = harbor.caller("vendor")
    assert ride_of(driving)[1]["status"] == "on-hold"
    assert answered(driving, ride_of(driving)[1], status="accepted").status_code == 422
    tell(harbor.partner("plan", kind="plan"), task, fact("physician-certification", valueBoolean=True))

    assert harbor.desk.store._database.fetch(owed) == [(2,)]
    assert ride_of(driving)[1]["status"] == "requested"
    assert answered(driving, ride_of(driving)[1], status="accepted").status_code == 200
    assert "note" not in ehr.read(f"Task/{task['id']}")
