"""The parts a letter is laid out from; PDF and HTML draw the same ones."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """Words in one weight."""

    text: str
    bold: bool = False


Runs = tuple[Run, ...]


@dataclass(frozen=True)
class Heading:
    """The heading of a section."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """One paragraph."""

    runs: Runs


@dataclass(frozen=True)
class Items:
    """A list."""

    items: tuple[Runs, ...]


@dataclass(frozen=True)
class Facts:
    """Labels with their values; a value may have several lines."""

    rows: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Table:
    """Rows under a header; the first column names the row."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Statement:
    """A text the law words exactly: framed, in regular type with its contact items bold."""

    runs: Runs


Block = Heading | Paragraph | Items | Facts | Table | Statement


@dataclass(frozen=True)
class Document:
    """A whole letter in one language, ready to be drawn."""

    language: str
    title: str  # the heading of the letter
    kicker: str | None  # what kind of document it is, above the title
    plan: str
    plan_lines: tuple[str, ...]
    to: tuple[str, ...]  # name and address
    dated: tuple[str, str]  # label and date
    copy_note: str | None
    facts: Facts
    blocks: tuple[Block, ...]
    signature: tuple[str, ...]
    enclosed: tuple[str, tuple[str, ...]] | None  # label and names
    page: str  # "Page {page} of {pages}"
    footer: str


def strong(text: str) -> Runs:
    """The runs of a text in which **stars** mark what is bold."""
    return tuple(Run(part, bold=bool(place % 2)) for place, part in enumerate(text.split("**")) if part)


def plain(runs: Runs) -> str:
    """The words alone."""
    return "".join(run.text for run in runs)


def prose(document: Document) -> Iterator[str]:
    """Every sentence of the letter's text, without headings, tables, addresses and the exact statement."""
    for block in document.blocks:
        if isinstance(block, Paragraph):
            yield plain(block.runs)
        elif isinstance(block, Items):
            yield from (plain(each) for each in block.items)
