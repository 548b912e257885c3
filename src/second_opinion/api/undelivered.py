"""What a person does about an undelivered message: Task/$resend."""

from flask import Blueprint, Response, request

from second_opinion.api import negotiation
from second_opinion.fhir import json_body
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.resend import allowed, resend

OPERATIONS = (("resend", "Task-resend"),)  # of Task


def blueprint(desk: Desk) -> Blueprint:
    """The routes."""
    doors = Blueprint("undelivered", __name__)

    @doors.post("/fhir/Task/<ident>/$resend")
    def send_again(ident: str) -> Response:
        caller = desk.identify(request.headers.get("Authorization"))
        allowed(desk, caller, ident)
        body = json_body.read(negotiation.body(request)) if request.content_length else None
        negotiation.check_accepted(request)
        told = resend(desk, caller, ident, body, negotiation.request_id(request))
        headers = {"Location": f"{desk.settings.fhir_base}/Task/{ident}"}
        return negotiation.resource(told.body, 200, told.version, told.last_updated, headers)

    return doors
