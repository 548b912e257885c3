"""Every look on record: what was read, found, refused or missed, one record for each patient it was about.

What changes something is recorded by its story, in the same transaction; a change refused is recorded here.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

from flask import Flask, Request, Response, request

from second_opinion.access.caller import Caller, Identify
from second_opinion.api import handlers, negotiation
from second_opinion.errors import Unavailable
from second_opinion.store.changes import AuditRow
from second_opinion.store.keeping import Store
from second_opinion.store.stored import Stored

NOBODY = "anonymous"
_CALLER, _PATIENTS, _FORM = "second_opinion.caller", "second_opinion.patients", "second_opinion.form"
MOST_OF_A_REASON = 500  # characters
_OPEN = ("/fhir/metadata", "/fhir/pas/2.0/metadata", "/fhir/.well-known/")
_PURPOSE = re.compile(r"[A-Z]{3,12}", re.ASCII)
_ACTIONS = {"POST": "create", "PUT": "update", "DELETE": "delete", "PATCH": "update"}


def remembering(identify: Identify) -> Identify:
    """``identify``, which leaves the caller where the record of this exchange finds it."""

    def identified(authorization: str | None, *, certificate: str | None = None) -> Caller:
        caller = _as_it_says(identify(authorization, certificate=certificate))
        request.environ[_CALLER] = caller
        return caller

    return identified


def caller_of(environ: negotiation.Environ) -> Caller | None:
    """Who the exchange is with, once that is known."""
    caller: Caller | None = environ.get(_CALLER)
    return caller


def _as_it_says(caller: Caller) -> Caller:
    """The caller with what the request says of its purpose; what the token says of it counts more."""
    purpose, reason = request.environ.get("HTTP_X_PURPOSE_OF_USE"), request.environ.get("HTTP_X_BREAK_GLASS")
    if purpose and caller.purpose is None and _PURPOSE.fullmatch(purpose):
        caller = replace(caller, purpose=purpose)
    if reason and reason.strip() and caller.partner_class == "plan":
        caller = replace(caller, break_glass=reason.strip()[:MOST_OF_A_REASON])
    return caller


def about(resources: Iterable[Stored]) -> None:
    """The exchange shows these resources: whose they are goes on record."""
    patients: dict[str, None] = request.environ.setdefault(_PATIENTS, {})
    for each in resources:
        patient = each.id if each.type == "Patient" else each.member
        if patient:
            patients[patient] = None


def asked_by_form(pairs: Iterable[tuple[str, str]]) -> None:
    """A search whose parameters came in its body: they go on record as a URL's do."""
    request.environ[_FORM] = tuple(pairs)


def register(app: Flask, store: Store) -> None:
    """Record every exchange under /fhir but the open ones."""

    @app.after_request
    def record(response: Response) -> Response:
        path = request.environ["PATH_INFO"]
        if path.startswith("/fhir") and not path.startswith(_OPEN) and request.method not in {"OPTIONS", "HEAD"}:
            asked: Request = request._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001 - Werkzeug documents it; each look through the proxy costs
            rows = _rows(asked, response.status_code)
            try:
                store.note(rows)
            except Unavailable as unavailable:
                # What cannot be recorded is not shown (HIPAA 164.312(b)).
                return handlers.answer(unavailable)
        return response


def _rows(asked: Request, status: int) -> list[AuditRow]:
    caller = caller_of(asked.environ)
    action, reads = _interaction(asked)
    outcome = _outcome(status)
    if outcome == "0" and not reads:
        return []
    named = "/".join(asked.path.removeprefix("/fhir").strip("/").split("/")[:2])
    resource = named.replace("\0", "") or None  # PostgreSQL's text holds no NUL
    detail = {"interaction": action, "status": status, "address": asked.remote_addr, **_said(caller)}
    if reads and not asked.path.rpartition("/")[2].startswith("$"):
        detail["query"] = _query(asked)
    now, ident = datetime.now(UTC), negotiation.request_id(asked)
    who = caller.id if caller else NOBODY
    return [
        AuditRow(now, who, action, resource, patient, outcome, ident, detail)
        for patient in asked.environ.get(_PATIENTS) or (None,)
    ]


def _interaction(asked: Request) -> tuple[str, bool]:
    """What FHIR calls it, and whether it only looks."""
    parts = asked.path.removeprefix("/fhir").strip("/").split("/")
    if parts[-1].startswith("$"):
        return "operation", asked.method == "GET"
    if asked.method == "POST" and parts[-1] == "_search":
        return "search", True
    if asked.method != "GET":
        return ("transaction" if parts == [""] else _ACTIONS.get(asked.method, "update")), False
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


def _said(caller: Caller | None) -> dict[str, str]:
    """What the caller is, and what for, as far as it says so."""
    if caller is None:
        return {}
    said = {"class": caller.partner_class or caller.kind, "purpose": caller.purpose, "break_glass": caller.break_glass}
    return {name: value for name, value in said.items() if value}


def _query(asked: Request) -> str:
    """The request as it was sent, for the record alone."""
    form = urlencode(asked.environ.get(_FORM, ()))
    return f"{asked.method} {asked.full_path.rstrip('?')}" + (f" {form}" if form else "")
