"""The document as a tagged PDF (PDF/UA-1), drawn by Typst from the template beside this file."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from threading import Lock

import typst

from second_opinion.letters.blocks import Block, Document

_ONE_AT_A_TIME = Lock()  # a compiler borrowed by two threads raises

TEMPLATE = Path(__file__).parent / "letter.typ"


def render(document: Document, at: datetime) -> bytes:
    """The PDF. Equal documents at equal instants are equal bytes; only fonts Typst brings are used."""
    with _ONE_AT_A_TIME:
        drawn = _compiler().compile(
            format="pdf",
            sys_inputs={"document": json.dumps(_as_json(document))},
            pdf_standards=["ua-1"],
            timestamp=int(at.astimezone(UTC).timestamp()),
        )
    assert isinstance(drawn, bytes)  # noqa: S101 - one PDF is one file
    return drawn


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(TEMPLATE, root=TEMPLATE.parent, ignore_system_fonts=True)


def _as_json(document: Document) -> dict[str, object]:
    return asdict(document) | {
        "blocks": [_tagged(block) for block in document.blocks],
        "facts": _tagged(document.facts),
    }


def _tagged(block: Block) -> dict[str, object]:
    """The block with its kind, by which the template knows it."""
    return {"kind": type(block).__name__.lower(), **asdict(block)}
