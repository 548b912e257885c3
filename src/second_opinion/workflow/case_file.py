"""The case as it is kept: what it shows, what it was decided on, and who brought it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from second_opinion.directory.learned import LearnedFact
from second_opinion.directory.stated import Stated, StatedTransportation
from second_opinion.fhir.case_view import CaseView
from second_opinion.store.changes import CaseWrite
from second_opinion.workflow.agenda import next_appointment


@dataclass(frozen=True)
class CaseFile:
    """One case, kept as JSON in its row; everything it shows can be written again from here."""

    number: int
    version: int
    partner: str  # registry id of the first submitter
    member: str  # Patient id
    condition: str | None  # "system|code"
    question: str | None  # specialty and condition; None when the request does not say enough to compare
    doctor: str | None  # the second doctor: NPI, else Type/id
    facts: dict[str, dict[str, Any]]  # as recorded by review.facts
    snapshot: int  # of the directory the facts were read from
    view: CaseView
    parties: tuple[str, ...] = ()  # who may see the case: "partner:ID", "npi:NNNNNNNNNN"
    transportation: StatedTransportation | None = None  # the ride asked for, owed once the answer is favourable
    stated: Stated | None = None  # all that was stated, so that the table can be asked again from all facts
    learned: tuple[LearnedFact, ...] = ()  # what was learned later and stands whatever is stated again
    past_asking: dict[str, str] = field(default_factory=dict)  # fact → why it is not asked for any more
    proof_due_at: datetime | None = None  # when an alternative nobody has proved counts as not there
    warn_before_hours: int = 24  # how long before its due time the case is warned of
    remind_days: tuple[int, ...] = ()  # days after its due time on which the report is asked for again; -n: before
    acted: tuple[str, ...] = ()  # acts of the sweep already done
    certified: bool = False  # a physician certified the need for medical transportation
    requesters: tuple[str, ...] = ()  # NPIs of who asked and where they practise, as the requests name them


_CASE_FILE = TypeAdapter(CaseFile)


def load(body: bytes) -> CaseFile:
    """The case that was kept as this JSON."""
    return _CASE_FILE.validate_json(body)


def row(case: CaseFile) -> CaseWrite:
    """The case as its row; an adverse one names the reviewer whose decision it is."""
    return CaseWrite(
        number=case.number,
        version=case.version,
        task=case.view.task_id,
        status=case.view.status,
        member=case.member,
        condition=case.condition,
        doctor=case.doctor,
        received_at=case.view.received_at,
        due_at=case.view.due_at,
        act_at=appointment.at if (appointment := next_appointment(case)) else None,
        attested_by=case.view.decision.attestation.reviewer if case.view.decision else None,
        body=_CASE_FILE.dump_json(case, exclude={"view": {"siblings"}}, exclude_defaults=True),
    )
