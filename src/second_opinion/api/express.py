"""Answers ahead of Flask, whose routing and objects cost more than a read and a tenth of a decision.

These are reads and searches that find what they name, and orders through the doors that need nothing of Flask. What is
not plain, and what is refused of reads, goes on to Flask as if this were not here; how an order is refused is told
there. The parts are the same ones.
"""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from flask import Flask

from second_opinion.access import views
from second_opinion.access.caller import require
from second_opinion.access.visibility import visibility
from second_opinion.api import access_log, auditing, handlers, negotiation, searching
from second_opinion.api.admission import Gate
from second_opinion.api.doors import Door
from second_opinion.api.negotiation import Environ
from second_opinion.api.shelf import Shelf
from second_opinion.fhir.projections import projected
from second_opinion.fhir.search import EXPOSED, REMEMBERED

TYPES = frozenset(EXPOSED) - {"Binary", "Subscription"}  # those have ways of their own (reading.py)

_PATH = re.compile(r"/fhir/([A-Z][A-Za-z]+)(?:/([A-Za-z0-9.-]{1,64}))?", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
_CONDITIONAL = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_PREFER")

OK = "200 OK"
Headers = list[tuple[str, str]]


class _NotPlain(Exception):
    """Flask answers this one."""


def register(app: Flask, desk: Shelf, gate: Gate, doors: Mapping[str, Door]) -> None:
    """Answer what is plain ahead of the app; ``doors`` are known by their paths."""
    inner = app.wsgi_app
    lane = _Lane(desk, gate)

    def express(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        began = access_log.begin(environ)
        try:
            door = doors.get(environ["PATH_INFO"])
            headers, body = lane.answer(environ) if door is None else lane.sent(environ, door)
        except Exception:  # noqa: BLE001 - refusals and faults alike are told the one way all are told
            return inner(environ, start_response)
        access_log.tell(environ, OK, time.perf_counter() - began)
        start_response(OK, negotiation.with_all_shared(environ, headers))
        return (body,)

    app.wsgi_app = express  # type: ignore[method-assign]  # the place Flask documents for this


@dataclass(frozen=True)
class _Lane:
    desk: Shelf
    gate: Gate

    def answer(self, environ: Environ) -> tuple[Headers, bytes]:
        """The whole answer, on record."""
        kind, ident = _asked(environ)
        headers, body = self._searched(environ, kind) if ident is None else self._read(environ, kind, ident)
        looked = ("search", kind) if ident is None else ("read", f"{kind}/{ident}")
        self.desk.store.note(auditing.looks(environ, *looked))
        return headers + _content(body), body

    def sent(self, environ: Environ, door: Door) -> tuple[Headers, bytes]:
        """The answer to an order, which is decided once: an error is left for Flask's handlers to tell."""
        length = _length(environ, self.desk.settings.max_body)
        try:
            told = door(environ, lambda: negotiation.plain_body(environ, length))
        except Exception as error:
            handlers.leave(environ, error)
            raise
        access_log.note_route(environ, environ["PATH_INFO"])
        return [*told.headers.items(), *_content(told.body)], told.body

    def _read(self, environ: Environ, kind: str, ident: str) -> tuple[Headers, bytes]:
        if environ.get("QUERY_STRING"):
            raise _NotPlain
        caller = self.gate.admit(environ, environ.get("HTTP_AUTHORIZATION"))
        require(caller, kind, "r")
        found = self.desk.store.read(kind, ident, visibility(caller, "r"))
        if found is None or found.deleted:
            raise _NotPlain
        auditing.shown(environ, (found,))
        access_log.note_route(environ, f"/fhir/{kind}/<ident>")
        headers = list(negotiation.version_headers(found.version, found.last_updated).items())
        return headers, projected(found.body, views.of(caller).shown.get(kind))

    def _searched(self, environ: Environ, kind: str) -> tuple[Headers, bytes]:
        caller = self.gate.admit(environ, environ.get("HTTP_AUTHORIZATION"))
        require(caller, kind, "s")
        query = environ.get("QUERY_STRING", "")
        pairs = _remembered(query) if len(query) <= REMEMBERED else _pairs(query)
        if any(name == "_format" for name, _ in pairs):
            raise _NotPlain
        body = searching.page(self.desk, kind, caller, visibility(caller, "s"), environ, pairs)
        access_log.note_route(environ, f"/fhir/{kind}")
        return [], body


def _content(body: bytes) -> Headers:
    return [("Content-Type", negotiation.ANSWER_TYPE), ("Content-Length", str(len(body)))]


def _length(environ: Environ, most: int) -> int:
    """How many bytes are sent; _NotPlain where there is more to the request."""
    length: str = environ.get("CONTENT_LENGTH", "")
    if environ["REQUEST_METHOD"] != "POST" or environ.get("QUERY_STRING") or "HTTP_TRANSFER_ENCODING" in environ:
        raise _NotPlain
    if environ.get("CONTENT_TYPE", "").startswith(negotiation.FORM):  # which may name a _format
        raise _NotPlain
    if not _NUMBER.fullmatch(length) or int(length) > most:
        raise _NotPlain
    return int(length)


def _pairs(query: str) -> tuple[tuple[str, str], ...]:
    """Names and values, as Flask would have them; ValueError for bytes that are no UTF-8."""
    return tuple(parse_qsl(query, keep_blank_values=True, errors="strict"))


_remembered = lru_cache(maxsize=1024)(_pairs)  # who waits for an answer asks the same again and again


def _asked(environ: Environ) -> tuple[str, str | None]:
    """Type and id; _NotPlain where there is more to the request."""
    path = _PATH.fullmatch(environ["PATH_INFO"])
    if environ["REQUEST_METHOD"] != "GET" or path is None or path[1] not in TYPES:
        raise _NotPlain
    if environ.get("CONTENT_LENGTH", "0") not in {"", "0"} or "HTTP_TRANSFER_ENCODING" in environ:
        raise _NotPlain
    if any(name in environ for name in _CONDITIONAL):
        raise _NotPlain
    negotiation.check_taken(environ.get("HTTP_ACCEPT", ""))
    return path[1], path[2]
