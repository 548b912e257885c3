"""A printed letter read back: its words as one line, and in which font and size each of them stands."""

import re
from dataclasses import dataclass
from functools import cache, cached_property
from io import BytesIO
from typing import Any

from pypdf import PdfReader

from letters import samples
from second_opinion.cases.notices import Addressee, NoticeKind
from second_opinion.letters import pdf
from second_opinion.letters.letter import Letter


@dataclass(frozen=True)
class Printed:
    """One PDF."""

    body: bytes

    @cached_property
    def reader(self) -> PdfReader:
        return PdfReader(BytesIO(self.body))

    @cached_property
    def words(self) -> str:
        """All text, folded."""
        return folded(" ".join(page.extract_text() for page in self.reader.pages))

    @cached_property
    def fonts(self) -> list[tuple[str, bool, float]]:
        """(words, whether bold, size in points) of every piece of text."""
        found: list[tuple[str, bool, float]] = []

        def keep(text: str, _matrix: Any, text_matrix: Any, font: Any, size: float) -> None:
            if text.strip():
                found.append((text.strip(), "Bold" in str(font["/BaseFont"]), size * abs(text_matrix[0])))

        for page in self.reader.pages:
            page.extract_text(visitor_text=keep)
        return found


def folded(text: str) -> str:
    """White space folded, curly apostrophes straight."""
    return re.sub(r"\s+", " ", text).replace("\u2019", "'").strip()


@cache
def printed(kind: NoticeKind = NoticeKind.DENIAL, to: Addressee = Addressee.MEMBER, language: str = "en") -> Printed:
    """The sample letter of this kind."""
    return of(samples.letter(kind, to), language)


def of(letter: Letter, language: str = "en") -> Printed:
    """This letter printed."""
    return Printed(pdf.render(samples.document(letter, language), samples.AT))
