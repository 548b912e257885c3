"""The determination as a ClaimResponse, by PAS 2.2.1 where PAS speaks."""

from collections.abc import Mapping

from second_opinion.cases.decision import Decision, ReviewOutcome
from second_opinion.fhir import claim, decisions, notices
from second_opinion.fhir.case_view import Authorization, CaseView, Question
from second_opinion.fhir.codes import (
    CANCELLED,
    CERTIFIED,
    MODIFIED,
    NOT_CERTIFIED,
    NOT_REQUIRED,
    PAS,
    PENDED,
    PROFESSIONAL,
    SUBMITTED,
    X12_ACTION,
    X12_REJECTED,
    Json,
    Vocabulary,
    coding,
    concept,
)
from second_opinion.fhir.elements import answered, case_identifier, explained, instant, meta, provider, to

_COMPUTED = frozenset({NOT_REQUIRED, CERTIFIED, PENDED, CANCELLED})  # what may be answered without an attestation
_DECIDED: Mapping[str, ReviewOutcome] = {  # and what only with a reviewer's decision
    NOT_CERTIFIED: ReviewOutcome.DENIED,
    MODIFIED: ReviewOutcome.MODIFIED,
    "": ReviewOutcome.NOT_ELIGIBLE,
}
_ACTION_CONCEPTS: Mapping[str, Json] = {
    code: {"coding": [coding(X12_ACTION, code)]} for code in (*_COMPUTED, NOT_CERTIFIED, MODIFIED)
}
# X12 901 as far as shipped; the words are what a reader needs
_NOT_ELIGIBLE: Json = {"code": {"coding": [coding(X12_REJECTED, "T4")], "text": "The member is not eligible"}}


def write(view: CaseView, vocabulary: Vocabulary) -> Json:
    """The ClaimResponse; NotAttested for an action only a reviewer's attestation may bring about."""
    if view.action not in _COMPUTED:
        decisions.behind(view, _DECIDED.get(view.action))
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
        "outcome": "complete" if view.action else "error",
        "disposition": answered(view),
        "item": [_item(view, vocabulary)],
        "processNote": _notes(view),
    }
    if (asking := provider(view.requester)) is not None:
        response["requestor"] = asking
    if (granted := _granted(view)) is not None:
        response["preAuthRef"] = granted.number
        response["preAuthPeriod"] = _period(granted)
    if view.decision is not None:
        response["extension"] = [decisions.human_review(view.decision)]
    if view.decision is not None and view.action == MODIFIED:
        response["addItem"] = [_authorized_instead(view, view.decision)]
    if (letter := notices.answered_by(view)) is not None:
        response["form"] = letter
    if not view.action:
        response["error"] = [_NOT_ELIGIBLE]
    if view.coverage is not None:
        response["insurance"] = [{"sequence": 1, "focal": True, "coverage": view.coverage}]
    if (asked := _asked(view)) is not None:
        response["communicationRequest"] = [to("CommunicationRequest", asked.communication_request_id)]
    return response


def _asked(view: CaseView) -> Question | None:
    """What is asked, as long as it is."""
    asked = view.question if view.action == PENDED else None
    return asked if asked is not None and asked.task_status == "requested" else None


def _granted(view: CaseView) -> Authorization | None:
    """The authorization, on an approval or modification: everything else carries neither number nor period."""
    return view.authorization if view.action in {CERTIFIED, MODIFIED} else None


def _item(view: CaseView, vocabulary: Vocabulary) -> Json:
    extensions: list[Json] = [
        {"url": f"{PAS}/extension-administrationReferenceNumber", "valueString": view.number},
    ]
    if (granted := _granted(view)) is not None:
        issued = {"url": f"{PAS}/extension-itemPreAuthIssueDate", "valueDate": granted.issued.isoformat()}
        extensions += [issued, {"url": f"{PAS}/extension-itemPreAuthPeriod", "valuePeriod": _period(granted)}]
    if view.decision is not None and view.action == MODIFIED:
        extensions.append(decisions.authorized_provider(view.decision))
    adjudication: Json = {"category": {"coding": [SUBMITTED]}}
    if view.action:
        adjudication = {"extension": [_reviewed(view.action, granted)], **adjudication}
    if codes := decisions.codes(view, vocabulary):
        adjudication["reason"] = concept(*codes)
    return {
        "extension": extensions,
        "itemSequence": 1,
        "noteNumber": [each["number"] for each in _notes(view)],
        "adjudication": [adjudication],
    }


def _reviewed(action: str, granted: Authorization | None) -> Json:
    reviewed: list[Json] = [
        {"url": f"{PAS}/extension-reviewActionCode", "valueCodeableConcept": _ACTION_CONCEPTS[action]}
    ]
    if granted is not None:
        reviewed.append({"url": "number", "valueString": granted.number})
    return {"url": f"{PAS}/extension-reviewAction", "extension": reviewed}


def _authorized_instead(view: CaseView, decision: Decision) -> Json:
    """What is authorized in the place of the item asked for, certified by itself (PAS: same itemSequence)."""
    changed, granted = decision.modification, _granted(view)
    assert changed is not None  # noqa: S101 - a modification says what it changes
    added: Json = {
        "itemSequence": [1],
        "provider": [changed.provider],
        "productOrService": claim.SERVICE,
    }
    if changed.period is not None:
        first, last = changed.period
        added["servicedPeriod"] = {"start": first.isoformat(), "end": last.isoformat()}
    if changed.quantity is not None:
        added["quantity"] = changed.quantity
    added["adjudication"] = [{"extension": [_reviewed(CERTIFIED, granted)], "category": {"coding": [SUBMITTED]}}]
    return added


def _notes(view: CaseView) -> list[Json]:
    """The reason in plain words, then each question that is asked."""
    words = [explained(view), *decisions.extension_notes(view), *decisions.offer_notes(view)]
    if (asked := _asked(view)) is not None:
        words += asked.sentences
    return [{"number": number, "type": "print", "text": each} for number, each in enumerate(words, start=1)]


def _period(granted: Authorization) -> Json:
    return {"start": granted.first_day.isoformat(), "end": granted.last_day.isoformat()}
