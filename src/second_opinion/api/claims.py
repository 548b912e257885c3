"""The PAS doors: Claim/$submit and Claim/$inquire, and the same for clients of PAS 2.0 on a base of their own."""

from flask import Blueprint, Response, request

from second_opinion.access.caller import require
from second_opinion.api import even, negotiation
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


def blueprint(desk: Desk) -> Blueprint:
    """The routes."""
    doors = Blueprint("claims", __name__)
    for base, edition in BASES.items():
        _offer(doors, desk, base, edition)
    return doors


def _offer(doors: Blueprint, desk: Desk, base: str, edition: Edition) -> None:
    def submit_claim() -> Response:
        arrival = _arrival(desk, "Claim", "c")
        sent = pas_request.read(arrival.read(), desk.vocabulary)
        return _answered(desk, submit(desk, arrival, sent, edition))

    def inquire_claim() -> Response:
        arrival = _arrival(desk, "ClaimResponse", "s")
        asked = pas_request.read(arrival.read(), desk.vocabulary, inquiry=True)
        answers = inquire(desk, arrival, asked, edition)
        if not answers:
            even.shows_nothing(request.environ)
        told = inquired.write(answers, asked.bundle["identifier"], desk.now(), edition)
        return negotiation.answer(json_body.write(told), 200)

    doors.add_url_rule(f"{base}/Claim/$inquire", f"inquire {edition.name}", inquire_claim, methods=["POST"])
    # what the guide's OperationDefinition is named, and so some clients call
    doors.add_url_rule(f"{base}/Claim/$inquiry", f"inquiry {edition.name}", inquire_claim, methods=["POST"])
    doors.add_url_rule(f"{base}/Claim/$submit", f"submit {edition.name}", submit_claim, methods=["POST"])


def _arrival(desk: Desk, kind: str, letter: str) -> Arrival:
    """Who sends what; the rights are asked before the body is read."""
    caller = desk.identify(request.headers.get("Authorization"))
    require(caller, kind, letter, whole=True)
    return Arrival(caller, negotiation.body(request), negotiation.request_id(request), "operation", kind)


def _answered(desk: Desk, answer: ClaimAnswer) -> Response:
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
    return negotiation.answer(json_body.write(answer.bundle), 200, headers)
