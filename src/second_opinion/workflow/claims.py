"""A Claim comes in: each item that asks for a second opinion becomes a case like any other; all are answered at once.

The PAS door differs from the others only in how the request is read and how the answer is wrapped.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from second_opinion.errors import MemberUnknown
from second_opinion.fhir import json_body
from second_opinion.fhir.pas import bundle, orders, sent, stored_claim, terms, unanswered
from second_opinion.fhir.pas.bundle import Edition
from second_opinion.fhir.pas.orders import Line
from second_opinion.fhir.pas.request import PasRequest
from second_opinion.fhir.pas.sent import Behind
from second_opinion.fhir.pas.unanswered import Refusal
from second_opinion.fhir.sent_claim import SentClaim, SentItem
from second_opinion.store.changes import Changes, ResourceWrite, Submission
from second_opinion.store.stored import Stored, StoredSubmission
from second_opinion.workflow import (
    claim_answers,
    claim_cases,
    claim_gates,
    claim_lineage,
    claim_updates,
    opening,
    projection,
)
from second_opinion.workflow.arrival import Arrival, told_anew
from second_opinion.workflow.claim_answers import ClaimAnswer
from second_opinion.workflow.claim_cases import Part
from second_opinion.workflow.claim_updates import Refused
from second_opinion.workflow.deciding import Request, milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.repeats import kept_case
from second_opinion.workflow.submit import understand

NO_MEMBER = (
    "The member could not be identified: the member number, the birth date and the family name must agree with the "
    "plan's records."
)


@dataclass(frozen=True)
class Receiving:
    """One Claim on its way to its answer."""

    desk: Desk
    arrival: Arrival
    request: PasRequest
    lines: tuple[Line, ...]
    place: sent.Place
    edition: Edition
    earlier: StoredSubmission | None  # the same Claim, answered without a case


def submit(desk: Desk, arrival: Arrival, request: PasRequest, edition: Edition = Edition.CURRENT) -> ClaimAnswer:
    """Answer the Claim: decide each item, or say what the Claim is answered with already."""
    return told_anew(lambda: _submit(desk, arrival, request, edition))


def _submit(desk: Desk, arrival: Arrival, request: PasRequest, edition: Edition) -> ClaimAnswer:
    claim_gates.refuse_bare(desk, request)
    earlier = desk.store.submission(arrival.caller.id, request.key)
    if earlier is not None and earlier.case is not None:
        return _again(desk, earlier, request, edition)
    return _decide(desk, arrival, request, earlier, edition)


def _again(desk: Desk, earlier: StoredSubmission, request: PasRequest, edition: Edition) -> ClaimAnswer:
    """The current answer to a Claim sent before."""
    case = projection.with_siblings(desk, kept_case(desk, earlier.case or 0))
    known = next(each for each in case.view.sent_claims if each.key == request.key)
    answer = claim_answers.to_claim(desk, case, known, edition, request.bundle["entry"])
    return ClaimAnswer(answer, claim_answers.behind(case.view, known))


def _decide(
    desk: Desk, arrival: Arrival, request: PasRequest, earlier: StoredSubmission | None, edition: Edition
) -> ClaimAnswer:
    ident = earlier.resource.partition("/")[2] if earlier else opening.new_id()
    receiving = Receiving(
        desk, arrival, request, orders.lines(request), sent.Place(ident, ident, ident), edition, earlier
    )
    try:
        claim_gates.refuse_other_payer(desk, request)
        if request.related is None:
            return _take(receiving)
        return _follow(receiving)
    except MemberUnknown:
        refusal = Refusal("member-unknown", NO_MEMBER, _patient_path(request), "2010C-NM109", identity=True)
        return _unanswered(receiving, [refusal])
    except Refused as refused:
        return _unanswered(receiving, [refused.refusal])


def _take(receiving: Receiving) -> ClaimAnswer:
    """A Claim that follows none."""
    asked = _understood(receiving, [each for each in receiving.lines if not terms.taken_back(each.item)])
    if not asked:
        return _unanswered(receiving, [])
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
    refused = _refused_before(receiving, known)
    version = refused.version + 1 if refused else 1
    cases, changes = claim_cases.together(desk, parts, known, before=before, version=version)
    first = next((each for each in cases if each.view.number == _first(known)), cases[0])
    written = stored_claim.write(request, known.claim_id, first.view, _orders(behind))
    kept = claim_lineage.findable(projection.keep(desk, written, first, partner=arrival.caller.id), request)
    changes.resources.insert(0, kept)
    submission = _submission(arrival, known, request, first.number, first.view.received_at)
    changes.submissions.append(replace(submission, replaces=refused is not None))
    changes.audit.append(arrival.record(first.view.updated_at, f"Claim/{known.claim_id}", first.member))
    desk.store.save(changes)
    told = json_body.read(next(each.body for each in _written(changes) if _is_answer(each, known)))
    answer = claim_answers.around(desk, first, told, known, request.bundle["entry"], receiving.edition)
    return ClaimAnswer(answer, claim_answers.behind(first.view, known))


def _refused_before(receiving: Receiving, known: SentClaim) -> Stored | None:
    """The answer to the same Claim that opened no case, where there was one."""
    again = receiving.earlier is not None
    return receiving.desk.store.found("ClaimResponse", known.response_id) if again else None


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
    return [(line, understand(desk, arrival, line.order)) for line in lines if line.order is not None]


def _patient_path(request: PasRequest) -> str:
    entry = request.target(request.claim["patient"]).entry
    return f"{entry.path}.identifier" if entry else f"{request.claim_at.path}.patient"


def _unanswered(receiving: Receiving, refusals: list[Refusal]) -> ClaimAnswer:
    """An answer that opens no case; it is kept and readable all the same."""
    desk, arrival, request = receiving.desk, receiving.arrival, receiving.request
    partner = arrival.caller.id
    known = unanswered.as_unanswered(sent.read(request, receiving.lines, receiving.place, partner, {}))
    at = milliseconds(desk.now())
    before = _refused_before(receiving, known)
    version = before.version + 1 if before else 1
    response = unanswered.write(known, refusals, desk.vocabulary, {"display": desk.policy.title}, at, version)
    submission = replace(_submission(arrival, known, request, None, at), replaces=before is not None)
    desk.store.save(
        Changes(
            resources=[projection.apart(desk, response, partner=partner, at=at)],
            submissions=[submission],
            audit=[arrival.record(at, f"ClaimResponse/{known.response_id}", None)],
        )
    )
    entries, words = request.bundle["entry"], desk.vocabulary
    return ClaimAnswer(bundle.write(response, known, entries, lambda _: None, words, desk.now(), receiving.edition))


def _submission(
    arrival: Arrival, known: SentClaim, request: PasRequest, case: int | None, received_at: datetime
) -> Submission:
    """The Bundle as it was received, byte for byte."""
    return Submission(
        partner=arrival.caller.id,
        key=request.key,
        digest=request.digest,
        case=case,
        resource=f"Claim/{known.claim_id}",
        received_at=received_at,
        body=arrival.body,
    )
