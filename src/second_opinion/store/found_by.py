"""What a resource is found by: its index rows, and the same packed beside its body.

The packed form answers questions about one resource without a second look-up (sorting, ``:contains``, ``:missing``),
and says which index rows a new version takes away.
"""

from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from second_opinion.store.changes import ResourceWrite
from second_opinion.store.database import Row
from second_opinion.store.parameters import param

LONGEST = 480  # characters; PostgreSQL's index rows end at 2,704 bytes, at most four a character


class FoundBy(NamedTuple):
    """The index rows of one version of one resource, without its number, and the same packed as JSON text."""

    terms: set[tuple[int, str]]
    spans: set[tuple[int, int, int]]
    packed: str


def word(value: str) -> str:
    """The value as it stands in the index: a long one is cut and told apart by its digest, NUL is left out."""
    if "\0" in value:  # PostgreSQL's text cannot hold it
        value = value.replace("\0", "")
    if len(value) <= LONGEST:
        return value
    return f"{value[:LONGEST]}\x1e{sha256(value.encode()).hexdigest()}"


def key(type: str, parameter: str) -> str:  # noqa: A002 - FHIR's own word for it
    """The name of a parameter in the packed form: eight hexadecimal digits."""
    return _digits(param(type, parameter))


@cache
def _digits(number: int) -> str:
    return f"{number & 0xFFFFFFFF:08x}"


def found_by(resource: ResourceWrite) -> FoundBy:
    """What this version is found by."""
    kind = resource.type
    terms = {(param(kind, name), word(value)) for name, value in resource.terms}
    spans = {(param(kind, name), first, last) for name, first, last in resource.spans}
    packed: dict[str, list[Any]] = {}
    for number, value in terms:
        packed.setdefault(_digits(number), []).append(value)
    for number, first, last in spans:
        packed.setdefault(f"s{_digits(number)}", []).append((first, last))
    return FoundBy(terms, spans, orjson.dumps(packed).decode())


def unpacked(packed: str) -> FoundBy:
    """The index rows again."""
    terms: set[tuple[int, str]] = set()
    spans: set[tuple[int, int, int]] = set()
    for name, values in orjson.loads(packed).items():
        if name[0] == "s":
            spans.update((_number(name[1:]), first, last) for first, last in values)
        else:
            terms.update((_number(name), value) for value in values)
    return FoundBy(terms, spans, packed)


def _number(digits: str) -> int:
    number = int(digits, 16)
    return number - 2**32 if number >= 2**31 else number


def term_rows(terms: Iterable[tuple[int, str]], pk: int) -> list[Row]:
    """Rows of search_term."""
    return [(number, value, pk) for number, value in terms]


def span_rows(spans: Iterable[tuple[int, int, int]], pk: int) -> list[Row]:
    """Rows of search_span."""
    return [(pk, number, first, last) for number, first, last in spans]
