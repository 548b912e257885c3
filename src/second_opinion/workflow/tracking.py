"""What a tracking number stands for: the one place where documents that come in find what they answer."""

from enum import StrEnum
from typing import NamedTuple

from second_opinion.access.caller import Caller
from second_opinion.access.visibility import visibility
from second_opinion.directory.stated import Identifier
from second_opinion.fhir import search
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.repeats import kept_case

NUMBERED = ("Task", "CommunicationRequest", "ServiceRequest")  # by whose identifiers an answer may be tracked


class Tracked(StrEnum):
    """What is answered."""

    INFORMATION = "information"  # the plan's question
    REPORT = "report"  # the request for the consultation report
    CASE = "case"  # the case as a whole: its own number, or the order's


class Found(NamedTuple):
    """The case a tracking number belongs to, and what of it is answered."""

    case: CaseFile
    answers: Tracked


def resolve(desk: Desk, caller: Caller, number: Identifier) -> Found | None:
    """What the number stands for among what the caller may see; None where there is nothing, or more than one case."""
    value = f"{number.system}|{number.value}" if number.system else number.value
    seen = visibility(caller)
    found = []
    for kind in NUMBERED:
        asked = search.read(kind, [("identifier", value)], base=desk.settings.fhir_base, now=desk.now(), strict=True)
        found += [each for each in desk.store.search(asked.query, seen).rows if each.case_number is not None]
    numbers = {each.case_number for each in found if each.case_number is not None}
    if len(numbers) != 1:
        return None
    case = kept_case(desk, numbers.pop())
    return Found(case, _answered(case, {each.id for each in found}))


def _answered(case: CaseFile, ids: set[str]) -> Tracked:
    question = case.view.question
    if question is not None and ids & {question.task_id, question.communication_request_id}:
        return Tracked.INFORMATION
    return Tracked.REPORT if case.view.report_request_id in ids else Tracked.CASE
