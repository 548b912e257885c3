"""Changes as use cases make them, valid by default; every person and number is synthetic."""

from datetime import UTC, datetime, timedelta
from typing import Any

from second_opinion.store.changes import AuditRow, CaseWrite, Changes, Event, ResourceWrite, Submission
from second_opinion.store.query import Visibility

AT = datetime(2026, 3, 2, 17, 5, 11, 250_000, tzinfo=UTC)
EVERYTHING = Visibility(everything=True)


def a_resource(type: str = "Task", id: str = "t1", version: int = 1, **given: Any) -> ResourceWrite:  # noqa: A002 - FHIR's own words
    """A resource whose body names its version."""
    body = b'{"resourceType":"%s","id":"%s","meta":{"versionId":"%d"}}' % (type.encode(), id.encode(), version)
    values: dict[str, Any] = {"last_updated": AT + timedelta(seconds=version), "body": body}
    return ResourceWrite(type, id, version, **(values | given))


def a_case(number: int, version: int = 1, **given: Any) -> CaseWrite:
    """A case of member p1."""
    values: dict[str, Any] = {
        "task": f"task-{number}",
        "status": "pended-clinician",
        "member": "p1",
        "condition": "http://hl7.org/fhir/sid/icd-10-cm|M17.11",
        "doctor": None,
        "received_at": AT,
        "due_at": AT + timedelta(days=5),
        "body": b"{}",
    }
    return CaseWrite(number, version, **(values | given))


def a_submission(key: str = "order|1", **given: Any) -> Submission:
    """What partner ehr submitted."""
    values: dict[str, Any] = {
        "partner": "ehr",
        "digest": "0" * 64,
        "case": None,
        "resource": "ServiceRequest/s1",
        "received_at": AT,
        "body": b"{}",
    }
    return Submission(key=key, **(values | given))


def an_event(number: int, kind: str = "received") -> Event:
    """A line of a case's story."""
    return Event(number, AT, kind, "ehr", {"rule": "R3"})


def an_audit_row(request: str = "request-1") -> AuditRow:
    """Somebody created something."""
    return AuditRow(AT, "ehr", "create", "ServiceRequest/s1", "p1", "0", request)


def a_request(number: int, **given: Any) -> Changes:
    """Everything the first answer to one request writes."""
    resources = [
        a_resource("ServiceRequest", f"s{number}", case=number, member="p1", partner="ehr"),
        a_resource(
            "Task",
            f"task-{number}",
            case=number,
            member="p1",
            partner="ehr",
            terms=[("identifier", f"{number}\x1fcase"), ("focus", f"ServiceRequest/s{number}")],
            spans=[("authored-on", number, number)],
        ),
    ]
    values: dict[str, Any] = {
        "case": a_case(number),
        "resources": resources,
        "parties": {"partner:ehr", "npi:1234567893"},
        "submissions": [a_submission(f"order|{number}", case=number, resource=f"ServiceRequest/s{number}")],
        "open_question": ("ehr", f"question {number}"),
        "events": [an_event(number)],
        "audit": [an_audit_row()],
        "evidence": {"e" * 64: b"{}"},
    }
    return Changes(**(values | given))
