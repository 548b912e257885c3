"""An answer that shows nothing leaves at even intervals after its request came: what was looked for in vain,
what is not the caller's and what is kept from it cost the database a few microseconds more or less, and a clock would
tell them apart.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask

from second_opinion.api.negotiation import Environ

EVERY = 0.003  # seconds; most such answers are ready within the first interval

_NOTHING = "second_opinion.nothing"
_ABSENT = "404"


def shows_nothing(environ: Environ) -> None:
    """The exchange succeeds and shows nothing."""
    environ[_NOTHING] = True


def register(app: Flask) -> None:
    """Let such answers of /fhir wait for the end of the interval they are ready in."""
    inner = app.wsgi_app

    def evened(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        began = time.perf_counter()
        answered = ""

        def start(status: str, *further: Any) -> Any:
            nonlocal answered
            answered = status
            return start_response(status, *further)

        answer = inner(environ, start)
        if (answered.startswith(_ABSENT) or _NOTHING in environ) and environ["PATH_INFO"].startswith("/fhir/"):
            time.sleep(EVERY - (time.perf_counter() - began) % EVERY)
        return answer

    app.wsgi_app = evened  # type: ignore[method-assign]  # the place Flask documents for this
