"""A request comes in: it is read, understood, decided by the policy, kept with everything it owes, and answered."""

import hashlib
import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from second_opinion.access.caller import Caller
from second_opinion.directory.lookup import DirectoryMoved
from second_opinion.directory.resolve import Resolution, resolve
from second_opinion.directory.stated import Stated
from second_opinion.errors import BusinessRule, Duplicate, Unavailable, Unresolved
from second_opinion.fhir import json_body, service_request_stored
from second_opinion.fhir.submission import Received
from second_opinion.review.determination import Determination
from second_opinion.review.engine import determine
from second_opinion.store.changes import AuditRow, Changes, Conflict, Event, ResourceWrite, Submission
from second_opinion.store.stored import Stored
from second_opinion.workflow import case_file, merging, opening, projection
from second_opinion.workflow.answers import EVERYTHING, Answer
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.opening import Request
from second_opinion.workflow.orders import identifiers, kept_references, keys

log = logging.getLogger(__name__)

TRIES = 8  # somebody else was first: the story is told anew
COMPUTER = "computer"  # the actor of what no person did


@dataclass(frozen=True)
class Arrival:
    """One order as it came in: who sent it, through which request, and its bytes."""

    caller: Caller
    body: bytes
    request_id: str | None
    interaction: str  # create, transaction, operation, update

    def read(self) -> dict[str, Any]:
        """The body as strict JSON."""
        return json_body.read(self.body)

    @property
    def path(self) -> str:
        """The door it came through."""
        return f"ServiceRequest {self.interaction}"


def submit(desk: Desk, arrival: Arrival, received: Received) -> Answer:
    """Answer the order: decide it and open its case, or find the case it already has."""
    for _ in range(TRIES):
        if (answer := answered_before(desk, arrival.caller, received)) is not None:
            return answer
        try:
            return _decide(desk, arrival, received, Place(opening.new_id()))
        except (Conflict, DirectoryMoved):
            continue
    raise Unavailable("The request could not be stored because of many others; it may be sent again", headers=RETRY)


RETRY = {"Retry-After": "1"}


@dataclass(frozen=True)
class Place:
    """Where an order is kept: a new resource, or the next version of a draft."""

    order: str  # ServiceRequest id
    version: int = 1


def decide_kept(desk: Desk, arrival: Arrival, received: Received, draft: Stored) -> Answer:
    """Decide an order that was kept as a draft: its receipt is now."""
    return _decide(desk, arrival, received, Place(draft.id, draft.version + 1))


def answered_before(desk: Desk, caller: Caller, received: Received) -> Answer | None:
    """The current answer to an order sent before; Duplicate where its identifier stands for another content."""
    for key in keys(received):
        earlier = desk.store.submission(caller.id, key)
        if earlier is None:
            continue
        kind, _, ident = earlier.resource.partition("/")
        kept = desk.store.read(kind, ident, EVERYTHING)
        case = kept_case(desk, earlier.case) if earlier.case is not None else None
        if earlier.digest != received.digest:
            raise _duplicate(desk, case)
        if kept is None:
            raise LookupError("a submission's order is not in the store")
        return Answer(kept, created=False, view=case.view if case else None)
    return None


def kept_case(desk: Desk, number: int) -> CaseFile:
    """The case of this number."""
    stored = desk.store.case(number)
    if stored is None:
        raise LookupError("a submission's case is not in the store")
    return case_file.load(stored.body)


def _decide(desk: Desk, arrival: Arrival, received: Received, place: Place) -> Answer:
    request = understand(desk, arrival, received)
    earlier = merging.open_case(desk, arrival.caller, request)
    if earlier is not None:
        # The same question again: one case, the earliest receipt, the table asked again from all facts.
        kind = "attached"
        case, determination = merging.merged(desk, earlier, request, place.order)
        case, written = projection.next_versions(desk, case, desk.store.case_resources(case.number))
    else:
        kind = "received"
        determination = judged(desk, request)
        case = opening.opened(desk, request, determination, arrival.caller.id, place.order)
        written = projection.first_versions(desk, case)
    kept = kept_order(desk, arrival, received, request.resolution, case, place)
    changes = Changes(
        case=case_file.row(case),
        resources=[kept, *written],
        parties={*case.parties, f"partner:{arrival.caller.id}"},
        submissions=kept_submissions(arrival, received, case.number, place, request.received_at),
        open_question=(arrival.caller.id, merging.question_key(case)) if case.question else None,
        events=[
            Event(case.number, request.received_at, kind, arrival.caller.id, {"order": place.order}),
            determined(case, determination, request.resolution),
        ],
        audit=[audited(arrival, case.view.updated_at, kept, case.member)],
        evidence=dict(request.resolution.evidence),
    )
    desk.store.save(changes)
    return Answer(as_stored(kept), created=True, view=case.view, resolution=request.resolution)


def understand(desk: Desk, arrival: Arrival, received: Received) -> Request:
    """What the order means against the directory; Unresolved, and logged, where no one member is meant."""
    stated = received.stated
    received_at = receipt(desk, arrival.caller, stated)
    with desk.directory.snapshot() as lookup:
        resolution = resolve(stated, lookup, desk.tables, received_at, desk.calendar.zone)
    if resolution.member is None:
        _log_attempt(desk, arrival, received_at)
        raise Unresolved(
            "No one member fits: the member number, the birth date and the family name must agree with the plan's",
            stated.member.path,
        )
    facts = replace(resolution.facts, opinion_number=merging.opinion_number(desk, stated, resolution))
    return Request(
        stated=stated,
        resolution=replace(resolution, facts=facts),
        received_at=received_at,
        order_identifiers=identifiers(received),
        conditions=received.conditions,
    )


def judged(desk: Desk, request: Request) -> Determination:
    """The policy's answer on the day of receipt; whatever breaks in asking becomes a person's case."""
    return determine(request.resolution.facts, desk.policy, desk.calendar.day(request.received_at))


def receipt(desk: Desk, caller: Caller, stated: Stated) -> datetime:
    """When the request counts as received: now, or earlier where the plan or its delegate had it first."""
    now = desk.now()
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    claimed = stated.received_claimed
    if claimed is None or caller.partner_class != "plan":
        return now
    if claimed > now + timedelta(seconds=1):
        raise BusinessRule("The time of receipt must not lie in the future", "ServiceRequest.extension('received')")
    return min(now, claimed)


def kept_order(
    desk: Desk, arrival: Arrival, received: Received, resolution: Resolution | None, case: CaseFile, place: Place
) -> ResourceWrite:
    """The order as it is kept and served."""
    written = service_request_stored.write(
        received.order,
        ident=place.order,
        version=place.version,
        at=case.view.updated_at,
        subject=case.view.member,
        references=kept_references(received, resolution),
    )
    return projection.keep(desk, written, case, partner=arrival.caller.id)


def kept_submissions(
    arrival: Arrival, received: Received, case: int | None, place: Place, received_at: datetime
) -> list[Submission]:
    """The order's keys, each kept for ever; the received bytes stand with the first."""
    return [
        Submission(
            partner=arrival.caller.id,
            key=key,
            digest=received.digest,
            case=case,
            resource=f"ServiceRequest/{place.order}",
            received_at=received_at,
            body=b"" if number else arrival.body,
            replaces=place.version > 1,
        )
        for number, key in enumerate(keys(received))
    ]


def determined(case: CaseFile, determination: Determination, resolution: Resolution) -> Event:
    """The determination as a line of the case's story, its whole trace in it."""
    detail = {"trace": determination.as_json(), "directory": dict(resolution.summary), "status": case.view.status}
    return Event(case.number, case.view.decided_at, "determined", COMPUTER, detail)


def audited(arrival: Arrival, at: datetime, kept: ResourceWrite, member: str | None) -> AuditRow:
    """Who brought the order."""
    return AuditRow(
        at=at,
        actor=arrival.caller.id,
        action=arrival.interaction,
        resource=f"ServiceRequest/{kept.id}",
        patient=member,
        outcome="0",
        request=arrival.request_id,
    )


def as_stored(kept: ResourceWrite) -> Stored:
    """The order just saved, as a read would give it."""
    return Stored(kept.type, kept.id, kept.version, kept.last_updated, kept.body, kept.case)


def _duplicate(desk: Desk, case: CaseFile | None) -> Duplicate:
    if case is None:
        return Duplicate("This identifier already stands for a draft with other content", "ServiceRequest.identifier")
    link = f'<{desk.settings.fhir_base}/Task/{case.view.task_id}>; rel="related"'
    return Duplicate(
        f"This identifier already stands for other content: case {case.view.number}",
        "ServiceRequest.identifier",
        headers={"Link": link},
    )


def _log_attempt(desk: Desk, arrival: Arrival, received_at: datetime) -> None:
    """Somebody asked and was not recognised: the time of receipt is kept, should she be found later."""
    digest = hashlib.sha256(arrival.body).hexdigest()
    desk.store.attempt(received_at, arrival.caller.id, arrival.path, digest)
