"""A Claim comes in: each item that asks for a second opinion becomes a case like any other; all are answered at once.

The PAS door differs from the others only in how the request is read and how the answer is wrapped. What cannot be
decided in time is kept, answered as pended, and decided by the worker.
"""

from collections.abc import Iterable
from dataclasses import replace

from second_opinion.access import registry
from second_opinion.access.caller import again as registered
from second_opinion.errors import Unavailable
from second_opinion.fhir import json_body
from second_opinion.fhir.pas import request as pas_request
from second_opinion.fhir.pas import sent, terms
from second_opinion.fhir.pas.bundle import Edition
from second_opinion.fhir.pas.lines import Line, lines_of
from second_opinion.fhir.pas.request import PasRequest
from second_opinion.store import patience
from second_opinion.store.changes import Work
from second_opinion.store.stored import StoredSubmission
from second_opinion.workflow import (
    claim_answers,
    claim_deciding,
    claim_lineage,
    claim_receiving,
    opening,
    projection,
)
from second_opinion.workflow.arrival import Arrival, told_anew
from second_opinion.workflow.claim_answers import ClaimAnswer
from second_opinion.workflow.claim_receiving import Receiving
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.repeats import kept_case

CLAIM = "claim"  # kind of the work that decides what was not decided in time


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
    receiving = _receiving(desk, arrival, request, earlier, edition)
    if request.related is not None:
        _decide_earlier(receiving)
    return claim_deciding.decide(receiving)


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
    return Receiving(desk, arrival, request, lines_of(request), place, edition, earlier)


def _decide_earlier(receiving: Receiving) -> None:
    """Claims this one follows that were not decided in time: first they are, so that it changes what they asked for."""
    desk, partner = receiving.desk, receiving.arrival.caller.id
    for response in claim_lineage.undecided(desk, partner, receiving.request):
        work = desk.store.work(_work_key(response))
        if work is not None and response < receiving.place.response_id:  # ids rise with time
            decide_later(desk, work)
