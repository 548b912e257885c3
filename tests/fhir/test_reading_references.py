"""References lead to contained resources, Bundle entries, identifiers and our own resources, or are refused."""

from typing import Any

import pytest
from orders import (
    MEMBER_NUMBERS,
    NPI,
    NUCC,
    VOCABULARY,
    a_bundle,
    a_patient,
    a_practitioner,
    an_order,
    received,
    stated,
)

from second_opinion.directory.stated import Identifier, PartyKind, StatedParty
from second_opinion.errors import BusinessRule, RequiredMissing, SecondOpinionError, Unresolved

NUMBER = Identifier("HTEST-1", MEMBER_NUMBERS)
URN = "urn:uuid:0a5d9d5f-95a5-4c1a-9ee3-9d0b6bb0e0b1"
EHR = "https://ehr.example/fhir"
OURS = VOCABULARY.base


def entry(resource: dict[str, Any], url: str | None = None) -> dict[str, Any]:
    return {"resource": resource} | ({"fullUrl": url} if url else {})


def performer(reference: dict[str, Any], *beside: dict[str, Any], **changes: Any) -> StatedParty:
    """The requested provider the reference is read as."""
    order = entry(an_order(performer=[reference], **changes), f"{EHR}/ServiceRequest/1")
    party = stated(a_bundle(order, *beside)).requested_provider
    assert party is not None
    return party


def refused(body: dict[str, Any], place: str) -> SecondOpinionError:
    with pytest.raises(SecondOpinionError) as error:
        _ = stated(body)
    assert error.value.status == 422
    assert list(error.value.expression) == [place]
    return error.value


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        (URN, URN),
        (URN.upper().replace("URN:UUID", "urn:uuid"), URN),
        (f"{EHR}/Practitioner/d", f"{EHR}/Practitioner/d"),
        (f"{EHR}/Practitioner/d/_history/3", f"{EHR}/Practitioner/d"),
        (f"{EHR}/Practitioner/d", f"{EHR}/Practitioner/d/_history/3"),
        ("Practitioner/d", f"{EHR}/Practitioner/d"),
        ("Practitioner/d/_history/3", f"{EHR}/Practitioner/d"),
        ("Practitioner/d", URN),
        ("Practitioner/d", None),
        ("Practitioner/d", "https://another.example/fhir/Practitioner/d"),
    ],
)
def test_a_reference_leads_to_the_entry_it_means(reference: str, url: str | None) -> None:
    party = performer({"reference": reference}, entry(a_practitioner(), url))

    assert party.npis == ("1234567893",)
    assert party.kind is PartyKind.PRACTITIONER
    assert party.display == "Birch Testdoctor"


def test_a_relative_reference_means_the_referrers_own_server_first() -> None:
    others = entry(a_practitioner("1987654328"), "https://another.example/fhir/Practitioner/d")
    own = entry(a_practitioner(), f"{EHR}/Practitioner/d")

    assert performer({"reference": "Practitioner/d"}, others, own).npis == ("1234567893",)


def test_a_relative_reference_that_two_entries_may_answer_leads_to_neither() -> None:
    beside = [entry(a_practitioner(), f"https://{each}.example/fhir/Practitioner/d") for each in ("one", "two")]

    party = performer({"reference": "Practitioner/d"}, *beside)

    assert (party.npis, party.own_reference) == ((), "Practitioner/d")


def test_a_contained_resource_is_found_where_it_is_contained() -> None:
    role = {
        "resourceType": "PractitionerRole",
        "id": "r",
        "contained": [a_practitioner(), {"resourceType": "Organization", "id": "o", "identifier": [{"value": "7"}]}],
        "practitioner": {"reference": "#d"},
        "organization": {"reference": "#o", "identifier": {"system": NPI, "value": "1987654328"}},
        "specialty": [{"coding": [{"system": NUCC, "code": "207X00000X"}]}],
        "identifier": [{"system": "urn:roles", "value": "R7"}],
    }

    party = performer({"reference": "PractitionerRole/r"}, entry(role))

    assert party.kind is PartyKind.PRACTITIONER
    assert party.npis == ("1234567893",)
    assert party.organization_npis == ("1987654328",)
    assert party.specialties == ("207X00000X",)
    assert party.identifiers == (Identifier("R7", "urn:roles"),)


def test_a_contained_resource_of_the_order_is_found() -> None:
    order = an_order(contained=[a_practitioner()], performer=[{"reference": "#d"}])

    party = stated(order).requested_provider

    assert party is not None
    assert party.npis == ("1234567893",)


def test_a_role_names_its_practitioner_by_number_alone() -> None:
    role = {
        "resourceType": "PractitionerRole",
        "id": "r",
        "practitioner": {"identifier": {"type": {"coding": [{"code": "NPI"}]}, "value": "1234567893"}},
    }

    assert performer({"reference": "PractitionerRole/r"}, entry(role)).npis == ("1234567893",)


def test_a_role_without_a_person_stands_for_its_organization() -> None:
    role = {"resourceType": "PractitionerRole", "id": "r", "organization": {"reference": f"{OURS}/Organization/o"}}

    assert performer({"reference": "PractitionerRole/r"}, entry(role)).own_reference == "Organization/o"


def test_a_role_that_names_nobody_is_422() -> None:
    role = {"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": f"{EHR}/Practitioner/9"}}
    order = an_order(performer=[{"reference": "PractitionerRole/r"}])

    assert isinstance(refused(a_bundle(order, role), "Bundle.entry[0].resource.performer[0]"), Unresolved)


@pytest.mark.parametrize(
    ("reference", "kind", "own"),
    [
        ({"reference": "Practitioner/d"}, PartyKind.PRACTITIONER, "Practitioner/d"),
        ({"reference": "PractitionerRole/r/_history/2"}, PartyKind.PRACTITIONER, "PractitionerRole/r"),
        ({"reference": f"{OURS}/Organization/o"}, PartyKind.ORGANIZATION, "Organization/o"),
        ({"reference": "HealthcareService/h"}, PartyKind.OTHER, "HealthcareService/h"),
        ({"identifier": {"system": NPI, "value": "1"}}, PartyKind.PRACTITIONER, None),
        ({"identifier": {"system": NPI, "value": "1"}, "type": "Organization"}, PartyKind.ORGANIZATION, None),
        (
            {
                "identifier": {"system": NPI, "value": "1"},
                "type": "http://hl7.org/fhir/StructureDefinition/Organization",
            },
            PartyKind.ORGANIZATION,
            None,
        ),
        ({"reference": f"{EHR}/Organization/9", "identifier": {"value": "1"}}, PartyKind.ORGANIZATION, None),
        ({"identifier": {"system": "urn:x", "value": "1"}}, PartyKind.OTHER, None),
        ({"display": "A doctor"}, PartyKind.OTHER, None),
        ({"display": "A doctor", "type": "Practitioner"}, PartyKind.PRACTITIONER, None),
    ],
)
def test_without_a_resource_the_reference_itself_says_what_it_means(
    reference: dict[str, Any], kind: PartyKind, own: str | None
) -> None:
    party = performer(reference)

    assert (party.kind, party.own_reference) == (kind, own)


@pytest.mark.parametrize("system", [NPI, "urn:oid:2.16.840.1.113883.4.6"])
def test_an_npi_is_one_in_both_spellings(system: str) -> None:
    assert performer({"identifier": {"system": system, "value": "1234567893"}}).npis == ("1234567893",)


def test_a_conditional_reference_is_its_identifier() -> None:
    party = performer({"reference": "Practitioner?identifier=http%3A%2F%2Fhl7.org%2Ffhir%2Fsid%2Fus-npi|1234567893"})

    assert (party.kind, party.npis) == (PartyKind.PRACTITIONER, ("1234567893",))


@pytest.mark.parametrize(
    "reference",
    [
        f"{EHR}/Practitioner/9",
        "urn:uuid:00000000-0000-4000-8000-000000000000",
        "#nobody",
        "nonsense",
        "Practitioner/",
        "Practitioner?name=HTEST",
        f"{OURS}/../Practitioner/9",
    ],
)
@pytest.mark.parametrize("element", ["performer", "requester", "subject", "insurance", "initial-provider"])
def test_a_reference_that_leads_nowhere_is_422_with_its_path(reference: str, element: str) -> None:
    gone = {"reference": reference, "display": "HTEST"}
    changes: dict[str, Any] = {element: [gone] if element in {"performer", "insurance"} else gone}
    place = f"ServiceRequest.{element}" + ("[0]" if element in {"performer", "insurance"} else "")
    if element == "initial-provider":
        changes = {"extension": [{"url": VOCABULARY.extension(element), "valueReference": gone}]}
        place = "ServiceRequest.extension[0].value"

    error = refused(an_order(**changes), place)

    assert isinstance(error, Unresolved)
    assert "HTEST" not in error.message


def test_a_reference_to_the_sender_with_a_number_beside_it_is_the_number() -> None:
    said = stated(
        an_order(subject={"reference": f"{EHR}/Patient/1", "identifier": {"system": MEMBER_NUMBERS, "value": "HTEST-1"}})
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


def test_a_requester_that_is_absent_or_withheld_is_not_stated() -> None:
    withheld = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]
    }

    assert stated(an_order(requester=None)).requester is None
    assert stated(an_order(requester=withheld)).requester is None


def test_the_initial_provider_is_the_extensions() -> None:
    order = an_order(
        extension=[{"url": VOCABULARY.extension("initial-provider"), "valueReference": {"reference": "Practitioner/x"}}]
    )

    party = stated(order).initial_provider

    assert party is not None
    assert (party.own_reference, party.path) == ("Practitioner/x", "ServiceRequest.extension[0].value")


def test_references_of_the_bundle_are_kept_as_what_they_name() -> None:
    order = an_order(
        requester={"reference": URN},
        supportingInfo=[{"reference": "DocumentReference/1"}, {"reference": f"{EHR}/Observation/1"}],
        performer=[{"reference": f"{OURS}/Practitioner/x"}, {"reference": "Practitioner/y"}],
    )
    document = {"resourceType": "DocumentReference", "id": "1", "status": "current", "content": [{"attachment": {"title": "x"}}]}

    kept = received(a_bundle(entry(order), entry(a_practitioner(), URN), entry(document))).references

    assert kept == {
        URN: {
            "type": "Practitioner",
            "identifier": {"system": NPI, "value": "1234567893"},
            "display": "Birch Testdoctor",
        },
        "DocumentReference/1": {"type": "DocumentReference", "display": "DocumentReference sent with the request"},
        f"{OURS}/Practitioner/x": {"reference": "Practitioner/x"},
    }
