"""Letters are let go here: $release of a Communication."""

from flask import Blueprint, Response, request

from second_opinion.api import negotiation
from second_opinion.workflow.arrival import Arrival
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.release import release

OPERATIONS = (("release", "Communication-release"),)  # of Communication


def blueprint(desk: Desk) -> Blueprint:
    """The routes."""
    doors = Blueprint("letters", __name__)

    @doors.post("/fhir/Communication/<ident>/$release")
    def let_go(ident: str) -> Response:
        caller = desk.identify(request.headers.get("Authorization"))
        arrival = Arrival(caller, _body(), negotiation.request_id(request), "operation")
        told = release(desk, arrival, ident)
        headers = {"Location": f"{desk.settings.fhir_base}/Communication/{ident}"}
        return negotiation.resource(told.body, 200, told.version, told.last_updated, headers)

    return doors


def _body() -> bytes:
    """Nothing at all, which says nothing more, or FHIR JSON."""
    sent = request.get_data(cache=True)
    if not sent.strip():
        negotiation.check_accepted(request)
        return b""
    return negotiation.body(request)
