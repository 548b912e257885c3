"""A Claim is decided: each item that asks for a second opinion becomes a case like any other, all are kept at once."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from second_opinion.errors import MemberUnknown, Unprocessable
from second_opinion.fhir import json_body
from second_opinion.fhir.pas import sent, stored_claim, terms
from second_opinion.fhir.pas.lines import Line
from second_opinion.fhir.pas.request import PasRequest
from second_opinion.fhir.pas.sent import Behind
from second_opinion.fhir.pas.unanswered import Refusal
from second_opinion.fhir.sent_claim import SentClaim, SentItem
from second_opinion.store.changes import Changes, ResourceWrite
from second_opinion.workflow import (
    claim_answers,
    claim_cases,
    claim_gates,
    claim_lineage,
    claim_receiving,
    claim_updates,
    projection,
)
from second_opinion.workflow.claim_answers import ClaimAnswer
from second_opinion.workflow.claim_cases import Part
from second_opinion.workflow.claim_receiving import Receiving
from second_opinion.workflow.claim_updates import Refused
from second_opinion.workflow.deciding import Request

NO_MEMBER = (
    "The member could not be identified: the member number, the birth date and the family name must agree with the "
    "plan's records."
)


def decide(receiving: Receiving) -> ClaimAnswer:
    """Decide the Claim and keep it with its cases, or say why it cannot be processed."""
    try:
        claim_gates.refuse_bare(receiving.desk, receiving.request)
        claim_gates.refuse_other_payer(receiving.desk, receiving.request)
        if receiving.request.related is None:
            return _take(receiving)
        return _follow(receiving)
    except MemberUnknown:
        path = _patient_path(receiving.request)
        refusal = Refusal("member-unknown", NO_MEMBER, path, "2010C-NM109", identity=True)
        return claim_receiving.refused(receiving, [refusal])
    except Refused as refused:
        return claim_receiving.refused(receiving, [refused.refusal])
    except Unprocessable as wrong:
        if receiving.arrival.waited_for:
            raise
        path = next(iter(wrong.expression), "Bundle")
        return claim_receiving.refused(receiving, [Refusal("not-processable", wrong.message, path, "2000E")])


def _take(receiving: Receiving) -> ClaimAnswer:
    """A Claim that follows none."""
    whole = terms.taken_back(receiving.request.claim)
    asked = _understood(receiving, [each for each in receiving.lines if not (whole or terms.taken_back(each.item))])
    if not asked:
        return claim_receiving.refused(receiving, [])
    items = claim_cases.open_all(receiving.desk, receiving.arrival, asked, set())
    return _kept(receiving, [each.part for each in items], {each.sequence: each.behind for each in items})


def _follow(receiving: Receiving) -> ClaimAnswer:
    """A Claim that updates or cancels another: the newest of that line, or the one that came along."""
    desk, arrival, request = receiving.desk, receiving.arrival, receiving.request
    found = claim_lineage.predecessor(desk, arrival.caller.id, request)
    if found is None:
        if request.prior_at is None:
            raise Refused(claim_updates.unknown(request))
        return _take(receiving)
    before = found[1]
    update = claim_updates.read(desk, arrival, request, before)
    taken = {each.case.number for each in update.parts.values()}
    items = claim_cases.open_all(desk, arrival, _understood(receiving, update.added), taken)
    behind = update.behind | {each.sequence: each.behind for each in items}
    parts = [*update.parts.values(), *(each.part for each in items)]
    return _kept(receiving, parts, behind, before=before, carried=update.carried)


def _kept(
    receiving: Receiving,
    parts: list[Part],
    behind: dict[int, Behind],
    *,
    before: SentClaim | None = None,
    carried: tuple[SentItem, ...] = (),
) -> ClaimAnswer:
    """Everything saved in one transaction, then told."""
    desk, arrival, request = receiving.desk, receiving.arrival, receiving.request
    place = replace(receiving.place, lineage=before.lineage) if before else receiving.place
    known = sent.read(request, receiving.lines, place, arrival.caller.id, behind, carried)
    told_before = receiving.told_before()
    version = told_before.version + 1 if told_before else 1
    cases, changes = claim_cases.together(desk, parts, known, before=before, version=version)
    first = next((each for each in cases if each.view.number == _first(known)), cases[0])
    written = stored_claim.write(request, known.claim_id, first.view, _orders(behind))
    kept = claim_lineage.findable(projection.keep(desk, written, first, partner=arrival.caller.id), request)
    changes.resources.insert(0, kept)
    submission = receiving.submission(first.number, first.view.received_at, replaces=told_before is not None)
    changes.submissions.append(submission)
    changes.answered = arrival.caller.id if arrival.answers_case else None
    changes.audit.append(arrival.record(first.view.updated_at, f"Claim/{known.claim_id}", first.member))
    desk.store.save(changes)
    told = json_body.read_own(next(each.body for each in _written(changes) if _is_answer(each, known)))
    answer = claim_answers.around(desk, first, told, known, request.bundle["entry"], receiving.edition)
    return ClaimAnswer(answer, claim_answers.behind(first.view, known))


def _written(changes: Changes) -> Iterator[ResourceWrite]:
    return (each for part in (changes, *changes.also) for each in part.resources)


def _is_answer(written: ResourceWrite, known: SentClaim) -> bool:
    return (written.type, written.id) == ("ClaimResponse", known.response_id)


def _first(known: SentClaim) -> str | None:
    return next((each.case for each in known.items if each.case), None)


def _orders(behind: dict[int, Behind]) -> dict[int, str]:
    return {sequence: f"ServiceRequest/{each.order}" for sequence, each in behind.items() if each.order}


def _understood(receiving: Receiving, lines: Iterable[Line]) -> list[tuple[Line, Request]]:
    """What each order means; MemberUnknown where no one member is meant."""
    desk, arrival = receiving.desk, receiving.arrival
    return [(line, claim_cases.understood(desk, arrival, line)) for line in lines if line.order is not None]


def _patient_path(request: PasRequest) -> str:
    entry = request.target(request.claim["patient"]).entry
    return f"{entry.path}.identifier" if entry else f"{request.claim_at.path}.patient"
