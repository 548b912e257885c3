"""Who the member is: one, none or several; and what must agree."""

from dataclasses import replace

import pytest

from directory.worked import NUMBERS, Worked, directory
from second_opinion.directory.members import folded, identify
from second_opinion.directory.model import CoverageRecord, Member
from second_opinion.directory.stated import Identifier, StatedMember

OTHER = Member("m2", (Identifier("M2", NUMBERS),), birth_date="1990-01-01", families=("Birch",))


def said(**changes: object) -> StatedMember:
    return replace(StatedMember("ServiceRequest.subject"), **changes)  # type: ignore[arg-type]  # fields by name


def found(stated: StatedMember, lookup: Worked | None = None) -> str | None:
    member = identify(stated, lookup or directory()).member
    return member.id if member else None


def two_members() -> Worked:
    one = directory()
    one.members_.append(OTHER)
    one.coverages_.append(CoverageRecord("c2", "m2", (Identifier("M2", NUMBERS),)))
    return one


@pytest.mark.parametrize(
    ("number", "member"),
    [
        (Identifier("M1", NUMBERS), "m1"),
        (Identifier("M1"), "m1"),
        (Identifier("M1", "https://clinic.example/record"), None),
        (Identifier("M9", NUMBERS), None),
    ],
)
def test_number_leads_to_a_member_where_value_and_both_known_systems_agree(
    number: Identifier, member: str | None
) -> None:
    assert found(said(identifiers=(number,))) == member


def test_number_kept_without_system_matches_any_system() -> None:
    lookup = directory(members_=[Member("m1", (Identifier("M1"),))], coverages_=[])

    assert found(said(identifiers=(Identifier("M1", "https://plan.example/other"),)), lookup) == "m1"


@pytest.mark.parametrize(
    ("birth_date", "member"),
    [("1980-05-06", "m1"), ("1980-05", "m1"), ("1980", "m1"), ("1980-05-07", None), ("1981", None)],
)
def test_birth_date_must_agree_as_far_as_it_is_given(birth_date: str, member: str | None) -> None:
    assert found(said(identifiers=(Identifier("M1"),), birth_date=birth_date)) == member


@pytest.mark.parametrize(("family", "member"), [("Alder", "m1"), ("ÁLDER", "m1"), (" al-der ", "m1"), ("Alde", None)])
def test_family_name_must_agree_but_for_case_accents_and_punctuation(family: str, member: str | None) -> None:
    assert found(said(identifiers=(Identifier("M1"),), family=family)) == member


def test_any_name_the_member_ever_had_agrees() -> None:
    lookup = directory(members_=[Member("m1", (Identifier("M1"),), families=("Alder", "Rowan"))])

    assert found(said(identifiers=(Identifier("M1"),), family="Rowan"), lookup) == "m1"


def test_names_fold_to_letters_and_digits_only() -> None:
    assert folded("Ñandú-Sauce O'Oak") == "nandusauceooak"


def test_nothing_stated_leads_to_nobody() -> None:
    assert found(said()) is None


def test_coverage_number_alone_leads_to_the_member() -> None:
    assert found(said(coverage_numbers=(Identifier("M1"),))) == "m1"


def test_patient_and_coverage_numbers_of_two_members_lead_to_nobody() -> None:
    assert found(said(identifiers=(Identifier("M1"),), coverage_numbers=(Identifier("M2"),)), two_members()) is None


def test_two_patient_numbers_of_two_members_lead_to_nobody() -> None:
    assert found(said(identifiers=(Identifier("M1"), Identifier("M2"))), two_members()) is None


@pytest.mark.parametrize(
    ("system", "member"), [(None, None), (NUMBERS, None), ("https://clinic.example/coverage", "m1")]
)
def test_coverage_number_that_leads_nowhere_contradicts_unless_it_is_the_senders_own(
    system: str | None, member: str | None
) -> None:
    stated = said(identifiers=(Identifier("M1"),), coverage_numbers=(Identifier("C-77", system),))

    assert found(stated) == member


def test_second_number_in_the_plans_own_system_that_is_another_contradicts() -> None:
    assert found(said(identifiers=(Identifier("M1"), Identifier("M7", NUMBERS)))) is None


def test_senders_own_record_number_says_nothing() -> None:
    stated = said(identifiers=(Identifier("M1", NUMBERS), Identifier("4711", "https://clinic.example/record")))

    assert found(stated) == "m1"


def family_number(birth_dates: tuple[str, str]) -> Worked:
    shared = (Identifier("FAMILY"),)
    return Worked(
        members_=[
            Member("m1", (Identifier("M1"),), birth_date=birth_dates[0]),
            Member("m2", (Identifier("M2"),), birth_date=birth_dates[1]),
        ],
        coverages_=[CoverageRecord("c1", "m1", shared), CoverageRecord("c2", "m2", shared)],
    )


def test_number_a_family_shares_is_settled_by_birth_date() -> None:
    lookup = family_number(("2001-01-01", "2003-03-03"))

    assert found(said(coverage_numbers=(Identifier("FAMILY"),), birth_date="2003-03-03"), lookup) == "m2"


def test_number_a_family_shares_is_settled_by_the_members_own_number() -> None:
    lookup = family_number(("2001-01-01", "2001-01-01"))
    stated = said(identifiers=(Identifier("M1"),), coverage_numbers=(Identifier("FAMILY"),))

    assert found(stated, lookup) == "m1"


def test_twins_with_one_number_are_several() -> None:
    lookup = family_number(("2001-01-01", "2001-01-01"))

    assert found(said(coverage_numbers=(Identifier("FAMILY"),), birth_date="2001-01-01"), lookup) is None


def test_record_out_of_use_gives_way_to_the_one_in_use() -> None:
    number = (Identifier("M1"),)
    lookup = Worked(members_=[Member("old", number, active=False), Member("new", number)])

    assert found(said(identifiers=number), lookup) == "new"


def test_reference_to_this_server_leads_to_the_member() -> None:
    assert found(said(own_reference="Patient/m1")) == "m1"


def test_reference_to_this_server_that_leads_nowhere_is_nobody() -> None:
    assert found(said(own_reference="Patient/m9")) is None


def test_senders_own_reference_beside_a_number_does_not_hide_the_number() -> None:
    assert found(said(own_reference="Patient/m9", identifiers=(Identifier("M1"),))) == "m1"


def test_reference_and_number_of_two_members_lead_to_nobody() -> None:
    assert found(said(own_reference="Patient/m1", identifiers=(Identifier("M2"),)), two_members()) is None


@pytest.mark.parametrize(("reference", "member"), [("Coverage/c1", "m1"), ("Coverage/c9", None)])
def test_coverage_of_this_server_leads_to_its_member(reference: str, member: str | None) -> None:
    assert found(said(coverage_own_references=(reference,))) == member


def test_why_never_repeats_what_was_received() -> None:
    stated = said(identifiers=(Identifier("SECRET-1"),), family="SECRET-2", birth_date="1999-09-09")

    why = identify(stated, directory()).why

    assert "SECRET" not in why
    assert "1999" not in why
