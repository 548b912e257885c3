"""Who the member is said to be, and when the one who asks is the member herself."""

from typing import Any

import pytest

from orders import (
    MEMBER_NUMBERS,
    VOCABULARY,
    a_bundle,
    a_patient,
    an_order,
    stated,
)
from second_opinion.directory.stated import Identifier, PartyKind
from second_opinion.errors import BusinessRule, RequiredMissing, SecondOpinionError

NUMBER = Identifier("HTEST-1", MEMBER_NUMBERS)
EHR = "https://ehr.example/fhir"
OURS = VOCABULARY.base


def refused(body: dict[str, Any], place: str) -> SecondOpinionError:
    with pytest.raises(SecondOpinionError) as error:
        _ = stated(body)
    assert error.value.status == 422
    assert list(error.value.expression) == [place]
    return error.value


def test_a_reference_to_the_sender_with_a_number_beside_it_is_the_number() -> None:
    said = stated(
        an_order(
            subject={"reference": f"{EHR}/Patient/1", "identifier": {"system": MEMBER_NUMBERS, "value": "HTEST-1"}}
        )
    )

    assert said.member.identifiers == (NUMBER,)
    assert said.member.own_reference is None


def test_the_subject_is_read_with_her_demographics() -> None:
    order = an_order(contained=[a_patient()], subject={"reference": "#p"})

    member = stated(order).member

    assert member.identifiers == (NUMBER,)
    assert (member.birth_date, member.family) == ("1980-02-29", "Testmember")


def test_the_family_name_in_use_counts() -> None:
    names = [{"use": "old", "family": "Before"}, {"family": "Usual"}, {"use": "official", "family": "Official"}]

    for given, family in ((names, "Official"), (names[:2], "Usual"), (names[:1], None)):
        order = an_order(contained=[a_patient(name=given)], subject={"reference": "#p"})

        assert stated(order).member.family == family


def test_our_own_patient_is_our_reference() -> None:
    for reference in ("Patient/p1", f"{OURS}/Patient/p1", f"{OURS}/Patient/p1/_history/2"):
        assert stated(an_order(subject={"reference": reference})).member.own_reference == "Patient/p1"


def test_a_subject_that_is_no_patient_is_422() -> None:
    for subject in ({"reference": "Group/g"}, {"type": "Device", "identifier": {"value": "1"}}):
        assert isinstance(refused(an_order(subject=subject), "ServiceRequest.subject"), BusinessRule)


def test_a_subject_in_words_alone_is_missing() -> None:
    for subject in ({"display": "HTEST"}, {"type": "Patient"}):
        assert isinstance(refused(an_order(subject=subject), "ServiceRequest.subject"), RequiredMissing)


def coverage(**changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Coverage",
        "id": "c",
        "status": "active",
        "identifier": [{"system": MEMBER_NUMBERS, "value": "HTEST-1"}],
        "subscriberId": "S-1",
        "beneficiary": {"reference": "Patient/p"},
        "payor": [{"display": "The plan"}],
    } | changes


def test_coverage_numbers_are_read() -> None:
    order = an_order(insurance=[{"reference": "Coverage/c"}, {"reference": "Coverage/ours"}, {"display": "A card"}])

    member = stated(a_bundle(order, coverage())).member

    assert member.coverage_numbers == (NUMBER, Identifier("S-1"))
    assert member.coverage_own_references == ("Coverage/ours",)


def test_a_subscriber_number_given_twice_counts_once() -> None:
    order = an_order(insurance=[{"reference": "Coverage/c"}])

    assert stated(a_bundle(order, coverage(subscriberId="HTEST-1"))).member.coverage_numbers == (NUMBER,)


def test_an_authorization_under_insurance_says_nothing_of_the_member() -> None:
    assert stated(an_order(insurance=[{"reference": "ClaimResponse/x"}])).member.coverage_own_references == ()


def test_coverage_that_came_along_counts_for_a_patient_without_numbers() -> None:
    order = an_order(subject={"reference": "Patient/p"})
    nameless = {name: value for name, value in a_patient().items() if name != "identifier"}

    assert NUMBER in stated(a_bundle(order, nameless, coverage())).member.coverage_numbers
    assert stated(a_bundle(order, a_patient(), coverage())).member.coverage_numbers == ()


@pytest.mark.parametrize(
    ("subject", "requester"),
    [
        ({"reference": "Patient/p"}, {"reference": "Patient/p"}),
        ({"reference": "Patient/ours"}, {"reference": f"{OURS}/Patient/ours"}),
        (
            {"identifier": {"system": MEMBER_NUMBERS, "value": "HTEST-1"}},
            {"identifier": {"system": MEMBER_NUMBERS, "value": "HTEST-1"}},
        ),
        ({"reference": "Patient/p"}, {"type": "Patient", "identifier": {"value": "HTEST-1"}}),
    ],
)
def test_the_member_who_asks_herself_is_the_subject(subject: dict[str, Any], requester: dict[str, Any]) -> None:
    party = stated(a_bundle(an_order(subject=subject, requester=requester), a_patient())).requester

    assert party is not None
    assert (party.is_subject, party.kind) == (True, PartyKind.PATIENT)


def test_another_patient_is_not_the_subject() -> None:
    party = stated(an_order(requester={"type": "Patient", "identifier": {"value": "HTEST-2"}})).requester

    assert party is not None
    assert (party.is_subject, party.kind) == (False, PartyKind.PATIENT)


@pytest.mark.parametrize(("patient", "kind"), [("Patient/p", PartyKind.RELATED_PERSON), ("Patient/q", PartyKind.OTHER)])
def test_a_related_person_speaks_for_her_own_patient_only(patient: str, kind: PartyKind) -> None:
    related = {"resourceType": "RelatedPerson", "id": "r", "patient": {"reference": patient}}
    order = an_order(subject={"reference": "Patient/p"}, requester={"reference": "RelatedPerson/r"})

    party = stated(a_bundle(order, a_patient(), related)).requester

    assert party is not None
    assert party.kind is kind
