"""What a story answers: the case, the order as kept, and the resource that tells where the request stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from second_opinion.cases.status import CaseStatus
from second_opinion.directory.resolve import Resolution
from second_opinion.fhir.case_view import CaseView
from second_opinion.store.changes import ResourceWrite
from second_opinion.store.keeping import Store
from second_opinion.store.query import Visibility
from second_opinion.store.stored import Stored
from second_opinion.workflow.arrival import as_stored

EVERYTHING = Visibility(everything=True)  # our own resources of a case the caller was just answered about
FINAL_NOW = frozenset({"NA", "A1", "A6", "A3"})  # X12 306 of answers that are final when they are given


@dataclass(frozen=True)
class Answer:
    """``order`` is the kept ServiceRequest; ``view`` is None for a draft, which has no case."""

    order: Stored
    created: bool
    view: CaseView | None = None
    resolution: Resolution | None = None  # of an order decided just now
    written: Sequence[ResourceWrite] = ()  # what the case shows, as it was saved just now


def final(view: CaseView) -> bool:
    """Whether the case has its answer; until then a Task tells where it stands."""
    return view.action in FINAL_NOW or view.status == CaseStatus.NOT_ELIGIBLE


def telling(store: Store, view: CaseView, written: Sequence[ResourceWrite] = ()) -> Stored:
    """The ClaimResponse when the answer is final, the Task when it is not; ``written`` was saved just now."""
    kind, ident = ("ClaimResponse", view.claim_response_id) if final(view) else ("Task", view.task_id)
    saved = next((each for each in written if (each.type, each.id) == (kind, ident)), None)
    stored = as_stored(saved) if saved else store.read(kind, ident, EVERYTHING)
    if stored is None:
        raise LookupError(f"the case's {kind} is not in the store")
    return stored
