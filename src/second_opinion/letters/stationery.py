"""What a plan writes its letters on and with: its letterhead, and its wording in every language it has."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from second_opinion.letters import html, letterhead, pdf, wording
from second_opinion.letters.compose import compose
from second_opinion.letters.letter import Letter
from second_opinion.letters.letterhead import Letterhead
from second_opinion.letters.wording import ENGLISH, Wording


class Rendition(NamedTuple):
    """One file of a letter: itself in one language and format, or what is enclosed with it."""

    content_type: str
    language: str
    title: str
    body: bytes
    enclosure: str | None = None  # its name; None: the letter itself


@dataclass(frozen=True)
class Stationery:
    """Read once when the service starts."""

    letterhead: Letterhead
    wordings: Mapping[str, Wording]  # by language code

    def language(self, preferred: str | None) -> str:
        """The language a letter to this reader is written in: the preferred one where the plan has it, else English."""
        code = (preferred or ENGLISH).partition("-")[0].lower()
        return code if code in self.wordings else ENGLISH

    def render(self, letter: Letter, language: str, at: datetime) -> list[Rendition]:
        """The letter as PDF and HTML in the language; where that is not English, in English after it."""
        renditions = []
        for code in dict.fromkeys((language, ENGLISH)):
            words = self.wordings[code]
            drawn = compose(letter, words, self.letterhead)
            title = f"{drawn.title} ({words.name})"
            renditions.append(Rendition("application/pdf", code, title, pdf.render(drawn, at)))
            renditions.append(Rendition("text/html", code, title, html.render(drawn)))
        return renditions


def load(folder: Path, reasons: tuple[str, ...]) -> Stationery:
    """A plan's stationery; PolicyError names file and key where something in it is wrong."""
    return Stationery(letterhead.load(folder / letterhead.FILE), wording.load_all(folder, reasons))
