"""Answers that open no case: what cannot be processed, and Claims that ask for no second opinion."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from second_opinion.fhir.codes import DATA_ABSENT, PENDED, SUBMITTED, X12_ACTION, Json, Vocabulary, coding
from second_opinion.fhir.elements import instant
from second_opinion.fhir.pas import answer, terms
from second_opinion.fhir.sent_claim import SentClaim, SentItem
from second_opinion.fhir.x12 import BUSINESS, CORRECT, IDENTITY

LATER = "The request is received and not decided yet; the decision follows, and its time runs from the receipt."


@dataclass(frozen=True)
class Refusal:
    """Why a request that can be read cannot be processed; told in a ClaimResponse, never as an HTTP error."""

    use: str  # by which an operator's X12 901 code is found
    words: str
    path: str  # FHIRPath from the request Bundle
    position: str  # X12 loop and element
    identity: bool = False  # somebody or something could not be identified


def as_unanswered(sent: SentClaim) -> SentClaim:
    """The Claim by its identifier: it is not kept where nothing came of it."""
    absent = [{"url": DATA_ABSENT, "valueCode": "not-applicable"}]
    request = {"extension": absent, "type": "Claim", "identifier": sent.identifiers[0]}
    return replace(sent, references={**sent.references, "request": request})


def write(
    sent: SentClaim,
    refusals: Sequence[Refusal],
    vocabulary: Vocabulary,
    insurer: Json,
    at: datetime,
    version: int = 1,
) -> Json:
    """The ClaimResponse: outcome error with every reason, or each line as not handled here."""
    notes = [each.words for each in refusals] or list(dict.fromkeys(_note(each.cancelled) for each in sent.items))
    response: Json = {
        "resourceType": "ClaimResponse",
        "id": sent.response_id,
        "meta": {"versionId": str(version), "lastUpdated": instant(at)},
        "extension": [sent.transmission] if sent.transmission else [],
        "identifier": list(sent.identifiers),
        "status": "active",
        "type": sent.type,
        "use": "preauthorization",
        "patient": sent.references.get("patient", {"display": "Not identified"}),
        "created": instant(at),
        "insurer": sent.references.get("insurer", insurer),
        "requestor": sent.references.get("requestor", {}),
        "request": sent.references["request"],
        "outcome": "error" if refusals else "complete",
        "disposition": _disposition(sent, refusals),
        "item": _lines(sent, refusals, notes),
        "processNote": _numbered(notes),
        "error": [_error(each, n, vocabulary) for n, each in enumerate(refusals, start=1)],
    }
    return {name: value for name, value in response.items() if value}


def pended(
    sent: SentClaim, asked: Collection[int], vocabulary: Vocabulary, insurer: Json, at: datetime, version: int
) -> Json:
    """The ClaimResponse while there was no time to decide: what is ``asked`` (sequences) waits."""
    notes = [LATER]

    def note(words: str) -> int:
        if words not in notes:
            notes.append(words)
        return notes.index(words) + 1

    lines = [_waits(each) if each.sequence in asked else answer.unanswered(each, note) for each in sent.items]
    told = write(sent, (), vocabulary, insurer, at, version) | {
        "disposition": f"Pended. {LATER}",
        "item": lines,
        "processNote": _numbered(notes),
    }
    return {name: value for name, value in told.items() if value}


def _waits(item: SentItem) -> Json:
    code = {"url": terms.url("reviewActionCode"), "valueCodeableConcept": {"coding": [coding(X12_ACTION, PENDED)]}}
    action = {"url": terms.url("reviewAction"), "extension": [code]}
    line: Json = {
        "itemSequence": item.sequence,
        "extension": list(item.extensions),
        "noteNumber": [1],
        "adjudication": [{"extension": [action], "category": {"coding": [SUBMITTED]}}],
    }
    return {name: value for name, value in line.items() if value}


def _numbered(notes: Sequence[str]) -> list[Json]:
    return [{"number": number, "type": "print", "text": each} for number, each in enumerate(notes, start=1)]


def _note(cancelled: bool) -> str:  # noqa: FBT001 - one line of the writer
    return answer.TAKEN_BACK if cancelled else answer.NOT_HANDLED


def _disposition(sent: SentClaim, refusals: Sequence[Refusal]) -> str:
    if refusals:
        return f"{answer.NOT_PROCESSED}. {refusals[0].words}"
    if sent.items and all(each.cancelled for each in sent.items):
        return f"Withdrawn. {answer.TAKEN_BACK}"
    return f"{answer.NOT_PROCESSED}. {answer.NOT_HANDLED}"


def _lines(sent: SentClaim, refusals: Sequence[Refusal], notes: list[str]) -> list[Json]:
    if refusals:
        return [_silent(each, len(refusals)) for each in sent.items]
    return [answer.unanswered(each, lambda words: notes.index(words) + 1) for each in sent.items]


def _silent(item: SentItem, notes: int) -> Json:
    """The line of an answer in error: no review action, only where to read why."""
    line: Json = {
        "itemSequence": item.sequence,
        "extension": list(item.extensions),
        "noteNumber": list(range(1, notes + 1)),
        "adjudication": [{"category": {"coding": [SUBMITTED]}}],
    }
    return {name: value for name, value in line.items() if value}


def _error(refusal: Refusal, number: int, vocabulary: Vocabulary) -> Json:
    code = vocabulary.x12.coding("901", refusal.use, IDENTITY if refusal.identity else BUSINESS)
    follow_up = vocabulary.x12.coding("889", refusal.use, CORRECT)
    parts = [{"url": "processNote", "valuePositiveInt": number}, {"url": "error", "valueString": refusal.position}]
    return {
        "extension": [
            {"url": terms.url("errorElement"), "extension": parts},
            {"url": terms.url("errorPath"), "valueString": refusal.path},
            {"url": terms.url("errorFollowupAction"), "valueCodeableConcept": {"coding": [follow_up]}},
        ],
        "code": {"coding": [code]},
    }
