"""References lead to contained resources, Bundle entries, identifiers and our own resources, or are refused."""

from typing import Any

import pytest

from orders import (
    MEMBER_NUMBERS,
    NPI,
    NUCC,
    VOCABULARY,
    a_bundle,
    a_practitioner,
    an_order,
    received,
    stated,
)
from second_opinion.directory.stated import Identifier, PartyKind, StatedParty
from second_opinion.errors import SecondOpinionError, Unresolved

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
    document = {
        "resourceType": "DocumentReference",
        "id": "1",
        "status": "current",
        "content": [{"attachment": {"title": "x"}}],
    }

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
