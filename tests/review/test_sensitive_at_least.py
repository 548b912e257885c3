"""No plan's list of protected kinds may leave out what the law protects everywhere."""

from pathlib import Path

import pytest

from second_opinion.review import policy, sensitive
from second_opinion.review.card import PolicyError

WHOLE = (policy.folder("hpsj") / sensitive.FILE).read_text()


def test_the_plans_own_list_holds(tmp_path: Path) -> None:
    (tmp_path / sensitive.FILE).write_text(WHOLE)

    assert sensitive.load(tmp_path).of(["http://hl7.org/fhir/sid/icd-10-cm|B20"], None, 40)


@pytest.mark.parametrize(
    ("kept", "put", "named"),
    [
        ('"B20", ', "", "B20"),
        ('"Z30", ', "", "Z30"),
        ('"Z33.2", ', "", "Z332"),
        ('"F10", ', "", None),  # mental health protects every F
        ('prefixes = ["F"]', 'prefixes = ["F3"]', "F20"),
    ],
)
def test_what_is_left_out_is_named(tmp_path: Path, kept: str, put: str, named: str | None) -> None:
    assert kept in WHOLE
    (tmp_path / sensitive.FILE).write_text(WHOLE.replace(kept, put, 1))

    if named is None:
        sensitive.load(tmp_path)
        return
    with pytest.raises(PolicyError, match=named):
        sensitive.load(tmp_path)


def test_what_counts_for_minors_alone_protects_nobody_else(tmp_path: Path) -> None:
    (tmp_path / sensitive.FILE).write_text(WHOLE.replace("prefixes =", "minors = true\nprefixes =", 1))

    with pytest.raises(PolicyError, match="B20"):
        sensitive.load(tmp_path)
