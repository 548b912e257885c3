"""X12 codes: a few literals, and an operator's file; nothing licensed comes with the service."""

from pathlib import Path

import pytest

from second_opinion.fhir import x12
from second_opinion.fhir.x12 import X12, WrongTable


def a_table(folder: Path, *lines: str) -> Path:
    """A file of codes."""
    file = folder / "x12.csv"
    file.write_text("\n".join(("element,use,code", *lines)))
    return file


def test_only_the_literals_of_the_guides_examples_are_shipped() -> None:
    assert set(x12.SHIPPED.values()) == {"T4", "04", "C"}
    assert X12().coding("886", "in-network-equivalent-available") is None


def test_operators_code_stands_before_the_shipped_one(tmp_path: Path) -> None:
    codes = x12.load(a_table(tmp_path, "901,member-unknown,ZZ"))

    assert codes.coding("901", "member-unknown", x12.IDENTITY) == {
        "system": "https://codesystem.x12.org/005010/901",
        "code": "ZZ",
    }
    assert codes.coding("901", "payer-unknown", x12.IDENTITY) == {
        "system": "https://codesystem.x12.org/005010/901",
        "code": "T4",
    }


def test_without_a_table_there_is_none() -> None:
    assert x12.load(None) == X12()


@pytest.mark.parametrize("line", ["12345,use,A", "901,,A", "901,use,", "901"])
def test_wrong_line_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(WrongTable, match="line 2"):
        x12.load(a_table(tmp_path, line))


def test_wrong_head_and_missing_file_are_named(tmp_path: Path) -> None:
    wrong = tmp_path / "x12.csv"
    wrong.write_text("code,use\n")
    for file in (wrong, tmp_path / "absent.csv"):
        with pytest.raises(WrongTable, match=file.name):
            x12.load(file)
