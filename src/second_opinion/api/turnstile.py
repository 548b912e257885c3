"""Bodies that trickle in may hold some of a process's threads, never all of them: reading goes on whoever is slow."""

from collections.abc import Callable, Iterable
from threading import BoundedSemaphore
from typing import Any

from flask import Flask

from second_opinion.errors import Unavailable

Environ = dict[str, Any]  # WSGI's, PEP 3333

AT_ONCE = 5  # of the eight threads of a process (serving.py)
WAIT = 0.5  # seconds; a body that is there is read in much less
RETRY = {"Retry-After": "5"}


def register(app: Flask) -> None:
    """Let so many threads wait for bodies at once; one more is told to come again."""
    inner = app.wsgi_app
    places = BoundedSemaphore(AT_ONCE)

    def turned(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("CONTENT_LENGTH") not in {None, "", "0"} or "HTTP_TRANSFER_ENCODING" in environ:
            environ["wsgi.input"] = _Turned(environ["wsgi.input"], places)
        return inner(environ, start_response)

    app.wsgi_app = turned  # type: ignore[method-assign]  # the place Flask documents for this


class _Turned:
    """A body, read through the turnstile."""

    def __init__(self, body: Any, places: BoundedSemaphore) -> None:
        self._body = body
        self._places = places

    def read(self, size: int = -1) -> bytes:
        """So many bytes, or all; Unavailable where too many bodies are waited for already."""
        if not self._places.acquire(timeout=WAIT):
            raise Unavailable("Too many requests are being received at once; try again", headers=RETRY)
        try:
            read: bytes = self._body.read(size)
            return read
        finally:
            self._places.release()
