"""Enclosures are the plan's files, byte for byte; what is missing is named."""

from pathlib import Path

import pytest

from second_opinion.cases.notices import ENCLOSURES, NoticeKind
from second_opinion.letters.enclosures import find

PDF = b"%PDF-1.4 made up for a test"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ENCLOSURES:
        (tmp_path / f"{name}.en.pdf").write_bytes(PDF + name.encode())
    return tmp_path


def test_a_notice_of_action_has_all_three(folder: Path) -> None:
    found, missing = find(folder, NoticeKind.DENIAL, "en")

    assert [(each.name, each.body) for each in found] == [(name, PDF + name.encode()) for name in ENCLOSURES]
    assert missing == ()


def test_each_language_has_its_own_files(folder: Path) -> None:
    (folder / "your-rights.es.pdf").write_bytes(PDF)

    found, missing = find(folder, NoticeKind.DENIAL, "es")

    assert [each.name for each in found] == ["your-rights"]
    assert missing == ("nondiscrimination.es.pdf", "language-notice.es.pdf")


def test_a_file_that_is_no_pdf_is_missing(folder: Path) -> None:
    (folder / "your-rights.en.pdf").write_bytes(b"")

    assert find(folder, NoticeKind.DELAY, "en")[1] == ("your-rights.en.pdf",)


def test_without_a_folder_everything_is_missing() -> None:
    assert find(None, NoticeKind.MODIFICATION, "en") == ((), tuple(f"{name}.en.pdf" for name in ENCLOSURES))


@pytest.mark.parametrize("kind", set(NoticeKind) - {NoticeKind.DENIAL, NoticeKind.MODIFICATION, NoticeKind.DELAY})
def test_other_letters_need_nothing_enclosed(kind: NoticeKind) -> None:
    assert find(None, kind, "en") == ((), ())
