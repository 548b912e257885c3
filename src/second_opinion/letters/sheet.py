"""A message of the plan's on paper: its words as they are, for recipients that no system can reach."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from second_opinion.letters.blocks import Block, Document, Facts
from second_opinion.letters.letter import Party
from second_opinion.letters.letterhead import Letterhead
from second_opinion.letters.page import told
from second_opinion.letters.wording import ENGLISH


@dataclass(frozen=True)
class Sheet:
    """What is to be said to whom. Nothing in it is the letterhead's or the wording's."""

    title: str
    to: Party
    on: date
    case_number: str
    facts: Sequence[tuple[str, tuple[str, ...]]]  # label, lines
    paragraphs: Sequence[str]


def compose(sheet: Sheet, letterhead: Letterhead) -> Document:
    """The sheet on the plan's letterhead; between professionals, so in English."""
    blocks: list[Block] = [told(words) for words in sheet.paragraphs]
    return Document(
        language=ENGLISH,
        title=sheet.title,
        kicker=None,
        plan=letterhead.name,
        plan_lines=(*letterhead.address, f"{letterhead.phone} (TTY {letterhead.tty})", letterhead.website),
        to=(sheet.to.name, *sheet.to.address),
        dated=("Date", f"{sheet.on:%B} {sheet.on.day}, {sheet.on.year}"),
        copy_note=None,
        facts=Facts(tuple(sheet.facts)),
        blocks=tuple(blocks),
        signature=(letterhead.name, f"Questions: {letterhead.review_phone}"),
        enclosed=None,
        page="Page {page} of {pages}",
        footer=f"Case {sheet.case_number}",
    )
