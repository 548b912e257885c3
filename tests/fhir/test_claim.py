from datetime import date
from typing import Any

import pytest

from case_views import VOCABULARY, approved, not_required, uncovered, withdrawn
from second_opinion.fhir import claim


def test_item_asks_for_the_service_request() -> None:
    extension = claim.write(approved(), VOCABULARY)["item"][0]["extension"][0]

    assert extension["url"].endswith("davinci-pas/StructureDefinition/extension-requestedService")
    assert extension["valueReference"] == {"reference": "ServiceRequest/sr-1"}


def test_requested_doctor_is_on_the_care_team_of_the_item_only() -> None:
    written = claim.write(approved(), VOCABULARY)

    member = written["careTeam"][0]
    assert member["provider"] == {"reference": "Practitioner/ortho-9"}
    assert member["extension"][0]["valueBoolean"] is False
    assert written["item"][0]["careTeamSequence"] == [1]


def test_provider_who_asks_is_the_claims_provider() -> None:
    assert claim.write(approved(), VOCABULARY)["provider"]["reference"] == "PractitionerRole/pcp-role-1"


def test_members_own_request_names_the_provider_whose_care_she_questions() -> None:
    assert claim.write(not_required(), VOCABULARY)["provider"]["reference"] == "PractitionerRole/ortho-role-2"


def test_what_is_not_known_but_required_says_that_it_is_absent() -> None:
    written = claim.write(uncovered(), VOCABULARY)

    for reference in (written["provider"], written["insurance"][0]["coverage"]):
        assert reference["extension"][0]["url"].endswith("data-absent-reason")
        assert reference["display"]


@pytest.mark.parametrize(
    ("priority", "code"), [("routine", "normal"), ("urgent", "stat"), ("asap", "stat"), ("stat", "stat")]
)
def test_urgent_requests_are_stat(priority: str, code: str) -> None:
    assert claim.write(approved(priority=priority), VOCABULARY)["priority"]["coding"][0]["code"] == code


@pytest.mark.parametrize(
    ("days", "element", "value"),
    [
        ((date(2026, 3, 9), date(2026, 3, 9)), "servicedDate", "2026-03-09"),
        ((date(2026, 3, 9), date(2026, 3, 10)), "servicedPeriod", {"start": "2026-03-09", "end": "2026-03-10"}),
    ],
)
def test_one_day_is_a_date_and_more_are_a_period(days: tuple[date, date], element: str, value: Any) -> None:
    assert claim.write(approved(service_days=days), VOCABULARY)["item"][0][element] == value


def test_every_condition_is_a_diagnosis_of_the_item() -> None:
    codes = tuple({"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code} for code in ("M17.11", "M25.561"))

    written = claim.write(approved(conditions=codes), VOCABULARY)

    assert [each["sequence"] for each in written["diagnosis"]] == [1, 2]
    assert written["item"][0]["diagnosisSequence"] == [1, 2]


def test_withdrawn_request_cancels_the_claim() -> None:
    assert claim.write(withdrawn(), VOCABULARY)["status"] == "cancelled"
