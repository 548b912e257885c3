"""Bodies nobody read: a request may be refused before, and a server closes a connection with a body still on it.

The caller would find its next request on that connection broken (RFC 9112 §9.3), so the rest is read away.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from flask import Flask

from second_opinion.errors import Unavailable

Environ = dict[str, Any]  # WSGI's, PEP 3333

PIECE = 64 * 1024
MOST = 64 * 1024 * 1024  # bytes read away; a sender of more loses its connection
BODILESS = frozenset({"GET", "HEAD", "OPTIONS"})


def register(app: Flask) -> None:
    """Read away what is left of the body of a request that was refused."""
    inner = app.wsgi_app

    def drained(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        answered = ""

        def start(status: str, *further: Any) -> Any:
            nonlocal answered
            answered = status
            return start_response(status, *further)

        answer = inner(environ, start)
        if answered >= "4" and environ["REQUEST_METHOD"] not in BODILESS:
            with suppress(Unavailable):  # so many bodies trickle in that this one's connection is given up
                _drain(environ["wsgi.input"])
        return answer

    app.wsgi_app = drained  # type: ignore[method-assign]  # the place Flask documents for this


def _drain(body: Any) -> None:
    left = MOST
    while left > 0 and (piece := body.read(min(PIECE, left))):
        left -= len(piece)
