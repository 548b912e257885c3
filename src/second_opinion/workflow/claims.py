"""A Claim comes in: each item that asks for a second opinion becomes a case like any other; all are answered at once.

The PAS door differs from the others only in how the request is read and how the answer is wrapped. What cannot be
decided in time is kept, answered as pended, and decided by the worker.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from second_opinion.access import registry
from second_opinion.access.caller import again as registered
from second_opinion.errors import MemberUnknown, Unavailable, Unprocessable
from second_opinion.fhir import json_body
from second_opinion.fhir.pas import orders, sent, stored_claim, terms
from second_opinion.fhir.pas import request as pas_request
from second_opinion.fhir.pas.bundle import Edition
from second_opinion.fhir.pas.orders import Line
from second_opinion.fhir.pas.request import PasRequest
from second_opinion.fhir.pas.sent import Behind
from second_opinion.fhir.pas.unanswered import Refusal
from second_opinion.fhir.sent_claim import SentClaim, SentItem
from second_opinion.store import patience
from second_opinion.store.changes import Changes, ResourceWrite, Work
from second_opinion.store.stored import StoredSubmission
from second_opinion.workflow import (
    claim_answers,
    claim_cases,
    claim_gates,
    claim_lineage,
    claim_receiving,
    claim_updates,
    opening,
    projection,
)
from second_opinion.workflow.arrival import Arrival, told_anew
from second_opinion.workflow.claim_answers import ClaimAnswer
from second_opinion.workflow.claim_cases import Part
from second_opinion.workflow.claim_receiving import Receiving
from second_opinion.workflow.claim_updates import Refused
from second_opinion.workflow.deciding import Request
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.repeats import kept_case

CLAIM = "claim"  # kind of the work that decides what was not decided in time
NO_MEMBER = (
    "The member could not be identified: the member number, the birth date and the family name must agree with the "
    "plan's records."
)


def submit(desk: Desk, arrival: Arrival, request: PasRequest, edition: Edition = Edition.CURRENT) -> ClaimAnswer:
    """Answer the Claim: decide each item, or say what the Claim is answered with already."""
    try:
        with patience.deciding():
            return told_anew(lambda: _submit(desk, arrival, request, edition))
    except Unavailable:
        return told_anew(lambda: _pend(desk, arrival, request, edition))


def decide_later(desk: Desk, work: Work) -> None:
    """Decide a Claim that was answered as pended because there was no time; nothing where that was done since."""
    earlier = desk.store.submission(work.body["partner"], work.body["key"])
    if earlier is not None and earlier.case is None:
        arrival, request = _kept_arrival(desk, earlier, work)
        told_anew(lambda: _submit(desk, arrival, request, Edition.CURRENT))


def _kept_arrival(desk: Desk, earlier: StoredSubmission, work: Work) -> tuple[Arrival, PasRequest]:
    """The Claim as it came, and who sent it as registered now."""
    entry = registry.find(desk.store, earlier.partner)
    if entry is None:
        raise LookupError("the sender of a Claim is not registered")
    caller = registered(entry, "", None)
    arrival = Arrival(caller, earlier.body, work.body["request"], "operation", "Claim", waited_for=False)
    return arrival, pas_request.read(arrival.read(), desk.vocabulary)


def _pend(desk: Desk, arrival: Arrival, request: PasRequest, edition: Edition) -> ClaimAnswer:
    """There is no time left to decide: the Claim is kept with the work of deciding it, and answered as pended."""
    earlier = desk.store.submission(arrival.caller.id, request.key)
    if earlier is not None and earlier.case is not None:
        return _again(desk, earlier, request, edition)
    receiving = _receiving(desk, arrival, request, earlier, edition)
    if receiving.waits and (told := receiving.told_before()) is not None:
        return receiving.answer(json_body.read(told.body))
    if request.related is None:
        _refuse_wrong(receiving.lines)
    body = {"partner": arrival.caller.id, "key": request.key, "request": arrival.request_id}
    work = Work(_work_key(receiving.place.response_id), CLAIM, None, body)
    waits_as = claim_lineage.waits_as(arrival.caller.id, request)
    return claim_receiving.waiting(receiving, waits_as, work)


def _refuse_wrong(lines: Iterable[Line]) -> None:
    """The 422 of whatever is wrong in the orders themselves, which is told at once."""
    for each in lines:
        if not terms.taken_back(each.item):
            each.check()


def _work_key(response: str) -> str:
    return f"{CLAIM}/{response}"


def _submit(desk: Desk, arrival: Arrival, request: PasRequest, edition: Edition) -> ClaimAnswer:
    earlier = desk.store.submission(arrival.caller.id, request.key)
    if earlier is not None and earlier.case is not None:
        return _again(desk, earlier, request, edition)
    return _decide(_receiving(desk, arrival, request, earlier, edition))


def _again(desk: Desk, earlier: StoredSubmission, request: PasRequest, edition: Edition) -> ClaimAnswer:
    """The current answer to a Claim sent before."""
    case = projection.with_siblings(desk, kept_case(desk, earlier.case or 0))
    known = next(each for each in case.view.sent_claims if each.key == request.key)
    answer = claim_answers.to_claim(desk, case, known, edition, request.bundle["entry"])
    return ClaimAnswer(answer, claim_answers.behind(case.view, known))


def _receiving(
    desk: Desk, arrival: Arrival, request: PasRequest, earlier: StoredSubmission | None, edition: Edition
) -> Receiving:
    ident = earlier.resource.partition("/")[2] if earlier else opening.new_id()
    if earlier is not None and desk.store.work(_work_key(ident)) is not None:
        arrival = replace(arrival, since=earlier.received_at)
    place = sent.Place(ident, ident, ident)
    return Receiving(desk, arrival, request, orders.lines(request), place, edition, earlier)


def _decide(receiving: Receiving) -> ClaimAnswer:
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
    _decide_earlier(receiving)
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


def _decide_earlier(receiving: Receiving) -> None:
    """Claims this one follows that were not decided in time: first they are, so that it changes what they asked for."""
    desk, partner = receiving.desk, receiving.arrival.caller.id
    for response in claim_lineage.undecided(desk, partner, receiving.request):
        work = desk.store.work(_work_key(response))
        if work is not None and response < receiving.place.response_id:  # ids rise with time
            decide_later(desk, work)


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
    told = json_body.read(next(each.body for each in _written(changes) if _is_answer(each, known)))
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
