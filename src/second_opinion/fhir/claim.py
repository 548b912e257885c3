"""The Claim the service writes itself for a ServiceRequest, so that a ClaimResponse has something to answer."""

from second_opinion.fhir.case_view import CaseView
from second_opinion.fhir.codes import (
    CONSULTATION,
    MESSAGE,
    NORMAL,
    PAS,
    PROFESSIONAL,
    SECOND_OPINION,
    STAT,
    Json,
    Vocabulary,
    concept,
)
from second_opinion.fhir.elements import absent, identifier, instant, meta, provider, to

URGENT = frozenset({"urgent", "asap", "stat"})
SERVICE: Json = {"coding": [CONSULTATION, SECOND_OPINION], "text": "Second medical opinion"}


def write(view: CaseView, vocabulary: Vocabulary) -> Json:
    """A preauthorization Claim with one item, whose requestedService is the ServiceRequest."""
    claim: Json = {
        "resourceType": "Claim",
        "id": view.claim_id,
        "meta": meta(view, f"Claim/{view.claim_id}"),
        "identifier": identifiers(view, vocabulary),
        "status": "cancelled" if view.status == "withdrawn" else "active",
        "type": {"coding": [PROFESSIONAL]},
        "use": "preauthorization",
        "patient": view.member,
        "created": instant(view.authored_at or view.received_at),
        "insurer": view.insurer,
        "provider": _claimant(view),
        "priority": {"coding": [STAT if view.priority in URGENT else NORMAL]},
        "insurance": [
            {
                "sequence": 1,
                "focal": True,
                "coverage": view.coverage or absent("unknown", "No coverage on record"),
            }
        ],
        "item": [_item(view)],
    }
    if (doctor := provider(view.second_doctor)) is not None:
        scope = {"url": f"{PAS}/extension-careTeamClaimScope", "valueBoolean": False}
        claim["careTeam"] = [{"extension": [scope], "sequence": 1, "provider": doctor}]
    if view.reason_codes:
        claim["supportingInfo"] = [
            _reason(number, code, vocabulary) for number, code in enumerate(view.reason_codes, start=1)
        ]
    if view.conditions:
        claim["diagnosis"] = [
            {"sequence": number, "diagnosisCodeableConcept": {"coding": [each]}}
            for number, each in enumerate(view.conditions, start=1)
        ]
    return claim


def identifiers(view: CaseView, vocabulary: Vocabulary) -> list[Json]:
    """Identifiers of the Claim: the client's, or for one written here its own."""
    return list(view.claim_identifiers) or [identifier(vocabulary, "claim", view.number)]


def _claimant(view: CaseView) -> Json:
    """Who asks, where a provider asks; for a member's own request the provider whose care she questions."""
    named = provider(view.requester) or provider(view.initial_provider)
    return named or absent("not-applicable", "No provider asks or is named")


def _item(view: CaseView) -> Json:
    requested = {
        "url": f"{PAS}/extension-requestedService",
        "valueReference": to("ServiceRequest", view.service_request_id),
    }
    item: Json = {"extension": [requested], "sequence": 1, "productOrService": SERVICE}
    if provider(view.second_doctor) is not None:
        item["careTeamSequence"] = [1]
    if view.conditions:
        item["diagnosisSequence"] = list(range(1, len(view.conditions) + 1))
    if view.reason_codes:
        item["informationSequence"] = list(range(1, len(view.reason_codes) + 1))
    if view.service_days is not None:
        first, last = view.service_days
        if first == last:
            item["servicedDate"] = first.isoformat()
        else:
            item["servicedPeriod"] = {"start": first.isoformat(), "end": last.isoformat()}
    return item


def _reason(number: int, code: str, vocabulary: Vocabulary) -> Json:
    own = vocabulary.own("second-opinion-reason", code)
    return {"sequence": number, "category": {"coding": [MESSAGE]}, "code": concept(own), "valueString": own["display"]}
