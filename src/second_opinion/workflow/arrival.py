"""One order as it came in, and what is kept of it whatever becomes of it: its resource, its keys, who brought it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from second_opinion.access.caller import Caller
from second_opinion.directory.lookup import DirectoryMoved
from second_opinion.directory.resolve import Resolution
from second_opinion.errors import Unavailable
from second_opinion.fhir import json_body, service_request_stored
from second_opinion.fhir.submission import Received
from second_opinion.store.changes import AuditRow, Conflict, ResourceWrite, Submission
from second_opinion.store.stored import Stored
from second_opinion.workflow import projection
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.orders import kept_references, keys

Told = TypeVar("Told")

TRIES = 8
RETRY = {"Retry-After": "1"}


@dataclass(frozen=True)
class Arrival:
    """Who sent an order, through which door, and its bytes."""

    caller: Caller
    body: bytes
    request_id: str | None
    interaction: str  # create, transaction, operation, update
    type: str = "ServiceRequest"  # of the door
    since: datetime | None = None  # first received, where it could not be answered in time
    waited_for: bool = True  # the sender waits for the answer

    def read(self) -> dict[str, Any]:
        """The body as strict JSON."""
        return json_body.read(self.body)

    @property
    def answers_case(self) -> bool:
        """Whether the answer itself shows the case, so that its sender need not be notified of it."""
        return self.interaction == "operation" and self.waited_for

    def record(self, at: datetime, resource: str, patient: str | None, **detail: object) -> AuditRow:
        """What this arrival did to the resource ("Type/id") of a patient (Patient id), for the audit trail."""
        said = {"purpose": self.caller.purpose, "break_glass": self.caller.break_glass}
        detail |= {name: value for name, value in said.items() if value}
        return AuditRow(at, self.caller.id, self.interaction, resource, patient, "0", self.request_id, detail)

    @property
    def path(self) -> str:
        """The door it came through."""
        return f"{self.type} {self.interaction}"


@dataclass(frozen=True)
class Place:
    """Where an order is kept: a new resource, or the next version of one."""

    order: str  # ServiceRequest id
    version: int = 1


def told_anew(story: Callable[[], Told]) -> Told:
    """What the story answers; whenever somebody else was first, it is told anew. Unavailable after too many."""
    for _ in range(TRIES):
        try:
            return story()
        except (Conflict, DirectoryMoved):
            continue
    raise Unavailable("The request could not be stored because of many others; it may be sent again", headers=RETRY)


def kept_order(
    desk: Desk, arrival: Arrival, received: Received, resolution: Resolution | None, case: CaseFile, place: Place
) -> ResourceWrite:
    """The order as it is kept and served."""
    written = service_request_stored.write(
        received.kept,
        ident=place.order,
        version=place.version,
        at=case.view.updated_at,
        subject=case.view.member,
        references=kept_references(received, resolution),
    )
    return projection.keep(desk, written, case, partner=arrival.caller.id)


def kept_submissions(
    arrival: Arrival, received: Received, case: int | None, place: Place, received_at: datetime
) -> list[Submission]:
    """The order's keys, each kept for ever; the received bytes stand with the first."""
    return [
        Submission(
            partner=arrival.caller.id,
            key=key,
            digest=received.digest,
            case=case,
            resource=f"ServiceRequest/{place.order}",
            received_at=received_at,
            body=b"" if number else arrival.body,
            replaces=place.version > 1,
        )
        for number, key in enumerate(keys(received))
    ]


def audited(arrival: Arrival, at: datetime, kept: ResourceWrite, member: str | None) -> AuditRow:
    """Who brought the order."""
    return arrival.record(at, f"ServiceRequest/{kept.id}", member)


def as_stored(kept: ResourceWrite) -> Stored:
    """The order just saved, as a read would give it."""
    return Stored(kept.type, kept.id, kept.version, kept.last_updated, kept.body, kept.case, member=kept.member)
