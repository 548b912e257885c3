"""The PAS doors: Claim/$submit and Claim/$inquire, and the same for clients of PAS 2.0 on a base of their own."""

from collections.abc import Callable

from flask import Blueprint, Response, request

from second_opinion.access.caller import require
from second_opinion.api import even, negotiation
from second_opinion.api.admission import Gate
from second_opinion.api.doors import Body, Door, Told, offer
from second_opinion.api.negotiation import Environ
from second_opinion.fhir import json_body
from second_opinion.fhir.pas import inquired
from second_opinion.fhir.pas import request as pas_request
from second_opinion.fhir.pas.bundle import Edition
from second_opinion.workflow.arrival import Arrival
from second_opinion.workflow.claim_answers import ClaimAnswer
from second_opinion.workflow.claims import submit
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.inquire import inquire

GUIDE = "http://hl7.org/fhir/us/davinci-pas"
GUIDES = (f"{GUIDE}/ImplementationGuide/hl7.fhir.us.davinci-pas|2.2.1",)
INSTANTIATES = (f"{GUIDE}/CapabilityStatement/IntermediaryCapabilities",)
OPERATIONS = (
    ("inquire", f"{GUIDE}/OperationDefinition/Claim-inquiry"),
    ("submit", f"{GUIDE}/OperationDefinition/Claim-submit"),
)
PROFILES = {
    "Claim": tuple(f"{GUIDE}/StructureDefinition/{each}" for each in ("profile-claim", "profile-claim-update")),
    "ClaimResponse": tuple(
        f"{GUIDE}/StructureDefinition/{each}" for each in ("profile-claimresponse", "profile-claiminquiryresponse")
    ),
}
OLDER = "/pas/2.0"  # below the base: the same for clients of the version before
OLDER_GUIDES = (f"{GUIDE}/ImplementationGuide/hl7.fhir.us.davinci-pas|2.0.1",)
BASES = {"/fhir": Edition.CURRENT, f"/fhir{OLDER}": Edition.EARLIER}


def blueprint(desk: Desk, gate: Gate) -> Blueprint:
    """The routes."""
    offered = Blueprint("claims", __name__)
    offer(offered, doors(desk, gate))
    for base, edition in BASES.items():
        asked = _inquiring(desk, gate, edition)
        offered.add_url_rule(f"{base}/Claim/$inquire", f"inquire {edition.name}", asked, methods=["POST"])
        # what the guide's OperationDefinition is named, and so some clients call
        offered.add_url_rule(f"{base}/Claim/$inquiry", f"inquiry {edition.name}", asked, methods=["POST"])
    return offered


def doors(desk: Desk, gate: Gate) -> dict[str, Door]:
    """Claim/$submit by its paths."""
    return {f"{base}/Claim/$submit": _submitting(desk, gate, edition) for base, edition in BASES.items()}


def _submitting(desk: Desk, gate: Gate, edition: Edition) -> Door:
    def submit_claim(environ: Environ, body: Body) -> Told:
        arrival = _arrival(gate, environ, body, "Claim", "c")
        sent = pas_request.read(arrival.read(), desk.vocabulary)
        return _told(desk, submit(desk, arrival, sent, edition))

    return submit_claim


def _inquiring(desk: Desk, gate: Gate, edition: Edition) -> Callable[[], Response]:
    def inquire_claim() -> Response:
        arrival = _arrival(gate, request.environ, lambda: negotiation.body(request), "ClaimResponse", "s")
        asked = pas_request.read(arrival.read(), desk.vocabulary, inquiry=True)
        answers = inquire(desk, arrival, asked, edition)
        if not answers:
            even.shows_nothing(request.environ)
        told = inquired.write(answers, asked.bundle["identifier"], desk.now(), edition)
        return negotiation.answer(json_body.write(told), 200)

    return inquire_claim


def _arrival(gate: Gate, environ: Environ, body: Body, kind: str, letter: str) -> Arrival:
    """Who sends what; the rights are asked before the body is read."""
    caller = gate.admit(environ, environ.get("HTTP_AUTHORIZATION"))
    require(caller, kind, letter, whole=True)
    return Arrival(caller, body(), negotiation.request_id_of(environ), "operation", kind)


def _told(desk: Desk, answer: ClaimAnswer) -> Told:
    """The response Bundle; Location is the first case's Task, and each case's order is related."""
    headers: dict[str, str] = {}
    if answer.cases:
        base = desk.settings.fhir_base
        headers["Location"] = f"{base}/Task/{answer.cases[0][1].task_id}"
        several = len(answer.cases) > 1
        headers["Link"] = ", ".join(
            f'<{base}/ServiceRequest/{view.service_request_id}>; rel="related"'
            + (f'; title="item {sequence}"' if several else "")
            for sequence, view in answer.cases
        )
    return Told(json_body.write(answer.bundle), headers)
