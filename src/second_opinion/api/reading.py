"""Reading: one resource, one version of it, its history and its type's; searches are routed from here too."""

import re
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, current_app, request

from second_opinion.access import views
from second_opinion.access.caller import Caller, require
from second_opinion.access.views import View
from second_opinion.access.visibility import own, visibility
from second_opinion.api import auditing, binaries, definitions, even, negotiation, provenances, searching
from second_opinion.api.cursors import Cursor
from second_opinion.api.shelf import Shelf
from second_opinion.errors import Gone, InvalidSearch, MethodNotAllowed, NotFound
from second_opinion.fhir import bundles, dates
from second_opinion.fhir.bundles import HistoryEntry
from second_opinion.fhir.projections import projected
from second_opinion.fhir.search import EXPOSED, page_size, presentation, project, with_plus
from second_opinion.store.query import Visibility
from second_opinion.store.stored import Stored
from second_opinion.workflow.subscription_headers import shown

INTERACTIONS = ("read", "vread", "history-instance", "history-type", "search-type")

BINARY = "Binary"

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}", re.ASCII)
_VERSION = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_HISTORY_PARAMETERS = ("_count", "_since")


def blueprint(desk: Shelf) -> Blueprint:
    """The routes of every type callers may read, of the published definitions, and of /metadata."""
    routes = Blueprint("reading", __name__)
    for type_name in EXPOSED:
        _offer(routes, desk, type_name)
    definitions.offer(routes, desk)
    provenances.offer(routes, desk)

    @routes.get("/fhir/metadata")
    def metadata() -> Response:
        negotiation.check_accepted(request)
        if request.args.get("mode", "full") not in {"full", "normative", "terminology"}:
            raise InvalidSearch("mode must be one of full, normative, terminology", "http.mode")
        return negotiation.answer(desk.capability)

    @routes.get("/fhir/pas/2.0/metadata")
    def older_metadata() -> Response:
        negotiation.check_accepted(request)
        return negotiation.answer(desk.older_capability)

    return routes


def _offer(routes: Blueprint, desk: Shelf, type_name: str) -> None:
    """The routes of one type."""
    views = _Views(desk, type_name)
    for rule, view, method in (
        ("", views.search, "GET"),
        ("/_search", views.search, "POST"),
        ("/_history", views.type_history, "GET"),
        ("/<ident>", views.read, "GET"),
        ("/<ident>/_history", views.history, "GET"),
        ("/<ident>/_history/<number>", views.version, "GET"),
    ):
        name = f"{type_name}{rule} {method}".replace(".", "")
        routes.add_url_rule(f"/fhir/{type_name}{rule}", name, view, methods=[method])


@dataclass(frozen=True)
class _Views:
    """What is answered about one type."""

    desk: Shelf
    type_name: str

    def read(self, ident: str) -> Response:
        caller, seen = self._viewer("r", raw=True)
        return self._shown(self._kept(ident, seen, None), views.of(caller))

    def version(self, ident: str, number: str) -> Response:
        caller, seen = self._viewer("r", raw=True)
        view = views.of(caller)
        if not _VERSION.fullmatch(number) or not view.history:
            raise _absent()
        return self._shown(self._kept(ident, seen, int(number)), view)

    def history(self, ident: str) -> Response:
        caller, seen = self._viewer("r")
        if not _ID.fullmatch(ident) or not views.of(caller).history:
            raise _absent()
        return _history(self.desk, self.type_name, ident, caller, seen)

    def type_history(self) -> Response:
        caller, seen = self._viewer("s")
        if not views.of(caller).history:
            raise _absent()
        return _history(self.desk, self.type_name, None, caller, seen)

    def search(self) -> Response:
        return searching.search(self.desk, self.type_name, *self._viewer("s"))

    def _viewer(self, letter: str, *, raw: bool = False) -> tuple[Caller, Visibility]:
        """Who asks, having the right to, and what that caller may see."""
        if not (raw and self.type_name == BINARY and binaries.may_want_bytes(request)):
            negotiation.check_accepted(request)
        caller = self.desk.identify(request.environ.get("HTTP_AUTHORIZATION"))
        require(caller, self.type_name, letter)
        return caller, own(caller) if self.type_name == "Subscription" else visibility(caller, letter)

    def _kept(self, ident: str, seen: Visibility, number: int | None) -> Stored:
        return shown(self.desk.seal, _found(self.desk, self.type_name, ident, seen, number))

    def _shown(self, stored: Stored, view: View) -> Response:
        if self.type_name != BINARY:
            return _shown(stored, view)
        auditing.about((stored,))
        raw = binaries.as_bytes(stored, request)
        if raw is None:
            negotiation.check_accepted(request)  # neither its bytes nor FHIR JSON is wanted
        return raw or _shown(stored, view)


def _found(desk: Shelf, type_name: str, ident: str, seen: Visibility, number: int | None) -> Stored:
    stored = desk.store.read(type_name, ident, seen, number) if _ID.fullmatch(ident) else None
    if stored is None:
        _refuse_operation(ident)
        raise _absent()
    if stored.deleted:
        raise Gone("The resource was deleted", headers={"ETag": f'W/"{stored.version}"'})
    return stored


def _refuse_operation(ident: str) -> None:
    """MethodNotAllowed where the address is that of an operation, which is asked for by POST."""
    address = current_app.create_url_adapter(request) if ident.startswith("$") else None
    if address is not None and address.test(method="POST"):
        raise MethodNotAllowed("An operation is asked for by POST", headers={"Allow": "POST"})


def _absent() -> NotFound:
    """The same words whether nothing is there or nothing the caller may see."""
    return NotFound("There is no such resource, or none you may see")


def _shown(stored: Stored, view: View) -> Response:
    auditing.about((stored,))
    if negotiation.unchanged(request, stored.version, stored.last_updated):
        headers = {"ETag": f'W/"{stored.version}"', "Last-Modified": negotiation.http_date(stored.last_updated)}
        return Response(status=304, headers=headers)
    body = projected(stored.body, view.shown.get(stored.type))
    if request.environ.get("QUERY_STRING"):
        body = project(body, presentation(list(request.args.items(multi=True))))
    return negotiation.resource(body, 200, stored.version, stored.last_updated)


def _history(desk: Shelf, type_name: str, ident: str | None, caller: Caller, seen: Visibility) -> Response:
    """One page of versions, newest first."""
    path = f"{type_name}/_history" if ident is None else f"{type_name}/{ident}/_history"
    given = {name: request.args[name] for name in _HISTORY_PARAMETERS if request.args.get(name)}
    after, here = None, dict(given)
    if token := request.args.get("_page"):
        cursor = desk.cursors.open(token, path, caller.id)
        given, after, here = dict(cursor.parameters), cursor.after, {"_page": token}
    count = page_size(given.get("_count"))
    since = _since(given.get("_since"))
    page = desk.store.history(type_name, ident, seen, max(count, 1), after, since)
    if ident is not None and not page.total and (since is None or desk.store.read(type_name, ident, seen) is None):
        raise _absent()
    if not page.total:
        even.shows_nothing(request.environ)
    links = [("self", searching.url(desk, path, here.items()))]
    if count and page.position is not None:
        onward = desk.cursors.seal(Cursor(path, tuple(given.items()), page.position), caller.id)
        links.append(("next", searching.url(desk, path, [("_page", onward)])))
    auditing.about(page.rows if count else ())
    part = views.of(caller).shown.get(type_name)
    entries = [_entry(desk, shown(desk.seal, each), part) for each in page.rows] if count else []
    return negotiation.answer(bundles.history(entries, page.total, links, desk.now()))


def _since(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return dates.span(with_plus(text))[0]
    except ValueError as wrong:
        raise InvalidSearch("_since must be an instant: YYYY-MM-DDThh:mm:ss with a zone", "http._since") from wrong


def _entry(desk: Shelf, stored: Stored, part: str | None) -> HistoryEntry:
    named = f"{stored.type}/{stored.id}"
    method = "DELETE" if stored.deleted else "POST" if stored.version == 1 else "PUT"
    return HistoryEntry(
        full_url=f"{desk.settings.fhir_base}/{named}",
        body=None if stored.deleted else projected(stored.body, part),
        method=method,
        url=stored.type if method == "POST" else named,
        version=stored.version,
        last_updated=stored.last_updated,
    )
