"""Reads and searches that find what they name, answered ahead of Flask: routing and its objects cost more than they do.

What is not plain, and whatever is refused, goes on to Flask as if this were not here; the parts are the same ones.
"""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from flask import Flask

from second_opinion.access import views
from second_opinion.access.caller import require
from second_opinion.access.visibility import visibility
from second_opinion.api import access_log, auditing, negotiation, searching
from second_opinion.api.admission import Gate
from second_opinion.api.negotiation import Environ
from second_opinion.api.shelf import Shelf
from second_opinion.fhir.projections import projected
from second_opinion.fhir.search import EXPOSED, REMEMBERED

TYPES = frozenset(EXPOSED) - {"Binary", "Subscription"}  # those have ways of their own (reading.py)

_PATH = re.compile(r"/fhir/([A-Z][A-Za-z]+)(?:/([A-Za-z0-9.-]{1,64}))?", re.ASCII)
_CONDITIONAL = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_PREFER")

OK = "200 OK"
Headers = list[tuple[str, str]]


class _NotPlain(Exception):
    """Flask answers this one."""


def register(app: Flask, desk: Shelf, gate: Gate) -> None:
    """Answer what is plain ahead of the app."""
    inner = app.wsgi_app
    lane = _Lane(desk, gate)

    def express(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        began = time.perf_counter()
        try:
            headers, body = lane.answer(environ)
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
        headers += [("Content-Type", negotiation.ANSWER_TYPE), ("Content-Length", str(len(body)))]
        return headers, body

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
