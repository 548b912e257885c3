"""An update or cancellation of a Claim: what is untouched keeps its decision, the rest is decided anew or withdrawn."""

from dataclasses import dataclass, replace

from second_opinion.cases.numbers import running_number
from second_opinion.cases.status import FAVOURABLE, TRANSITIONS, CaseStatus
from second_opinion.directory.stated import NPI, Identifier
from second_opinion.fhir import json_body
from second_opinion.fhir.elements import instant
from second_opinion.fhir.pas import terms
from second_opinion.fhir.pas.lines import Line, lines_of
from second_opinion.fhir.pas.request import PasRequest
from second_opinion.fhir.pas.sent import Behind
from second_opinion.fhir.pas.unanswered import Refusal
from second_opinion.fhir.sent_claim import SentClaim, SentItem
from second_opinion.review.facts import RequesterKind
from second_opinion.store.changes import Event, ResourceWrite
from second_opinion.workflow import merging, projection
from second_opinion.workflow.amend import stated_anew
from second_opinion.workflow.arrival import Arrival, Place, kept_order
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.claim_cases import Part, understood
from second_opinion.workflow.deciding import milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.repeats import kept_case
from second_opinion.workflow.submit import determined
from second_opinion.workflow.submit_attachment import answered, kept_documents
from second_opinion.workflow.withdraw import closed, others_ask

CLOSED = "Item {}: the earlier request was {} and cannot be changed; send a new request."
OTHER_MEMBER = "Item {}: an update cannot change the member; send a new request."
UNKNOWN = "The Claim this one follows is not on record; send a new request."


class Refused(Exception):
    """The update cannot be processed; nothing of it is done."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.use)
        self.refusal = refusal


@dataclass(frozen=True)
class Update:
    """What an update comes to: the cases it touches, what answers each item, and the lines that are new."""

    parts: dict[str, Part]  # by case number
    behind: dict[int, Behind]
    added: tuple[Line, ...]
    carried: tuple[SentItem, ...]  # items of the earlier Claim the update leaves out


def read(desk: Desk, arrival: Arrival, request: PasRequest, before: SentClaim) -> Update:
    """What the update does to each item of the earlier Claim; Refused where one of them cannot be changed."""
    lines = {each.sequence: each for each in lines_of(request)}
    whole = terms.taken_back(request.claim)
    cases = {each.case: _case(desk, each.case) for each in before.items if each.case}
    parts = {number: Part(_touched(desk, case), before=case) for number, case in cases.items()}
    behind: dict[int, Behind] = {}
    added = [line for sequence, line in lines.items() if sequence not in {each.sequence for each in before.items}]
    carried: list[SentItem] = []
    for item in before.items:
        line = lines.get(item.sequence)
        taken_back = whole or (line is not None and terms.taken_back(line.item))
        case = cases[item.case] if item.case else None
        withdrawn = case is not None and case.view.status == CaseStatus.WITHDRAWN
        if line is None:
            carried.append(replace(item, cancelled=True) if whole else item)
        if case is None or (withdrawn and line is not None and not taken_back):
            added += [line] if line is not None and line.order is not None and not taken_back else []
            continue
        behind[item.sequence] = Behind(item.case, item.order)
        if whole and not _can_be_withdrawn(case) and any(map(_can_be_withdrawn, cases.values())):
            continue  # decided against already: there is nothing to take back, and the others are
        if taken_back or (line is not None and line.order is None):
            parts[case.view.number] = _withdrawn(desk, arrival, case, item)
        elif line is not None and (line.marked or line.digest != item.digest):
            parts[case.view.number] = _with_documents(desk, arrival, _changed(desk, arrival, case, item, line), line)
        elif line is not None and CaseStatus(case.view.status).is_open:
            parts[case.view.number] = _answered(desk, arrival, parts[case.view.number], line)
    return Update(parts, behind, tuple(added), tuple(carried))


def _case(desk: Desk, number: str) -> CaseFile:
    return kept_case(desk, running_number(number) or 0)


def _touched(desk: Desk, case: CaseFile) -> CaseFile:
    """The next version of a case that itself stays as it is."""
    view = replace(case.view, updated_at=milliseconds(desk.now()))
    return replace(case, version=case.version + 1, view=view)


def _can_be_withdrawn(case: CaseFile) -> bool:
    status = CaseStatus(case.view.status)
    return status is CaseStatus.WITHDRAWN or CaseStatus.WITHDRAWN in TRANSITIONS[status]


def _withdrawn(desk: Desk, arrival: Arrival, case: CaseFile, item: SentItem) -> Part:
    """The item taken back; its case ends, unless somebody else asked the same. Twice is once."""
    status = CaseStatus(case.view.status)
    if status is CaseStatus.WITHDRAWN:
        return Part(_touched(desk, case), before=case)
    if not _can_be_withdrawn(case):
        raise Refused(_too_late(item, status))
    now = milliseconds(desk.now())
    hers = case.facts["requester_kind"]["value"] == RequesterKind.MEMBER  # no Claim takes back what a member asked
    ends = not hers and not others_ask(desk, arrival.caller.id, item.order or "", case)
    touched = _touched(desk, case)
    after = closed(touched, CaseStatus.WITHDRAWN, now) if ends else touched
    kind = "withdrawn" if ends else "order withdrawn"
    event = Event(case.number, now, kind, arrival.caller.id, {"order": item.order, "item": item.sequence})
    return Part(after, (event,), _revoked(desk, arrival, after, item), closes=ends, before=case)


def _revoked(desk: Desk, arrival: Arrival, case: CaseFile, item: SentItem) -> tuple[ResourceWrite, ...]:
    """The next version of the item's kept order."""
    stored = desk.store.found("ServiceRequest", item.order or "")
    if stored is None:
        return ()
    order = json_body.read(stored.body)
    meta = order["meta"] | {"versionId": str(stored.version + 1), "lastUpdated": instant(case.view.updated_at)}
    return (projection.keep(desk, order | {"status": "revoked", "meta": meta}, case, partner=arrival.caller.id),)


def _changed(desk: Desk, arrival: Arrival, case: CaseFile, item: SentItem, line: Line) -> Part:
    """The table asked again with what the item says now; receipt and clocks stay."""
    status = CaseStatus(case.view.status)
    if not (status.is_open or status in FAVOURABLE):
        raise Refused(_too_late(item, status))
    assert line.order is not None  # noqa: S101 - only orders are changed; others are withdrawn
    request = understood(desk, arrival, line, case.view.received_at)
    if request.resolution.member is None or request.resolution.member.id != case.member:
        raise Refused(Refusal("member-changed", OTHER_MEMBER.format(item.sequence), line.order.at.path, "2010C-NM109"))
    after, determination = stated_anew(desk, case, request)
    stored = desk.store.found("ServiceRequest", item.order or "")
    kept: tuple[ResourceWrite, ...] = ()
    if stored is not None:
        place = Place(stored.id, stored.version + 1)
        kept = (kept_order(desk, arrival, line.order, request.resolution, after, place),)
    event = determined(after, determination, request.resolution, milliseconds(desk.now()))
    question = merging.changed_question_row(desk, arrival.caller.id, after)
    return Part(after, (event,), kept, question, request.resolution.evidence, before=case)


def _with_documents(desk: Desk, arrival: Arrival, part: Part, line: Line) -> Part:
    """The part with the documents the case does not have yet."""
    number = Identifier(arrival.caller.organization or arrival.caller.id, NPI)
    fresh = kept_documents(desk, arrival.caller, part.case, line.documents, number)
    return replace(part, orders=(*part.orders, *fresh))


def _answered(desk: Desk, arrival: Arrival, part: Part, line: Line) -> Part:
    """Documents that come with an item otherwise untouched: where the plan asked, they are the answer to it."""
    with_documents = _with_documents(desk, arrival, part, line)
    question = part.case.view.question
    asked = question is not None and question.task_status == "requested"
    if with_documents.orders == part.orders or not asked or part.before is None:
        return with_documents
    anew = answered(desk, part.before)
    now = milliseconds(desk.now())
    event = Event(part.case.number, now, "answered", arrival.caller.id, {"item": line.sequence})
    decision = determined(anew.case, anew.determination, anew.resolution, now)
    return replace(with_documents, case=anew.case, events=(event, decision), evidence=anew.resolution.evidence)


def _too_late(item: SentItem, status: CaseStatus) -> Refusal:
    words = CLOSED.format(item.sequence, status.display.lower())
    return Refusal(
        "earlier-closed", words, f"Bundle.entry[0].resource.item.where(sequence={item.sequence})", "2000F-HCR01"
    )


def unknown(request: PasRequest) -> Refusal:
    """The predecessor is neither on record nor in the Bundle."""
    return Refusal("earlier-unknown", UNKNOWN, f"{request.claim_at.path}.related[0].claim", "2000E-REF02")
