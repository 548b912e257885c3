"""Determination reasons: what one may stand for, and what is refused."""

from pathlib import Path

import pytest

from second_opinion.review import reasons
from second_opinion.review.card import PolicyError
from second_opinion.review.determination import Outcome

REASON = """
[[reasons]]
code = "nobody-there"
display = "Nobody there"
plain = "Nobody is there."
outcomes = ["approved"]
kind = "administrative"
"""


def test_reason_of_an_approval_stands_for_approve_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "reasons.toml").write_text(REASON)

    (reason,) = reasons.load(tmp_path / "reasons.toml")

    assert [outcome for outcome in Outcome if reason.stands_for(outcome)] == [Outcome.APPROVE]


def test_reason_of_a_denial_stands_for_nothing_the_table_answers(tmp_path: Path) -> None:
    (tmp_path / "reasons.toml").write_text(REASON.replace("approved", "denied") + 'clause = "II.D"\n')

    (reason,) = reasons.load(tmp_path / "reasons.toml")

    assert not any(reason.stands_for(outcome) for outcome in Outcome)


@pytest.mark.parametrize(
    ("text", "becomes", "says"),
    [
        ('"approved"', '"aproved"', "reason nobody-there: there is no outcome 'aproved'; did you mean 'approved'?"),
        ("administrative", "clerical", "there is no kind 'clerical'"),
        ("approved", "denied", "'clause' is missing; a reason for a denial or modification cites the clause"),
        ("plain =", "plane =", "there is no key 'plane'; did you mean 'plain'?"),
        ('code = "nobody-there"\n', "", "reason (without code): 'code' is missing"),
    ],
)
def test_wrong_reason_is_refused(tmp_path: Path, text: str, becomes: str, says: str) -> None:
    (tmp_path / "reasons.toml").write_text(REASON.replace(text, becomes))

    with pytest.raises(PolicyError) as refused:
        reasons.load(tmp_path / "reasons.toml")

    assert says in refused.value.message


def test_two_reasons_of_one_code_are_refused(tmp_path: Path) -> None:
    (tmp_path / "reasons.toml").write_text(REASON * 2)

    with pytest.raises(PolicyError, match="reason nobody-there: there are two of this code"):
        reasons.load(tmp_path / "reasons.toml")
