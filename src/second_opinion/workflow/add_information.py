"""$add-information: those who take part in a case say what they learned; the answer is the case's as it then stands."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from second_opinion.access import rights
from second_opinion.access.caller import Caller, require
from second_opinion.access.informing import TakingPart, require_word
from second_opinion.cases.attestation import Act, Attestation
from second_opinion.cases.notices import NoticeKind
from second_opinion.cases.status import CaseStatus
from second_opinion.directory.learned import LearnedFact, LearnedName
from second_opinion.errors import CaseClosed
from second_opinion.fhir import information
from second_opinion.fhir.information import Claim
from second_opinion.workflow import agenda, notices
from second_opinion.workflow.arrival import Arrival, told_anew
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.case_of_task import case_of_task
from second_opinion.workflow.deciding import milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.determine import attest
from second_opinion.workflow.granted import BEFORE_THE_VISIT, STILL_TOLD, completed
from second_opinion.workflow.inform import Reconsidered, reconsider, told_event, told_on_appeal
from second_opinion.workflow.saving import save_next
from second_opinion.workflow.submit import determined, refuse_dangling
from second_opinion.workflow.visits import visited


class Informed(NamedTuple):
    """The case with what was said, and what the table answered where it was asked."""

    case: CaseFile
    asked: Reconsidered | None


def add_information(desk: Desk, arrival: Arrival, task: str) -> CaseFile:
    """The case after the facts of the body; refusals in the order 404, 403, 409, 422."""
    return told_anew(lambda: _add_information(desk, arrival, task))


def _add_information(desk: Desk, arrival: Arrival, task: str) -> CaseFile:
    case = case_of_task(desk, arrival.caller, task)
    require(arrival.caller, "Task", "u")
    body = arrival.read()
    claims = information.claims(body)
    downgraded_by = _require_rights(desk, arrival.caller, case, claims)
    _require_open(case, claims)
    facts = information.read(body, desk.vocabulary, arrival.caller.id, milliseconds(desk.now()))
    version, (case, asked) = case.version + 1, _informed(desk, case, facts)
    case = replace(case, version=version)  # however many facts: one change, one version
    events = [told_event(case, facts)]
    if asked is not None:
        events.append(determined(case, asked.determination, asked.resolution, facts[0].at))
    evidence = asked.resolution.evidence if asked else {}
    if downgraded_by is not None:
        case = notices.owed(desk, case, NoticeKind.URGENCY_CHANGED, released_by=downgraded_by)
    told = notices.rendered(desk, case)
    return save_next(
        desk,
        told.case,
        [*events, *told.events],
        audit=[arrival.record(case.view.updated_at, f"Task/{case.view.task_id}", case.member)],
        further=told.binaries,
        evidence=evidence,
        work=told.work,
        answered=arrival.caller.id,
    )


def taking_part(case: CaseFile) -> TakingPart:
    """Who may say what of the case."""
    return TakingPart(
        submitters={each.removeprefix("partner:") for each in case.parties if each.startswith("partner:")},
        requesters=case.requesters,
        initial_provider=next(iter(_npis(case.view.initial_provider)), None),
        second_doctor=case.doctor,
    )


def _npis(reference: dict[str, object] | None) -> tuple[str, ...]:
    number = (reference or {}).get("identifier", {})
    return (str(number["value"]),) if isinstance(number, dict) and "value" in number else ()


def _require_rights(desk: Desk, caller: Caller, case: CaseFile, claims: Sequence[Claim]) -> Attestation | None:
    """Forbidden unless the caller may say each of the facts; what decides about urgency is a physician's alone.

    The physician's attestation, where one of the facts calls an urgent request standard.
    """
    now, downgraded_by = milliseconds(desk.now()), None
    for claim in claims:
        require_word(caller, claim.name, taking_part(case))
        if claim.name is LearnedName.ALTERNATIVE:
            rights.attest(caller, Act.RECORD_NETWORK_SEARCH, now)
        if claim.is_downgrade:
            downgraded_by = attest(desk, caller, case, Act.DOWNGRADE_URGENCY, now)
    return downgraded_by


def _require_open(case: CaseFile, claims: Sequence[Claim]) -> None:
    """CaseClosed unless each fact may still be told: of the visit always, of doctor and ride until it."""
    status = CaseStatus(case.view.status)
    if status.is_open:
        return
    for claim in claims or [Claim(LearnedName.REASON, None)]:
        told_until_visit = claim.name in STILL_TOLD and status in BEFORE_THE_VISIT
        if claim.name is not LearnedName.VISIT and not told_until_visit:
            raise CaseClosed(f"Case {case.view.number} has its answer; what is new needs a new request, or an appeal")


def _informed(desk: Desk, case: CaseFile, facts: tuple[LearnedFact, ...]) -> Informed:
    visits = [fact for fact in facts if fact.name is LearnedName.VISIT]
    others = tuple(fact for fact in facts if fact.name is not LearnedName.VISIT)
    asked = None
    if others and CaseStatus(case.view.status).is_open and not agenda.may_be_asked_again(case):
        case = told_on_appeal(desk, case, others)
    elif others:
        undecided = CaseStatus(case.view.status).is_open
        asked = reconsider(desk, case, others) if undecided else completed(desk, case, others)
        case = asked.case
    if case.stated is not None:
        refuse_dangling(desk, case.stated)
    for fact in visits:
        case = visited(desk, case, fact)
    return Informed(case, asked)
