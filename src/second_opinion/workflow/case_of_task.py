"""The case behind a Task's address, as the caller may see it: where every operation on a Task begins."""

from second_opinion.access.caller import Caller
from second_opinion.access.visibility import visibility
from second_opinion.errors import NotFound
from second_opinion.workflow import case_file
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.desk import Desk


def case_of_task(desk: Desk, caller: Caller, task: str) -> CaseFile:
    """The case shown as this Task id; NotFound, in the same words, where it is none or not the caller's to see."""
    seen = desk.store.read("Task", task, visibility(caller))
    stored = desk.store.case_by_task(task) if seen is not None else None
    if stored is None:
        raise NotFound("There is no case of this Task id, or none you may see")
    return case_file.load(stored.body)
