"""The number a search parameter of one type has in the index."""

from functools import cache
from zlib import crc32


@cache
def param(type: str, name: str) -> int:  # noqa: A002 - FHIR's own word for it
    """The signed 32-bit number of ``Type.name``; short, because every index row carries it."""
    number = crc32(f"{type}.{name}".encode())
    return number - 2**32 if number >= 2**31 else number
