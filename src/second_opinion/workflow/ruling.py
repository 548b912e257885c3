"""A reviewer's decision put into the case: status, clocks, what it grants and what it owes."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter

from second_opinion.cases import clocks as running
from second_opinion.cases.clocks import Clock
from second_opinion.cases.decision import Decision, Extension, ReviewOutcome
from second_opinion.cases.numbers import authorization_number
from second_opinion.cases.status import CaseStatus, move
from second_opinion.directory.coverage import Days, standing
from second_opinion.fhir.case_view import Authorization, CaseView
from second_opinion.workflow import timing
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.deciding import DEPENDS_ON_ELIGIBILITY, owing
from second_opinion.workflow.desk import Desk

SHOWN: Mapping[ReviewOutcome, tuple[CaseStatus, str, str]] = MappingProxyType(
    {  # outcome → status, first words of the disposition, X12 306 action
        ReviewOutcome.APPROVED: (CaseStatus.APPROVED, "Approved", "A1"),
        ReviewOutcome.MODIFIED: (CaseStatus.MODIFIED, "Modified", "A6"),
        ReviewOutcome.DENIED: (CaseStatus.DENIED, "Denied", "A3"),
        ReviewOutcome.NOT_ELIGIBLE: (CaseStatus.NOT_ELIGIBLE, "Not eligible", ""),
    }
)
GRANTS = frozenset({ReviewOutcome.APPROVED, ReviewOutcome.MODIFIED})
_RECORDED: TypeAdapter[Decision | Extension] = TypeAdapter(Decision | Extension)


def ruled(desk: Desk, case: CaseFile, decision: Decision) -> CaseFile:
    """The case as the reviewer decided it, its next version; CaseClosed where it cannot go there."""
    shown, disposition, action = SHOWN[decision.outcome]
    status = move(CaseStatus(case.view.status), shown, decision.attestation)
    at = decision.attestation.at
    view = replace(
        case.view,
        status=str(status),
        disposition=disposition,
        action=action,
        queue=None,
        clause=decision.cited or case.view.clause,
        sentence=decision.rationale,
        reason_code=decision.reasons[0] if decision.reasons else None,
        decided_at=at,
        updated_at=at,
        closed_at=at if status.is_final else None,
        decision=decision,
        alternatives=(),
        question=_no_longer_asked(case.view),
        authorization=_granted(desk, case, decision),
    )
    clocks = timing.after_decision(desk, view, status, timing.ran(view))
    case = replace(case, version=case.version + 1, view=timing.clocked(view, clocks))
    return _owing(desk, _for_the_provider_authorized(case, decision), decision, clocks)


def given_more_time(case: CaseFile, extension: Extension) -> CaseFile:
    """The case still pended, its federal clock moved; every other clock runs on."""
    view = replace(case.view, extension=extension, updated_at=extension.attestation.at)
    view = timing.clocked(view, timing.extended(timing.ran(view), view))
    return replace(case, version=case.version + 1, view=view)


def recorded(desk: Desk, case: CaseFile, decision: Decision | Extension) -> dict[str, Any]:
    """The decision as a line of the story holds it: whole, with its attestation, so that it can be told again."""
    key = "extension" if isinstance(decision, Extension) else "decision"
    return {
        key: _RECORDED.dump_python(decision, mode="json"),
        "status": case.view.status,
        "rule": case.view.rule,
        "policy": desk.policy.digest,
        "snapshot": desk.store.active_snapshot(),
    }


def replayed(detail: Mapping[str, Any]) -> Decision | Extension | None:
    """The decision a line of the story holds; None where it holds none."""
    kept = detail.get("decision") or detail.get("extension")
    return _RECORDED.validate_python(kept) if kept else None


def _owing(desk: Desk, case: CaseFile, decision: Decision, clocks: tuple[Clock, ...]) -> CaseFile:
    if decision.outcome not in GRANTS:
        return case
    with desk.directory.snapshot() as lookup:
        member = lookup.member(case.member)
        if member is None:  # left the directory since; a person arranges what is owed
            return case
        covered = standing(member, _days(desk, case.view), lookup)
    if False in {covered.covered_on_receipt, covered.covered_on_service}:
        case = replace(case, view=replace(case.view, notes=(*case.view.notes, DEPENDS_ON_ELIGIBILITY)))
    return owing(desk, case, member, clocks)


def _days(desk: Desk, view: CaseView) -> Days:
    return Days(desk.calendar.day(view.received_at), *(view.service_days or (None, None)))


def _granted(desk: Desk, case: CaseFile, decision: Decision) -> Authorization | None:
    if decision.outcome not in GRANTS:
        return None
    at = decision.attestation.at
    changed = decision.modification.period if decision.modification else None
    first, last = changed or running.authorization_period(at, desk.frames, desk.calendar)
    return Authorization(authorization_number(case.number), first, last, desk.calendar.day(at))


def _for_the_provider_authorized(case: CaseFile, decision: Decision) -> CaseFile:
    """The provider authorized instead takes part in the case, and is the one whose opinion it is."""
    changed = decision.modification
    if changed is None:
        return case
    doctor = changed.npi or str(changed.provider["reference"])
    parties = {*case.parties, *((f"npi:{changed.npi}",) if changed.npi else ())}
    return replace(case, doctor=doctor, parties=tuple(sorted(parties)))


def _no_longer_asked(view: CaseView) -> Any:
    question = view.question
    if question is not None and question.task_status == "requested":
        return replace(question, task_status="cancelled")
    return question
