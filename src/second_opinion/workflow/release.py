"""Communication/$release: a reviewer lets a letter go. A notice that time ran out becomes the denial it tells of."""

from dataclasses import replace

from second_opinion.access import rights
from second_opinion.access.caller import require
from second_opinion.access.visibility import visibility
from second_opinion.cases.attestation import Act, Attestation
from second_opinion.cases.decision import Decision, ReviewOutcome
from second_opinion.cases.notices import Notice, NoticeKind
from second_opinion.cases.status import CaseStatus
from second_opinion.errors import CaseClosed, NotFound, RequiredMissing
from second_opinion.fhir import json_body, release_parameters
from second_opinion.store.changes import Changes, Event
from second_opinion.store.stored import Stored
from second_opinion.workflow import case_file, notices, ruling
from second_opinion.workflow.arrival import Arrival, told_anew
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.deciding import milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.determine import brought_by

EXPIRED = "No decision was made in time. By law the request counts as denied."
EXPIRY_LAW = "42 CFR 438.404(c)(5)"


def release(desk: Desk, arrival: Arrival, ident: str) -> Stored:
    """The Communication as released; refusals in the order 404, 403, 409, 422, the last naming what is missing."""
    return told_anew(lambda: _release(desk, arrival, ident))


def _release(desk: Desk, arrival: Arrival, ident: str) -> Stored:
    case, notice = _found(desk, arrival, ident)
    attestation = _attested(desk, arrival, case, notice)
    _refuse_gone(case, notice)
    case, changes = _with_translations(case, arrival, notice), Changes()
    if notice.expiry:
        case, changes = _denied(desk, case, attestation)
    else:
        case = notices.next_version(desk, case)
    done = notices.released(desk, case, _same(case, notice), attestation)
    _refuse_incomplete(_same(done.case, notice))
    changes.audit.append(
        arrival.record(done.case.view.updated_at, f"Communication/{ident}", done.case.member, operation="release")
    )
    notices.save(desk, done, changes=changes)
    kept = desk.store.found("Communication", ident)
    assert kept is not None  # noqa: S101 - it was just saved
    return kept


def _found(desk: Desk, arrival: Arrival, ident: str) -> tuple[CaseFile, Notice]:
    """The letter and its case; NotFound where it is none, or none the caller may see."""
    seen = desk.store.read("Communication", ident, visibility(arrival.caller))
    task = json_body.read(seen.body).get("partOf", [{}])[0].get("reference", "") if seen is not None else ""
    stored = desk.store.case_by_task(task.removeprefix("Task/")) if task else None
    case = case_file.load(stored.body) if stored is not None else None
    found = next((each for each in case.view.notices if each.communication_id == ident), None) if case else None
    if case is None or found is None:
        raise NotFound("There is no letter of this id, or none you may see")
    return case, found


def _attested(desk: Desk, arrival: Arrival, case: CaseFile, notice: Notice) -> Attestation:
    require(arrival.caller, "Communication", "u")
    act = Act.RELEASE_ADVERSE if notice.expiry or notice.kind is NoticeKind.DENIAL else Act.RELEASE
    return rights.attest(arrival.caller, act, milliseconds(desk.now()), own=brought_by(desk, case))


def _refuse_gone(case: CaseFile, notice: Notice) -> None:
    if not notice.in_preparation:
        raise CaseClosed(f"The letter {notice.number} is {notice.status}; only one in preparation can be released")
    if notice.expiry and not CaseStatus(case.view.status).is_open:
        raise CaseClosed(f"Case {case.view.number} was decided; its notice that time ran out is void")


def _with_translations(case: CaseFile, arrival: Arrival, notice: Notice) -> CaseFile:
    """The reviewer's words with the translations brought now; a letter that waited for one has it."""
    brought = release_parameters.read(arrival.read() if arrival.body.strip() else None)
    view = case.view
    if not brought:
        return case
    if notice.kind is NoticeKind.DELAY and view.extension is not None:
        given = replace(view.extension, translations=(*view.extension.translations, *brought))
        return replace(case, view=replace(view, extension=given))
    if view.decision is not None:
        decision = replace(view.decision, translations=(*view.decision.translations, *brought))
        return replace(case, view=replace(view, decision=decision))
    return case


def _denied(desk: Desk, case: CaseFile, attestation: Attestation) -> tuple[CaseFile, Changes]:
    """The case denied because nobody decided in time, attested by who releases the notice."""
    decision = Decision(ReviewOutcome.DENIED, (), EXPIRED, (EXPIRY_LAW,), attestation)
    case = ruling.ruled(desk, case, decision)
    event = Event(case.number, attestation.at, "decided", attestation.reviewer, ruling.recorded(desk, case, decision))
    return case, Changes(close_question=True, events=[event])


def _refuse_incomplete(notice: Notice) -> None:
    if notice.in_preparation and notice.waits_for:
        raise RequiredMissing(
            f"The letter {notice.number} cannot be released without {'; '.join(notice.waits_for)}", "Communication"
        )


def _same(case: CaseFile, notice: Notice) -> Notice:
    return next(each for each in case.view.notices if each.communication_id == notice.communication_id)
