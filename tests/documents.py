"""Parameters of $submit-attachment, whole by default, each test varies one thing. All synthetic."""

from base64 import b64encode
from typing import Any

Json = dict[str, Any]

PDF = b"%PDF-1.7 synthetic operative note"
NPI = "http://hl7.org/fhir/sid/us-npi"


def parameters(tracking: Json, member: Json, **changes: Any) -> Json:
    """The Parameters; a change to None leaves a parameter out."""
    given: Json = {
        "TrackingId": {"valueIdentifier": {name: tracking[name] for name in ("system", "value") if name in tracking}},
        "AttachTo": {"valueCode": "preauthorization"},
        "OrganizationId": {"valueIdentifier": {"system": NPI, "value": "1000000002"}},
        "MemberId": {"valueIdentifier": member},
        "Attachment": attachment(),
    } | changes
    named = [{"name": name, **value} for name, value in given.items() if value is not None]
    return {"resourceType": "Parameters", "parameter": named}


def attachment(file_bytes: bytes = PDF, resource: Json | None = None, **changes: Any) -> Json:
    """One Attachment: a DocumentReference with the file inline; a change to None leaves an element out."""
    file = {
        "contentType": "application/pdf",
        "data": b64encode(file_bytes).decode(),
        "title": "Operative note",
    } | changes
    content = [{"attachment": {name: value for name, value in file.items() if value is not None}}]
    loinc = {"coding": [{"system": "http://loinc.org", "code": "11504-8"}]}
    document = resource or {"resourceType": "DocumentReference", "status": "current", "content": content}
    return {
        "part": [
            {"name": "LineItem", "valueString": "1"},
            {"name": "Code", "valueCodeableConcept": loinc},
            {"name": "Content", "resource": document},
        ]
    }
