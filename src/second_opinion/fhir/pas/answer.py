"""The ClaimResponse to a client's Claim: every item with what its case says now, in the order and numbers it came in.

Each case writes its own answer (``claim_response``); here the answers are put together and told in the Claim's terms.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from second_opinion.fhir import claim_response
from second_opinion.fhir.case_view import CaseView
from second_opinion.fhir.codes import (
    CANCELLED,
    MODIFIED,
    NOT_REQUIRED,
    PENDED,
    SUBMITTED,
    X12_ACTION,
    Json,
    Vocabulary,
    coding,
)
from second_opinion.fhir.elements import instant, meta
from second_opinion.fhir.pas import coded, terms
from second_opinion.fhir.sent_claim import SentClaim, SentItem
from second_opinion.fhir.x12 import X12

NOT_HANDLED = "Not handled here: this service reviews requests for second medical opinions only."
TAKEN_BACK = "Taken back by the sender; no case was opened for it."
NOT_PROCESSED = "Not processed"
GRANTED = frozenset({NOT_REQUIRED, "A1", "A6"})
WORST = ("Not eligible", "Denied", "Modified", "Withdrawn", "Approved", "No authorization required")  # after Pended


class _Answers:
    """The cases' own answers, and the notes collected from them in one numbering."""

    def __init__(self, views: Iterable[CaseView], vocabulary: Vocabulary) -> None:
        self.views = {view.number: view for view in views}
        self.written = {number: claim_response.write(view, vocabulary) for number, view in self.views.items()}
        self.x12 = vocabulary.x12
        self.notes: list[Json] = []
        self.added: list[Json] = []

    def note(self, words: str) -> int:
        """The number of a note, the same words once."""
        for each in self.notes:
            if each["text"] == words:
                return int(each["number"])
        self.notes.append({"number": len(self.notes) + 1, "type": "print", "text": words})
        return len(self.notes)

    def numbers(self, written: Json, line: Json) -> list[int]:
        """The notes a case's own answer gives to a line, numbered anew."""
        words = {each["number"]: each["text"] for each in written.get("processNote", ())}
        return [self.note(words[number]) for number in line.get("noteNumber", ()) if number in words]


def write(view: CaseView, sent: SentClaim, vocabulary: Vocabulary) -> Json:
    """The ClaimResponse as it is kept; references lead to this server."""
    known = {each.number: each for each in (view, *view.siblings)}
    answered = list(dict.fromkeys(known[each.case].number for each in sent.items if each.case in known))
    answers = _Answers([known[number] for number in answered] or [view], vocabulary)
    own = next(iter(answers.written.values()))
    lines = [_line(each, answers) for each in sent.items]
    response = own | {
        "id": sent.response_id,
        "meta": meta(view, f"ClaimResponse/{sent.response_id}"),
        "identifier": [*sent.identifiers, *_case_numbers(own, answers)],
        "type": sent.type,
        "created": instant(max(each.decided_at for each in answers.views.values())),
        "request": {"reference": f"Claim/{sent.claim_id}", "identifier": sent.identifiers[0]},
        "outcome": _outcome(answers),
        "disposition": _disposition(answers, sent),
        "item": lines,
        "processNote": answers.notes,
    }
    if "status" in own and any(each["status"] == "active" for each in answers.written.values()):
        response["status"] = "active"
    _head(response, sent, answers)
    return {name: value for name, value in response.items() if value}


def _case_numbers(own: Json, answers: _Answers) -> list[Json]:
    """The number of every case, the answering one's first."""
    last = own["identifier"][-1]
    return [last, *(last | {"value": number} for number in answers.views if number != last["value"])]


def _line(item: SentItem, answers: _Answers) -> Json:
    if item.case is None or item.case not in answers.written:
        return unanswered(item, answers.note)
    view, written = answers.views[item.case], answers.written[item.case]
    line: Json = written["item"][0]
    extensions = [*item.extensions, *line.get("extension", ())]
    if view.action in GRANTED:
        extensions += _authorized(item, view, answers.x12)
    answers.added += [_added(each, item, view, answers.x12) for each in written.get("addItem", ())]
    if reasons := coded.decision_reasons(view, answers.x12):
        line = line | {"adjudication": [coded.with_reasons(each, reasons) for each in line["adjudication"]]}
    return line | {
        "itemSequence": item.sequence,
        "extension": extensions,
        "noteNumber": answers.numbers(written, line),
    }


def _added(added: Json, item: SentItem, view: CaseView, x12: X12) -> Json:
    """What is authorized in the item's place, in the item's own terms where the decision says nothing else."""
    granted = view.authorization
    extensions = [*item.line.get("extension", ())]
    if granted is not None:
        period = {"start": granted.first_day.isoformat(), "end": granted.last_day.isoformat()}
        extensions += [
            {"url": terms.url("administrationReferenceNumber"), "valueString": view.number},
            {"url": terms.url("itemPreAuthIssueDate"), "valueDate": granted.issued.isoformat()},
            {"url": terms.url("itemPreAuthPeriod"), "valuePeriod": period},
        ]
    own = {name: each for name, each in added.items() if name != "productOrService"}
    if kind := coded.provider_type(x12):
        own["provider"] = [each | {"extension": kind} for each in added["provider"]]
    line = {
        name: each for name, each in item.line.items() if not (name.startswith("serviced") and "servicedPeriod" in own)
    }
    return line | own | {"itemSequence": [item.sequence], "extension": extensions}


def unanswered(item: SentItem, note: Callable[[str], int]) -> Json:
    """An item no case answers: something else than a second opinion, or taken back before there was a case."""
    adjudication: Json = {"category": {"coding": [SUBMITTED]}}
    if item.cancelled:
        code = {
            "url": terms.url("reviewActionCode"),
            "valueCodeableConcept": {"coding": [coding(X12_ACTION, CANCELLED)]},
        }
        adjudication["extension"] = [{"url": terms.url("reviewAction"), "extension": [code]}]
    line: Json = {
        "itemSequence": item.sequence,
        "extension": list(item.extensions),
        "noteNumber": [note(TAKEN_BACK if item.cancelled else NOT_HANDLED)],
        "adjudication": [adjudication],
    }
    return {name: value for name, value in line.items() if value}


def _authorized(item: SentItem, view: CaseView, x12: X12) -> list[Json]:
    """What is authorized: the service asked for, by the provider asked for."""
    doctor = view.second_doctor
    named = doctor is not None and _is_provider(doctor) and view.action != MODIFIED  # of those a reviewer names another
    provider = [{"url": "provider", "valueReference": doctor}, *coded.provider_type(x12)] if named else []
    authorized = [{"url": terms.url("itemAuthorizedProvider"), "extension": provider}] if provider else []
    return [*authorized, {"url": terms.url("itemAuthorizedDetail"), "extension": list(item.detail)}]


def _is_provider(reference: Mapping[str, Any]) -> bool:
    """Whether PAS lets the reference stand for an authorized provider: a Practitioner or an Organization."""
    kind = str(reference.get("reference", reference.get("type", ""))).partition("/")[0]
    return kind in {"Practitioner", "Organization"}


def _outcome(answers: _Answers) -> str:
    """Complete when every case has its answer or none has; partial when only some have (pas 4.2)."""
    if all(each["outcome"] == "error" for each in answers.written.values()):
        return "error"
    pended = [view.action == PENDED for view in answers.views.values()]
    return "partial" if any(pended) and not all(pended) else "complete"


def _disposition(answers: _Answers, sent: SentClaim) -> str:
    """The cases' words: Pended if any is, else the worst of them."""
    words = list(dict.fromkeys(each["disposition"] for each in answers.written.values()))
    if not words:
        taken_back = bool(sent.items) and all(each.cancelled for each in sent.items)
        return f"Withdrawn. {TAKEN_BACK}" if taken_back else f"{NOT_PROCESSED}. {NOT_HANDLED}"
    if len(words) == 1:
        return str(words[0])
    first = {view.disposition for view in answers.views.values()}
    chosen = "Pended" if "Pended" in first else next((each for each in WORST if each in first), NOT_PROCESSED)
    return f"{chosen}. " + " ".join(
        f"Item {each.sequence}: {answers.written[each.case]['disposition']}"
        for each in sent.items
        if each.case in answers.written
    )


def _head(response: Json, sent: SentClaim, answers: _Answers) -> None:
    """What stands once for the whole answer."""
    reviewed = [each for written in answers.written.values() for each in written.get("extension", ())]
    response["extension"] = [*([sent.transmission] if sent.transmission else []), *reviewed[:1]]
    response["addItem"] = answers.added
    response["error"] = [each for written in answers.written.values() for each in written.get("error", ())]
    asked = [each for written in answers.written.values() for each in written.get("communicationRequest", ())]
    response["communicationRequest"] = asked
    periods = [each["preAuthPeriod"] for each in answers.written.values() if "preAuthPeriod" in each]
    granted = [each["preAuthRef"] for each in answers.written.values() if "preAuthRef" in each]
    if granted:  # here the action's code may not stand, only its number (PAS 2.2.1, context of reviewActionCode)
        number = {"url": terms.url("reviewAction"), "extension": [{"url": "number", "valueString": granted[0]}]}
        response["adjudication"] = [{"extension": [number], "category": {"coding": [SUBMITTED]}}]
    response.pop("preAuthRef", None)
    response.pop("preAuthPeriod", None)
    if granted:
        response["preAuthRef"] = granted[0]
        response["preAuthPeriod"] = {
            "start": min(each["start"] for each in periods),
            "end": max(each["end"] for each in periods),
        }
