"""Where a case stands, how FHIR shows it, and which way it may go next."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from second_opinion.cases.attestation import Act, Attestation, attested
from second_opinion.errors import CaseClosed


class CaseStatus(StrEnum):
    """Where a case stands; the values are the codes of our case-status system."""

    RECEIVED = "received"
    NO_AUTHORIZATION_REQUIRED = "no-authorization-required"
    APPROVED = "approved"
    MODIFIED = "modified"
    DENIED = "denied"
    PENDED_CLINICIAN = "pended-clinician"
    PENDED_NETWORK = "pended-network"
    PENDED_ELIGIBILITY = "pended-eligibility"
    INFORMATION_REQUESTED = "information-requested"
    NOT_ELIGIBLE = "not-eligible"
    SCHEDULED = "scheduled"
    MISSED = "missed"
    REPORT_DUE = "report-due"
    REPORT_DELIVERED = "report-delivered"
    WITHDRAWN = "withdrawn"

    @property
    def display(self) -> str:
        """The status in words."""
        return _SHOWN[self].display

    @property
    def task_status(self) -> str:
        """Task.status of the case's Task."""
        return _SHOWN[self].task

    @property
    def bser(self) -> str:
        """Code of the BSeR referral status that says the same."""
        return _SHOWN[self].bser

    @property
    def is_open(self) -> bool:
        """Nothing is decided yet: facts may still change the answer."""
        return self in OPEN

    @property
    def is_final(self) -> bool:
        """Nothing follows; a later reversal is a new Task."""
        return self in FINAL


class _Shown(NamedTuple):
    display: str
    task: str
    bser: str


_SHOWN: Mapping[CaseStatus, _Shown] = MappingProxyType(
    {
        CaseStatus.RECEIVED: _Shown("Received", "requested", "2.0"),
        CaseStatus.NO_AUTHORIZATION_REQUIRED: _Shown("No authorization required", "accepted", "3.0"),
        CaseStatus.APPROVED: _Shown("Approved", "accepted", "3.0"),
        CaseStatus.MODIFIED: _Shown("Modified", "accepted", "3.0"),
        CaseStatus.DENIED: _Shown("Denied", "rejected", "4.0"),
        CaseStatus.PENDED_CLINICIAN: _Shown("With a clinician", "received", "2.0"),
        CaseStatus.PENDED_NETWORK: _Shown("With network staff", "received", "2.0"),
        CaseStatus.PENDED_ELIGIBILITY: _Shown("With eligibility staff", "received", "2.0"),
        CaseStatus.INFORMATION_REQUESTED: _Shown("Information requested", "received", "2.0"),
        CaseStatus.NOT_ELIGIBLE: _Shown("Not eligible", "rejected", "4.0"),
        CaseStatus.SCHEDULED: _Shown("Visit scheduled", "in-progress", "5.1.1"),
        CaseStatus.MISSED: _Shown("Visit missed", "in-progress", "5.1.2"),
        CaseStatus.REPORT_DUE: _Shown("Report due", "in-progress", "5.1.4"),
        CaseStatus.REPORT_DELIVERED: _Shown("Report delivered", "completed", "7.0"),
        CaseStatus.WITHDRAWN: _Shown("Withdrawn", "cancelled", "6.0"),
    }
)

OPEN = frozenset(
    {
        CaseStatus.RECEIVED,
        CaseStatus.PENDED_CLINICIAN,
        CaseStatus.PENDED_NETWORK,
        CaseStatus.PENDED_ELIGIBILITY,
        CaseStatus.INFORMATION_REQUESTED,
    }
)
FINAL = frozenset({CaseStatus.DENIED, CaseStatus.NOT_ELIGIBLE, CaseStatus.WITHDRAWN, CaseStatus.REPORT_DELIVERED})
FAVOURABLE = frozenset({CaseStatus.NO_AUTHORIZATION_REQUIRED, CaseStatus.APPROVED})
# H&S 1367.01(e), 42 CFR 438.210(b)(3): these belong to a named person, never to the computer.
ATTESTED: Mapping[CaseStatus, Act] = MappingProxyType(
    {
        CaseStatus.MODIFIED: Act.MODIFY,
        CaseStatus.DENIED: Act.DENY,
        CaseStatus.NOT_ELIGIBLE: Act.FIND_NOT_ELIGIBLE,
    }
)

_PENDED = OPEN - {CaseStatus.RECEIVED}
_VISIT = frozenset({CaseStatus.SCHEDULED, CaseStatus.MISSED, CaseStatus.REPORT_DUE, CaseStatus.REPORT_DELIVERED})
_WHILE_OPEN = _PENDED | FAVOURABLE | {CaseStatus.MODIFIED, CaseStatus.DENIED, CaseStatus.WITHDRAWN}
# A change of provider before the visit may turn one favourable answer into the other.
_WHILE_GRANTED = FAVOURABLE | _VISIT | {CaseStatus.WITHDRAWN}

TRANSITIONS: Mapping[CaseStatus, frozenset[CaseStatus]] = MappingProxyType(
    dict.fromkeys(OPEN, _WHILE_OPEN)
    | dict.fromkeys(FINAL, frozenset[CaseStatus]())
    | {
        CaseStatus.PENDED_ELIGIBILITY: _WHILE_OPEN | {CaseStatus.NOT_ELIGIBLE},
        CaseStatus.PENDED_CLINICIAN: _WHILE_OPEN | {CaseStatus.NOT_ELIGIBLE},  # upheld on appeal
        CaseStatus.NO_AUTHORIZATION_REQUIRED: _WHILE_GRANTED,
        CaseStatus.APPROVED: _WHILE_GRANTED,
        CaseStatus.MODIFIED: _VISIT | {CaseStatus.WITHDRAWN},
        CaseStatus.SCHEDULED: _VISIT | {CaseStatus.WITHDRAWN},
        CaseStatus.MISSED: _VISIT | {CaseStatus.WITHDRAWN},
        CaseStatus.REPORT_DUE: frozenset({CaseStatus.REPORT_DELIVERED}),
    }
)

_OF_OUTCOME: Mapping[str, CaseStatus] = MappingProxyType(
    {
        "no-authorization-required": CaseStatus.NO_AUTHORIZATION_REQUIRED,
        "approve": CaseStatus.APPROVED,
        "ask-for-information": CaseStatus.INFORMATION_REQUESTED,
        "to-network-staff": CaseStatus.PENDED_NETWORK,
        "to-clinician": CaseStatus.PENDED_CLINICIAN,
        "to-eligibility-staff": CaseStatus.PENDED_ELIGIBILITY,
    }
)


def from_outcome(outcome: str) -> CaseStatus:
    """The status a determination's outcome leads to; one that is not known goes to a clinician."""
    return _OF_OUTCOME.get(outcome, CaseStatus.PENDED_CLINICIAN)


def move(current: CaseStatus, following: CaseStatus, attestation: Attestation | None = None) -> CaseStatus:
    """``following``, if the case may go there from ``current``; else CaseClosed, or NotAttested."""
    if following in ATTESTED:
        attested(attestation, ATTESTED[following])
    if following not in TRANSITIONS[current]:
        allowed = ", ".join(sorted(TRANSITIONS[current] - ATTESTED.keys())) or "nothing: it is closed"
        raise CaseClosed(f"A case that is {current} cannot become {following}; what may follow is {allowed}")
    return following
