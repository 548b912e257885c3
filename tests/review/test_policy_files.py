"""A wrong policy file never starts: one mistake each, and the words its error must say."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from second_opinion.review.card import PolicyError
from second_opinion.review.policy import available, folder, load

FILE = tomllib.loads((Path(__file__).parent / "mistakes.toml").read_text())
REASONS = """
[[reasons]]
code = "criteria-met"
display = "Criteria met"
plain = "The request meets the plan's rules."
outcomes = ["approved"]
kind = "administrative"
"""


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    (tmp_path / "reasons.toml").write_text(REASONS)
    (tmp_path / "policy.toml").write_text(FILE["policy"])
    return tmp_path


def test_small_policy_without_a_mistake_is_read(plan: Path) -> None:
    policy = load(plan)

    assert [card.rule for card in policy.cards] == ["G", "S1", "S2", "S3"]
    assert len(policy.digest) == 64
    assert load(plan / "policy.toml") == policy


@pytest.mark.parametrize("mistake", FILE["mistakes"], ids=lambda mistake: mistake["name"])
def test_mistake_is_refused_with_file_place_and_what_would_be_right(plan: Path, mistake: dict[str, Any]) -> None:
    assert FILE["policy"].count(mistake["text"]) >= 1
    (plan / "policy.toml").write_text(FILE["policy"].replace(mistake["text"], mistake["becomes"], 1))

    with pytest.raises(PolicyError) as refused:
        load(plan)

    assert str(plan / "policy.toml") in refused.value.message
    for words in mistake["says"]:
        assert words in refused.value.message


def test_reason_without_a_reasons_file_is_refused(plan: Path) -> None:
    (plan / "reasons.toml").unlink()

    with pytest.raises(PolicyError, match=r"rule S3: 'reason': reasons.toml has no 'criteria-met'"):
        load(plan)


def test_policy_without_rules_is_refused(plan: Path) -> None:
    (plan / "policy.toml").write_text('plan = "none"\ntitle = "No rules"\n')

    with pytest.raises(PolicyError, match=r"no \[\[rules\]\]"):
        load(plan)


def test_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"nowhere.toml: cannot be read \(No such file or directory\)"):
        load(tmp_path / "nowhere.toml")


def test_file_that_is_no_text_is_refused(plan: Path) -> None:
    (plan / "policy.toml").write_bytes(b"plan = '\xff'")

    with pytest.raises(PolicyError, match="must be UTF-8 text; the byte at position 8 is not"):
        load(plan)


def test_digest_changes_with_every_change_of_the_file(plan: Path) -> None:
    before = load(plan).digest
    (plan / "policy.toml").write_text(FILE["policy"] + "\n")

    assert load(plan).digest != before


def test_plan_is_found_by_name_and_by_path(plan: Path) -> None:
    assert "hpsj" in available()
    assert folder("hpsj").name == "hpsj"
    assert folder(str(plan)) == plan


def test_unknown_plan_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(PolicyError, match=r"there is no plan 'hpsi'; did you mean 'hpsj'\?"):
        folder("hpsi")
