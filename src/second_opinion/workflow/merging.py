"""The same question asked again: which case it belongs to, and what all facts together say."""

from dataclasses import replace

from second_opinion.access.caller import Caller
from second_opinion.access.visibility import visibility
from second_opinion.cases.status import FAVOURABLE, CaseStatus, from_outcome
from second_opinion.directory.resolve import Resolution
from second_opinion.directory.stated import Stated
from second_opinion.review.determination import Determination
from second_opinion.review.engine import determine
from second_opinion.review.facts import Facts, RequesterKind, from_recorded
from second_opinion.workflow import case_file, opening
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.opening import Request


def question_key(case: CaseFile) -> str:
    """The open question of a member: specialty and condition."""
    return f"{case.member}|{case.question}"


def open_case(desk: Desk, caller: Caller, request: Request) -> CaseFile | None:
    """The case that is open on the same question and that the caller may see."""
    resolution, conditions = request.resolution, request.stated.conditions
    if resolution.member is None or not resolution.specialty or not conditions:
        return None
    question = f"{resolution.specialty}|{conditions[0]}"
    for stored in desk.store.open_cases(resolution.member.id):
        case = case_file.load(stored.body)
        if case.question != question or not _takes(case, resolution):
            continue
        if desk.store.read("Task", case.view.task_id, visibility(caller)) is not None:
            return case
    return None


def merged(desk: Desk, case: CaseFile, request: Request, order_id: str) -> tuple[CaseFile, Determination]:
    """The case with the further order; decided anew unless the order says nothing new."""
    further = (*case.view.further_orders, order_id)
    earliest = min(case.view.received_at, request.received_at)
    facts = together(from_recorded(case.facts), request.resolution.facts)
    case = replace(
        case,
        view=replace(case.view, further_orders=further, received_at=earliest),
        parties=tuple(sorted({*case.parties, *opening.parties(case.partner, request.stated, request.resolution)})),
    )
    repeats = facts == from_recorded(case.facts) and opening.doctor(request.resolution) in {case.doctor, None}
    day = desk.calendar.day(earliest)
    determination = determine(replace(facts, repeats_open_case=True) if repeats else facts, desk.policy, day)
    granted = CaseStatus(case.view.status) in FAVOURABLE
    if repeats or (granted and from_outcome(determination.outcome) not in FAVOURABLE):
        # Nothing new, or nothing that may take back what was granted.
        now = opening.milliseconds(desk.now())
        return replace(case, version=case.version + 1, view=replace(case.view, updated_at=now)), determination
    again = replace(request, resolution=replace(request.resolution, facts=facts), received_at=earliest)
    return opening.decided(desk, case, again, determination), determination


def together(before: Facts, after: Facts) -> Facts:
    """All facts: what the later request states stands, what it leaves out is kept from the earlier one."""
    values = {
        name: later if later is not None else getattr(before, name)
        for name in vars(after)
        if name != "sources"
        for later in (getattr(after, name),)
    }
    if before.requester_kind in {RequesterKind.MEMBER, RequesterKind.TREATING}:
        values["requester_kind"] = before.requester_kind  # once somebody entitled has asked, the request is hers
    return Facts(**values, sources={**before.sources, **after.sources})


def opinion_number(desk: Desk, stated: Stated, resolution: Resolution) -> int | None:
    """Third where the order says so, or where an opinion on the condition was already delivered by another doctor."""
    number = resolution.facts.opinion_number
    if resolution.member is None or not stated.conditions or not isinstance(number, int):
        return number
    doctor = opening.doctor(resolution)
    for earlier in desk.store.cases_of_member(resolution.member.id, stated.conditions[0]):
        if earlier.status == CaseStatus.REPORT_DELIVERED and earlier.doctor != doctor:
            return max(number, 3)
    return number


def _takes(case: CaseFile, resolution: Resolution) -> bool:
    """Undecided cases take every further order; a favourable one the same doctor's, or none's."""
    status = CaseStatus(case.view.status)
    return status.is_open or (status in FAVOURABLE and opening.doctor(resolution) in {case.doctor, None})
