"""A case's next version saved with everything it shows, in one transaction."""

from collections.abc import Mapping, Sequence

from second_opinion.store.changes import AuditRow, Changes, Event, ResourceWrite, Submission, Work
from second_opinion.workflow import case_file, merging, projection
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.letters_owed import work_owed


def save_next(
    desk: Desk,
    case: CaseFile,
    events: Sequence[Event],
    *,
    audit: Sequence[AuditRow] = (),
    further: Sequence[ResourceWrite] = (),
    evidence: Mapping[str, bytes] | None = None,
    answered: str | None = None,
    work: Sequence[Work] = (),
    submissions: Sequence[Submission] = (),
) -> CaseFile:
    """The case as saved; Conflict where somebody else wrote its next version first.

    ``answered`` is whoever is shown the case in the answer of the same exchange, and so is not notified of it.
    """
    case, written = projection.next_versions(desk, case, desk.store.case_resources(case.number))
    desk.store.save(
        Changes(
            case=case_file.row(case),
            resources=[*further, *written],
            parties=set(case.parties),
            open_question=_question(desk, case),
            events=list(events),
            audit=list(audit),
            evidence=dict(evidence or {}),
            answered=answered,
            work=[*work, *_owed(desk, case)],
            submissions=list(submissions),
        )
    )
    return case


def _question(desk: Desk, case: CaseFile) -> tuple[str, str] | None:
    """The case's question, which new facts may have changed, unless another case of the submitter's holds it."""
    held_by = desk.store.open_question(case.partner, f"{case.member}|{case.question}") if case.question else None
    return merging.question_row(desk, case.partner, case, held_by) if held_by is None else None


def _owed(desk: Desk, case: CaseFile) -> list[Work]:
    """The letters and messages this version of the case brought."""
    before = desk.store.case(case.number)
    return work_owed(case, case_file.load(before.body) if before else None)
