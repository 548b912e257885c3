"""The vendor's answers to rides come in here: PUT of the ride's Task."""

from flask import Blueprint, Response, request

from second_opinion.api import negotiation
from second_opinion.workflow.arrival import Arrival
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.ride_answers import answer_ride

INTERACTIONS = ("update",)


def blueprint(desk: Desk) -> Blueprint:
    """The routes."""
    doors = Blueprint("rides", __name__)

    @doors.put("/fhir/Task/<ident>")
    def answer(ident: str) -> Response:
        caller = desk.identify(request.headers.get("Authorization"))
        arrival = Arrival(caller, negotiation.body(request), negotiation.request_id(request), "update")
        told = answer_ride(desk, arrival, ident, negotiation.if_match(request))
        return negotiation.resource(told.body, 200, told.version, told.last_updated)

    return doors
