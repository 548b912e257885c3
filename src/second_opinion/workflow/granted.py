"""Facts about a request already answered favourably: who gives the opinion, the ride. Nothing granted is taken back."""

from dataclasses import replace

from second_opinion.cases.status import FAVOURABLE, CaseStatus, from_outcome
from second_opinion.directory.learned import LearnedFact, LearnedName
from second_opinion.errors import BusinessRule
from second_opinion.fhir.case_view import CaseView
from second_opinion.review.determination import Determination
from second_opinion.review.facts import from_recorded
from second_opinion.workflow import merging, timing
from second_opinion.workflow.asking import asked_again
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.deciding import milliseconds, owing
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.inform import Reconsidered, understood, with_facts
from second_opinion.workflow.parties import doctor, parties, reference

BEFORE_THE_VISIT = FAVOURABLE | {CaseStatus.MODIFIED, CaseStatus.SCHEDULED, CaseStatus.MISSED}
STILL_TOLD = frozenset(
    {LearnedName.REQUESTED_PROVIDER, LearnedName.TRANSPORTATION, LearnedName.PHYSICIAN_CERTIFICATION}
)


def completed(desk: Desk, case: CaseFile, learned: tuple[LearnedFact, ...]) -> Reconsidered:
    """The granted case with the facts; BusinessRule where the doctor named would not have been granted."""
    kept = case.view
    case = with_facts(case, learned)
    stated, resolution = understood(desk, case)
    facts = merging.restated(from_recorded(case.facts), resolution.facts)
    determination = asked_again(desk, case, facts)
    named = any(fact.name is LearnedName.REQUESTED_PROVIDER for fact in learned)
    if named and not _covers(kept, determination):
        raise BusinessRule(
            "The answer given does not cover this doctor: a person must decide, so it takes a new request",
            "Parameters.parameter.part('value').value",
        )
    view = replace(
        case.view,
        second_doctor=reference(resolution.second_doctor) if named else kept.second_doctor,
        updated_at=milliseconds(desk.now()),
    )
    case = replace(
        case,
        version=case.version + 1,
        doctor=doctor(resolution) if named else case.doctor,
        parties=tuple(sorted({*case.parties, *parties(case.partner, stated, resolution)})),
        view=view,
    )
    if resolution.member is not None:
        case = owing(desk, case, resolution.member, timing.ran(view))
    return Reconsidered(case, determination, resolution)


def _covers(granted: CaseView, determination: Determination) -> bool:
    """Whether the doctor named falls under what was granted.

    A reviewer's modification names its own; a reviewer who approved with nobody named left it to be found.
    """
    if granted.decision is not None and granted.decision.modification is not None:
        return False
    left_open = granted.decision is not None and granted.second_doctor is None
    return left_open or from_outcome(determination.outcome) in FAVOURABLE
