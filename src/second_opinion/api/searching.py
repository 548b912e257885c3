"""Searching: parameters in, one page of a searchset out, stored bodies untouched."""

from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote, urlencode
from uuid import uuid4

import orjson
from flask import Response, request

from second_opinion.access import views
from second_opinion.access.caller import Caller
from second_opinion.access.visibility import visibility
from second_opinion.api import auditing, even, negotiation, provenances, strict_match
from second_opinion.api.cursors import Cursor
from second_opinion.api.shelf import Shelf
from second_opinion.errors import UnsupportedMediaType
from second_opinion.fhir import bundles, json_body, outcome
from second_opinion.fhir.bundles import Link, SearchEntry
from second_opinion.fhir.projections import projected
from second_opinion.fhir.search import INCLUDES, PARAMETERS, Include, Presentation, Search, pointed_to, project, read
from second_opinion.store.query import Visibility
from second_opinion.store.stored import Page, Stored
from second_opinion.workflow.subscription_headers import shown as unsealed


def search(desk: Shelf, type_name: str, caller: Caller, seen: Visibility) -> Response:
    """One page of what the request's parameters, in URL and form together, ask for."""
    return negotiation.answer(page(desk, type_name, caller, seen, request.environ, pairs()))


def page(
    desk: Shelf,
    type_name: str,
    caller: Caller,
    seen: Visibility,
    environ: negotiation.Environ,
    pairs: Sequence[tuple[str, str]],
) -> bytes:
    """The page as a searchset; whose resources it shows goes on record."""
    token = next((text for name, text in pairs if name == "_page"), None)
    cursor = desk.cursors.open(token, type_name, caller.id) if token else None
    view = views.of(caller)
    if view.searched_by is not None and cursor is None:
        matched = strict_match.named(desk, pairs)
        if matched is None:
            # Less than all three finds nobody; and a search that names nobody at all is too wide for this caller.
            read(type_name, pairs, base=desk.settings.fhir_base, now=desk.now(), guarded=True)
            even.shows_nothing(environ)
            return bundles.searchset([], 0, [("self", url(desk, type_name, ()))], desk.now())
        pairs = matched
    asked = read(
        type_name,
        cursor.parameters if cursor else pairs,
        base=desk.settings.fhir_base,
        now=desk.now(),
        strict=cursor is None and negotiation.preferences(environ).strict,
        guarded=caller.partner_class == "hie",
        after=cursor.after if cursor else None,
        only=view.searched_by,
    )
    found = desk.store.search(asked.query, seen)
    if not found.total:
        even.shows_nothing(environ)
    entries = [] if asked.query.total_only else _entries(desk, asked, found.rows, caller, environ)
    links = _links(desk, asked, found, caller, token)
    return bundles.searchset(entries, found.total, links, desk.now())


def url(desk: Shelf, path: str, parameters: Iterable[tuple[str, str]]) -> str:
    """An absolute URL below the FHIR base."""
    query = urlencode(list(parameters), quote_via=quote)
    return f"{desk.settings.fhir_base}/{path}?{query}" if query else f"{desk.settings.fhir_base}/{path}"


def urn() -> str:
    """A name for an entry that is nowhere else."""
    return f"urn:uuid:{uuid4()}"


def pairs() -> list[tuple[str, str]]:
    """The request's parameters, those of the URL before those of the form."""
    given = list(request.args.items(multi=True))
    if request.method == "POST" and request.content_length:
        if request.mimetype != negotiation.FORM:
            raise UnsupportedMediaType(f"Content-Type of a search must be {negotiation.FORM}", "http.Content-Type")
        form = list(request.form.items(multi=True))
        auditing.asked_by_form(form)
        given += form
    return given


def _links(desk: Shelf, asked: Search, page: Page, caller: Caller, token: str | None) -> list[Link]:
    """Self as it was asked; first and next, where there is more than one page, without a value in clear."""
    type_name = asked.query.type
    links = [("self", url(desk, type_name, [("_page", token)]) if token else _self(desk, asked, caller))]
    after = page.position if not asked.query.total_only else None
    if token or after is not None:
        first = desk.cursors.seal(Cursor(type_name, asked.used), caller.id)
        links.append(("first", url(desk, type_name, [("_page", first)])))
    if after is not None:
        onward = desk.cursors.seal(Cursor(type_name, asked.used, after), caller.id)
        links.append(("next", url(desk, type_name, [("_page", onward)])))
    return links


def _self(desk: Shelf, asked: Search, caller: Caller) -> str:
    """The search as it counted. Who was meant by a strict match is not told, nor whether anybody was."""
    if views.of(caller).searched_by is not None:
        return url(desk, asked.query.type, [each for each in asked.used if each[0] != "patient"])
    path = f"{desk.settings.fhir_base}/{asked.query.type}"
    return f"{path}?{asked.address}" if asked.used else path


def _entries(
    desk: Shelf, asked: Search, rows: Sequence[Stored], caller: Caller, environ: negotiation.Environ
) -> list[SearchEntry]:
    """Matches, what is included with them, and a word on what was set aside."""
    base, shown = desk.settings.fhir_base, asked.presentation
    auditing.shown(environ, rows)
    part = views.of(caller).shown
    entries = [_entry(base, unsealed(desk.seal, each), shown, part, "match") for each in rows]
    if asked.includes or asked.reverse_includes:
        further = Presentation(summary=shown.summary)  # _elements is about the matches alone
        included = _included(desk, asked, rows, caller)
        auditing.shown(environ, included)
        entries += [_entry(base, each, further, part, "include") for each in included]
    if asked.warnings:
        told = json_body.write(outcome.warnings(asked.warnings))
        entries.append(SearchEntry(urn(), told, "outcome"))
    return entries


def _entry(base: str, stored: Stored, shown: Presentation, part: Mapping[str, str], mode: str) -> SearchEntry:
    """``part``: what the caller's view shows of each type."""
    body = projected(stored.body, part.get(stored.type))
    body = body if shown.whole else project(body, shown)
    return SearchEntry(f"{base}/{stored.type}/{stored.id}", body, mode)


def _included(desk: Shelf, asked: Search, rows: Sequence[Stored], caller: Caller) -> list[Stored]:
    """What the matches point to and what points to them, each once; then one step further where :iterate asks.

    What is included is read, so the caller's scopes to read decide, not those to search.
    """
    seen = visibility(caller, "r")
    known = {(each.type, each.id): each for each in rows}
    matched = len(known)
    for start, includes in ((rows, _all(asked)), (None, [each for each in _all(asked) if each[0].iterate])):
        from_here = list(known.values())[matched:] if start is None else start
        for include, reverse in includes:
            find = _pointing if reverse else _pointed_to
            for each in find(desk, include, from_here, seen):
                known.setdefault((each.type, each.id), each)
    return list(known.values())[matched:]


def _all(asked: Search) -> list[tuple[Include, bool]]:
    return [*((each, False) for each in asked.includes), *((each, True) for each in asked.reverse_includes)]


def _pointed_to(desk: Shelf, include: Include, rows: Sequence[Stored], seen: Visibility) -> list[Stored]:
    path = INCLUDES[include.type][include.parameter]
    found = dict.fromkeys(
        reference
        for each in rows
        if each.type == include.type
        for reference in pointed_to(orjson.loads(each.body), path, desk.settings.fhir_base)
        if include.target in {None, reference.partition("/")[0]}
    )
    return desk.store.by_reference(list(found), seen) if found else []


def _pointing(desk: Shelf, include: Include, rows: Sequence[Stored], seen: Visibility) -> list[Stored]:
    if include.type == provenances.TYPE:
        return provenances.of(desk, [each for each in rows if include.target in {None, each.type}], seen)
    parameter = PARAMETERS[include.type][include.parameter]
    named = [f"{each.type}/{each.id}" for each in rows if include.target in {None, each.type}]
    return desk.store.referring(include.type, parameter.stored[0], named, seen) if named else []
