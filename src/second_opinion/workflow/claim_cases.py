"""The cases behind a Claim's items: opened or found, decided, and put together for one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from second_opinion.access.caller import Caller
from second_opinion.directory.stated import NPI, Identifier
from second_opinion.errors import SecondOpinionError
from second_opinion.fhir.case_view import CaseView
from second_opinion.fhir.pas.lines import Line
from second_opinion.fhir.pas.sent import Behind
from second_opinion.fhir.sent_claim import SentClaim
from second_opinion.store.changes import Changes, Event, ResourceWrite
from second_opinion.workflow import case_file, merging, opening, projection
from second_opinion.workflow.arrival import Arrival, Place, kept_order
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.deciding import Request, milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.letters_owed import work_owed
from second_opinion.workflow.submit import determined, judged, understand
from second_opinion.workflow.submit_attachment import kept_documents


@dataclass(frozen=True)
class Part:
    """One case as a Claim leaves it, with what is saved beside what it shows."""

    case: CaseFile
    events: tuple[Event, ...] = ()
    orders: tuple[ResourceWrite, ...] = ()
    question: tuple[str, str] | None = None
    evidence: Mapping[str, bytes] = field(default_factory=dict)
    closes: bool = False  # its question is no longer open
    new: bool = False  # the case was opened for this Claim
    before: CaseFile | None = None  # the case as it was; None: it was not there

    @property
    def number(self) -> str:
        """The case's number as it is shown."""
        return self.case.view.number


@dataclass(frozen=True)
class Item:
    """One item with its case, and the order kept for it."""

    sequence: int
    order: str  # ServiceRequest id
    part: Part

    @property
    def behind(self) -> Behind:
        """What answers the item."""
        return Behind(self.part.number, self.order)


def understood(desk: Desk, arrival: Arrival, line: Line, received_at: datetime | None = None) -> Request:
    """What the item's order means; what is wrong with it is named where the Claim says it."""
    assert line.order is not None  # noqa: S101 - only items with an order become cases
    try:
        return understand(desk, arrival, line.order, received_at)
    except SecondOpinionError as wrong:
        wrong.expression = tuple(line.place(each) for each in wrong.expression)
        raise


def open_all(desk: Desk, arrival: Arrival, asked: Sequence[tuple[Line, Request]], taken: set[int]) -> list[Item]:
    """A case for each item: one on the same question that is there already, else its own.

    Items of one Claim are never each other's same question: each is one case. ``taken`` are cases that answer
    other items of it already.
    """
    taken = set(taken)
    opened: list[Item] = []
    for line, request in asked:
        item = _open(desk, arrival, line, request, taken)
        taken.add(item.part.case.number)
        opened.append(item)
    return opened


def _open(desk: Desk, arrival: Arrival, line: Line, request: Request, taken: set[int]) -> Item:
    assert line.order is not None  # noqa: S101 - only items with an order become cases
    place, partner = Place(opening.new_id()), arrival.caller.id
    held_by = merging.holder(desk, partner, request)
    earlier = merging.open_case(desk, arrival.caller, request, taken)
    new = earlier is None
    if earlier is None:
        determination = judged(desk, request)
        case = opening.opened(desk, request, determination, partner, place.order)
    else:
        case, determination = merging.merged(desk, earlier, request, place.order, partner)
    detail = {"order": place.order, "item": line.sequence}
    beginning = Event(case.number, request.received_at, "received" if new else "attached", partner, detail)
    decision = determined(case, determination, request.resolution, milliseconds(desk.now()))
    part = Part(
        case=case,
        events=(beginning, decision),
        orders=(
            kept_order(desk, arrival, line.order, request.resolution, case, place),
            *kept_documents(desk, arrival.caller, case, line.documents, sender(arrival.caller, request), new=new),
        ),
        question=_question(desk, partner, case, held_by, taken),
        evidence=request.resolution.evidence,
        new=new,
        before=None if new else earlier,
    )
    return Item(line.sequence, place.order, part)


def _question(desk: Desk, partner: str, case: CaseFile, held_by: int | None, taken: set[int]) -> tuple[str, str] | None:
    """What holds the case's question, unless another item's case holds it already."""
    row = merging.question_row(desk, partner, case, held_by)
    return None if row is not None and taken and desk.store.open_question(*row) is not None else row


def sender(caller: Caller, request: Request) -> Identifier:
    """The number of who sends the documents: the provider who asks, else the partner's organization."""
    asking = request.stated.requester
    number = next(iter((*asking.npis, *asking.organization_npis)), None) if asking else None
    return Identifier(number or caller.organization or caller.id, NPI if number or caller.organization else None)


def together(
    desk: Desk, parts: Sequence[Part], known: SentClaim, *, before: SentClaim | None = None, version: int = 1
) -> tuple[list[CaseFile], Changes]:
    """The cases with the Claim they answer, and all of it as one transaction.

    ``before`` is the Claim this one takes the place of; ``version`` is the next of the answer's.
    """
    answering = [_answering(each.case, known, before, version, new=each.new) for each in parts]
    views = {case.view.number: case.view for case in answering}
    held: set[tuple[str, str]] = set()
    shown: set[tuple[str, str]] = set()
    cases: list[CaseFile] = []
    changes: list[Changes] = []
    for part, case in zip(parts, answering, strict=True):
        told, written = _shown(desk, case, views, new=part.new)
        fresh = [each for each in written if (each.type, each.id) not in shown]
        shown |= {(each.type, each.id) for each in fresh}
        question = None if part.question in held else part.question
        held |= {question} if question else set()
        cases.append(told)
        changes.append(_changes(part, told, fresh, question))
    first, *others = changes
    first.also = others
    return cases, first


def _answering(case: CaseFile, known: SentClaim, before: SentClaim | None, version: int, *, new: bool) -> CaseFile:
    """The case with the Claim; of a new case, or where it answered the earlier one, it is the case's own."""
    view = case.view
    earlier = [
        replace(each, replaced=True) if before is not None and each.lineage == before.lineage else each
        for each in view.sent_claims
    ]
    told = (*earlier, known)
    if not new and (before is None or view.claim_id != before.claim_id):
        return replace(case, view=replace(view, sent_claims=told))
    numbers = (*known.identifiers, *(each for each in view.claim_identifiers if each not in known.identifiers))
    view = replace(
        view,
        claim_id=known.claim_id,
        claim_response_id=known.response_id,
        claim_identifiers=numbers,
        versions={**view.versions, f"ClaimResponse/{known.response_id}": version},
        sent_claims=told,
    )
    return replace(case, view=view)


def _shown(
    desk: Desk, case: CaseFile, views: Mapping[str, CaseView], *, new: bool
) -> tuple[CaseFile, list[ResourceWrite]]:
    if new:
        case = projection.with_siblings(desk, case, views)
        return case, projection.first_versions(desk, case)
    return projection.next_versions(desk, case, desk.store.case_resources(case.number), views)


def _changes(part: Part, case: CaseFile, written: list[ResourceWrite], question: tuple[str, str] | None) -> Changes:
    return Changes(
        case=case_file.row(case),
        resources=[*part.orders, *written],
        parties=set(case.parties),
        open_question=question,
        close_question=part.closes,
        events=list(part.events),
        evidence=dict(part.evidence),
        work=work_owed(case, part.before),
    )
