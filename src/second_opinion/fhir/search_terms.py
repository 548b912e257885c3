"""How searchable values are written in the index: one form, used when storing and when asking.

token      code ␟ system (system empty when none)
string     folded ␟ as written
reference  Type/id on this server, any other as it stands
date       first and last microsecond since 1970, UTC, both inside
"""

import hashlib
import unicodedata
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from second_opinion.fhir import dates

SEPARATOR = "\x1f"
EARLIEST, LATEST = -(2**63), 2**63 - 1  # spans without beginning or end
LONGEST_CODE = 200  # characters; PostgreSQL refuses index rows above 2704 bytes
LONGEST_STRING = 120  # characters of a string that can be searched, twice in the index

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def fold(text: str) -> str:
    """The text without case, accents or doubled space, as FHIR compares strings."""
    if text.isascii():
        return " ".join(text.lower().split())
    plain = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return " ".join(unicodedata.normalize("NFKD", plain.casefold()).split())


def bounded(text: str) -> str:
    """The text, or, where it is too long for an index, its beginning and its digest."""
    if len(text) <= LONGEST_CODE:
        return text if "\x00" not in text else text.replace("\x00", "")  # PostgreSQL's text knows no NUL
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{text[: LONGEST_CODE - 65]}#{digest}".replace("\x00", "")


def token(code: str, system: str | None) -> str:
    """A code with its system."""
    return f"{bounded(code)}{SEPARATOR}{bounded(system) if system else ''}"


def string(text: str) -> str:
    """A string, folded for most searches and as written for :exact."""
    return f"{fold(text)[:LONGEST_STRING]}{SEPARATOR}{text[:LONGEST_STRING]}".replace("\x00", "")


def reference(text: str, base: str = "") -> str | None:
    """``Type/id`` for what is on this server, other URLs as they stand; None for what is contained."""
    if text.startswith("#"):
        return None
    if base and text.startswith(base) and text[len(base) : len(base) + 1] == "/":
        text = text[len(base) + 1 :]
    return bounded(text.partition("/_history/")[0])


@lru_cache(maxsize=8192)
def span(text: str) -> tuple[int, int]:
    """First and last microsecond of a FHIR date, dateTime or instant; ValueError where it is none."""
    first, last = dates.span(text)
    return microseconds(first), microseconds(last)


def microseconds(at: datetime) -> int:
    """An aware instant as microseconds since 1970, UTC."""
    return (at - _EPOCH) // _MICROSECOND
