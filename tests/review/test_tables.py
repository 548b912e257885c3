"""The plan's tables of specialties."""

from pathlib import Path

import pytest

from second_opinion.review.card import PolicyError
from second_opinion.review.policy import folder
from second_opinion.review.tables import Tables

CARDIOLOGY, INTERVENTIONAL, ELECTROPHYSIOLOGY = "207RC0000X", "207RI0011X", "207RC0001X"
ORTHOPAEDICS, SPINE, HAND = "207X00000X", "207XS0117X", "207XS0106X"
FAMILY, DENTIST, PSYCHIATRY = "207Q00000X", "1223G0001X", "2084P0800X"
HPSJ = Tables.load(folder("hpsj"))

SMALL = """
[names]
207RC0000X = "Cardiology"
207RI0011X = "Interventional cardiology"

[primary-care]
codes = ["207RC0000X"]

[[equivalents]]
needed = ["207RC0000X"]
accepted = ["207RI0011X"]

[[other-systems]]
system = "Another"
codes = ["207RI0011X"]
"""


def test_subspecialist_may_stand_for_the_specialty_and_the_specialist_for_the_subspecialty() -> None:
    assert HPSJ.accepted(CARDIOLOGY) >= {CARDIOLOGY, INTERVENTIONAL, ELECTROPHYSIOLOGY}
    assert HPSJ.accepted(INTERVENTIONAL) == {CARDIOLOGY, INTERVENTIONAL}
    assert HPSJ.accepted(ORTHOPAEDICS) >= {ORTHOPAEDICS, SPINE, HAND}


def test_one_subspecialty_does_not_stand_for_another() -> None:
    assert HAND not in HPSJ.accepted(SPINE)
    assert INTERVENTIONAL not in HPSJ.accepted(ELECTROPHYSIOLOGY)


def test_specialty_without_a_row_is_equivalent_only_to_itself() -> None:
    assert HPSJ.accepted("207RN0300X") == {"207RN0300X"}
    assert HPSJ.accepted("unknown") == {"unknown"}


def test_every_specialty_accepts_itself() -> None:
    assert all(needed in accepted for needed, accepted in HPSJ.equivalents.items())


def test_family_medicine_is_primary_care_and_cardiology_is_not() -> None:
    assert HPSJ.is_primary_care(FAMILY)
    assert not HPSJ.is_primary_care(CARDIOLOGY)


def test_dental_care_belongs_elsewhere_and_psychiatry_is_left_to_people() -> None:
    assert HPSJ.belongs_elsewhere(DENTIST)
    assert not HPSJ.belongs_elsewhere(PSYCHIATRY)
    assert HPSJ.other_systems[DENTIST] == "Medi-Cal Dental"


def test_specialty_is_named_in_words_where_the_plan_does() -> None:
    assert HPSJ.name(CARDIOLOGY) == "Cardiology"
    assert HPSJ.name("unknown") is None


@pytest.mark.parametrize(
    ("text", "becomes", "says"),
    [
        ('207RI0011X = "Int', '207RI0011 = "Int', "names: '207RI0011' is no NUCC code: ten letters and digits"),
        ('codes = ["207RC0000X"]', 'codes = ["207RC0001X"]', "primary-care: 'codes': '207RC0001X' has no name in"),
        ("accepted = ", "acepted = ", "equivalents: there is no key 'acepted'; did you mean 'accepted'?"),
        ("[primary-care]", "[primary]", "there is no key 'primary'; did you mean 'primary-care'?"),
        ('system = "Another"\n', "", "other-systems: 'system' is missing"),
    ],
)
def test_wrong_table_is_refused(tmp_path: Path, text: str, becomes: str, says: str) -> None:
    assert text in SMALL
    (tmp_path / "specialties.toml").write_text(SMALL.replace(text, becomes))

    with pytest.raises(PolicyError) as refused:
        Tables.load(tmp_path)

    assert says in refused.value.message


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ('[[equivalents]]\nneeded = ["207RC0000X"]\naccepted = ["207RC0000X"]', "is needed in two rows"),
        ('[[other-systems]]\nsystem = "Third"\ncodes = ["207RI0011X"]', "belongs to two systems"),
    ],
)
def test_code_judged_twice_is_refused(tmp_path: Path, rows: str, says: str) -> None:
    (tmp_path / "specialties.toml").write_text(f"{SMALL}\n{rows}\n")

    with pytest.raises(PolicyError, match=says):
        Tables.load(tmp_path)
