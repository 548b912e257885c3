"""Synthetic cases as views: valid by default, each test varies one thing. Every name and number is invented."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from second_opinion.cases.attestation import Attestation
from second_opinion.cases.decision import ADVERSE, Decision, Extension, Modification, Offer, ReviewOutcome
from second_opinion.cases.notices import Addressee, Attachment, Notice, NoticeKind, NoticeStatus, RideChange
from second_opinion.fhir.case_view import Appeal, Authorization, CaseView, Question, Ride
from second_opinion.fhir.codes import NPI, Vocabulary

VOCABULARY = Vocabulary("https://second-opinion.example/fhir", "http://127.0.0.1:8080/fhir")
RECEIVED = datetime(2026, 3, 2, 17, 5, 11, 120_000, tzinfo=UTC)
DECIDED = datetime(2026, 3, 2, 17, 5, 11, 163_000, tzinfo=UTC)

_APPROVED = CaseView(
    number="SMO-2026-000123",
    task_id="case-1",
    service_request_id="sr-1",
    claim_id="clm-1",
    claim_response_id="cr-1",
    status="approved",
    disposition="Approved",
    action="A1",
    rule="R6",
    clause="II.D",
    sentence="No network doctor can give this opinion, so the doctor asked for may give it",
    reason_code="no-in-network-equivalent",
    received_at=RECEIVED,
    updated_at=DECIDED,
    decided_at=DECIDED,
    due_at=datetime(2026, 3, 9, 17, 5, 11, tzinfo=UTC),
    priority="routine",
    member={"reference": "Patient/pt-1", "display": "Testmember Alder"},
    insurer={"reference": "Organization/plan", "display": "Example Plan Utilization Management"},
    requester={
        "reference": "PractitionerRole/pcp-role-1",
        "identifier": {"system": NPI, "value": "1234567893"},
    },
    initial_provider={"reference": "PractitionerRole/ortho-role-2"},
    second_doctor={"reference": "Practitioner/ortho-9"},
    coverage={"reference": "Coverage/cov-1"},
    clocks=(
        ("decide", datetime(2026, 3, 9, 17, 5, 11, tzinfo=UTC)),
        ("notify-provider", datetime(2026, 3, 3, 17, 5, 11, tzinfo=UTC)),
    ),
    authorization=Authorization("AUTH-000123", date(2026, 3, 2), date(2026, 5, 31)),
    order_identifiers=({"system": "https://ehr.clinic.example/orders", "value": "ORD-77120"},),
    specialty="207X00000X",
    specialty_words="orthopaedic surgery",
    care_source="specialist",
    reason_codes=("surgery-necessity",),
    conditions=({"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M17.11"},),
    service_days=(date(2026, 3, 9), date(2026, 4, 9)),
    report_request_id="crq-1",
    report_due_at=datetime(2026, 4, 14, 7, 0, tzinfo=UTC),
)
_QUESTION = Question(
    task_id="info-1",
    communication_request_id="crq-2",
    missing=(("reason", "Why does the member want a second opinion?"),),
    asked_at=DECIDED,
    due_at=datetime(2026, 3, 3, 17, 5, 11, tzinfo=UTC),
)
RIDE = Ride(
    service_request_id="sr-t1",
    task_id="tr-1",
    mode="nemt-wheelchair-van",
    attendant=True,
    language="es",
    pickup={"use": "home", "line": ["100 Example St"], "city": "Stockton", "state": "CA", "postalCode": "95202"},
    phone="209-555-0101",
    vendor={"reference": "Organization/vendor-1"},
    needed_at=datetime(2026, 3, 18, 22, 30, tzinfo=UTC),
)
REFUSED = replace(
    RIDE,
    service_request_id="sr-t2",
    task_id="tr-2",
    trip=2,
    destination={"line": ["200 Example Avenue"], "city": "Stockton", "state": "CA"},
    status="rejected",
    status_reason={"text": "No van that day"},
    problem_task_id="tr-2-p",
    problem_at=DECIDED,
    change=RideChange.REFUSED,
    changed_at=DECIDED,
)


def approved(**changes: Any) -> CaseView:
    """Out of network, nobody in the network: approved by the table."""
    return replace(_APPROVED, **changes)


def forced(view: CaseView, **changes: Any) -> CaseView:
    """The view with elements changed behind its back, as no code can do by constructing one."""
    forged = replace(view)
    for name, value in changes.items():
        object.__setattr__(forged, name, value)
    return forged


def a_physician(**changes: Any) -> Attestation:
    """A made-up reviewer's attestation."""
    return replace(
        Attestation(
            reviewer="doctor",
            name="Test Reviewer",
            kind="physician",
            at=DECIDED,
            licence="A-TEST-1",
            state="CA",
            specialty="207X00000X",
            phone="209-555-0180",
        ),
        **changes,
    )


def a_decision(outcome: str, **changes: Any) -> Decision:
    """A reviewer's decision, whole."""
    chosen = ReviewOutcome(outcome)
    offer = Offer(
        "PractitionerRole/alt-1", "Testdoctor Birch", "orthopaedic surgery", "209-555-0123", DECIDED, in_network=True
    )
    provider = {"reference": "Practitioner/alt-1", "display": "Testdoctor Birch"}
    adverse = chosen in ADVERSE
    reasons = {"approved": "criteria-met", "not-eligible": "not-enrolled"}
    whole: dict[str, Any] = {
        "outcome": chosen,
        "reasons": (reasons.get(outcome, "in-network-equivalent-available"),),
        "rationale": "A network doctor can see you next week",
        "clauses": ("II.D",) if adverse else (),
        "attestation": a_physician(),
        "alternatives": (offer,) if adverse else (),
        "modification": Modification(provider, "3000000001") if outcome == "modified" else None,
    }
    return Decision(**whole | changes)


def denied(**changes: Any) -> CaseView:
    """Denied by a physician."""
    return _ruled("denied", "Denied", "A3", changes)


def modified(**changes: Any) -> CaseView:
    """Another provider authorized by a physician."""
    granted = {"authorization": _APPROVED.authorization, "report_request_id": "crq-1"}
    return _ruled("modified", "Modified", "A6", granted | changes)


def not_eligible(**changes: Any) -> CaseView:
    """Closed by eligibility staff."""
    return _ruled("not-eligible", "Not eligible", "", {"coverage": None} | changes)


def on_appeal(**changes: Any) -> CaseView:
    """An appeal with a clinician."""
    why = "The network doctor does not know my condition."
    appeal = Appeal(122, "case-0", why, expedited=True, by="plan", deciders=("doctor",))
    said = {"rule": "appeal", "clause": "42 CFR 438.406(b)", "sentence": "The decision was appealed", "appeal": appeal}
    return pended(**said | {"notes": (f"Appeal: {appeal.reason}",)} | changes)


def extended(**changes: Any) -> CaseView:
    """With a clinician, who has more time."""
    given = Extension(
        until=DECIDED + timedelta(days=20),
        moved_from=DECIDED + timedelta(days=7),
        missing=("The report of the heart test.",),
        justification="member-interest",
        reasons=("more-time-needed",),
        rationale="We need the test results to decide",
        attestation=a_physician(),
    )
    return pended(extension=given, **changes)


def _ruled(outcome: str, disposition: str, action: str, changes: dict[str, Any]) -> CaseView:
    decision = a_decision(outcome)
    said = {"status": outcome, "disposition": disposition, "action": action, "queue": None, "decision": decision}
    return pended(**said | {"sentence": decision.rationale, "reason_code": decision.reasons[0]} | changes)


def pended(**changes: Any) -> CaseView:
    """With a clinician."""
    return replace(
        _APPROVED,
        **{
            "status": "pended-clinician",
            "disposition": "Pended",
            "action": "A4",
            "rule": "R11",
            "clause": "II.B",
            "sentence": "A licensed clinician decides, because a network doctor is available",
            "reason_code": None,
            "authorization": None,
            "report_request_id": None,
            "report_due_at": None,
            "queue": "clinician",
        }
        | changes,
    )


def asked(**changes: Any) -> CaseView:
    """Waiting for the requester's answer."""
    return pended(
        **{
            "status": "information-requested",
            "rule": "R8",
            "clause": "I.B",
            "sentence": "The plan asks why the opinion is wanted",
            "queue": None,
            "question": _QUESTION,
        }
        | changes
    )


def not_required(**changes: Any) -> CaseView:
    """In network by choice: no authorization required, nobody named yet, asked for by the member."""
    return approved(
        **{
            "status": "no-authorization-required",
            "disposition": "No authorization required",
            "action": "NA",
            "rule": "R2",
            "clause": "II.A",
            "sentence": "A network doctor can give the opinion without authorization",
            "reason_code": None,
            "authorization": None,
            "second_doctor": None,
            "requester": {"reference": "Patient/pt-1"},
            "alternatives": tuple((f"PractitionerRole/alt-{number}", f"Choice {number}") for number in range(25)),
        }
        | changes
    )


def withdrawn(**changes: Any) -> CaseView:
    """Taken back by its submitter while it was pended."""
    return pended(
        **{
            "status": "withdrawn",
            "disposition": "Withdrawn",
            "action": "C",
            "rule": "withdrawal",
            "clause": "I.A",
            "sentence": "The request was withdrawn by its submitter",
            "status_reason": "Withdrawn by the submitter",
            "queue": None,
        }
        | changes
    )


def uncovered(**changes: Any) -> CaseView:
    """No coverage on record, no requester stated, nothing else known."""
    return pended(
        **{
            "status": "pended-eligibility",
            "rule": "G1",
            "clause": "42 CFR 438.210(b)(3)",
            "sentence": "No coverage is on record; eligibility staff look into it",
            "queue": "eligibility",
            "coverage": None,
            "requester": None,
            "initial_provider": None,
            "second_doctor": None,
            "due_at": None,
            "clocks": (),
            "care_source": None,
            "reason_codes": (),
            "conditions": (),
            "service_days": None,
            "specialty": None,
            "specialty_words": None,
        }
        | changes
    )


def sent_letter(**changes: Any) -> Notice:
    """The member's copy of a denial, released."""
    files = ("application/pdf", "text/html")
    letter = Notice(
        kind=NoticeKind.DENIAL,
        addressee=Addressee.MEMBER,
        number="NOA-2026-000123-1",
        communication_id="letter-1",
        document_id="document-1",
        recipient={"reference": "Patient/pt-1"},
        prepared_at=DECIDED,
        cause="denial@2",
        reasons=("in-network-equivalent-available",),
        release="doctor",
        status=NoticeStatus.IN_PROGRESS,
        language="es",
        attachments=tuple(
            Attachment(f"file-{number}", 1, kind, "es", "Negamos la solicitud", 1234, "2jmj7l5rSw0yVb/vlWAYkK/YBwk=")
            for number, kind in enumerate(files)
        ),
        rendered_at=DECIDED,
        released_at=DECIDED,
    )
    return replace(letter, **changes)


def waiting_letter(**changes: Any) -> Notice:
    """The same in preparation, an enclosure missing."""
    waiting = {"status": NoticeStatus.PREPARATION, "released_at": None}
    return sent_letter(**waiting | {"waits_for": ("the enclosure your-rights.es.pdf",)} | changes)


def lettered(*letters: Notice) -> CaseView:
    """Denied, with these letters; with one that was sent, if none is given."""
    return denied(notices=letters or (sent_letter(),))


def every_kind() -> dict[str, CaseView]:
    """One view of every kind, by name."""
    return {
        "approved": approved(ride=RIDE, notes=("Depends on eligibility on the day of the visit.",)),
        "ride-refused": approved(
            ride=REFUSED,
            past_rides=(RIDE,),
            notices=(sent_letter(kind=NoticeKind.RIDE_CHANGED, ride=RideChange.REFUSED, reasons=()),),
        ),
        "ride-arranged": approved(ride=replace(REFUSED, problem_solved=True)),
        "ride-waiting": approved(ride=replace(RIDE, certification=True)),
        "ride-unknown": approved(ride=Ride("sr-t1", "tr-1"), second_doctor=None),
        "pended": pended(),
        "asked": asked(),
        "asked-nobody": asked(requester=None, priority="urgent"),
        "not-required": not_required(),
        "withdrawn": withdrawn(),
        "withdrawn-approved": withdrawn(report_request_id="crq-1", ride=RIDE, versions={"Task/case-1": 2}),
        "uncovered": uncovered(),
        "denied": denied(closed_at=DECIDED),
        "modified": modified(),
        "not-eligible": not_eligible(),
        "on-appeal": on_appeal(),
        "extended": extended(),
        "lettered": lettered(),
        "letters-waiting": lettered(waiting_letter()),
        "by-specialty": pended(second_doctor=None, specialty="207X00000X"),
    }
