"""The ServiceRequest doors: $submit, create, update, and the transaction at the base."""

from collections.abc import Iterable

from flask import Blueprint, Response, request

from second_opinion.access.caller import require
from second_opinion.api import negotiation
from second_opinion.api.admission import Gate
from second_opinion.api.doors import Body, Door, Told, offer
from second_opinion.api.negotiation import Environ
from second_opinion.directory.resolve import Resolution
from second_opinion.errors import BusinessRule
from second_opinion.fhir import bundles, json_body, outcome, submission, transaction
from second_opinion.fhir.bundles import ResponseEntry
from second_opinion.fhir.resolving import Entry
from second_opinion.store.stored import Stored
from second_opinion.workflow.amend import amend
from second_opinion.workflow.answers import Answer, telling
from second_opinion.workflow.arrival import Arrival
from second_opinion.workflow.create import create
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.orders import own_reference
from second_opinion.workflow.submit import look_up, submit

INTERACTIONS = ("create", "update")
OPERATIONS = (("submit", "ServiceRequest-submit"),)


def blueprint(desk: Desk, gate: Gate) -> Blueprint:
    """The routes."""
    offered = Blueprint("service_requests", __name__)
    offer(offered, doors(desk, gate))

    @offered.post("/fhir/ServiceRequest")
    def create_order() -> Response:
        arrival = _sent(gate, "create", "c")
        received = submission.read_order(arrival.read(), desk.vocabulary, draft_allowed=True)
        return _kept(desk, create(desk, arrival, received, _condition()))

    @offered.put("/fhir/ServiceRequest/<ident>")
    def update_order(ident: str) -> Response:
        arrival = _sent(gate, "update", "u")
        received = submission.read_order(arrival.read(), desk.vocabulary, amending=True)
        return _kept(desk, amend(desk, arrival, ident, received, negotiation.if_match(request)))

    @offered.post("/fhir")
    def transact() -> Response:
        arrival = _sent(gate, "transaction", "c")
        sent = transaction.read(arrival.read(), desk.vocabulary)
        answer = create(desk, arrival, sent.received, sent.condition)
        known = None if answer.view is None else answer.resolution or look_up(desk, sent.received)
        entries = [
            _entry(desk, answer) if place == sent.order else _resolved(desk, each, known)
            for place, each in enumerate(sent.resources)
        ]
        return negotiation.answer(bundles.transaction_response(entries, desk.now()), 200)

    return offered


def doors(desk: Desk, gate: Gate) -> dict[str, Door]:
    """ServiceRequest/$submit by its path."""

    def submit_order(environ: Environ, body: Body) -> Told:
        arrival = _arrival(gate, environ, body, "operation", "c")
        answer = submit(desk, arrival, submission.read(arrival.read(), desk.vocabulary))
        if answer.view is None:
            raise BusinessRule(
                "This order was kept as a draft; send it by PUT with status active", "ServiceRequest.status"
            )
        told = telling(desk.store, answer.view, answer.written)
        location, related = _url(desk, "Task", answer.view.task_id), _related(desk, [answer.order])
        version = negotiation.version_headers(told.version, told.last_updated)
        return Told(told.body, version | {"Location": location, "Link": related})

    return {"/fhir/ServiceRequest/$submit": submit_order}


def _sent(gate: Gate, interaction: str, letter: str) -> Arrival:
    """What the request under way brings."""
    return _arrival(gate, request.environ, lambda: negotiation.body(request), interaction, letter)


def _arrival(gate: Gate, environ: Environ, body: Body, interaction: str, letter: str) -> Arrival:
    """Who sends what; the rights are asked before the body is read."""
    caller = gate.admit(environ, environ.get("HTTP_AUTHORIZATION"))
    require(caller, "ServiceRequest", letter)
    return Arrival(caller, body(), negotiation.request_id_of(environ), interaction)


def _condition() -> str | None:
    """What must not exist yet: the header's search, or that of the address, which some clients send instead."""
    header = request.headers.get("If-None-Exist")
    if header is not None:
        return header
    searched = any(not name.startswith("_") for name in request.args)  # _format and its like say nothing of it
    return request.query_string.decode() if searched else None


def _kept(desk: Desk, answer: Answer) -> Response:
    """The kept order with the way to its case."""
    order, view = answer.order, answer.view
    headers = {"Location": f"{_url(desk, order.type, order.id)}/_history/{order.version}"}
    if view is not None:
        headers["Link"] = f'<{_url(desk, "Task", view.task_id)}>; rel="related"'
    body = order.body
    if negotiation.prefer(request).returned == "OperationOutcome" and view is not None:
        body = json_body.write(outcome.case_opened(view))
    return negotiation.resource(body, 201 if answer.created else 200, order.version, order.last_updated, headers)


def _entry(desk: Desk, answer: Answer) -> ResponseEntry:
    order, view = answer.order, answer.view
    return ResponseEntry(
        status="201 Created" if answer.created else "200 OK",
        location=f"{_url(desk, order.type, order.id)}/_history/{order.version}",
        version=order.version,
        last_updated=order.last_updated,
        full_url=_url(desk, order.type, order.id),
        body=order.body,
        outcome=json_body.write(outcome.case_opened(view)) if view else None,
    )


def _resolved(desk: Desk, entry: Entry, known: Resolution | None) -> ResponseEntry:
    """An entry beside the order: looked up, not stored. A draft's are not looked up either."""
    own = None
    if known is not None:
        with desk.directory.snapshot() as lookup:
            own = own_reference(entry, lookup, known)
    return ResponseEntry(status="200 OK", location=f"{desk.settings.fhir_base}/{own}" if own else None)


def _related(desk: Desk, orders: Iterable[Stored]) -> str:
    return ", ".join(f'<{_url(desk, order.type, order.id)}>; rel="related"' for order in orders)


def _url(desk: Desk, kind: str, ident: str) -> str:
    return f"{desk.settings.fhir_base}/{kind}/{ident}"
