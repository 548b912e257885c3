"""The cases behind a Claim's items: opened or found, decided, and put together for one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from second_opinion.fhir.pas import stored_claim
from second_opinion.fhir.pas.orders import Line
from second_opinion.fhir.pas.request import PasRequest
from second_opinion.fhir.sent_claim import SentClaim
from second_opinion.review.determination import Determination
from second_opinion.store.changes import Changes, Event, ResourceWrite
from second_opinion.workflow import case_file, merging, opening, projection
from second_opinion.workflow.arrival import Arrival, Place, kept_order
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.deciding import Request, milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.submit import determined, judged


@dataclass(frozen=True)
class Opened:
    """One item with its case, and how it came to it."""

    line: Line
    request: Request
    place: Place  # of the kept order
    case: CaseFile
    determination: Determination
    beginning: Event
    held_by: int | None = None  # number of the case that holds the question for the sender
    new: bool = True  # the case was opened by this item
    written: list[ResourceWrite] = field(default_factory=list)

    @property
    def number(self) -> str:
        """The case's number as it is shown."""
        return self.case.view.number


def open_all(desk: Desk, arrival: Arrival, asked: Sequence[tuple[Line, Request]]) -> list[Opened]:
    """A case for each item: one on the same question that is there already, else its own.

    Items of one Claim are never each other's same question: each is one case.
    """
    opened: list[Opened] = []
    for line, request in asked:
        taken = {each.case.number for each in opened}
        opened.append(_open(desk, arrival, line, request, taken))
    return opened


def _open(desk: Desk, arrival: Arrival, line: Line, request: Request, taken: set[int]) -> Opened:
    place = Place(opening.new_id())
    held_by = merging.holder(desk, arrival.caller.id, request)
    earlier = merging.open_case(desk, arrival.caller, request)
    if earlier is None or earlier.number in taken:
        determination = judged(desk, request)
        case = opening.opened(desk, request, determination, arrival.caller.id, place.order)
        kind = "received"
    else:
        case, determination = merging.merged(desk, earlier, request, place.order, arrival.caller.id)
        kind = "attached"
    detail = {"order": place.order, "item": line.sequence}
    beginning = Event(case.number, request.received_at, kind, arrival.caller.id, detail)
    return Opened(line, request, place, case, determination, beginning, held_by, new=kind == "received")


def answering(desk: Desk, opened: list[Opened], known: SentClaim, version: int = 1) -> list[Opened]:
    """The cases with the Claim they answer, and what they show written; ``version`` is the ClaimResponse's."""
    claimed = [_answering(each.case, known, version, new=each.new) for each in opened]
    views = {case.view.number: case.view for case in claimed}
    done: list[Opened] = []
    shown: set[tuple[str, str]] = set()
    for each, case in zip(opened, claimed, strict=True):
        if each.new:
            case = projection.with_siblings(desk, case, views)  # noqa: PLW2901 - the same case, with its siblings
            written = projection.first_versions(desk, case)
        else:
            kept = desk.store.case_resources(case.number)
            case, written = projection.next_versions(desk, case, kept, views)  # noqa: PLW2901 - its next version
        fresh = [one for one in written if (one.type, one.id) not in shown]
        shown |= {(one.type, one.id) for one in fresh}
        done.append(replace(each, case=case, written=fresh))
    return done


def _answering(case: CaseFile, known: SentClaim, version: int, *, new: bool) -> CaseFile:
    view = case.view
    if new:  # the client's Claim is the case's own
        view = replace(
            view,
            claim_id=known.claim_id,
            claim_response_id=known.response_id,
            claim_identifiers=known.identifiers,
            versions={**view.versions, f"ClaimResponse/{known.response_id}": version},
        )
    return replace(case, view=replace(view, sent_claims=(*view.sent_claims, known)))


def changes(desk: Desk, arrival: Arrival, opened: Sequence[Opened]) -> Changes:
    """All of it as one transaction."""
    held: set[tuple[str, str]] = set()
    each_case = [_changes(desk, arrival, each, held) for each in opened]
    return Changes(also=each_case, answered=arrival.caller.id)


def _changes(desk: Desk, arrival: Arrival, each: Opened, held: set[tuple[str, str]]) -> Changes:
    assert each.line.order is not None  # noqa: S101 - only items with an order become cases
    case = each.case
    question = merging.question_row(desk, arrival.caller.id, case, each.held_by)
    question = None if question in held else question
    held |= {question} if question else set()
    order = kept_order(desk, arrival, each.line.order, each.request.resolution, case, each.place)
    return Changes(
        case=case_file.row(case),
        resources=[order, *each.written],
        parties=set(case.parties),
        open_question=question,
        events=[
            each.beginning,
            determined(case, each.determination, each.request.resolution, milliseconds(desk.now())),
        ],
        evidence=dict(each.request.resolution.evidence),
    )


def kept_claim(
    desk: Desk, arrival: Arrival, request: PasRequest, known: SentClaim, opened: Sequence[Opened]
) -> ResourceWrite:
    """The client's Claim as it was sent, under our id."""
    first = opened[0]
    behind = {each.line.sequence: f"ServiceRequest/{each.place.order}" for each in opened}
    written = stored_claim.write(request, known.claim_id, first.case.view, behind)
    return projection.keep(desk, written, first.case, partner=arrival.caller.id)
