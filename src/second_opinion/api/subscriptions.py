"""Subscriptions (R4 Backport): created, changed, deleted, asked after. Reading and searching are as for all types."""

import re
from dataclasses import dataclass

from flask import Blueprint, Response, request

from second_opinion.access.caller import Caller, require
from second_opinion.api import auditing, negotiation
from second_opinion.errors import BadRequest
from second_opinion.fhir import json_body, validation
from second_opinion.store.stored import Stored
from second_opinion.workflow import subscribing, subscription_headers, subscription_queries
from second_opinion.workflow.arrival import Arrival
from second_opinion.workflow.desk import Desk

INTERACTIONS = ("create", "update", "delete")
_BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition"
OPERATIONS = (
    ("status", f"{_BACKPORT}/backport-subscription-status"),
    ("events", f"{_BACKPORT}/backport-subscription-events"),
)

_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_VALUES = ("valueString", "valueId", "valueCode", "valueInteger", "valuePositiveInt", "valueUnsignedInt")


def blueprint(desk: Desk, door: str = "") -> Blueprint:
    """The routes at one door: the FHIR base, or a path below it."""
    routes = Blueprint(f"subscriptions{door.replace('/', ' ').replace('.', '_')}", __name__)
    views, address = _Views(desk, door), f"/fhir{door}/Subscription"
    routes.add_url_rule(address, "create", views.create, methods=["POST"])
    routes.add_url_rule(f"{address}/<ident>", "update", views.update, methods=["PUT"])
    routes.add_url_rule(f"{address}/<ident>", "delete", views.delete, methods=["DELETE"])
    routes.add_url_rule(f"{address}/$status", "statuses", views.statuses, methods=["GET", "POST"])
    routes.add_url_rule(f"{address}/<ident>/$status", "status", views.status, methods=["GET", "POST"])
    routes.add_url_rule(f"{address}/<ident>/$events", "events", views.events, methods=["GET", "POST"])
    if door:
        routes.add_url_rule(f"{address}/<ident>", "read", views.read, methods=["GET"])
    return routes


@dataclass(frozen=True)
class _Views:
    """What is answered at one door."""

    desk: Desk
    door: str

    def create(self) -> Response:
        kept = subscribing.subscribe(self.desk, self._arrival("create", "c"), self.door)
        return self._kept(kept, 201)

    def update(self, ident: str) -> Response:
        arrival = self._arrival("update", "u")
        if_match = negotiation.if_match(request)
        return self._kept(subscribing.resubscribe(self.desk, arrival, self.door, ident, if_match), 200)

    def delete(self, ident: str) -> Response:
        arrival = Arrival(self._caller("d"), b"", negotiation.request_id(request), "delete")
        subscribing.unsubscribe(self.desk, arrival, self.door, ident, negotiation.if_match(request))
        return Response(status=204)

    def read(self, ident: str) -> Response:
        _, stored = subscribing.kept(self.desk, self._caller("r"), self.door, ident)
        stored = subscription_headers.shown(self.desk.seal, stored)
        return negotiation.resource(stored.body, 200, stored.version, stored.last_updated)

    def statuses(self) -> Response:
        caller, given = self._caller("r"), _given({"id", "status"})
        idents, states = given.get("id", ()), given.get("status", ())
        answered = subscription_queries.statuses(self.desk, caller, self.door, idents, states, "Subscription/$status")
        return negotiation.answer(json_body.write(answered))

    def status(self, ident: str) -> Response:
        caller = self._caller("r")
        _given(set())
        answered = subscription_queries.status(self.desk, caller, self.door, ident)
        return negotiation.answer(json_body.write(answered))

    def events(self, ident: str) -> Response:
        caller, given = self._caller("r"), _given({"eventsSinceNumber", "eventsUntilNumber", "content"})
        first, last = _number(given, "eventsSinceNumber"), _number(given, "eventsUntilNumber")
        content = given["content"][0] if "content" in given else None
        answered, shown = subscription_queries.events(self.desk, caller, self.door, ident, first or 0, last, content)
        auditing.about(shown)
        return negotiation.answer(json_body.write(answered))

    def _caller(self, letter: str) -> Caller:
        negotiation.check_accepted(request)
        caller = self.desk.identify(request.headers.get("Authorization"))
        require(caller, "Subscription", letter)
        return caller

    def _arrival(self, interaction: str, letter: str) -> Arrival:
        caller = self._caller(letter)
        return Arrival(caller, negotiation.body(request), negotiation.request_id(request), interaction)

    def _kept(self, kept: Stored, status: int) -> Response:
        address = f"{self.desk.settings.fhir_base}{self.door}/Subscription/{kept.id}/_history/{kept.version}"
        return negotiation.resource(kept.body, status, kept.version, kept.last_updated, {"Location": address})


def _given(known: set[str]) -> dict[str, list[str]]:
    """The operation's parameters, from the address or from a Parameters body; each may be a list."""
    pairs = [(name, text) for name, text in request.args.items(multi=True) if not name.startswith("_")]
    if request.method == "POST" and request.content_length:
        body = json_body.read(negotiation.body(request))
        validation.check(body, "Parameters")
        pairs += [(each["name"], _value(each)) for each in body.get("parameter", ())]
    found: dict[str, list[str]] = {}
    for name, text in pairs:
        if name not in known:
            right = f"known are {', '.join(sorted(known))}" if known else "there are none"
            raise BadRequest(f"The operation has no such parameter; {right}", "Parameters.parameter.name")
        found.setdefault(name, []).extend(each for each in text.split(",") if each)
    return {name: values for name, values in found.items() if values}


def _value(parameter: dict[str, object]) -> str:
    for name in _VALUES:
        if name in parameter:
            return str(parameter[name])
    raise BadRequest(f"A parameter needs one of {', '.join(_VALUES)}", "Parameters.parameter.value")


def _number(given: dict[str, list[str]], name: str) -> int | None:
    if name not in given:
        return None
    if len(given[name]) != 1 or not _NUMBER.fullmatch(given[name][0]):
        raise BadRequest(f"{name} must be the number of an event", f"Parameters.parameter('{name}')")
    return int(given[name][0])
