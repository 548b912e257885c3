"""What a caller sends and accepts: media types, Prefer, If-Match; and the headers every answer carries.

Werkzeug's own parsers lose media types with parameters and weak entity tags, so the headers are read here.
"""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from itertools import count
from secrets import token_hex
from typing import Any

from flask import Flask, Request, Response, request
from werkzeug.exceptions import ClientDisconnected

from second_opinion.errors import BadRequest, NotAcceptable, UnsupportedMediaType
from second_opinion.store import patience

Environ = dict[str, Any]  # WSGI's, PEP 3333

FHIR_JSON = "application/fhir+json"
ANSWER_TYPE = f"{FHIR_JSON}; charset=utf-8"
FORM = "application/x-www-form-urlencoded"

_JSON = frozenset({FHIR_JSON, "application/json", "json", "text/json", "application/json+fhir"})
ANYTHING = frozenset({"*/*", "application/*", "*"})
_FHIR_VERSIONS = frozenset({"4.0", "4.0.1"})
_RETURNS = frozenset({"minimal", "representation", "OperationOutcome"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_VERSION = re.compile(r"[0-9]{1,9}", re.ASCII)
_ENTITY_TAG = re.compile(r'(?:W/)?"([^"]*)"|([^\s",]+)')

_NUMBERS = count(1)

_ALLOWED_HEADERS = (
    "Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, If-None-Exist, Prefer, "
    "X-Request-Id"
)
_EXPOSED_HEADERS = (
    "ETag, Location, Content-Location, Last-Modified, Link, Retry-After, WWW-Authenticate, X-Request-Id, X-Progress"
)
_PREFLIGHT = (("Access-Control-Allow-Headers", _ALLOWED_HEADERS), ("Access-Control-Max-Age", "86400"))
_EVERY_ANSWER = (
    ("Access-Control-Allow-Origin", "*"),  # no cookies are used: a token is needed all the same
    ("Access-Control-Expose-Headers", _EXPOSED_HEADERS),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),  # answers are health data
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Referrer-Policy", "no-referrer"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
)
_SHARED = tuple((pair[0].lower(), pair) for pair in _EVERY_ANSWER)


@dataclass(frozen=True)
class Preferences:
    """What the Prefer header asks for; None where it says nothing we know."""

    returned: str | None = None  # minimal, representation, OperationOutcome
    strict: bool = False  # handling=strict
    respond_async: bool = False


def check_accepted(asked: Request) -> None:
    """NotAcceptable 406 unless the caller takes FHIR JSON; ``_format`` beats Accept."""
    environ, chosen = asked.environ, None
    if "format" in environ.get("QUERY_STRING", "") or environ.get("CONTENT_TYPE", "").startswith(FORM):
        chosen = asked.values.get("_format")
    check_taken(chosen or environ.get("HTTP_ACCEPT", ""), named_by_format=bool(chosen))


@lru_cache(maxsize=512)
def check_taken(text: str, *, named_by_format: bool = False) -> None:
    """One Accept header, or one ``_format``, whose + may have arrived as the space it encodes in a URL."""
    if not text.strip():
        return
    offers = [_media_type(each.replace(" ", "+") if named_by_format else each) for each in text.split(",")]
    known = [options for name, options in offers if is_json(name) or name in ANYTHING]
    if not any(options.get("fhirversion", "4.0") in _FHIR_VERSIONS for options in known if options.get("q") != "0"):
        where = "_format" if named_by_format else "Accept"
        raise NotAcceptable(f"{where} must allow {FHIR_JSON} of FHIR 4.0; nothing else is offered", f"http.{where}")


def accepted(asked: Request) -> list[tuple[str, float]]:
    """What Accept names, each with its weight; one that cannot be read weighs nothing."""
    offers = [_media_type(each) for each in asked.environ.get("HTTP_ACCEPT", "").split(",")]
    return [(name, _weight(options.get("q", "1"))) for name, options in offers if name]


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def body(asked: Request) -> bytes:
    """The body, announced as FHIR JSON (else 415), of a caller that takes FHIR JSON (else 406)."""
    check_accepted(asked)
    _check_content(asked.environ.get("CONTENT_TYPE", ""))
    with patience.not_counting():
        return _whole(asked.get_data(cache=False), asked.content_length or 0)


def plain_body(environ: Environ, length: int) -> bytes:
    """The same, of a request as WSGI has it that says how long its body is."""
    check_taken(environ.get("HTTP_ACCEPT", ""))
    _check_content(environ.get("CONTENT_TYPE", ""))
    with patience.not_counting():
        return _whole(environ["wsgi.input"].read(length), length)


def _whole(read: bytes, announced: int) -> bytes:
    if len(read) < announced:
        raise ClientDisconnected
    return read


@lru_cache(maxsize=512)
def _check_content(text: str) -> None:
    name, options = _media_type(text)
    if not is_json(name) or options.get("charset", "utf-8").lower() not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType(f"Content-Type must be {FHIR_JSON} in UTF-8", "http.Content-Type")
    if options.get("fhirversion", "4.0") not in _FHIR_VERSIONS:
        raise UnsupportedMediaType("Content-Type names a FHIR version that is not 4.0", "http.Content-Type")


def _media_type(text: str) -> tuple[str, dict[str, str]]:
    """Name and parameters, lower case but for the values."""
    name, *parts = text.split(";")
    options = (part.partition("=") for part in parts)
    return name.strip().lower(), {key.strip().lower(): value.strip().strip('"') for key, _, value in options}


def is_json(name: str) -> bool:
    """Whether it is one of FHIR's JSON names, also where a + arrived as a space."""
    return name in _JSON or name.replace(" ", "+") in _JSON


def prefer(asked: Request) -> Preferences:
    """What the Prefer headers ask for."""
    return preferences(asked.environ)


def preferences(environ: Environ) -> Preferences:
    """The same, of a request as WSGI has it."""
    return _preferences(environ.get("HTTP_PREFER", ""))


@lru_cache(maxsize=512)
def _preferences(header: str) -> Preferences:
    """Tokens may be parted by comma or semicolon; unknown ones are ignored (RFC 7240)."""
    stated: dict[str, str] = {}
    for each in re.split(r"[,;]", header):
        name, _, value = each.partition("=")
        stated.setdefault(name.strip().lower(), value.strip().strip('"'))
    returned = stated.get("return")
    return Preferences(
        returned=returned if returned in _RETURNS else None,
        strict=stated.get("handling") == "strict",
        respond_async="respond-async" in stated,
    )


def if_match(asked: Request) -> int | None:
    """The version If-Match names, as ``W/"3"``, ``"3"`` or ``3``; None where it is absent or ``*``.

    A tag that is none of ours is 0, the version nothing has.
    """
    header = asked.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    tags = entity_tags(header)
    if len(tags) != 1:
        raise BadRequest('If-Match must be one entity tag such as W/"3"', "http.if-match")
    return int(tags[0]) if _VERSION.fullmatch(tags[0]) else 0


def entity_tags(header: str) -> tuple[str, ...]:
    """Entity tags without quotes and weakness."""
    return tuple(quoted or bare for quoted, bare in _ENTITY_TAG.findall(header))


def unchanged(asked: Request, version: int, changed_at: datetime) -> bool:
    """Whether the caller already has this version: If-None-Match, else If-Modified-Since (RFC 9110 §13.2.2)."""
    environ = asked.environ
    if (none_match := environ.get("HTTP_IF_NONE_MATCH")) is not None:
        return bool({str(version), "*"} & set(entity_tags(none_match)))
    since = environ.get("HTTP_IF_MODIFIED_SINCE")
    if since is None:
        return False
    try:
        seen = parsedate_to_datetime(since)
    except ValueError:
        return False
    return changed_at.replace(microsecond=0) <= (seen if seen.tzinfo else seen.replace(tzinfo=UTC))


@lru_cache(maxsize=4096)
def http_date(at: datetime) -> str:
    """An instant as HTTP writes it, to the second."""
    return format_datetime(at.astimezone(UTC), usegmt=True)


def path(environ: Environ) -> str:
    """The path asked for."""
    return _text(environ, "PATH_INFO")


def query(environ: Environ) -> str:
    """What follows the path and its question mark, as it was encoded."""
    return _text(environ, "QUERY_STRING")


def _text(environ: Environ, name: str) -> str:
    """A text of WSGI's, which hands bytes over as Latin-1 (PEP 3333)."""
    text: str = environ.get(name, "")
    return text if text.isascii() else text.encode("latin-1").decode(errors="replace")


def request_id(asked: Request) -> str:
    """The caller's X-Request-Id where it can be kept in logs as it stands, else one of our own; one per request."""
    return request_id_of(asked.environ)


def request_id_of(environ: Environ) -> str:
    """The same, of a request as WSGI has it."""
    known: str | None = environ.get("second_opinion.request_id")
    if known is None:
        given = environ.get("HTTP_X_REQUEST_ID", "")
        known = given if _REQUEST_ID.fullmatch(given) else _new_id()
        environ["second_opinion.request_id"] = known
    return known


def _new_id() -> str:
    """An id nobody had: chance once for each process, and a number."""
    return f"{_chance(os.getpid())}{next(_NUMBERS):016x}"


@lru_cache
def _chance(_process: int) -> str:
    return token_hex(8)


def answer(content: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in FHIR JSON; the headers all answers share are added as it leaves."""
    return Response(content, status, headers, content_type=ANSWER_TYPE)


def resource(
    content: bytes, status: int, version: int, last_updated: datetime, headers: Mapping[str, str] | None = None
) -> Response:
    """One version of one resource; a create or update with ``Prefer: return=minimal`` is answered without it."""
    known = {**version_headers(version, last_updated), **(headers or {})}
    asked = request.environ
    changes = asked["REQUEST_METHOD"] in {"POST", "PUT"} and "$" not in asked["PATH_INFO"]
    if changes and prefer(request).returned == "minimal":
        return Response(b"", status, known)
    return answer(content, status, known)


def version_headers(version: int, last_updated: datetime) -> dict[str, str]:
    """The headers that name a version."""
    return {"ETag": f'W/"{version}"', "Last-Modified": http_date(last_updated)}


def register(app: Flask) -> None:
    """Give every answer of the app, errors and OPTIONS too, the headers all of them share.

    It is done where the answer leaves: as plain pairs they cost a tenth of what Flask's header objects take.
    """
    inner = app.wsgi_app

    def headed(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *further: Any) -> Any:
            return start_response(status, with_shared(environ, headers), *further)

        return inner(environ, start)

    app.wsgi_app = headed  # type: ignore[method-assign]  # the place Flask documents for this


def with_all_shared(environ: Environ, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers of an answer that says none of the shared ones itself, with all of them."""
    return [*headers, *_EVERY_ANSWER, ("X-Request-Id", request_id_of(environ))]


def with_shared(environ: Environ, headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers with those every answer has; what an answer says itself stands."""
    said = {name.lower() for name, _ in headers}
    shared = [pair for name, pair in _SHARED if name not in said]
    if environ["REQUEST_METHOD"] == "OPTIONS":
        headers = [pair for pair in headers if pair[0] != "Content-Type"]  # of no body
        allowed = next((value for name, value in headers if name == "Allow"), "GET, HEAD, OPTIONS")
        shared += [("Access-Control-Allow-Methods", allowed), *_PREFLIGHT]
    return [*headers, *shared, ("X-Request-Id", request_id_of(environ))]
