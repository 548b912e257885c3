"""The determination as a ClaimResponse, by PAS 2.2.1 where PAS speaks."""

from collections.abc import Mapping

from second_opinion.fhir import claim
from second_opinion.fhir.case_view import Authorization, CaseView
from second_opinion.fhir.codes import (
    CANCELLED,
    CERTIFIED,
    NOT_REQUIRED,
    PAS,
    PENDED,
    PROFESSIONAL,
    SUBMITTED,
    X12_ACTION,
    Json,
    Vocabulary,
    coding,
)
from second_opinion.fhir.elements import answered, case_identifier, explained, instant, meta, provider, to
from second_opinion.fhir.task import UnattestedDetermination

_COMPUTED = frozenset({NOT_REQUIRED, CERTIFIED, PENDED, CANCELLED})  # what may be answered without an attestation
_ACTION_CONCEPTS: Mapping[str, Json] = {code: {"coding": [coding(X12_ACTION, code)]} for code in _COMPUTED}


def write(view: CaseView, vocabulary: Vocabulary) -> Json:
    """The ClaimResponse; UnattestedDetermination for an action only a reviewer's attestation may bring about."""
    if view.action not in _COMPUTED:
        raise UnattestedDetermination("ClaimResponse: this action needs a registered reviewer's attestation")
    response: Json = {
        "resourceType": "ClaimResponse",
        "id": view.claim_response_id,
        "meta": meta(view, f"ClaimResponse/{view.claim_response_id}"),
        "identifier": [*claim.identifiers(view, vocabulary), case_identifier(view, vocabulary)],
        "status": "cancelled" if view.action == CANCELLED else "active",
        "type": {"coding": [PROFESSIONAL]},
        "use": "preauthorization",
        "patient": view.member,
        "created": instant(view.decided_at),
        "insurer": view.insurer,
        "request": to("Claim", view.claim_id),
        "outcome": "complete",
        "disposition": answered(view),
        "item": [_item(view, vocabulary)],
        "processNote": _notes(view),
    }
    if (asking := provider(view.requester)) is not None:
        response["requestor"] = asking
    if (granted := _granted(view)) is not None:
        response["preAuthRef"] = granted.number
        response["preAuthPeriod"] = _period(granted)
    if view.coverage is not None:
        response["insurance"] = [{"sequence": 1, "focal": True, "coverage": view.coverage}]
    if view.question is not None and view.action == PENDED:
        response["communicationRequest"] = [to("CommunicationRequest", view.question.communication_request_id)]
    return response


def _granted(view: CaseView) -> Authorization | None:
    """The authorization, on an approval only: everything else carries neither number nor period."""
    return view.authorization if view.action == CERTIFIED else None


def _item(view: CaseView, vocabulary: Vocabulary) -> Json:
    reviewed: list[Json] = [
        {"url": f"{PAS}/extension-reviewActionCode", "valueCodeableConcept": _ACTION_CONCEPTS[view.action]}
    ]
    extensions: list[Json] = [
        {"url": f"{PAS}/extension-administrationReferenceNumber", "valueString": view.number},
    ]
    if (granted := _granted(view)) is not None:
        reviewed.append({"url": "number", "valueString": granted.number})
        issued = {"url": f"{PAS}/extension-itemPreAuthIssueDate", "valueDate": granted.first_day.isoformat()}
        extensions += [issued, {"url": f"{PAS}/extension-itemPreAuthPeriod", "valuePeriod": _period(granted)}]
    adjudication: Json = {
        "extension": [{"url": f"{PAS}/extension-reviewAction", "extension": reviewed}],
        "category": {"coding": [SUBMITTED]},
    }
    if view.reason_code is not None:
        adjudication["reason"] = vocabulary.own_concept("determination-reason", view.reason_code)
    return {
        "extension": extensions,
        "itemSequence": 1,
        "noteNumber": [each["number"] for each in _notes(view)],
        "adjudication": [adjudication],
    }


def _notes(view: CaseView) -> list[Json]:
    """The reason in plain words, then each question that is asked."""
    words = [explained(view)]
    if view.question is not None and view.action == PENDED:
        words += view.question.sentences
    return [{"number": number, "type": "print", "text": each} for number, each in enumerate(words, start=1)]


def _period(granted: Authorization) -> Json:
    return {"start": granted.first_day.isoformat(), "end": granted.last_day.isoformat()}
