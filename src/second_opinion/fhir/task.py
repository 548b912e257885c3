"""The case as a Task: where it stands, what was decided, by when, on whose list (interop: BSeR, SDOHCC)."""

from collections.abc import Mapping
from types import MappingProxyType

from second_opinion.cases.decision import ReviewOutcome
from second_opinion.cases.status import CaseStatus
from second_opinion.fhir import decisions, notices
from second_opinion.fhir.case_view import CaseView
from second_opinion.fhir.codes import (
    BSER_STATUS,
    FULFILL,
    NUCC,
    PENDED,
    PLACER,
    X12_ACTION,
    Json,
    Vocabulary,
    coding,
    concept,
)
from second_opinion.fhir.elements import (
    case_identifier,
    case_number,
    identifier,
    instant,
    meta,
    provider,
    to,
)
from second_opinion.fhir.transportation import CERTIFICATION

CHOICES = 20  # alternatives a Task lists at most

# Of adverse ones nothing is shown without the reviewer's decision, which carries the attestation
NEEDS_DECISION: Mapping[str, ReviewOutcome] = MappingProxyType(
    {
        "modified": ReviewOutcome.MODIFIED,
        "denied": ReviewOutcome.DENIED,
        "not-eligible": ReviewOutcome.NOT_ELIGIBLE,
    }
)
TASK_STATUS: Mapping[str, str] = MappingProxyType(  # case-status → Task.status
    {
        "received": "requested",
        "no-authorization-required": "accepted",
        "approved": "accepted",
        "modified": "accepted",
        "denied": "rejected",
        "not-eligible": "rejected",
        "pended-clinician": "received",
        "pended-network": "received",
        "pended-eligibility": "received",
        "information-requested": "received",
        "scheduled": "in-progress",
        "missed": "in-progress",
        "report-due": "in-progress",
        "report-delivered": "completed",
        "withdrawn": "cancelled",
    }
)

_BSER: Mapping[str, str] = MappingProxyType(  # case-status → TaskBusinessStatusCS
    {
        "no-authorization-required": "3.0",
        "approved": "3.0",
        "modified": "3.0",
        "denied": "4.0",
        "not-eligible": "4.0",
        "scheduled": "5.1.1",
        "missed": "5.1.2",
        "report-due": "5.1.4",
        "report-delivered": "7.0",
        "withdrawn": "6.0",
    }
)


def write(view: CaseView, vocabulary: Vocabulary) -> Json:
    """The case Task; NotAttested for a status that only a reviewer's attestation may bring about."""
    if (needed := NEEDS_DECISION.get(view.status)) is not None:
        decisions.behind(view, needed)
    status = TASK_STATUS[view.status]
    received = instant(view.received_at)
    task: Json = {
        "resourceType": "Task",
        "id": view.task_id,
        "meta": meta(view, f"Task/{view.task_id}"),
        "identifier": _identifiers(view, vocabulary),
        "basedOn": [to("ServiceRequest", each) for each in (view.service_request_id, *view.further_orders)],
        "groupIdentifier": case_number(view, vocabulary),
        "status": status,
        "businessStatus": _business_status(view, vocabulary),
        "intent": "order",
        "priority": view.priority,
        "code": concept(
            FULFILL, vocabulary.own("case-task", "second-opinion-review"), text="Second medical opinion case"
        ),
        "description": _description(view),
        "focus": to("ServiceRequest", view.service_request_id),
        "for": view.member,
        "executionPeriod": {"start": received},
        "authoredOn": received,
        "lastModified": instant(view.updated_at),
        "owner": view.insurer,
        "reasonReference": to("Claim", view.claim_id),
        "insurance": [
            *([view.coverage] if view.coverage else []),
            to("ClaimResponse", view.claim_response_id),
        ],
        "restriction": {"repetitions": 1, "period": {"start": received}},
        "output": _outputs(view, vocabulary),
    }
    _add_optional(task, view, vocabulary)
    return task


def _add_optional(task: Json, view: CaseView, vocabulary: Vocabulary) -> None:
    if view.closed_at is not None:
        task["executionPeriod"]["end"] = instant(view.closed_at)
    if view.clocks:
        task["extension"] = [_clock(name, instant(due), vocabulary) for name, due in view.clocks]
    if view.due_at is not None:
        task["restriction"]["period"]["end"] = instant(view.due_at)
    if view.requester is not None:
        task["requester"] = view.requester
    if lists := _work_lists(view):
        task["performerType"] = [vocabulary.own_concept("work-queue", each) for each in lists]
    if view.appeal is not None:
        task["partOf"] = [to("Task", view.appeal.task_id)]
    if (why := _status_reason(view, vocabulary)) is not None:
        task["statusReason"] = why
    if inputs := _inputs(view, vocabulary):
        task["input"] = inputs
    waiting = (*_waiting_letters(view), *_waiting_ride(view))
    if notes := (*view.redisclosure, *view.notes, *decisions.extension_notes(view), *waiting):
        task["note"] = [{"text": each} for each in notes]


def _work_lists(view: CaseView) -> list[str]:
    """Whose lists the case stands on; a letter that waits for a person puts it on one more."""
    lists = [view.queue] if view.queue and not _told_at_last(view) else []
    if view.searching and "network" not in lists:  # R9: with a clinician, the network team looks in parallel
        lists += ["network"] if lists else []
    if view.report_overdue and not view.reports and "medical-director" not in lists:
        lists = [*lists, "medical-director"]
    return [*lists, *(["release"] if any(each.awaits_a_person for each in view.notices) else [])]


def _told_at_last(view: CaseView) -> bool:
    """A decided case stands on a list only while its letters have not gone out."""
    undecided = view.action == PENDED
    return not undecided and bool(view.notices) and not any(each.in_preparation for each in view.notices)


def _waiting_letters(view: CaseView) -> list[str]:
    """What keeps letters from going out; of a notice only staff may see yet, nothing is said."""
    return [
        f"The {each.kind} letter to the {each.addressee} waits for {'; '.join(each.waits_for)}."
        for each in view.notices
        if each.in_preparation and each.waits_for and not each.is_staffs_alone
    ]


def _waiting_ride(view: CaseView) -> list[str]:
    """That somebody must certify the ride, where it can still be driven."""
    waits = view.ride is not None and view.ride.waits and not CaseStatus(view.status).is_final
    return [CERTIFICATION] if waits else []


def _status_reason(view: CaseView, vocabulary: Vocabulary) -> Json | None:
    """Its words are always there when a Task is rejected or cancelled."""
    if TASK_STATUS[view.status] == "rejected":
        return decisions.reasons(view, vocabulary)
    if view.status == "withdrawn":
        return {"text": view.status_reason or view.sentence}
    if view.question is not None and view.status == "information-requested":
        return {"text": " ".join(view.question.sentences)}
    return None


def _identifiers(view: CaseView, vocabulary: Vocabulary) -> list[Json]:
    """The case number, the order's own numbers (the placer's where they say nothing else), the Claim's."""
    orders = [each if "type" in each else {"type": {"coding": [PLACER]}} | each for each in view.order_identifiers]
    later = [each for claim in view.sent_claims for each in claim.identifiers if each not in view.claim_identifiers]
    return [case_identifier(view, vocabulary), *orders, *view.claim_identifiers, *later]


def _business_status(view: CaseView, vocabulary: Vocabulary) -> Json:
    own = vocabulary.own("case-status", view.status)
    return concept(own, coding(BSER_STATUS, _BSER.get(view.status, "2.0")), text=own["display"])


def _description(view: CaseView) -> str:
    return f"Second medical opinion, {view.specialty_words}" if view.specialty_words else "Second medical opinion"


def _clock(name: str, due: str, vocabulary: Vocabulary) -> Json:
    parts = [{"url": "name", "valueCode": name}, {"url": "due", "valueDateTime": due}]
    return {"url": vocabulary.extension("clock"), "extension": parts}


def _inputs(view: CaseView, vocabulary: Vocabulary) -> list[Json]:
    reason_type = vocabulary.own_concept("task-input", "request-reason")
    inputs: list[Json] = [
        {"type": reason_type, "valueCodeableConcept": vocabulary.own_concept("second-opinion-reason", code)}
        for code in view.reason_codes
    ]
    if view.care_source is not None:
        inputs.append({"type": vocabulary.own_concept("task-input", "care-source"), "valueCode": view.care_source})
    requested_type = vocabulary.own_concept("task-input", "requested-provider")
    if (doctor := provider(view.second_doctor)) is not None:
        inputs.append({"type": requested_type, "valueReference": doctor})
    elif view.specialty is not None:  # nobody named: the specialty is what was asked for
        inputs.append({"type": requested_type, "valueCodeableConcept": concept(coding(NUCC, view.specialty))})
    return inputs


def _outputs(view: CaseView, vocabulary: Vocabulary) -> list[Json]:
    outputs = [_output(vocabulary, "determination", "Reference", to("ClaimResponse", view.claim_response_id))]
    if view.action:
        action = concept(coding(X12_ACTION, view.action))
        outputs.append(_output(vocabulary, "determination-code", "CodeableConcept", action))
    why = decisions.reasons(view, vocabulary)
    outputs.append(_output(vocabulary, "determination-reason", "CodeableConcept", why))
    if (granted := view.authorization) is not None:
        number = identifier(vocabulary, "authorization", granted.number)
        period = {"start": granted.first_day.isoformat(), "end": granted.last_day.isoformat()}
        outputs.append(_output(vocabulary, "authorization-number", "Identifier", number))
        outputs.append(_output(vocabulary, "authorization-period", "Period", period))
    choices = decisions.offers(view, vocabulary) or [
        {"reference": reference, "display": display} for reference, display in view.alternatives
    ]
    outputs += [_output(vocabulary, "alternative-provider", "Reference", each) for each in choices[:CHOICES]]
    if view.decision is not None:
        who = decisions.reviewer(view, view.decision, vocabulary)
        outputs.append(_output(vocabulary, "reviewer", "Reference", who))
    outputs += [_output(vocabulary, "notice", "Reference", each) for each in notices.links(view, vocabulary)]
    return outputs


def _output(vocabulary: Vocabulary, code: str, kind: str, value: Json) -> Json:
    return {"type": vocabulary.own_concept("task-output", code), f"value{kind}": value}
