"""What the writers need to know of a case, in our words; nothing in it is looked up or decided by them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from second_opinion.cases.attestation import NotAttested
from second_opinion.cases.decision import Decision, Extension, ReviewOutcome
from second_opinion.cases.notices import Notice, RideChange
from second_opinion.fhir.sent_claim import SentClaim

Reference = dict[str, Any]  # a FHIR Reference, written as it stands


@dataclass(frozen=True)
class Ride:
    """The transportation a case owes; ids exist only with it."""

    service_request_id: str
    task_id: str
    trip: int = 1  # a ride given back is ordered again as the next trip
    edition: int = 1  # of what the vendor is told of this trip
    mode: str | None = None  # code of transport-mode
    certification: bool = False  # by the rules when it was asked for, it waits for the physician's
    certified: bool = False  # a physician certified the need
    attendant: bool | None = None
    language: str | None = None  # BCP 47
    pickup: dict[str, Any] | None = None  # FHIR Address
    phone: str | None = None
    destination: dict[str, Any] | None = None  # FHIR Address, nobody's name with it
    vendor: Reference | None = None  # Organization that drives
    needed_at: datetime | None = None  # when the visit is
    asked_at: datetime | None = None  # when the ride was ordered; the case's receipt if not given
    status: str = "requested"  # Task.status as the vendor answers it
    status_reason: dict[str, Any] | None = None  # CodeableConcept
    outputs: tuple[dict[str, Any], ...] = ()  # Task.output of the vendor's
    problem_task_id: str | None = None  # of the Task by which a person arranges what the vendor would not
    problem_at: datetime | None = None
    problem_solved: bool = False  # a person said so
    change: RideChange | None = None  # the last one the member is told of by letter
    changed_at: datetime | None = None

    @property
    def waits(self) -> bool:
        """The vendor is not asked yet: the physician's certification is missing."""
        return self.certification and not self.certified

    @property
    def other_mode(self) -> str | None:
        """The mode the vendor says it drives in, where it is another than was asked for."""
        codings = [
            coding
            for each in self.outputs
            for coding in each.get("valueCodeableConcept", {}).get("coding", ())
            if str(coding.get("system", "")).endswith("/CodeSystem/transport-mode")
        ]
        return next((each["code"] for each in codings if each.get("code") not in {None, self.mode}), None)


@dataclass(frozen=True)
class Question:
    """The information the plan asks of the requester; ids exist only with it."""

    task_id: str
    communication_request_id: str
    missing: tuple[tuple[str, str], ...]  # (fact, the question as a sentence)
    asked_at: datetime
    due_at: datetime
    task_status: str = "requested"  # Task.status; completed once answered

    @property
    def sentences(self) -> tuple[str, ...]:
        """The questions, each once though it may ask for several facts."""
        return tuple(dict.fromkeys(words for _, words in self.missing))


@dataclass(frozen=True)
class Authorization:
    """What an approval grants: its number, and its first and last day."""

    number: str
    first_day: date
    last_day: date
    issued_on: date | None = None  # the first day if not given

    @property
    def issued(self) -> date:
        """The day it was granted."""
        return self.issued_on or self.first_day


# What a case may show only with the decision of a reviewer behind it
_BY_ACTION: Mapping[str, ReviewOutcome] = MappingProxyType({"A3": ReviewOutcome.DENIED, "A6": ReviewOutcome.MODIFIED})
_BY_STATUS: Mapping[str, ReviewOutcome] = MappingProxyType(
    {
        "denied": ReviewOutcome.DENIED,
        "modified": ReviewOutcome.MODIFIED,
        "not-eligible": ReviewOutcome.NOT_ELIGIBLE,
    }
)


@dataclass(frozen=True)
class Appeal:
    """Why a decided case is looked at again; ``of`` is the number of the case appealed."""

    of: int
    task_id: str  # of the case appealed
    reason: str
    expedited: bool
    by: str  # registry id
    deciders: tuple[str, ...]  # registry ids of who decided before, who may not decide again


@dataclass(frozen=True)
class Delivery:
    """One kept resource on its way to one recipient."""

    reference: str  # "Type/id" of what is sent
    recipient: Reference
    # owed, handed-over (to the print shop), delivered; undelivered, returned (on the list); dropped (never sent)
    state: str = "owed"
    sent_at: datetime | None = None
    received_at: datetime | None = None
    reason: str | None = None  # why it is on the list, in words
    task_id: str | None = None  # of the list's Task, once it was on it
    listed_at: datetime | None = None
    resent: int = 0  # how often a person sent it again
    identifier: dict[str, Any] | None = None  # the one it is created under, where that is not the resource's first

    @property
    def whom(self) -> str:
        """The recipient in one word."""
        identifier = self.recipient.get("identifier", {})
        return str(self.recipient.get("reference") or identifier.get("value") or self.recipient.get("display", ""))


@dataclass(frozen=True)
class ReportCopy:
    """One addressee's own Communication of a report."""

    communication_id: str
    recipient: Reference


@dataclass(frozen=True)
class Report:
    """A consultation report as it came in; ids exist only with it."""

    number: int  # the case's first, second …
    received_at: datetime
    sender: Reference
    document_ids: tuple[str, ...]  # DocumentReference
    draft_ids: tuple[str, ...]  # ServiceRequests it recommends, which authorize nothing
    copies: tuple[ReportCopy, ...]


@dataclass(frozen=True)
class Forwarded:
    """A message about the case that somebody who takes part in it has us hand on."""

    communication_request_id: str
    recipients: tuple[Reference, ...]
    body: dict[str, Any]  # the CommunicationRequest as it is kept, but for id, meta and status


@dataclass(frozen=True)
class Reminder:
    """The report asked for again."""

    communication_request_id: str
    at: datetime


@dataclass(frozen=True)
class CaseView:
    """One case as it is to be shown. Instants are aware; references are FHIR References written as they stand."""

    number: str  # SMO-2026-000123
    task_id: str
    service_request_id: str
    claim_id: str
    claim_response_id: str

    status: str  # case-status code
    disposition: str  # first words of ClaimResponse.disposition: Approved, Pended, …
    action: str  # X12 306: NA, A1, A3, A4, A6, C; empty where none applies (not eligible)
    rule: str  # R1 … R11, or the gate
    clause: str  # clause of the policy, or the law, it rests on
    sentence: str  # the determination in plain words
    reason_code: str | None  # determination-reason, where one applies

    received_at: datetime
    updated_at: datetime
    decided_at: datetime  # of the determination now in force, also when it pends
    due_at: datetime | None
    priority: str  # routine, urgent, asap, stat

    member: Reference
    insurer: Reference  # Organization: who reviews and pays
    requester: Reference | None = None
    initial_provider: Reference | None = None
    second_doctor: Reference | None = None
    coverage: Reference | None = None  # None: none on record

    clocks: tuple[tuple[str, datetime], ...] = ()  # (name, due)
    authorization: Authorization | None = None
    order_identifiers: tuple[dict[str, Any], ...] = ()  # FHIR Identifiers, unchanged
    claim_identifiers: tuple[dict[str, Any], ...] = ()  # of the Claim a client sent; empty: the service wrote it
    specialty: str | None = None  # NUCC code
    specialty_words: str | None = None
    care_source: str | None = None  # pcp or specialist
    reason_codes: tuple[str, ...] = ()  # second-opinion-reason
    conditions: tuple[dict[str, Any], ...] = ()  # FHIR Codings of the condition
    service_days: tuple[date, date] | None = None  # when the visit is asked for
    alternatives: tuple[tuple[str, str], ...] = ()  # (PractitionerRole/id, words), at most 20 are written
    queue: str | None = None  # work-queue code
    searching: bool = False  # network staff look for an alternative, whoever else the case is with
    notes: tuple[str, ...] = ()  # warnings and provisos in words
    status_reason: str | None = None  # withdrawn: why, in words
    authored_at: datetime | None = None  # when the Claim was first written; the receipt if not given
    closed_at: datetime | None = None  # when the case came to its end
    visit_at: datetime | None = None  # when the appointment is, or was
    further_orders: tuple[str, ...] = ()  # ids of later ServiceRequests that ask the same question

    question: Question | None = None
    report_request_id: str | None = None  # CommunicationRequest for the consultation report
    report_asked_at: datetime | None = None  # the determination if not given
    report_due_at: datetime | None = None
    records_request_id: str | None = None  # CommunicationRequest for the initial provider's records
    reminders: tuple[Reminder, ...] = ()
    report_overdue: bool = False  # asked for often enough: a person must get it
    reports: tuple[Report, ...] = ()
    forwarded: tuple[Forwarded, ...] = ()
    ride: Ride | None = None
    past_rides: tuple[Ride, ...] = ()  # trips given back, or not as asked, before the one in force

    decision: Decision | None = None  # a reviewer's, in force
    extension: Extension | None = None  # of the time to decide
    appeal: Appeal | None = None  # this case looks again at another
    sent_claims: tuple[SentClaim, ...] = ()  # Claims of clients that this case answers, those replaced among them
    siblings: tuple["CaseView", ...] = ()  # cases that answer other items of them; looked up anew, never kept
    notices: tuple[Notice, ...] = ()  # letters, in the order they were owed

    deliveries: tuple[Delivery, ...] = ()

    labels: tuple[str, ...] = ()  # v3-ActCode and v3-Confidentiality of what makes the case sensitive
    redisclosure: tuple[str, ...] = ()  # what must travel with the record
    versions: Mapping[str, int] = field(default_factory=dict)  # "Type/id" → version; else 1

    def __post_init__(self) -> None:
        for needed in (_BY_STATUS.get(self.status), _BY_ACTION.get(self.action)):
            if needed is not None:
                self.attested(needed)

    def attested(self, outcome: ReviewOutcome) -> Decision:
        """The reviewer's decision to this outcome; NotAttested where there is none."""
        if self.decision is None or self.decision.outcome is not outcome:
            raise NotAttested(f"A case is shown as {outcome} only by the attested decision of a registered reviewer")
        return self.decision

    @property
    def opinion_doctor(self) -> Reference | None:
        """Who is to give the opinion: the provider authorized instead, else the one asked for."""
        changed = self.decision.modification if self.decision else None
        return changed.provider if changed else self.second_doctor

    @property
    def reported(self) -> bool:
        """Member and initial provider both have a report; where no initial provider is known, the member has."""
        return any(self._has_reached_all(each) for each in self.reports)

    def _has_reached_all(self, report: Report) -> bool:
        owed = {str(each.get("reference") or each.get("identifier")) for each in report_recipients(self)}
        arrived = {
            str(copy.recipient.get("reference") or copy.recipient.get("identifier"))
            for copy in report.copies
            if (sent := self.delivery(f"Communication/{copy.communication_id}")) and sent.state == "delivered"
        }
        return owed <= arrived

    def version(self, reference: str) -> int:
        """Version number the resource ``Type/id`` is written with."""
        return self.versions.get(reference, 1)

    def delivery(
        self, reference: str, whom: str | None = None, identifier: dict[str, Any] | None = None
    ) -> Delivery | None:
        """How the resource ``Type/id`` fares on its way to this recipient, or to its only one."""
        mine = (each for each in self.deliveries if each.reference == reference and each.identifier == identifier)
        return next((each for each in mine if whom in {None, each.whom}), None)


def report_recipients(view: CaseView) -> tuple[Reference, ...]:
    """Who must get the consultation report (policy II.G): the initial provider, where one is known, and the member."""
    return (*((view.initial_provider,) if view.initial_provider else ()), view.member)
