"""Every answer comes in time: whatever the database does, nobody waits for it longer than the sender for us."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from second_opinion.store import patience

Environ = dict[str, Any]  # WSGI's, PEP 3333


def register(app: Flask, answer_within: float) -> None:
    """Give each request so many seconds of waiting for the database, and those of keeping."""
    inner = app.wsgi_app

    def timed(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        with patience.answering(answer_within + patience.KEEPING):
            return inner(environ, start_response)

    app.wsgi_app = timed  # type: ignore[method-assign]  # the place Flask documents for this
