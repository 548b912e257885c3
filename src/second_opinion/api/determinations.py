"""Deciding a case, and having it decided again: $record-determination and $appeal."""

from flask import Blueprint, Response, request

from second_opinion.api import negotiation
from second_opinion.fhir import json_body
from second_opinion.workflow import appeal
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.determine import allowed, record_determination

OPERATIONS = (("record-determination", "Task-record-determination"), ("appeal", "Task-appeal"))


def blueprint(desk: Desk) -> Blueprint:
    """The routes."""
    doors = Blueprint("determinations", __name__)

    @doors.post("/fhir/Task/<ident>/$record-determination")
    def determine(ident: str) -> Response:
        caller = desk.identify(request.headers.get("Authorization"))
        allowed(desk, caller, ident)
        body = json_body.read(negotiation.body(request))
        read = negotiation.if_match(request)
        told = record_determination(desk, caller, ident, body, negotiation.request_id(request), read)
        headers = {"Location": f"{desk.settings.fhir_base}/Task/{ident}"}
        return negotiation.resource(told.body, 200, told.version, told.last_updated, headers)

    @doors.post("/fhir/Task/<ident>/$appeal")
    def take_up_appeal(ident: str) -> Response:
        caller = desk.identify(request.headers.get("Authorization"))
        appeal.allowed(desk, caller, ident)
        body = json_body.read(negotiation.body(request))
        told = appeal.take_up(desk, caller, ident, body, negotiation.request_id(request))
        headers = {"Location": f"{desk.settings.fhir_base}/Task/{told.id}"}
        return negotiation.resource(told.body, 201, told.version, told.last_updated, headers)

    return doors
