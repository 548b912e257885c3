"""The example requests answered by the real application, and answers compared as far as they can repeat."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from desks import Caller, Service, service
from second_opinion import demo

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@contextmanager
def demonstration(folder: Path) -> Iterator[tuple[Service, Caller]]:
    """The demonstration's service and sender: its directory, its clock, standing still at its first moment."""
    with service(folder) as running:
        yield running, running.partner(demo.SENDER)


def normalised(answer: bytes) -> Any:
    """The answer with every id we gave numbered by its first appearance: ids alone cannot repeat.

    Everything else does: the clock stands still, and the examples are sent in the order of their names to an empty
    store, so that case numbers and instants come out the same.
    """
    seen: dict[str, str] = {}

    def numbered(found: re.Match[str]) -> str:
        return seen.setdefault(found.group(), f"id-{len(seen) + 1}")

    return orjson.loads(UUID.sub(numbered, orjson.dumps(orjson.loads(answer)).decode()))


def readable(answer: bytes) -> bytes:
    """As it is kept beside the request."""
    return orjson.dumps(orjson.loads(answer), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
