"""Everything the law makes part of a decision is asked for before anything is kept, each missing part by its place."""

from typing import Any

import pytest

import determinations as given
from desks import Caller, Service, issue, status_of
from small_directory import SPECIALIST
from small_orders import PENDED, an_order, provider

Json = dict[str, Any]

OUTSIDE = {"reference": "PractitionerRole/outside-role"}


def place(name: str) -> str:
    return f"Parameters.parameter.where(name='{name}')"


@pytest.fixture
def doctor(harbor: Service) -> Caller:
    return harbor.reviewer("doctor")


@pytest.fixture
def pended(ehr: Caller) -> Json:
    return ehr.task(ehr.submit(an_order(**PENDED)))


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        (given.without(given.denied(), "outcome"), ["outcome"]),
        (given.without(given.denied(), "reason"), ["reason", "clause"]),
        (given.without(given.denied(), "rationale"), ["rationale"]),
        (given.having(given.without(given.denied(), "rationale"), given.words("rationale", " \n")), ["rationale"]),
        (given.without(given.denied(), "alternative"), ["alternative"]),
        (given.without(given.modified(), "alternative"), ["alternative"]),
        (given.without(given.without(given.approved(), "reason"), "rationale"), ["reason", "rationale"]),
        (given.without(given.extended("2026-10-20T09:00:00Z"), "until"), ["until"]),
        (given.without(given.extended("2026-10-20T09:00:00Z"), "missing"), ["missing"]),
        (given.without(given.extended("2026-10-20T09:00:00Z"), "justification"), ["justification"]),
    ],
)
def test_each_missing_part_is_named(doctor: Caller, pended: Json, body: Json, missing: list[str]) -> None:
    answered = doctor.record(pended["id"], body)

    assert (answered.status_code, issue(answered)["code"]) == (422, "required")
    assert issue(answered)["expression"] == [place(name) for name in missing]


def test_all_that_is_missing_is_named_at_once(doctor: Caller, pended: Json) -> None:
    answered = doctor.record(pended["id"], given.parameters(given.code("outcome", "denied")))

    named = [place(name) for name in ("reason", "rationale", "clause", "alternative")]
    assert issue(answered)["expression"] == named


def test_a_modification_needs_the_provider_authorized_instead(doctor: Caller, pended: Json) -> None:
    without = given.without(given.modified(), "modification")
    quantity = {"name": "modification", "part": [{"name": "quantity", "valueQuantity": {"value": 1}}]}
    for body in (without, given.having(without, quantity)):
        answered = doctor.record(pended["id"], body)
        assert issue(answered)["expression"] == [f"{place('modification')}.part.where(name='provider')"]


def test_nothing_is_kept_of_what_is_refused(doctor: Caller, harbor: Service, pended: Json) -> None:
    rows = {table: harbor.count(table) for table in ("case_event", "resource", "resource_history")}
    doctor.record(pended["id"], given.without(given.denied(), "rationale"))

    assert doctor.read(f"Task/{pended['id']}")["meta"] == pended["meta"]
    assert rows == {table: harbor.count(table) for table in rows}


def test_an_alternative_outside_the_network_is_none(doctor: Caller, pended: Json) -> None:
    body = given.having(given.without(given.denied(), "alternative"), given.alternative(OUTSIDE))

    assert issue(doctor.record(pended["id"], body))["expression"] == [place("alternative")]

    both = given.having(given.denied(), given.alternative(OUTSIDE))
    assert doctor.record(pended["id"], both).status_code == 200


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "PractitionerRole/nobody"},
        {"reference": "http://127.0.0.1:8080/fhir/PractitionerRole/nobody"},
        {"identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": "1111111111"}},
    ],
)
def test_an_alternative_nobody_knows_is_named(doctor: Caller, pended: Json, reference: Json) -> None:
    body = given.having(given.denied(), given.alternative(reference))
    answered = doctor.record(pended["id"], body)

    assert (answered.status_code, issue(answered)["expression"]) == (422, ["Parameters.parameter[4].value"])


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "PractitionerRole/by-role-role"},
        {"reference": "Practitioner/by-role"},
        {"reference": "http://127.0.0.1:8080/fhir/PractitionerRole/by-role-role"},
        {"type": "Practitioner", "identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": "3000000001"}},
        {"identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": "3000000001"}},
    ],
)
def test_an_alternative_may_be_named_by_address_or_by_number(doctor: Caller, pended: Json, reference: Json) -> None:
    body = given.having(given.without(given.denied(), "alternative"), given.alternative(reference))

    assert doctor.record(pended["id"], body).status_code == 200


@pytest.mark.parametrize("reference", [{"reference": "Practitioner/specialist"}, provider(SPECIALIST)])
def test_whose_care_is_questioned_cannot_be_offered(doctor: Caller, pended: Json, reference: Json) -> None:
    offered = doctor.record(pended["id"], given.having(given.denied(), given.alternative(reference)))
    assert (offered.status_code, issue(offered)["expression"]) == (422, ["Parameters.parameter[4].value"])

    instead = {"name": "modification", "part": [{"name": "provider", "valueReference": reference}]}
    authorized = doctor.record(pended["id"], given.having(given.without(given.modified(), "modification"), instead))
    assert (authorized.status_code, issue(authorized)["code"]) == (422, "business-rule")


@pytest.mark.parametrize(
    ("outcome", "reason", "allowed"),
    [
        ("approved", "criteria-met", True),
        ("approved", "no-in-network-equivalent", True),
        ("approved", "in-network-equivalent-available", False),
        ("denied", "further-opinion-not-warranted", True),
        ("denied", "criteria-met", False),
        ("denied", "not-enrolled", False),
        ("denied", "more-time-needed", False),
        ("modified", "further-opinion-not-warranted", False),
        ("extended", "criteria-met", False),
        ("approved", "invented", False),
    ],
)
def test_a_reason_stands_for_its_outcomes_only(
    doctor: Caller, pended: Json, outcome: str, reason: str, *, allowed: bool
) -> None:
    whole = {
        "approved": given.approved(),
        "denied": given.denied(),
        "modified": given.modified(),
        "extended": given.extended("2026-10-20T09:00:00Z"),
    }[outcome]
    answered = doctor.record(pended["id"], given.having(given.without(whole, "reason"), given.reason(reason)))

    assert answered.status_code == (200 if allowed else 422)
    if not allowed:
        assert issue(answered)["code"] == "code-invalid"
        assert "invented" not in answered.text


def test_a_reason_of_another_system_is_none(doctor: Caller, pended: Json) -> None:
    foreign = {"name": "reason", "valueCoding": {"system": "https://example.com/reasons", "code": "criteria-met"}}
    answered = doctor.record(pended["id"], given.having(given.without(given.approved(), "reason"), foreign))

    assert (answered.status_code, issue(answered)["expression"]) == (422, ["Parameters.parameter[2].value"])


@pytest.mark.parametrize(
    ("extra", "expression"),
    [
        (given.words("colour", "red"), "Parameters.parameter[3].name"),
        (given.words("rationale", "Twice."), "Parameters.parameter[3]"),
        (given.code("outcome", "denied"), "Parameters.parameter[3]"),
        ({"name": "until", "valueDateTime": "2026-10-20T09:00:00Z"}, place("until")),
        (given.words("missing", "A report."), place("missing")),
        (given.code("justification", "member-asked"), place("justification")),
        ({"name": "clause", "valueCode": "II.D"}, "Parameters.parameter[3].value"),
        ({"name": "alternative", "part": [given.words("x", "y")]}, "Parameters.parameter[3].value"),
        ({"name": "modification", "valueString": "x"}, "Parameters.parameter[3].part"),
    ],
)
def test_what_does_not_belong_is_refused_with_its_place(
    doctor: Caller, pended: Json, extra: Json, expression: str
) -> None:
    answered = doctor.record(pended["id"], given.having(given.approved(), extra))

    assert (answered.status_code, issue(answered)["expression"]) == (422, [expression])


def test_an_outcome_that_is_none_is_refused(doctor: Caller, pended: Json) -> None:
    body = given.having(given.without(given.denied(), "outcome"), given.code("outcome", "rejected"))
    answered = doctor.record(pended["id"], body)

    assert (answered.status_code, issue(answered)["code"]) == (422, "code-invalid")
    assert "rejected" not in answered.text


@pytest.mark.parametrize(
    ("until", "status"),
    [
        ("2026-10-12T16:00:00Z", 422),  # when it is due anyway
        ("2026-10-12T16:00:01Z", 200),
        ("2026-10-26T16:00:00Z", 200),
        ("2026-10-26T16:00:01Z", 422),
        ("2026-10-01T16:00:00Z", 422),
        ("2026-10-25", 200),  # to the end of the day
        ("2026-10-26", 422),
        ("2026", 422),
    ],
)
def test_more_time_is_more_and_at_most_fourteen_days(doctor: Caller, pended: Json, until: str, status: int) -> None:
    assert pended["restriction"]["period"]["end"] == "2026-10-12T16:00:00.000Z"

    answered = doctor.record(pended["id"], given.extended(until))

    assert answered.status_code == status
    if status != 200:
        assert issue(answered)["expression"] == [place("until")]


def test_a_justification_is_one_the_law_knows(doctor: Caller, pended: Json) -> None:
    whole = given.without(given.extended("2026-10-20T09:00:00Z"), "justification")
    answered = doctor.record(pended["id"], given.having(whole, given.code("justification", "we-are-busy")))

    assert (answered.status_code, issue(answered)["code"]) == (422, "code-invalid")


@pytest.mark.parametrize(
    ("part", "status"),
    [
        ({"name": "period", "valuePeriod": {"start": "2026-10-06", "end": "2026-12-31"}}, 200),
        ({"name": "period", "valuePeriod": {"start": "2026-10-05", "end": "2026-10-05"}}, 200),
        ({"name": "period", "valuePeriod": {"start": "2026-10-01", "end": "2026-10-04"}}, 422),
        ({"name": "period", "valuePeriod": {"start": "2026-12-01", "end": "2026-11-01"}}, 422),
        ({"name": "period", "valuePeriod": {"start": "2026-12-01"}}, 422),
        ({"name": "quantity", "valueQuantity": {"value": 2}}, 200),
        ({"name": "quantity", "valueInteger": 1}, 200),
        ({"name": "quantity", "valueQuantity": {"value": 0}}, 422),
        ({"name": "quantity", "valueQuantity": {"unit": "visit"}}, 422),
        ({"name": "colour", "valueString": "red"}, 422),
    ],
)
def test_a_modification_says_what_can_be_used(doctor: Caller, pended: Json, part: Json, status: int) -> None:
    assert doctor.record(pended["id"], given.modified(part)).status_code == status


@pytest.mark.parametrize("when", ["soon", "2026-13-01"])
def test_a_first_appointment_is_a_time(doctor: Caller, pended: Json, when: str) -> None:
    body = given.having(given.without(given.denied(), "alternative"), given.alternative(first=when))

    assert doctor.record(pended["id"], body).status_code in {400, 422}


def test_what_is_no_parameters_is_refused(doctor: Caller, pended: Json) -> None:
    assert doctor.record(pended["id"], an_order()).status_code == 400
    assert doctor.send(f"Task/{pended['id']}/$record-determination", b"{").status_code == 400
    assert doctor.record(pended["id"], {"resourceType": "Parameters"}).status_code == 422


def test_a_clause_given_takes_the_place_of_the_reasons_own(doctor: Caller, pended: Json) -> None:
    answered = doctor.record(pended["id"], given.having(given.denied(), given.words("clause", "II.B")))

    assert "Policy II.B" in doctor.task(answered)["statusReason"]["text"]
    assert status_of(doctor.task(answered)) == "denied"
