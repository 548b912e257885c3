"""What the worker owes for a case: the letters of the computer's own answers, and the messages to others."""

from collections.abc import Mapping
from types import MappingProxyType

from second_opinion.cases.notices import NoticeKind
from second_opinion.cases.status import CaseStatus
from second_opinion.store.changes import Work
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.messages_owed import messages_owed

_BY_THE_TABLE: Mapping[CaseStatus, NoticeKind] = MappingProxyType(
    {
        CaseStatus.NO_AUTHORIZATION_REQUIRED: NoticeKind.APPROVAL,
        CaseStatus.APPROVED: NoticeKind.APPROVAL,
        CaseStatus.INFORMATION_REQUESTED: NoticeKind.INFORMATION,
        CaseStatus.WITHDRAWN: NoticeKind.WITHDRAWAL,
    }
)


def work_owed(case: CaseFile, before: CaseFile | None = None) -> list[Work]:
    """The worker's part; ``before`` is the case as it was: what already stood then was told then."""
    return [*messages_owed(case, before), *_letters(case, before), *_of_ride(case, before)]


def _letters(case: CaseFile, before: CaseFile | None) -> list[Work]:
    kind = _BY_THE_TABLE.get(CaseStatus(case.view.status))
    if kind is None or (before is not None and _told(case) == _told(before)):
        return []
    key = f"letters/{case.view.number}/{kind}/{case.version}"
    return [Work(key=key, kind="letters", case=case.number, body={"kind": str(kind), "status": case.view.status})]


def _of_ride(case: CaseFile, before: CaseFile | None) -> list[Work]:
    """The letter about a ride that is not as it was asked for."""
    ride, earlier = case.view.ride, before.view.ride if before else None
    if ride is None or ride.change is None or (earlier and earlier.changed_at == ride.changed_at):
        return []
    kind = NoticeKind.RIDE_CHANGED
    key = f"letters/{case.view.number}/{kind}/{case.version}"
    return [Work(key=key, kind="letters", case=case.number, body={"kind": str(kind), "ride": str(ride.change)})]


def _told(case: CaseFile) -> tuple[object, ...]:
    """What a letter tells: the answer, the grant and for whom, what is asked."""
    question = case.view.question
    return (case.view.status, case.view.authorization, case.doctor, question.missing if question else None)
