"""What lies in the envelope beside the letter: files the plan supplies, enclosed byte for byte."""

from dataclasses import dataclass
from pathlib import Path

from second_opinion.cases.notices import ENCLOSURES, NoticeKind


@dataclass(frozen=True)
class Enclosure:
    """One file as the plan supplied it."""

    name: str  # your-rights, nondiscrimination, language-notice
    language: str
    body: bytes


def wanted(kind: NoticeKind) -> tuple[str, ...]:
    """The names of what must be enclosed: a Notice of Action goes out with all of it (APL 21-011), others with none."""
    return ENCLOSURES if kind.is_adverse else ()


def find(folder: Path | None, kind: NoticeKind, language: str) -> tuple[tuple[Enclosure, ...], tuple[str, ...]]:
    """What the folder has for a letter in this language, and the file names it lacks."""
    found, missing = [], []
    for name in wanted(kind):
        file = f"{name}.{language}.pdf"
        body = _read(folder, file)
        if body is None:
            missing.append(file)
        else:
            found.append(Enclosure(name, language, body))
    return tuple(found), tuple(missing)


def _read(folder: Path | None, file: str) -> bytes | None:
    """The file's bytes; None where it is not there or is no PDF."""
    if folder is None:
        return None
    try:
        body = (folder / file).read_bytes()
    except OSError:
        return None
    return body if body.startswith(b"%PDF-") else None
