"""Consents of members, as the plan posts and changes them."""

from flask import Blueprint, Response, request

from second_opinion.api import negotiation
from second_opinion.workflow import consents
from second_opinion.workflow.arrival import Arrival
from second_opinion.workflow.consents import TYPE, Kept
from second_opinion.workflow.desk import Desk

INTERACTIONS = ("create", "update")


def blueprint(desk: Desk) -> Blueprint:
    """The routes."""
    doors = Blueprint("consents", __name__)

    @doors.post(f"/fhir/{TYPE}")
    def create_consent() -> Response:
        condition = request.headers.get("If-None-Exist")
        return _told(desk, consents.create(desk, _arrival(desk, "create"), condition))

    @doors.put(f"/fhir/{TYPE}/<ident>")
    def update_consent(ident: str) -> Response:
        return _told(desk, consents.update(desk, _arrival(desk, "update"), ident, negotiation.if_match(request)))

    return doors


def _arrival(desk: Desk, interaction: str) -> Arrival:
    caller = desk.identify(request.headers.get("Authorization"))
    return Arrival(caller, negotiation.body(request), negotiation.request_id(request), interaction, TYPE)


def _told(desk: Desk, kept: Kept) -> Response:
    stored = kept.stored
    headers = {"Location": f"{desk.settings.fhir_base}/{TYPE}/{stored.id}/_history/{stored.version}"}
    return negotiation.resource(stored.body, 201 if kept.created else 200, stored.version, stored.last_updated, headers)
