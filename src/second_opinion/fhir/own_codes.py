"""Our own code systems: every code with its display and its meaning. Published under /fhir/CodeSystem."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple


class Code(NamedTuple):
    """One code of ours; ``properties`` are (property code, value) pairs."""

    code: str
    display: str
    definition: str
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class OwnSystem:
    """One code system of ours; ``properties`` are (property code, description) pairs."""

    title: str
    description: str
    codes: tuple[Code, ...]
    properties: tuple[tuple[str, str], ...] = ()


_REASONS = OwnSystem(
    "Reasons for a second opinion",
    "Why a second medical opinion is asked for: the five grounds of Health and Safety Code 1383.15(a), and others.",
    (
        Code(
            "surgery-necessity",
            "Surgery questioned",
            "The member questions whether surgery is reasonable or necessary.",
        ),
        Code(
            "serious-condition",
            "Serious condition",
            "The member questions a diagnosis or plan of care for a condition that threatens life, limb, bodily "
            "function, or substantial impairment, including a serious chronic condition.",
        ),
        Code(
            "diagnosis-unclear",
            "Diagnosis unclear",
            "Clinical indications are unclear or conflicting, or the treating professional cannot diagnose "
            "the condition.",
        ),
        Code(
            "treatment-not-improving",
            "Treatment not improving",
            "The treatment in progress does not improve the condition within an appropriate time.",
        ),
        Code(
            "concerns-raised",
            "Concerns raised",
            "The member has followed the plan of care or raised serious concerns with the initial provider.",
        ),
        Code("other", "Other reason", "Another reason, in words."),
    ),
)

_CASE_STATUS = OwnSystem(
    "Case status",
    "Where a second-opinion case stands.",
    (
        Code("received", "Received", "The request has arrived; nothing is decided."),
        Code("no-authorization-required", "No authorization required", "The opinion needs no authorization."),
        Code("approved", "Approved", "The opinion is authorized as requested."),
        Code("modified", "Modified", "A reviewer authorized something other than was requested."),
        Code("denied", "Denied", "A licensed reviewer denied the request."),
        Code("pended-clinician", "With a clinician", "A licensed clinician decides."),
        Code("pended-network", "With network staff", "Network staff are finding out who can see the member."),
        Code(
            "pended-eligibility", "With eligibility staff", "No coverage is on record; eligibility staff look into it."
        ),
        Code("information-requested", "Information requested", "The plan has asked for a fact that is missing."),
        Code("not-eligible", "Not eligible", "Eligibility staff found no coverage with this plan."),
        Code("scheduled", "Visit scheduled", "The visit has a date."),
        Code("missed", "Visit missed", "The visit did not take place."),
        Code("report-due", "Report due", "The visit took place; the consultation report is awaited."),
        Code("report-delivered", "Report delivered", "Member and initial provider both have the consultation report."),
        Code("withdrawn", "Withdrawn", "The request was withdrawn."),
    ),
)

_DETERMINATION_REASON = OwnSystem(
    "Determination reasons",
    "Why a request was determined as it was.",
    (
        Code(
            "no-in-network-equivalent",
            "No equivalent in the network",
            "No appropriately qualified network provider is available.",
            (("outcome", "approved"), ("kind", "administrative"), ("clause", "II.D")),
        ),
        Code(
            "criteria-met",
            "Criteria met",
            "The policy's criteria for a second opinion are met.",
            (("outcome", "approved"), ("kind", "administrative"), ("clause", "II.C")),
        ),
        Code(
            "in-network-equivalent-available",
            "Equivalent available in the network",
            "An appropriately qualified network provider can give the opinion.",
            (("outcome", "denied"), ("outcome", "modified"), ("kind", "clinical"), ("clause", "II.D")),
        ),
        Code(
            "further-opinion-not-warranted",
            "Further opinion not warranted",
            "By the plan's independent determination no additional opinion is authorized.",
            (("outcome", "denied"), ("kind", "clinical"), ("clause", "II.G")),
        ),
        Code(
            "more-time-needed",
            "More time needed",
            "The decision needs facts that cannot be had in time.",
            (("outcome", "extended"), ("kind", "clinical")),
        ),
        Code(
            "not-enrolled",
            "Not enrolled",
            "The person is not enrolled with this plan on the day.",
            (("outcome", "not-eligible"), ("kind", "administrative")),
        ),
        Code(
            "other-system-responsible",
            "Another system is responsible",
            "The service belongs to another program or payer.",
            (("outcome", "not-eligible"), ("kind", "administrative")),
        ),
    ),
    (
        ("outcome", "Outcome the reason may stand for; any other is refused."),
        ("kind", "administrative or clinical."),
        ("clause", "Clause of the policy it rests on."),
    ),
)

_CASE_TASK = OwnSystem(
    "Kinds of Task",
    "What a Task of this server is about.",
    (
        Code("second-opinion-review", "Second opinion review", "The case itself."),
        Code("transportation", "Transportation", "A ride to the second opinion visit."),
        Code("additional-information", "Additional information", "A fact asked of the requester."),
        Code("undelivered", "Undelivered message", "A message no channel could deliver."),
    ),
)

_TASK_INPUT = OwnSystem(
    "Task inputs",
    "What a Task was given.",
    (
        Code("request-reason", "Reason of the request", "Why the opinion is asked for."),
        Code("care-source", "Source of care", "Whose care the opinion questions: pcp or specialist."),
        Code("requested-provider", "Requested provider", "Who is asked to give the opinion."),
        Code("missing-fact", "Missing fact", "Name of a fact the plan asks for."),
        Code("recipient", "Recipient", "Whom an undelivered message is for."),
        Code("pickup-location", "Pickup location", "Where the member is picked up."),
        Code("pickup-phone", "Pickup phone", "Number to call at pickup."),
        Code(
            "destination",
            "Destination",
            "Where the member is driven: an address without a name.",
        ),
        Code("language", "Language", "Language the member speaks."),
        Code("attendant", "Attendant", "Whether somebody rides along."),
        Code("appointment", "Appointment", "The visit."),
    ),
)

_TASK_OUTPUT = OwnSystem(
    "Task outputs",
    "What came of a Task.",
    (
        Code("determination", "Determination", "The ClaimResponse."),
        Code("determination-code", "Determination code", "X12 306 action code."),
        Code("determination-reason", "Determination reason", "Why, coded and in words."),
        Code("authorization-number", "Authorization number", "Number of the authorization."),
        Code("authorization-period", "Authorization period", "First and last day of the authorization."),
        Code("alternative-provider", "Alternative provider", "A network provider the member may choose."),
        Code("reviewer", "Reviewer", "Who decided."),
        Code("notice", "Notice", "The letter sent."),
    ),
)

_COMMUNICATION_KIND = OwnSystem(
    "Kinds of communication",
    "What a message is.",
    (
        Code("consultation-report-request", "Request for the consultation report", "Asks the second doctor to report."),
        Code("consultation-report-delivery", "Consultation report", "Brings the report to one addressee."),
        Code("records-request", "Request for records", "Asks the initial provider for records."),
        Code("information-request", "Request for information", "Asks the requester for a missing fact."),
        Code("notice-of-action", "Notice of action", "A letter about the determination."),
    ),
)

_NOTICE_KIND = OwnSystem(
    "Kinds of notice",
    "What a letter tells.",
    (
        Code("denial", "Denial", "The request was denied."),
        Code("modification", "Modification", "Something other than requested was authorized."),
        Code("delay", "Delay", "The decision takes longer."),
        Code("approval", "Approval", "The request was approved, or needs no authorization."),
        Code("information", "Information", "The plan asks for something, or explains something."),
        Code("withdrawal", "Withdrawal", "The request was withdrawn."),
        Code("urgency-changed", "Urgency changed", "The request is no longer handled as urgent."),
        Code("ride-changed", "Ride changed", "The ride was refused, or is given in another way or at another time."),
    ),
)

_TRANSPORT_MODE = OwnSystem(
    "Transport modes",
    "Kinds of ride: nonmedical (nmt) and nonemergency medical (nemt) transportation of Medi-Cal.",
    (
        Code("nmt-taxi", "Taxi", "Nonmedical, by taxi."),
        Code("nmt-rideshare", "Rideshare", "Nonmedical, by rideshare."),
        Code("nmt-bus", "Bus", "Nonmedical, by public transport."),
        Code("nmt-mileage", "Mileage", "Nonmedical, by private car with mileage paid."),
        Code("nemt-wheelchair-van", "Wheelchair van", "Nonemergency medical, by wheelchair van."),
        Code("nemt-litter-van", "Litter van", "Nonemergency medical, lying down."),
        Code("nemt-ambulance", "Ambulance", "Nonemergency medical, by ambulance."),
        Code("nemt-air", "Air", "Nonemergency medical, by air."),
    ),
)

_TRANSPORT_STATUS = OwnSystem(
    "Transport status",
    "Where a ride stands.",
    (
        Code("awaiting-vendor", "Awaiting vendor", "The vendor has not answered."),
        Code("accepted", "Accepted", "The vendor has accepted the ride."),
        Code("declined", "Declined", "The vendor cannot give the ride."),
        Code("missed", "Missed", "The ride did not take place."),
        Code("completed", "Completed", "The ride took place."),
        Code("cancelled", "Cancelled", "The ride is no longer needed."),
    ),
)

_WORK_QUEUE = OwnSystem(
    "Work queues",
    "Whose work list a Task stands on.",
    (
        Code("clinician", "Clinician", "Licensed clinicians who decide."),
        Code("network", "Network staff", "Staff who find providers."),
        Code("eligibility", "Eligibility staff", "Staff who look into coverage."),
        Code("release", "Release", "Letters awaiting release."),
        Code("undeliverable", "Undeliverable", "Messages no channel could deliver."),
        Code("medical-director", "Medical director", "Cases about to expire, or expired."),
    ),
)

_SERVICE = OwnSystem(
    "Services",
    "Services asked for under the policy.",
    (Code("second-opinion", "Second medical opinion", "An opinion of another appropriately qualified professional."),),
)

_DOCUMENT_KIND = OwnSystem(
    "Kinds of document",
    "What a document is.",
    (
        Code("member-notice", "Notice to the member", "The member's copy of a letter."),
        Code("provider-notice", "Notice to the provider", "The provider's copy of a letter."),
        Code("consultation-report", "Consultation report", "The second doctor's report."),
        Code("additional-information", "Additional information", "A document sent in answer to the plan's question."),
        Code("message", "Message", "A document handed on with somebody's message."),
    ),
)

OWN_SYSTEMS: Mapping[str, OwnSystem] = MappingProxyType(
    {
        "second-opinion-reason": _REASONS,
        "case-status": _CASE_STATUS,
        "determination-reason": _DETERMINATION_REASON,
        "case-task": _CASE_TASK,
        "task-input": _TASK_INPUT,
        "task-output": _TASK_OUTPUT,
        "communication-kind": _COMMUNICATION_KIND,
        "notice-kind": _NOTICE_KIND,
        "transport-mode": _TRANSPORT_MODE,
        "transport-status": _TRANSPORT_STATUS,
        "work-queue": _WORK_QUEUE,
        "service": _SERVICE,
        "document-kind": _DOCUMENT_KIND,
    }
)
