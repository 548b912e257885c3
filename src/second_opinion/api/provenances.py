"""Provenance of what a case shows: told of each version its reader may see, when it is asked for, and kept nowhere."""

import re
from collections.abc import Sequence
from urllib.parse import quote

from flask import Blueprint, Response, request

from second_opinion.access import views
from second_opinion.access.caller import Caller, require
from second_opinion.access.visibility import visibility
from second_opinion.api import auditing, even, negotiation
from second_opinion.api.cursors import Cursor
from second_opinion.api.shelf import Shelf
from second_opinion.errors import InvalidSearch, NotFound
from second_opinion.fhir import bundles, provenance
from second_opinion.fhir.bundles import SearchEntry
from second_opinion.fhir.codes import Vocabulary
from second_opinion.fhir.provenance import TARGETS, TYPE
from second_opinion.fhir.search import page_size
from second_opinion.fhir.search_parameters import R4
from second_opinion.store.query import Visibility
from second_opinion.store.stored import Page, Stored
from second_opinion.workflow.provenance import Origins

__all__ = ["PARAMETERS", "TARGETS", "TYPE", "of", "offer"]

PARAMETERS = (
    ("_id", "token", f"{R4}/Resource-id"),
    ("target", "reference", f"{R4}/Provenance-target"),
)
_MOST = 100  # versions told beside one match
_IGNORED = frozenset({"_format", "_pretty", "_total", "_summary", "_elements"})
_TARGET = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})(?:/_history/([1-9][0-9]{0,5}))?", re.ASCII)
_NONE = Page(0, [], None)


def offer(routes: Blueprint, desk: Shelf) -> None:
    """The routes."""

    @routes.get(f"/fhir/{TYPE}")
    def search_provenance() -> Response:
        negotiation.check_accepted(request)
        caller = _caller(desk, "s")
        given, after, here = _asked(desk, caller)
        count = page_size(given.get("_count"))
        page = _found(desk, given, visibility(caller, "r"), caller, max(count, 1), after)
        told = _origins(desk).of(page.rows) if count else []
        if not page.total:
            even.shows_nothing(request.environ)
        auditing.about(told)
        links = [("self", _url(desk, here))]
        if count and page.position is not None:
            onward = desk.cursors.seal(Cursor(TYPE, tuple(given.items()), page.position), caller.id)
            links.append(("next", _url(desk, {"_page": onward})))
        base = desk.settings.fhir_base
        entries = [SearchEntry(f"{base}/{TYPE}/{each.id}", each.body) for each in told]
        return negotiation.answer(bundles.searchset(entries, page.total, links, desk.now()))

    @routes.get(f"/fhir/{TYPE}/<ident>")
    def read_provenance(ident: str) -> Response:
        negotiation.check_accepted(request)
        caller = _caller(desk, "r")
        page = _version(desk, ident, visibility(caller, "r"), caller)
        if not page.rows:
            raise NotFound("There is no such resource, or none you may see")
        (told,) = _origins(desk).of(page.rows)
        auditing.about((told,))
        return negotiation.resource(told.body, 200, 1, told.last_updated)


def of(desk: Shelf, rows: Sequence[Stored], seen: Visibility) -> list[Stored]:
    """The Provenance of every version of these resources that may be seen, newest first."""
    if not _open(seen):
        return []
    told = _origins(desk)
    pages = (desk.store.history(each.type, each.id, seen, _MOST, None, None) for each in rows if each.type in TARGETS)
    return [each for page in pages for each in told.of(page.rows)]


def _caller(desk: Shelf, letter: str) -> Caller:
    caller = desk.identify(request.environ.get("HTTP_AUTHORIZATION"))
    require(caller, TYPE, letter)
    return caller


def _origins(desk: Shelf) -> Origins:
    return Origins(desk.store, Vocabulary(desk.settings.canonical, desk.settings.fhir_base))


def _open(seen: Visibility) -> bool:
    """Whether the caller's class and scopes let it see any Provenance."""
    return (seen.types is None or TYPE in seen.types) and not seen.alternatives(TYPE)


def _asked(desk: Shelf, caller: Caller) -> tuple[dict[str, str], tuple[object, ...] | None, dict[str, str]]:
    """What is asked for, where the page begins, and what this page is called."""
    if token := request.args.get("_page"):
        cursor = desk.cursors.open(token, TYPE, caller.id)
        return dict(cursor.parameters), cursor.after, {"_page": token}
    given = {name: values[-1] for name, values in request.args.lists() if values[-1]}
    known = {"_id", "target", "_count"}
    strict = negotiation.prefer(request).strict
    if strict and (unknown := given.keys() - known - _IGNORED):
        where = f"http.{min(unknown)}" if min(unknown).isidentifier() else "http"
        raise InvalidSearch("Provenance is searched by target and _id alone", where)
    given = {name: value for name, value in given.items() if name in known}
    if not given.keys() & {"_id", "target"} or any(len(values) > 1 for _, values in request.args.lists()):
        raise InvalidSearch("A search needs one target=Type/id, with or without /_history/version", "http.target")
    return given, None, given


def _found(
    desk: Shelf,
    given: dict[str, str],
    seen: Visibility,
    caller: Caller,
    count: int,
    after: tuple[object, ...] | None,
) -> Page:
    if "_id" in given:
        page = _version(desk, given["_id"], seen, caller)
        whole = page.rows and given.get("target", "").partition("/_history/")[0]
        return _NONE if whole and whole != f"{page.rows[0].type}/{page.rows[0].id}" else page
    match = _TARGET.fullmatch(given["target"].removeprefix(f"{desk.settings.fhir_base}/"))
    if match is None or match[1] not in TARGETS:
        return _NONE
    if match[3]:
        return _version(desk, f"{match[1]}-{match[2]}-{match[3]}", seen, caller)
    return desk.store.history(match[1], match[2], seen, count, after, None) if _open(seen) else _NONE


def _version(desk: Shelf, ident: str, seen: Visibility, caller: Caller) -> Page:
    """The one version whose Provenance has this id."""
    named = provenance.version(ident)
    if named is None or not _open(seen) or not views.of(caller).history:
        return _NONE
    stored = desk.store.read(named.type, named.id, seen, named.number)
    return _NONE if stored is None else Page(1, [stored], None)


def _url(desk: Shelf, given: dict[str, str]) -> str:
    query = "&".join(f"{name}={quote(value)}" for name, value in given.items())
    return f"{desk.settings.fhir_base}/{TYPE}?{query}"
