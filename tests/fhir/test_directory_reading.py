"""Directory resources read into the directory's own words."""

from datetime import date

import pytest

import directory_resources as made
from second_opinion.directory.model import Accepting, Accepts, Period
from second_opinion.directory.stated import NPI, Identifier
from second_opinion.fhir import directory_reading as reading


def test_patient_is_read_with_numbers_names_and_own_providers() -> None:
    names = [{"use": "official", "family": "Alder"}, {"use": "maiden", "family": "Rowan"}, {"text": "Testmember"}]

    member = reading.member(made.patient(name=names))

    assert member.identifiers == (Identifier("M1", made.NUMBERS),)
    assert (member.families, member.birth_date, member.active) == (("Alder", "Rowan"), "1980-05-06", True)
    assert member.general_practitioners[0].reference == "Practitioner/p1"


@pytest.mark.parametrize(("value", "expected"), [(True, True), (False, False)])
def test_confidential_address_is_read_from_whichever_canonical_base(value: bool, expected: bool) -> None:  # noqa: FBT001 - as stored and as expected
    url = "https://any.example/fhir/StructureDefinition/confidential-communication"
    address = {"extension": [{"url": url, "valueBoolean": value}], "line": ["PO Box 1"]}

    assert reading.member(made.patient(address=[{"line": ["1 Lane"]}, address])).confidential_address is expected


def test_language_is_the_preferred_one_else_the_first() -> None:
    spoken = [{"language": {"coding": [{"code": "en"}]}}, {"language": {"coding": [{"code": "es"}]}, "preferred": True}]

    assert reading.member(made.patient(communication=spoken)).language == "es"
    assert reading.member(made.patient(communication=spoken[:1])).language == "en"
    assert reading.member(made.patient()).language is None


def test_coverage_is_read_with_its_subscriber_number_and_the_classes_that_name_products() -> None:
    classes = [
        {"type": {"coding": [{"code": "plan"}]}, "value": "HMO", "name": "Health HMO"},
        {"type": {"coding": [{"code": "rxbin"}]}, "value": "123"},
    ]

    coverage = reading.coverage(made.coverage(order=2) | {"class": classes})

    assert coverage.numbers == (Identifier("S-m1"),)
    assert coverage.classes == (("HMO", "Health HMO"),)
    assert (coverage.member, coverage.active, coverage.order) == ("m1", True, 2)


@pytest.mark.parametrize("status", ["cancelled", "draft", "entered-in-error"])
def test_coverage_counts_only_while_its_status_is_active(status: str) -> None:
    assert not reading.coverage(made.coverage(status=status)).active


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ({}, Period()),
        ({"start": "2026-03-02"}, Period(date(2026, 3, 2))),
        ({"start": "2026", "end": "2026-02"}, Period(date(2026, 1, 1), date(2026, 2, 28))),
        ({"end": "2026-03-03T07:59:59Z"}, Period(None, date(2026, 3, 2))),
        ({"end": "9999-12-31"}, Period(None, date(9999, 12, 31))),
    ],
)
def test_periods_are_the_plans_local_days(period: dict[str, str], expected: Period) -> None:
    assert reading.coverage(made.coverage(period=period)).period == expected


def test_older_spelling_of_the_npi_system_is_the_same() -> None:
    person = reading.practitioner(
        made.practitioner(identifier=[{"system": "urn:oid:2.16.840.1.113883.4.6", "value": "1"}])
    )

    assert person.identifiers == (Identifier("1", NPI),)
    assert person.npi == "1"


@pytest.mark.parametrize(
    ("statuses", "disqualified"),
    [
        ([], None),
        (["active"], None),
        (["pending"], None),
        (["inactive"], "no qualification is active"),
        (["inactive", "active"], None),
        (["active", "revoked"], "a qualification is revoked"),
        (["issiner"], "a qualification was issued in error"),
    ],
)
def test_qualifications_disqualify_by_their_status(statuses: list[str], disqualified: str | None) -> None:
    person = reading.practitioner(made.practitioner(qualification=[made.qualification(each) for each in statuses]))

    assert person.disqualified == disqualified


def test_name_is_shown_with_its_suffix_and_not_an_old_one() -> None:
    names = [{"use": "old", "family": "Quartz"}, {"family": "Opal", "given": ["Testdoctor"], "suffix": ["MD"]}]

    assert reading.practitioner(made.practitioner(name=names)).name == "Testdoctor Opal, MD"
    assert reading.practitioner(made.practitioner(name=[{"text": "Dr Opal"}])).name == "Dr Opal"
    assert reading.practitioner(made.practitioner(name=[])).name is None


def test_role_is_read_with_every_network_and_what_it_says_of_new_patients() -> None:
    extension = [
        made.network("net"),
        made.network("second"),
        made.accepting("nopt", "net"),
        made.accepting("newpt"),
        made.accepting("perhaps"),
        {"url": "https://other.example/extension", "valueString": "ignored"},
    ]

    role = reading.role(made.role(extension=extension))

    assert role.networks == ("net", "second")
    assert role.accepting == (Accepting(Accepts.NONE, "net"), Accepting(Accepts.NEW))
    assert role.specialties == (made.CARDIOLOGY,)


def test_codes_of_other_systems_are_no_specialty() -> None:
    specialty = [{"coding": [{"system": "http://snomed.info/sct", "code": "394579002"}]}]

    assert reading.role(made.role(specialty=specialty)).specialties == ()


def test_references_to_other_servers_and_other_types_lead_nowhere() -> None:
    role = reading.role(
        made.role(
            practitioner={"reference": "https://other.example/fhir/Practitioner/p1"},
            organization={"reference": "Practitioner/p1"},
            location=[{"reference": "Location/l1/_history/2"}, {"display": "somewhere"}],
        )
    )

    assert (role.practitioner, role.organization, role.places) == (None, None, ("l1",))


def test_product_is_read_with_its_plans_within() -> None:
    inner = {"identifier": [{"value": "GOLD"}], "network": [{"reference": "Organization/gold"}]}

    product = reading.product(made.product(plan=[inner], administeredBy={"reference": "Organization/payer"}))

    assert product.names == ("product", "HMO")
    assert product.variants == ((("GOLD",), ("gold",)),)
    assert product.owners == ("payer",)


@pytest.mark.parametrize(("status", "active"), [("active", True), ("suspended", False), ("inactive", False)])
def test_location_counts_while_it_is_active(status: str, active: bool) -> None:  # noqa: FBT001 - a case's expected answer
    assert reading.place({"resourceType": "Location", "id": "l1", "status": status}).active is active
