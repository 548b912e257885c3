"""Every error under /fhir, whoever raised it, becomes one OperationOutcome; nothing received or internal is told."""

import logging
from collections.abc import Mapping
from types import MappingProxyType

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed as WrongMethod

from second_opinion.api import negotiation, oauth
from second_opinion.api.negotiation import Environ
from second_opinion.errors import (
    BadRequest,
    BodyTooLarge,
    Forbidden,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    SecondOpinionError,
    Throttled,
    Unauthorized,
    Unavailable,
    UnsupportedMediaType,
)
from second_opinion.fhir import json_body, outcome
from second_opinion.fhir.search import UnknownParameter

logger = logging.getLogger(__name__)

_UNKNOWN_PARAMETER = {
    "system": "http://terminology.hl7.org/CodeSystem/operation-outcome",
    "code": "MSG_PARAM_UNKNOWN",
}
_IN_OUR_WORDS: Mapping[int, tuple[type[SecondOpinionError], str]] = MappingProxyType(
    {
        400: (BadRequest, "The request cannot be read"),
        401: (Unauthorized, "A valid access token is required"),
        403: (Forbidden, "This is not allowed"),
        404: (NotFound, "There is no such address; the types and operations offered are listed at /fhir/metadata"),
        405: (MethodNotAllowed, "This interaction is not offered here; those offered are listed at /fhir/metadata"),
        406: (NotAcceptable, f"Only {negotiation.FHIR_JSON} is offered"),
        413: (BodyTooLarge, "The body is larger than the limit"),
        415: (UnsupportedMediaType, f"Content-Type must be {negotiation.FHIR_JSON}"),
        429: (Throttled, "Too many requests"),
        503: (Unavailable, "Try again later"),
    }
)


class Fault(SecondOpinionError):
    """Something went wrong inside; the sender did nothing wrong."""


_FAILED = "second_opinion.failed"


def leave(environ: Environ, error: Exception) -> None:
    """An error met ahead of Flask, to be told as if it had been raised in it."""
    environ[_FAILED] = error


def _raise_left() -> None:
    error: Exception | None = request.environ.pop(_FAILED, None)
    if error is not None:
        raise error


def register(app: Flask) -> None:
    """Make the app answer every error as an OperationOutcome, and every address as it stands."""
    app.url_map.merge_slashes = False  # a redirect would be HTML
    app.url_map.strict_slashes = False
    app.before_request(_raise_left)
    app.register_error_handler(SecondOpinionError, answer)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, _of_fault)


def answer(error: SecondOpinionError) -> Response:
    """The error as an OperationOutcome with its status and headers; to an OAuth client as OAuth writes it."""
    if request.path.startswith("/oauth/"):
        return oauth.refusal(error)
    body = outcome.write(error)
    if isinstance(error, UnknownParameter):
        body["issue"][0]["details"]["coding"] = [_UNKNOWN_PARAMETER]
    return negotiation.answer(json_body.write(body), error.status, error.headers)


def _of_http(error: HTTPException) -> Response:
    """An error Flask or Werkzeug raised, in our words."""
    if isinstance(error, WrongMethod) and request.method == "POST" and request.path.rpartition("/")[2].startswith("$"):
        return answer(NotFound("There is no such operation; those offered are listed at /fhir/metadata"))
    headers = {"Allow": ", ".join(sorted(error.valid_methods or ()))} if isinstance(error, WrongMethod) else {}
    return _of_http_status(error.code or 500, headers)


def _of_http_status(status: int, headers: Mapping[str, str]) -> Response:
    if status in _IN_OUR_WORDS:
        kind, words = _IN_OUR_WORDS[status]
        return answer(kind(words, headers=headers))
    if status < 500:  # noqa: PLR2004  # HTTP's own border between the sender's faults and ours
        response = answer(BadRequest("The request cannot be answered as it stands", headers=headers))
        response.status_code = status
        return response
    return _internal()


def _of_fault(error: Exception) -> Response:
    """An unexpected exception: its class and the request's id are logged, its words may hold health data."""
    logger.error(
        "%s while answering %s, request %s at %s",
        type(error).__name__,
        request.method,
        negotiation.request_id(request),
        _place(error),
    )
    return _internal()


def _place(error: Exception) -> str:
    """File and line where the exception was raised; code, never data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "an unknown place" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"


def _internal() -> Response:
    words = f"Something went wrong inside; it is recorded as request {negotiation.request_id(request)}"
    return answer(Fault(words))
