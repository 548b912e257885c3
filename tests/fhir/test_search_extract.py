from datetime import UTC, datetime
from typing import Any

import pytest

from second_opinion.errors import InvalidElement
from second_opinion.fhir.search import extract, pointed_to
from second_opinion.fhir.search_of_directory import NETWORK_REFERENCE
from second_opinion.fhir.search_terms import EARLIEST, LATEST, LONGEST_CODE, microseconds

BASE = "https://plan.example/fhir"


def terms(resource: dict[str, Any], name: str, base: str = BASE) -> list[str]:
    return [value for parameter, value in extract(resource, base)[0] if parameter == name]


def spans(resource: dict[str, Any], name: str) -> list[tuple[int, int]]:
    return [(first, last) for parameter, first, last in extract(resource, BASE)[1] if parameter == name]


def us(*at: int) -> int:
    return microseconds(datetime(*at, tzinfo=UTC))  # type: ignore[misc,arg-type]  # year, month, day, …


def a_task(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Task", "id": "case-1", **elements}


def test_code_is_kept_in_lower_case_without_a_system() -> None:
    assert terms(a_task(status="Accepted"), "status") == ["accepted\x1f"]


def test_identifier_keeps_its_case_and_system() -> None:
    task = a_task(identifier=[{"system": "https://ehr.example", "value": "Ab-1"}, {"value": "x"}, {"system": "only"}])

    assert terms(task, "identifier") == ["Ab-1\x1fhttps://ehr.example", "x\x1f"]


def test_codeable_concept_gives_each_coding_and_no_text() -> None:
    task = a_task(code={"coding": [{"code": "fulfill", "system": "s"}, {"code": "Other"}], "text": "words"})

    assert terms(task, "code") == ["fulfill\x1fs", "Other\x1f"]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Patient/pt-1", ["Patient/pt-1"]),
        ("Patient/pt-1/_history/3", ["Patient/pt-1"]),
        (f"{BASE}/Patient/pt-1", ["Patient/pt-1"]),
        (f"{BASE}/Patient/pt-1/_history/3", ["Patient/pt-1"]),
        ("https://ehr.example/fhir/Patient/9", ["https://ehr.example/fhir/Patient/9"]),
        (f"{BASE}2/Patient/pt-1", [f"{BASE}2/Patient/pt-1"]),
        ("urn:uuid:1", ["urn:uuid:1"]),
        ("#inside", []),
    ],
)
def test_reference_is_kept_as_what_it_means_here(written: str, kept: list[str]) -> None:
    assert terms(a_task(**{"for": {"reference": written}}), "subject") == kept


def test_logical_reference_is_found_by_its_identifier() -> None:
    task = a_task(owner={"identifier": {"system": "npi", "value": "1"}})

    assert terms(task, "owner") == []
    assert terms(task, "owner:identifier") == ["1\x1fnpi"]


def test_patient_needs_no_row_beside_subject() -> None:
    assert terms(a_task(**{"for": {"reference": "Patient/pt-1"}}), "patient") == []


def test_nested_element_in_a_list_is_found() -> None:
    claim = {"resourceType": "Claim", "careTeam": [{"provider": {"reference": "Practitioner/a"}}, {"sequence": 2}]}

    assert terms(claim, "care-team") == ["Practitioner/a"]


def test_devices_are_found_at_each_depth_of_a_claim() -> None:
    devices = {depth: {"udi": [{"reference": f"Device/{depth}"}]} for depth in ("procedure", "item", "detail", "sub")}
    detail = devices["detail"] | {"subDetail": [devices["sub"]]}
    claim = {
        "resourceType": "Claim",
        "procedure": [devices["procedure"]],
        "item": [devices["item"] | {"detail": [detail]}],
    }

    found = [terms(claim, f"{each}-udi") for each in ("procedure", "item", "detail", "subdetail")]

    assert found == [["Device/procedure"], ["Device/item"], ["Device/detail"], ["Device/sub"]]


def test_network_is_read_from_its_extension_alone() -> None:
    role = {
        "resourceType": "PractitionerRole",
        "extension": [
            {"url": NETWORK_REFERENCE, "valueReference": {"reference": "Organization/n1"}},
            {"url": "https://other.example", "valueReference": {"reference": "Organization/n2"}},
        ],
    }

    assert terms(role, "network") == ["Organization/n1"]


def test_name_is_folded_and_kept_as_written() -> None:
    patient = {"resourceType": "Patient", "name": [{"family": "Muñoz  Ñandú", "given": ["Élan", None]}]}

    assert terms(patient, "family") == ["munoz nandu\x1fMuñoz  Ñandú"]
    assert terms(patient, "given") == ["elan\x1fÉlan"]


def test_date_without_a_zone_is_the_pacific_day() -> None:
    born = {"resourceType": "Patient", "birthDate": "1961-07-02"}

    assert spans(born, "birthdate") == [(us(1961, 7, 2, 7), us(1961, 7, 3, 7) - 1)]


def test_instant_spans_its_last_digit() -> None:
    assert spans(a_task(authoredOn="2026-03-02T17:05:11.007Z"), "authored-on") == [
        (us(2026, 3, 2, 17, 5, 11, 7000), us(2026, 3, 2, 17, 5, 11, 7999))
    ]


def test_due_is_the_end_of_the_restriction() -> None:
    task = a_task(restriction={"period": {"start": "2026-03-02T00:00:00Z", "end": "2026-03-09T00:00:00Z"}})

    assert spans(task, "due") == [(us(2026, 3, 9), us(2026, 3, 9, 0, 0, 1) - 1)]


@pytest.mark.parametrize(
    ("period", "span"),
    [
        ({"start": "2026-03-02T00:00:00Z"}, (us(2026, 3, 2), LATEST)),
        ({"end": "2026-03-02T00:00:00Z"}, (EARLIEST, us(2026, 3, 2, 0, 0, 1) - 1)),
        (
            {"start": "2026-03-02T00:00:00Z", "end": "2026-03-02T00:00:00Z"},
            (us(2026, 3, 2), us(2026, 3, 2, 0, 0, 1) - 1),
        ),
    ],
)
def test_period_is_open_where_it_states_no_end(period: dict[str, str], span: tuple[int, int]) -> None:
    assert spans(a_task(executionPeriod=period), "period") == [span]


def test_timing_is_found_by_its_events_and_bounds() -> None:
    order = {
        "resourceType": "ServiceRequest",
        "occurrenceTiming": {
            "event": ["2026-03-02T00:00:00Z"],
            "repeat": {"boundsPeriod": {"start": "2026-03-02T00:00:00Z"}},
        },
    }

    assert spans(order, "occurrence") == [
        (us(2026, 3, 2), us(2026, 3, 2, 0, 0, 1) - 1),
        (us(2026, 3, 2), LATEST),
    ]


def test_date_that_is_none_is_not_indexed() -> None:
    assert spans(a_task(authoredOn="soon"), "authored-on") == []


def test_value_stated_twice_is_kept_once() -> None:
    task = a_task(basedOn=[{"reference": "ServiceRequest/a"}, {"reference": "ServiceRequest/a"}])

    assert terms(task, "based-on") == ["ServiceRequest/a"]


def test_element_nobody_can_search_gives_no_row() -> None:
    assert extract(a_task(description="words", note=[{"text": "words"}], output=[{"valueString": "x"}])) == ([], [])


def test_type_nobody_can_search_gives_no_row() -> None:
    assert extract({"resourceType": "Basic", "id": "1"}) == ([], [])


def test_very_long_values_stay_short_enough_for_an_index_and_apart() -> None:
    one, other = (terms(a_task(identifier=[{"value": "x" * 5000 + end}]), "identifier")[0] for end in ("a", "b"))

    assert one != other
    assert len(one) <= LONGEST_CODE + 1


def test_nul_is_not_kept_because_postgresql_has_none() -> None:
    assert terms(a_task(identifier=[{"value": "a\x00b"}]), "identifier") == ["ab\x1f"]


@pytest.mark.parametrize("wrong", [7, "text", [["x"]], {"coding": [5]}])
def test_element_of_the_wrong_shape_is_named(wrong: Any) -> None:
    with pytest.raises(InvalidElement) as refused:
        extract(a_task(code=wrong))

    assert refused.value.expression == ("Task.code",)


def test_what_is_pointed_to_is_only_what_is_here() -> None:
    task = a_task(
        output=[
            {"valueReference": {"reference": "ClaimResponse/cr-1"}},
            {"valueReference": {"reference": f"{BASE}/Claim/c-1"}},
            {"valueReference": {"reference": "https://ehr.example/fhir/Claim/9"}},
            {"valueReference": {"reference": "#inside"}},
            {"valueReference": {"identifier": {"value": "Claim/x"}}},
        ]
    )

    assert pointed_to(task, "output.valueReference", BASE) == ["ClaimResponse/cr-1", "Claim/c-1"]
