from dataclasses import replace

import pytest

from case_views import RIDE, VOCABULARY, approved, withdrawn
from second_opinion.fhir import transportation
from second_opinion.fhir.case_view import Ride
from second_opinion.fhir.codes import HCPCS, RIDE_CODES
from second_opinion.fhir.own_codes import OWN_SYSTEMS

UNKNOWN = Ride("sr-t1", "tr-1")


def test_vendor_learns_no_diagnosis_reason_or_specialty() -> None:
    view = approved(sentence="MARK-SENTENCE", reason_codes=("serious-condition",), specialty_words="MARK-SPECIALTY")

    for written in (
        transportation.write_order(view, VOCABULARY, RIDE),
        transportation.write_task(view, VOCABULARY, RIDE),
    ):
        assert not {"reasonCode", "reasonReference", "performerType", "note", "supportingInfo"} & written.keys()
        for mark in ("M17.11", "serious", "207X", "MARK", "ortho", "second"):
            assert mark not in str(written).replace(VOCABULARY.canonical, "")


def test_order_says_mode_time_and_what_the_driver_needs() -> None:
    order = transportation.write_order(approved(), VOCABULARY, RIDE)

    assert order["orderDetail"][0]["coding"][0]["code"] == "nemt-wheelchair-van"
    assert order["code"]["coding"][1] == {"system": HCPCS, "code": "A0130"}
    assert order["occurrenceDateTime"] == "2026-03-18T22:30:00.000Z"
    assert "attendant" in order["patientInstruction"]
    assert "(es)" in order["patientInstruction"]


def test_task_gives_the_vendor_pickup_phone_attendant_and_language() -> None:
    task = transportation.write_task(approved(), VOCABULARY, RIDE)

    assert [each["type"]["coding"][0]["code"] for each in task["input"]] == [
        "pickup-location",
        "pickup-phone",
        "attendant",
        "language",
    ]
    assert task["owner"] == {"reference": "Organization/vendor-1"}


def test_attendant_that_is_not_needed_is_still_said() -> None:
    task = transportation.write_task(approved(), VOCABULARY, replace(UNKNOWN, attendant=False))

    assert task["input"][0]["valueBoolean"] is False


def test_ride_of_which_nothing_is_known_waits_for_a_vendor() -> None:
    order = transportation.write_order(approved(), VOCABULARY, UNKNOWN)
    task = transportation.write_task(approved(), VOCABULARY, UNKNOWN)

    assert not {"orderDetail", "occurrenceDateTime", "performer", "patientInstruction"} & order.keys()
    assert not {"owner", "input", "restriction"} & task.keys()
    assert task["status"] == "requested"
    assert task["businessStatus"]["coding"][0]["code"] == "awaiting-vendor"


def test_withdrawn_case_takes_its_ride_back() -> None:
    order = transportation.write_order(withdrawn(), VOCABULARY, RIDE)
    task = transportation.write_task(withdrawn(), VOCABULARY, RIDE)

    assert order["status"] == "revoked"
    assert (task["status"], task["businessStatus"]["coding"][0]["code"]) == ("cancelled", "cancelled")
    assert task["statusReason"]["text"]


@pytest.mark.parametrize("mode", RIDE_CODES)
def test_every_mode_with_a_hcpcs_code_is_one_of_ours(mode: str) -> None:
    assert mode in {each.code for each in OWN_SYSTEMS["transport-mode"].codes}
