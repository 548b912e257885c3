"""One line for each request: who, which route, what came of it, how long it took. Never a received value.

The route is written as the router has it, without what stood in its places, and no query: both may name a member.
"""

import logging
import re
import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Response, request

from second_opinion import log_lines
from second_opinion.api import auditing, exchanges, negotiation
from second_opinion.api.negotiation import Environ

logger = logging.getLogger("second_opinion.requests")

_ROUTE, _BEGAN = "second_opinion.route", "second_opinion.began"
_TOKEN_ID = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)


def register(app: Flask) -> None:
    """Write a line as each answer leaves."""
    inner = app.wsgi_app

    @app.after_request
    def note(response: Response) -> Response:
        note_route(request.environ, request.url_rule.rule if request.url_rule else "-")
        return response

    def logged(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        began = begin(environ)

        def start(status: str, headers: list[tuple[str, str]], *further: Any) -> Any:
            tell(environ, status, time.perf_counter() - began)
            return start_response(status, headers, *further)

        return inner(environ, start)

    app.wsgi_app = logged  # type: ignore[method-assign]  # the place Flask documents for this


def begin(environ: Environ) -> float:
    """When the exchange began, of time.perf_counter: when this was asked first."""
    began: float = environ.setdefault(_BEGAN, time.perf_counter())
    return began


def tell(environ: Environ, status: str, took: float) -> None:
    """Write the line of an exchange that took so many seconds."""
    if logger.isEnabledFor(logging.INFO):
        log_lines.say(logger, _line(environ, status, took))


def note_route(environ: Environ, rule: str) -> None:
    """Which route answers, as the router has it."""
    environ[_ROUTE] = rule


def _line(environ: Environ, status: str, took: float) -> str:
    caller = auditing.caller_of(environ)
    granted = environ.get(exchanges.GRANTED)
    who = caller.id if caller else granted.partner if granted else "-"
    token = caller.token_id if caller and _TOKEN_ID.fullmatch(caller.token_id) else "-"
    return (
        f"{_method(environ)} {environ.get(_ROUTE, '-')} {status[:3]} {took * 1000:.1f}ms"
        f" caller={who} token={token} request={negotiation.request_id_of(environ)}"
    )


def _method(environ: Environ) -> str:
    """The method, if it is one: it too is something received."""
    method = str(environ.get("REQUEST_METHOD", ""))
    return method if method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "-"
