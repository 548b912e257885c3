"""Every look on record: what was read, found, refused or missed, one record for each patient it was about.

What changes something is recorded by its story, in the same transaction; a change refused is recorded here.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

from flask import Flask, Response, request

from second_opinion.access.caller import Caller
from second_opinion.api import exchanges, handlers, negotiation, oauth
from second_opinion.errors import Unavailable
from second_opinion.store.changes import AuditRow
from second_opinion.store.keeping import Store
from second_opinion.store.stored import Stored

_CALLER, _PATIENTS, _FORM = "second_opinion.caller", "second_opinion.patients", "second_opinion.form"
MOST_OF_A_REASON = 500  # characters
_OPEN = ("/fhir/metadata", "/fhir/pas/2.0/metadata", "/fhir/.well-known/")
_PURPOSE = re.compile(r"[A-Z]{3,12}", re.ASCII)
_ACTIONS = {"POST": "create", "PUT": "update", "DELETE": "delete", "PATCH": "update"}


def remember(environ: negotiation.Environ, caller: Caller) -> Caller:
    """Who the exchange is with, as the request says it, left where the record finds it."""
    caller = _as_it_says(environ, caller)
    environ[_CALLER] = caller
    return caller


def caller_of(environ: negotiation.Environ) -> Caller | None:
    """Who the exchange is with, once that is known."""
    caller: Caller | None = environ.get(_CALLER)
    return caller


def _as_it_says(environ: negotiation.Environ, caller: Caller) -> Caller:
    """The caller with what the request says of its purpose; what the token says of it counts more."""
    purpose, reason = environ.get("HTTP_X_PURPOSE_OF_USE"), environ.get("HTTP_X_BREAK_GLASS")
    if purpose and caller.purpose is None and _PURPOSE.fullmatch(purpose):
        caller = replace(caller, purpose=purpose)
    if reason and reason.strip() and caller.partner_class == "plan":
        caller = replace(caller, break_glass=reason.strip()[:MOST_OF_A_REASON])
    return caller


def about(resources: Iterable[Stored]) -> None:
    """The exchange under way shows these resources: whose they are goes on record."""
    shown(request.environ, resources)


def shown(environ: negotiation.Environ, resources: Iterable[Stored]) -> None:
    """The exchange shows these resources."""
    patients: dict[str, None] = environ.setdefault(_PATIENTS, {})
    for each in resources:
        patient = each.id if each.type == "Patient" else each.member
        if patient:
            patients[patient] = None


def asked_by_form(pairs: Iterable[tuple[str, str]]) -> None:
    """A search whose parameters came in its body: they go on record as a URL's do."""
    request.environ[_FORM] = tuple(pairs)


def register(app: Flask, store: Store) -> None:
    """Record every exchange under /fhir but the open ones, and those at the token endpoint."""

    @app.after_request
    def record(response: Response) -> Response:
        path = request.environ["PATH_INFO"]
        token = path == oauth.TOKEN_PATH
        if request.method in {"OPTIONS", "HEAD"} or path.startswith(_OPEN) or not (token or path.startswith("/fhir")):
            return response
        try:
            status = response.status_code
            store.note([exchanges.row(request.environ, status)] if token else rows(request.environ, status))
        except Unavailable as unavailable:
            # What cannot be recorded is not shown (HIPAA 164.312(b)).
            return handlers.answer(unavailable)
        return response


def rows(environ: negotiation.Environ, status: int) -> list[AuditRow]:
    """The records of one exchange, as it ends."""
    path, method = negotiation.path(environ), environ["REQUEST_METHOD"]
    action, reads = _interaction(path, method)
    outcome = _outcome(status)
    if outcome == "0" and not reads:
        return []
    named = "/".join(path.removeprefix("/fhir").strip("/").split("/")[:2])
    resource = named.replace("\0", "") or None  # PostgreSQL's text holds no NUL
    asks = reads and not path.rpartition("/")[2].startswith("$")
    return _records(environ, action, resource, (outcome, status), _query(environ, method, path) if asks else None)


def looks(environ: negotiation.Environ, action: str, resource: str) -> list[AuditRow]:
    """The records of a plain GET that was answered with what it asked for."""
    return _records(environ, action, resource, ("0", 200), _query(environ, "GET", environ["PATH_INFO"]))


def _records(
    environ: negotiation.Environ, action: str, resource: str | None, came_of_it: tuple[str, int], query: str | None
) -> list[AuditRow]:
    caller, (outcome, status) = caller_of(environ), came_of_it
    detail = {"interaction": action, "status": status, "address": environ.get("REMOTE_ADDR")}
    if caller is not None:
        detail |= _said(caller)
    if query is not None:
        detail["query"] = query
    now, ident = datetime.now(UTC), negotiation.request_id_of(environ)
    who = caller.id if caller else exchanges.NOBODY
    return [
        AuditRow(now, who, action, resource, patient, outcome, ident, detail)
        for patient in environ.get(_PATIENTS) or (None,)
    ]


def _interaction(path: str, method: str) -> tuple[str, bool]:
    """What FHIR calls it, and whether it only looks."""
    parts = path.removeprefix("/fhir").strip("/").split("/")
    if parts[-1].startswith("$"):
        return "operation", method == "GET"
    if method == "POST" and parts[-1] == "_search":
        return "search", True
    if method != "GET":
        return ("transaction" if parts == [""] else _ACTIONS.get(method, "update")), False
    if "_history" in parts:
        named = {1: "vread"} if parts[-1] != "_history" else {2: "history-type", 3: "history-instance"}
        return (named.get(len(parts), "vread") if parts[-1] == "_history" else "vread"), True
    return ("search" if len(parts) == 1 else "read"), True


def _outcome(status: int) -> str:
    """AuditEvent.outcome: refused is serious, absent or wrong is minor, our own fault is major."""
    if status < 400:  # noqa: PLR2004 - HTTP's own border
        return "0"
    if status in {401, 403, 429}:
        return "8"
    return "4" if status < 500 else "12"  # noqa: PLR2004 - HTTP's own border


def _said(caller: Caller) -> dict[str, str]:
    """What the caller is, and what for, as far as it says so."""
    said = {"class": caller.partner_class or caller.kind}
    if caller.purpose:
        said["purpose"] = caller.purpose
    if caller.break_glass:
        said["break_glass"] = caller.break_glass
    return said


def _query(environ: negotiation.Environ, method: str, path: str) -> str:
    """The request as it was sent, for the record alone."""
    query, form = negotiation.query(environ), environ.get(_FORM)
    return f"{method} {path}" + (f"?{query}" if query else "") + (f" {urlencode(form)}" if form else "")
