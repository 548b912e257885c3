"""Bundles as bytes: stored bodies are put between the entries' braces and never parsed again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from second_opinion.fhir.elements import instant

Link = tuple[str, str]  # (relation, absolute URL)


@dataclass(frozen=True)
class SearchEntry:
    """One resource found: ``mode`` is match, include or outcome."""

    full_url: str  # absolute, or urn:uuid
    body: bytes  # the resource as JSON
    mode: str = "match"


@dataclass(frozen=True)
class HistoryEntry:
    """One version of a resource; a deletion has no body."""

    full_url: str
    body: bytes | None
    method: str  # POST, PUT, DELETE
    url: str  # request URL relative to the base: Task, or Task/id
    version: int
    last_updated: datetime


@dataclass(frozen=True)
class ResponseEntry:
    """What became of one entry of a transaction."""

    status: str  # "201 Created", "200 OK"
    location: str | None = None
    version: int | None = None
    last_updated: datetime | None = None
    full_url: str | None = None
    body: bytes | None = None  # the resource, where it is returned
    outcome: bytes | None = None  # an OperationOutcome


def searchset(entries: Iterable[SearchEntry], total: int | None, links: Sequence[Link], at: datetime) -> bytes:
    """A searchset; ``total`` counts matches over all pages."""
    parts = [
        b'{"fullUrl":%b,"resource":%b,"search":{"mode":"%b"}}' % (_text(each.full_url), each.body, each.mode.encode())
        for each in entries
    ]
    return _bundle(b"searchset", parts, total, links, at)


def history(entries: Iterable[HistoryEntry], total: int | None, links: Sequence[Link], at: datetime) -> bytes:
    """A history, newest first as given."""
    return _bundle(b"history", [_version(each) for each in entries], total, links, at)


def transaction_response(entries: Iterable[ResponseEntry], at: datetime) -> bytes:
    """The answer to a transaction, one entry for each of the request's, in its order."""
    return _bundle(b"transaction-response", [_answered(each) for each in entries], None, (), at)


def _bundle(kind: bytes, entries: list[bytes], total: int | None, links: Sequence[Link], at: datetime) -> bytes:
    parts = [b'{"resourceType":"Bundle","type":"%b","timestamp":"%b"' % (kind, instant(at).encode())]
    if total is not None:
        parts.append(b'"total":%d' % total)
    if links:
        listed = b",".join(b'{"relation":%b,"url":%b}' % (_text(relation), _text(url)) for relation, url in links)
        parts.append(b'"link":[%b]' % listed)
    if entries:  # FHIR knows no empty arrays
        parts.append(b'"entry":[%b]' % b",".join(entries))
    return b",".join(parts) + b"}"


def _version(entry: HistoryEntry) -> bytes:
    status = {"POST": "201", "DELETE": "204"}.get(entry.method, "200")
    request = b'"request":{"method":"%b","url":%b}' % (entry.method.encode(), _text(entry.url))
    response = _response(status, None, entry.version, entry.last_updated, None)
    resource = b"" if entry.body is None else b'"resource":%b,' % entry.body
    return b'{"fullUrl":%b,%b%b,%b}' % (_text(entry.full_url), resource, request, response)


def _answered(entry: ResponseEntry) -> bytes:
    response = _response(entry.status, entry.location, entry.version, entry.last_updated, entry.outcome)
    if entry.body is None:
        return b"{%b}" % response
    full_url = b"" if entry.full_url is None else b'"fullUrl":%b,' % _text(entry.full_url)
    return b'{%b"resource":%b,%b}' % (full_url, entry.body, response)


def _response(
    status: str, location: str | None, version: int | None, last_updated: datetime | None, outcome: bytes | None
) -> bytes:
    parts = [b'"status":%b' % _text(status)]
    if location is not None:
        parts.append(b'"location":%b' % _text(location))
    if version is not None:
        parts.append(b'"etag":"W/\\"%d\\""' % version)
    if last_updated is not None:
        parts.append(b'"lastModified":"%b"' % instant(last_updated).encode())
    if outcome is not None:
        parts.append(b'"outcome":%b' % outcome)
    return b'"response":{%b}' % b",".join(parts)


def _text(value: str) -> bytes:
    return orjson.dumps(value)
