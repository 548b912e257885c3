"""Facts about a request already answered favourably: who gives the opinion, the ride. Nothing granted is taken back."""

from dataclasses import replace

from second_opinion.cases.status import FAVOURABLE, CaseStatus, from_outcome
from second_opinion.directory.learned import LearnedFact, LearnedName
from second_opinion.errors import BusinessRule
from second_opinion.review.facts import from_recorded
from second_opinion.workflow import merging, timing
from second_opinion.workflow.asking import asked_again
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.deciding import milliseconds, owing
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.inform import Reconsidered, understood, with_facts
from second_opinion.workflow.parties import doctor, parties, reference

BEFORE_THE_VISIT = FAVOURABLE | {CaseStatus.SCHEDULED, CaseStatus.MISSED}
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
    if named and from_outcome(determination.outcome) not in FAVOURABLE:
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
