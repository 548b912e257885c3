"""What is learned later comes in here: $add-information of a case's Task."""

from flask import Blueprint, Response, request

from second_opinion.api import negotiation
from second_opinion.workflow.add_information import add_information
from second_opinion.workflow.answers import telling
from second_opinion.workflow.arrival import Arrival
from second_opinion.workflow.desk import Desk

OPERATIONS = (("add-information", "Task-add-information"),)  # of Task


def blueprint(desk: Desk) -> Blueprint:
    """The routes."""
    doors = Blueprint("information", __name__)

    @doors.post("/fhir/Task/<ident>/$add-information")
    def add(ident: str) -> Response:
        caller = desk.identify(request.headers.get("Authorization"))
        arrival = Arrival(caller, negotiation.body(request), negotiation.request_id(request), "operation")
        view = add_information(desk, arrival, ident).view
        told = telling(desk.store, view)
        base = desk.settings.fhir_base
        headers = {
            "Location": f"{base}/Task/{view.task_id}",
            "Link": f'<{base}/ServiceRequest/{view.service_request_id}>; rel="related"',
        }
        return negotiation.resource(told.body, 200, told.version, told.last_updated, headers)

    return doors
