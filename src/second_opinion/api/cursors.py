"""Page cursors: an encrypted note of search, position, caller and expiry, so that the next page needs no memory."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from second_opinion.errors import Gone, InvalidSearch

LIFETIME = 24 * 3600  # seconds

_HEADER = {"alg": "dir", "enc": "A256GCM"}


class CursorExpired(Gone):
    """The page was asked for too late."""

    issue = "expired"


@dataclass(frozen=True)
class Cursor:
    """Where a search or history goes on: its address, its parameters, and the sort position of the last row shown."""

    path: str  # below the FHIR base: Task, Task/_history, Task/id/_history
    parameters: tuple[tuple[str, str], ...] = ()
    after: tuple[Any, ...] | None = None


class Cursors:
    """Seals cursors with one key, which every process of the service shares."""

    def __init__(self, key: bytes) -> None:
        self._key = OctKey.import_key(hashlib.sha256(b"page cursors\0" + key).digest())

    def seal(self, cursor: Cursor, caller: str, at: float | None = None) -> str:
        """The cursor as text for a URL, for this caller alone; ``at`` is seconds since 1970, now if not given."""
        expires = int((time.time() if at is None else at) + LIFETIME)
        note = [cursor.path, cursor.parameters, cursor.after, caller, expires]
        return jwe.encrypt_compact(_HEADER, orjson.dumps(note), self._key)

    def open(self, text: str, path: str, caller: str, at: float | None = None) -> Cursor:
        """The cursor of this address and caller; InvalidSearch 400 for any other, CursorExpired 410 after its time."""
        try:
            note = orjson.loads(
                jwe.decrypt_compact(text, self._key, algorithms=list(_HEADER.values())).plaintext or b""
            )
        except (JoseError, ValueError) as wrong:
            raise _foreign() from wrong
        sealed_path, parameters, after, owner, expires = note
        if sealed_path != path or owner != caller:
            raise _foreign()
        if (time.time() if at is None else at) >= expires:
            raise CursorExpired("This page is no longer kept; search again", "http._page")
        return Cursor(path, _pairs(parameters), None if after is None else tuple(after))


def _pairs(parameters: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in parameters)


def _foreign() -> InvalidSearch:
    return InvalidSearch("_page must be a link this server gave to this caller for this search", "http._page")
