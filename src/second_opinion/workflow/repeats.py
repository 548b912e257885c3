"""What was sent before: a repeat finds its case again, and one identifier never stands for two contents."""

from second_opinion.access.caller import Caller
from second_opinion.errors import Duplicate
from second_opinion.fhir import json_body
from second_opinion.fhir.service_request import content_digest
from second_opinion.fhir.submission import Received
from second_opinion.store.stored import Stored
from second_opinion.workflow import case_file
from second_opinion.workflow.answers import EVERYTHING, Answer
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.orders import keys


def answered_before(desk: Desk, caller: Caller, received: Received) -> Answer | None:
    """The current answer to an order sent before; Duplicate where its identifier stands for another content."""
    for key in keys(received):
        earlier = desk.store.submission(caller.id, key)
        if earlier is None:
            continue
        kind, _, ident = earlier.resource.partition("/")
        kept = desk.store.read(kind, ident, EVERYTHING)
        case = kept_case(desk, earlier.case) if earlier.case is not None else None
        if earlier.digest != received.digest:
            raise _duplicate(desk, case)
        if kept is None:
            raise LookupError("a submission's order is not in the store")
        return Answer(kept, created=False, view=case.view if case else None)
    return None


def refuse_taken(desk: Desk, caller: Caller, received: Received, order: Stored) -> None:
    """Duplicate where one of the changed order's identifiers already stands for another order of the caller's."""
    for key in keys(received):
        earlier = desk.store.submission(caller.id, key)
        if earlier is not None and earlier.resource != f"{order.type}/{order.id}":
            raise _duplicate(desk, kept_case(desk, earlier.case) if earlier.case is not None else None)


def says_the_same(desk: Desk, caller: Caller, received: Received, order: Stored) -> bool:
    """Whether the order stands as it is kept: a PUT that changes nothing."""
    kept = json_body.read(order.body)
    if kept.get("status") != received.order.get("status"):
        return False
    if content_digest(kept) == received.digest:
        return True  # what was read is sent back
    earlier = (desk.store.submission(caller.id, key) for key in keys(received))
    same = f"{order.type}/{order.id}", received.digest
    return all(each is not None and (each.resource, each.digest) == same for each in earlier)


def kept_case(desk: Desk, number: int) -> CaseFile:
    """The case of this number."""
    stored = desk.store.case(number)
    if stored is None:
        raise LookupError("a case is not in the store")
    return case_file.load(stored.body)


def _duplicate(desk: Desk, case: CaseFile | None) -> Duplicate:
    if case is None:
        return Duplicate("This identifier already stands for a draft with other content", "ServiceRequest.identifier")
    link = f'<{desk.settings.fhir_base}/Task/{case.view.task_id}>; rel="related"'
    return Duplicate(
        f"This identifier already stands for other content: case {case.view.number}",
        "ServiceRequest.identifier",
        headers={"Link": link},
    )
