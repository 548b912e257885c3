"""The same question asked again: which case it belongs to, and what all facts together say."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from second_opinion.access.caller import Caller
from second_opinion.access.visibility import visibility
from second_opinion.cases.status import FAVOURABLE, CaseStatus, from_outcome
from second_opinion.directory import learned
from second_opinion.directory.resolve import Resolution
from second_opinion.directory.stated import Stated
from second_opinion.review.determination import Determination
from second_opinion.review.engine import determine
from second_opinion.review.facts import FACT_TYPES, Facts, Reason, RequesterKind, Urgency, from_recorded
from second_opinion.workflow import case_file
from second_opinion.workflow.asking import asked_again, stated_together
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.deciding import Request, decided, milliseconds, question
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.parties import doctor, parties

ENTITLED = frozenset({RequesterKind.MEMBER, RequesterKind.TREATING})


def open_case(desk: Desk, caller: Caller, request: Request, but: Collection[int] = ()) -> CaseFile | None:
    """The case on the same question that the caller may see and that takes this request; an undecided one first.

    ``but`` are numbers of cases that are not meant: they answer other items of the same Claim.
    """
    asked = question(request)
    if asked is None:
        return None
    alive = [case for case in _alive(desk, request) if case.question == asked and case.number not in but]
    cases = [case for case in alive if _takes(desk, case, request)]
    cases.sort(key=lambda case: not CaseStatus(case.view.status).is_open)
    seen = visibility(caller)
    return next((case for case in cases if desk.store.read("Task", case.view.task_id, seen) is not None), None)


def same_question(desk: Desk, case: CaseFile) -> list[str]:
    """Numbers of the other cases alive on the question: for the story that staff read, never for an answer."""
    if case.question is None:
        return []
    others = (case_file.load(each.body) for each in desk.store.cases_of_member(case.member, case.condition))
    return [
        each.view.number
        for each in others
        if each.number != case.number and each.question == case.question and not CaseStatus(each.view.status).is_final
    ]


def holder(desk: Desk, partner: str, request: Request) -> int | None:
    """Number of the case that holds the request's question for the partner.

    Read before the cases are looked at: a case another request opens in between then breaks the unique row, and the
    story is told anew.
    """
    asked, member = question(request), request.resolution.member
    return desk.store.open_question(partner, f"{member.id}|{asked}") if asked and member else None


def changed_question_row(desk: Desk, partner: str, case: CaseFile) -> tuple[str, str] | None:
    """The row for a case whose question was changed; None where another case holds that question already."""
    held_by = desk.store.open_question(partner, f"{case.member}|{case.question}") if case.question else None
    row = question_row(desk, partner, case, held_by)
    return None if row is None or desk.store.open_question(*row) is not None else row


def question_row(desk: Desk, partner: str, case: CaseFile, held_by: int | None) -> tuple[str, str] | None:
    """What keeps two requests sent at once from becoming two cases; None where nothing is to be added.

    A case beside one already answered, for another doctor, is told apart by the doctor.
    """
    if case.question is None or held_by == case.number:
        return None
    base = f"{case.member}|{case.question}"
    if held_by is None:
        return partner, base
    beside = f"{base}|{case.doctor}"
    further = desk.store.open_question(partner, beside)
    if further == case.number or (further is not None and not _may_take(desk, further, case)):
        return None
    return partner, beside


def merged(desk: Desk, case: CaseFile, request: Request, order: str, partner: str) -> tuple[CaseFile, Determination]:
    """The case with the further order (ServiceRequest id) of the partner; decided anew if it says anything new."""
    before = from_recorded(case.facts)
    facts = learned.known(together(before, request.resolution.facts), case.learned)
    earliest = min(case.view.received_at, request.received_at)
    repeats = facts == before and doctor(request.resolution) in {case.doctor, None}
    unmoved = repeats and earliest == case.view.received_at
    taking_part = {*case.parties, *parties(partner, request.stated, request.resolution)}
    view = replace(case.view, further_orders=(*case.view.further_orders, order))
    case = replace(case, view=view, parties=tuple(sorted(taking_part)))
    asked = replace(facts, repeats_open_case=True) if unmoved else facts
    determination = asked_again(desk, replace(case, view=replace(view, received_at=earliest)), asked)
    granted = CaseStatus(view.status) in FAVOURABLE
    if unmoved or (granted and from_outcome(determination.outcome) not in FAVOURABLE):
        # Nothing new, or nothing that may take back what was granted.
        return _with_the_order_only(desk, case, request), determination
    stated = stated_together(case.stated, request.stated)
    if before.requester_kind in ENTITLED and case.stated is not None:
        stated = replace(stated, requester=case.stated.requester)
    resolution = replace(request.resolution, facts=facts)
    again = replace(request, stated=stated, resolution=resolution, received_at=earliest)
    anew = decided(desk, case, again, determination)
    if before.requester_kind in ENTITLED:
        anew = replace(anew, view=replace(anew.view, requester=view.requester))
    return anew, determination


def together(before: Facts, after: Facts) -> Facts:
    """All facts: what the later request states stands, what it leaves out is kept from the earlier one."""
    return _of_both(before, after, {name: getattr(after, name) is None for name in _LEFT_OUT})


def restated(before: Facts, after: Facts) -> Facts:
    """The facts of an order whose content was changed: what it no longer states is gone."""
    return _of_both(before, after, {})


def opinion_number(desk: Desk, stated: Stated, resolution: Resolution) -> int | None:
    """Third where the order says so, or where an opinion on the condition was already delivered by another doctor."""
    number = resolution.facts.opinion_number
    if resolution.member is None or not stated.conditions or not isinstance(number, int):
        return number
    named = doctor(resolution)
    for earlier in desk.store.cases_of_member(resolution.member.id, stated.conditions[0]):
        if earlier.status == CaseStatus.REPORT_DELIVERED and earlier.doctor != named:
            return max(number, 3)
    return number


# Facts a later request may leave out; all others are looked up or counted again each time.
_LEFT_OUT = ("requester_kind", "care_source", "requested_provider", "provider_disqualified", "reason", "opinion_number")


def _of_both(before: Facts, after: Facts, keeps: dict[str, bool]) -> Facts:
    keeps = keeps | {
        # Once somebody entitled has asked, the request is hers; only a clinician makes an urgent one standard.
        "requester_kind": keeps.get("requester_kind", False) or (bool(keeps) and before.requester_kind in ENTITLED),
        "urgency": before.urgency is Urgency.URGENT,
        "serious_condition": before.serious_condition is True,
        "confidential": before.confidential is True,
        "reason": keeps.get("reason", False) or (after.reason is Reason.EMPTY and before.reason is not None),
    }
    if keeps.get("requested_provider"):
        keeps["provider_disqualified"] = True  # said of the same doctor
    chosen = {name: before if keeps.get(name) else after for name in FACT_TYPES}
    values: dict[str, Any] = {name: getattr(facts, name) for name, facts in chosen.items()}
    sources = {name: facts.sources[name] for name, facts in chosen.items() if name in facts.sources}
    return Facts(**values, sources=sources)


def _alive(desk: Desk, request: Request) -> list[CaseFile]:
    """The member's cases about the condition that have not come to their end, oldest first."""
    member, condition = request.resolution.member, request.stated.conditions[0]
    assert member is not None  # noqa: S101 - a request is understood only when its member is known
    stored = desk.store.cases_of_member(member.id, condition)
    return [case_file.load(each.body) for each in stored if not CaseStatus(each.status).is_final]


def _may_take(desk: Desk, number: int, other: CaseFile) -> bool:
    """Whether that case would have taken the order of the other: it may hold a question it no longer asks itself."""
    stored = desk.store.case(number)
    if stored is None:
        return False
    status, holding = CaseStatus(stored.status), case_file.load(stored.body)
    same = (holding.question, holding.doctor) == (other.question, other.doctor)
    return same and (status.is_open or status in FAVOURABLE)


def _takes(desk: Desk, case: CaseFile, request: Request) -> bool:
    """Undecided cases take every further order.

    A favourable one takes the same doctor's or nobody's, and a change to a doctor the policy answers as favourably;
    a change that a person must decide becomes a case of its own, so that nothing granted is taken back.
    """
    status = CaseStatus(case.view.status)
    if status.is_open:
        return True
    if status not in FAVOURABLE:
        return False
    if doctor(request.resolution) in {case.doctor, None}:
        return True
    facts, day = request.resolution.facts, desk.calendar.day(request.received_at)
    return from_outcome(determine(facts, desk.policy, day).outcome) in FAVOURABLE


def _with_the_order_only(desk: Desk, case: CaseFile, request: Request) -> CaseFile:
    """The case as it stands, found by the further order's numbers too."""
    view = case.view
    new = tuple(each for each in request.order_identifiers if each not in view.order_identifiers)
    view = replace(view, order_identifiers=(*view.order_identifiers, *new), updated_at=milliseconds(desk.now()))
    return replace(case, version=case.version + 1, view=view)
