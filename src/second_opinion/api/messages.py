"""Reports and messages about a case come in here, as whatever resource their sender has."""

from flask import Blueprint, Response, request

from second_opinion.api import negotiation
from second_opinion.fhir import incoming
from second_opinion.workflow.arrival import Arrival
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.receive import receive

INTERACTIONS = ("create",)
WRITE_ONLY = "DiagnosticReport"  # kept as the documents it brings


def blueprint(desk: Desk) -> Blueprint:
    """The routes."""
    doors = Blueprint("messages", __name__)
    for kind in incoming.TYPES:
        _offer(doors, desk, kind)
    return doors


def _offer(doors: Blueprint, desk: Desk, kind: str) -> None:
    @doors.post(f"/fhir/{kind}", endpoint=f"create {kind}")
    def create() -> Response:
        caller = desk.identify(request.headers.get("Authorization"))
        arrival = Arrival(caller, negotiation.body(request), negotiation.request_id(request), "create")
        kept = receive(desk, arrival, kind)
        kind_kept, _, ident = kept.reference.partition("/")
        stored = desk.store.found(kind_kept, ident)
        if stored is None:
            raise LookupError("what was kept is not in the store")
        address = f"{desk.settings.fhir_base}/{kept.reference}/_history/{stored.version}"
        headers = {"Location": address}
        return negotiation.resource(
            stored.body, 201 if kept.created else 200, stored.version, stored.last_updated, headers
        )
