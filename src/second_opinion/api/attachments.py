"""Documents that answer the plan's questions come in here: CDex $submit-attachment."""

from flask import Blueprint, Response, request

from second_opinion.api import negotiation
from second_opinion.fhir import json_body, outcome
from second_opinion.fhir.attachments import DEFINITION
from second_opinion.workflow.arrival import Arrival
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.submit_attachment import submit_attachment

OPERATIONS = (("submit-attachment", DEFINITION),)  # of the whole system


def blueprint(desk: Desk) -> Blueprint:
    """The routes."""
    doors = Blueprint("attachments", __name__)

    @doors.post("/fhir/$submit-attachment")
    def submit() -> Response:
        caller = desk.identify(request.headers.get("Authorization"))
        arrival = Arrival(caller, negotiation.body(request), negotiation.request_id(request), "operation")
        case = submit_attachment(desk, arrival)
        # The operation has no output parameters; that it was taken, and for which case, is said all the same.
        return negotiation.answer(json_body.write(outcome.case_opened(case.view)), 200)

    return doors
