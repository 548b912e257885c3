"""A request comes in: it is read, understood, decided by the policy, kept with everything it owes, and answered."""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from second_opinion.directory.resolve import Resolution, resolve
from second_opinion.directory.stated import Stated, StatedParty
from second_opinion.errors import BusinessRule, MemberUnknown, Unresolved
from second_opinion.fhir.submission import Received
from second_opinion.review.determination import Determination
from second_opinion.review.engine import determine
from second_opinion.store.changes import Changes, Event, ResourceWrite
from second_opinion.store.stored import Stored
from second_opinion.workflow import case_file, merging, opening, projection
from second_opinion.workflow.answers import Answer
from second_opinion.workflow.arrival import (
    Arrival,
    Place,
    as_stored,
    audited,
    kept_order,
    kept_submissions,
    told_anew,
)
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.deciding import Request, milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.letters_owed import work_owed
from second_opinion.workflow.orders import identifiers
from second_opinion.workflow.repeats import answered_before

FIRST_RECEIPT = datetime(1966, 1, 1, tzinfo=UTC)  # Medi-Cal itself is no older
COMPUTER = "computer"  # the actor of what no person did


def submit(desk: Desk, arrival: Arrival, received: Received) -> Answer:
    """Answer the order: decide it and open its case, or find the case it already has."""
    return told_anew(lambda: _submit(desk, arrival, received))


def _submit(desk: Desk, arrival: Arrival, received: Received) -> Answer:
    answer = answered_before(desk, arrival.caller, received)
    return answer or _decide(desk, arrival, received, Place(opening.new_id()))


def decide_kept(desk: Desk, arrival: Arrival, received: Received, draft: Stored) -> Answer:
    """Decide an order that was kept as a draft: its receipt is now."""
    return _decide(desk, arrival, received, Place(draft.id, draft.version + 1))


@dataclass(frozen=True)
class Decided:
    """A request's case with what it shows, and how it came to it."""

    case: CaseFile
    determination: Determination
    written: list[ResourceWrite]
    beginning: Event  # received, or attached to a case that was there


def _decide(desk: Desk, arrival: Arrival, received: Received, place: Place) -> Answer:
    request = understand(desk, arrival, received)
    held_by = merging.holder(desk, arrival.caller.id, request)
    earlier = merging.open_case(desk, arrival.caller, request)
    decided = _attached(desk, arrival, request, earlier, place) if earlier else _opened(desk, arrival, request, place)
    case = decided.case
    kept = kept_order(desk, arrival, received, request.resolution, case, place)
    desk.store.save(
        Changes(
            case=case_file.row(case),
            resources=[kept, *decided.written],
            parties=set(case.parties),
            submissions=kept_submissions(arrival, received, case.number, place, request.received_at),
            open_question=merging.question_row(desk, arrival.caller.id, case, held_by),
            events=[
                decided.beginning,
                determined(case, decided.determination, request.resolution, milliseconds(desk.now())),
            ],
            audit=[audited(arrival, case.view.updated_at, kept, case.member)],
            evidence=dict(request.resolution.evidence),
            answered=arrival.caller.id if arrival.answers_case else None,
            work=work_owed(case, earlier),
        )
    )
    return Answer(
        as_stored(kept),
        created=place.version == 1,
        view=case.view,
        resolution=request.resolution,
        written=decided.written,
    )


def _opened(desk: Desk, arrival: Arrival, request: Request, place: Place) -> Decided:
    """A case of its own. One on the same question that the caller may not see is named for staff only."""
    determination = judged(desk, request)
    case = opening.opened(desk, request, determination, arrival.caller.id, place.order)
    detail = {"order": place.order} | ({"same_question": same} if (same := merging.same_question(desk, case)) else {})
    beginning = Event(case.number, request.received_at, "received", arrival.caller.id, detail)
    return Decided(case, determination, projection.first_versions(desk, case), beginning)


def _attached(desk: Desk, arrival: Arrival, request: Request, earlier: CaseFile, place: Place) -> Decided:
    """The same question again: one case, the earliest receipt, the table asked again from all facts."""
    case, determination = merging.merged(desk, earlier, request, place.order, arrival.caller.id)
    case, written = projection.next_versions(desk, case, desk.store.case_resources(case.number))
    beginning = Event(case.number, request.received_at, "attached", arrival.caller.id, {"order": place.order})
    return Decided(case, determination, written, beginning)


def understand(desk: Desk, arrival: Arrival, received: Received, received_at: datetime | None = None) -> Request:
    """What the order means against the directory; Unresolved, and logged, where no one member is meant.

    ``received_at`` is the first receipt, where the order is already part of a case.
    """
    stated = _stated(desk, arrival, received)
    at = received_at or receipt(desk, arrival, stated)
    stated = undangled(desk, stated) if arrival.type == "Claim" else stated
    refuse_dangling(desk, stated)
    resolution = _resolved(desk, stated, at)
    if resolution.member is None:
        _log_attempt(desk, arrival, at)
        raise MemberUnknown(
            "No one member fits: the member number, the birth date and the family name must agree with the plan's",
            stated.member.path,
        )
    facts = replace(resolution.facts, opinion_number=merging.opinion_number(desk, stated, resolution))
    return Request(
        stated=stated,
        resolution=replace(resolution, facts=facts),
        received_at=at,
        order_identifiers=identifiers(received),
        conditions=received.conditions,
    )


def look_up(desk: Desk, received: Received) -> Resolution:
    """Whom the order means, as the directory says today."""
    return _resolved(desk, received.stated, desk.now())


def _resolved(desk: Desk, stated: Stated, at: datetime) -> Resolution:
    with desk.directory.snapshot() as lookup:
        return resolve(stated, lookup, desk.tables, at, desk.calendar.zone)


def refuse_dangling(desk: Desk, stated: Stated) -> None:
    """Unresolved where a party is named only by an address on this server at which there is nothing."""
    for party in (stated.requester, stated.initial_provider, stated.requested_provider):
        if party is not None and _dangles(desk, party):
            raise Unresolved("The reference leads to nothing here; give the provider's NPI as identifier", party.path)


def undangled(desk: Desk, stated: Stated) -> Stated:
    """The same with such parties known by their words, where they have any: PAS senders leave out whom a role means."""
    parties = (stated.requester, stated.initial_provider, stated.requested_provider)
    named = [
        replace(each, own_reference=None) if each and each.display and _dangles(desk, each) else each
        for each in parties
    ]
    return replace(stated, requester=named[0], initial_provider=named[1], requested_provider=named[2])


def _dangles(desk: Desk, party: StatedParty) -> bool:
    if party.own_reference is None or party.npis or party.organization_npis or party.identifiers:
        return False
    kind, _, key = party.own_reference.partition("/")
    return desk.store.body(kind, key) is None


def _stated(desk: Desk, arrival: Arrival, received: Received) -> Stated:
    """What the order states; where its patient cannot be found in the request, that somebody asked is kept too."""
    try:
        return received.stated
    except Unresolved as wrong:
        if any(path.endswith(".subject") for path in wrong.expression):
            _log_attempt(desk, arrival, milliseconds(desk.now()))
        raise


def judged(desk: Desk, request: Request) -> Determination:
    """The policy's answer on the day of receipt; whatever breaks in asking becomes a person's case."""
    return determine(request.resolution.facts, desk.policy, desk.calendar.day(request.received_at))


def receipt(desk: Desk, arrival: Arrival, stated: Stated) -> datetime:
    """When the request counts as received: now, or earlier where the plan or its delegate had it first."""
    now = milliseconds(arrival.since or desk.now())
    claimed = stated.received_claimed
    if claimed is None or arrival.caller.partner_class != "plan":
        return now
    if claimed > now + timedelta(seconds=1):
        raise BusinessRule("The time of receipt must not lie in the future", "ServiceRequest.extension('received')")
    if claimed < FIRST_RECEIPT:
        raise BusinessRule(
            f"The time of receipt must not lie before {FIRST_RECEIPT:%Y}", "ServiceRequest.extension('received')"
        )
    return min(now, claimed)


def determined(case: CaseFile, determination: Determination, resolution: Resolution, at: datetime) -> Event:
    """The determination as a line of the case's story, its whole trace in it."""
    detail = {"trace": determination.as_json(), "directory": dict(resolution.summary), "status": case.view.status}
    return Event(case.number, at, "determined", COMPUTER, detail)


def _log_attempt(desk: Desk, arrival: Arrival, received_at: datetime) -> None:
    """Somebody asked and was not recognised: the time of receipt is kept, should she be found later."""
    digest = hashlib.sha256(arrival.body).hexdigest()
    desk.store.attempt(received_at, arrival.caller.id, arrival.path, digest)
