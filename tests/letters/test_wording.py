"""The plan's files of wording and letterhead: complete, and a wrong one is refused with file and key."""

import re
from pathlib import Path

import pytest

from letters.samples import HPSJ, LETTERHEAD, REASONS, WORDINGS
from second_opinion.letters import letterhead, wording
from second_opinion.review.card import PolicyError

ENGLISH = (HPSJ / "letters" / "en.toml").read_text()

MISTAKES = [  # (what is there, what is put in its place, what the refusal says)
    ('name = "English"', "", "'name' is missing"),
    ('language = "en"', 'language = "fr"', "'language' must be the code that names the file"),
    ('date_mailed = "Date mailed"', "", "en.toml: labels: 'date_mailed' is missing"),
    ('date_mailed = "Date mailed"', 'date_mailed = " "', "labels: 'date_mailed' must be a text"),
    ('date_mailed = "Date mailed"', 'date_maild = "x"', "there is no key 'date_maild'; did you mean 'date_mailed'"),
    ('"January", ', "", "'months' must be a list of 12 texts"),
    ("You have **60 days**", "You have **60 days", "'sections.appeal' has ** that does not end"),
    ("You have **60 days**", "You have {days}", "'sections.appeal' fills in {days}"),
    ("You have **60 days**", "You have {0}", "'sections.appeal' fills in {0}"),
    ("You have **60 days**", "You have {appeal_by.year}", "fills in {appeal_by.year}"),
    ("You have **60 days**", "You have {appeal_by!r}", "fills in {appeal_by}"),
    ("You have **60 days**", "You have {appeal_by", "has a brace that does not close"),
    ("[sections.imr]", "[sections.irm]", "there is no key 'irm'"),
    ("**{statement_phone}**", "{statement_phone}", "'sections.statement' must be one text in which exactly"),
    ("**{dmhc_tdd}**", "**1-877-688-9891**", "'sections.statement' must be one text in which exactly"),
    ('criteria-met = "Your', '# "Your', "reasons: 'criteria-met' is missing"),
    ('generic = "The policy', '# "The policy', "clauses: 'generic' is missing"),
    ('your-rights = "Your Rights"', "", "enclosures: 'your-rights' is missing"),
]


@pytest.mark.parametrize(("there", "instead", "refusal"), MISTAKES)
def test_a_wrong_file_is_refused_with_file_and_key(tmp_path: Path, there: str, instead: str, refusal: str) -> None:
    assert there in ENGLISH
    file = tmp_path / "en.toml"
    file.write_text(ENGLISH.replace(there, instead))

    with pytest.raises(PolicyError, match=re.escape(refusal)) as refused:
        wording.load(file, REASONS)

    assert str(file) in str(refused.value)


def test_every_plan_needs_english(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()

    with pytest.raises(PolicyError, match="every plan has English letters"):
        wording.load_all(tmp_path, REASONS)


def test_another_language_is_one_more_file(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    for code in ("en", "hmn"):
        text = ENGLISH.replace('language = "en"', f'language = "{code}"')
        (tmp_path / "letters" / f"{code}.toml").write_text(text)

    assert set(wording.load_all(tmp_path, REASONS)) == {"en", "hmn"}


def test_this_plan_writes_english_and_spanish() -> None:
    assert {"en", "es"} <= set(WORDINGS)


@pytest.mark.parametrize("language", WORDINGS)
def test_every_clause_the_plan_may_cite_has_words(language: str) -> None:
    cited = {"I.A", "I.B", "II.A", "II.B", "II.C", "II.C.1", "II.D", "II.E", "II.F", "II.G"}

    assert cited <= set(WORDINGS[language].clauses)


@pytest.mark.parametrize("there", ['statement_phone = "1-209-942-6320"', 'dmhc_tdd = "1-877-688-9891"'])
def test_a_letterhead_without_a_number_is_refused(tmp_path: Path, there: str) -> None:
    file = tmp_path / letterhead.FILE
    file.write_text((HPSJ / letterhead.FILE).read_text().replace(there, ""))

    with pytest.raises(PolicyError, match=f"'{there.partition(' ')[0]}' is missing"):
        letterhead.load(file)


def test_the_letterhead_is_the_plans() -> None:
    assert LETTERHEAD.statement_phone == "1-209-942-6320"
    assert LETTERHEAD.phone == "1-888-936-7526"
