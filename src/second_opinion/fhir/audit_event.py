"""Audit records as AuditEvents in the shape of IHE's Basic Audit Log Patterns, for those who inspect the record."""

import base64
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from second_opinion.fhir.codes import Json
from second_opinion.fhir.elements import instant
from second_opinion.store.changes import TOKEN, AuditRow

BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
REQUEST_ID = {
    "system": "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType",
    "code": "XrequestId",
}
USER_TOKEN = {"system": "https://profiles.ihe.net/ITI/BALP/CodeSystem/UserAgentTypes", "code": "UserOauthAgent"}
HL7 = "http://terminology.hl7.org/CodeSystem"
SECURITY_ROLE = f"{HL7}/extra-security-role-type"
DCM = "http://dicom.nema.org/resources/ontology/DCM"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
OBJECT_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
ADAPTER = {"display": "Second-opinion adapter"}
SOURCE, DESTINATION, APPLICATION = "110153", "110152", "110150"  # DCM: whence data comes, whither it goes


class _Kind(NamedTuple):
    profile: str | None  # of BALP; those for a patient have Patient before the name
    action: str
    subtype: str
    client: str
    server: str
    user: str  # v3-ParticipationType


_CREATE = _Kind("Create", "C", "create", SOURCE, DESTINATION, "AUT")
_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "create": _CREATE,
        "transaction": _CREATE._replace(profile=None, action="E", subtype="transaction"),
        "update": _Kind("Update", "U", "update", SOURCE, DESTINATION, "AUT"),
        "delete": _Kind("Delete", "D", "delete", APPLICATION, DESTINATION, "AUT"),
        "read": _Kind("Read", "R", "read", DESTINATION, SOURCE, "IRCP"),
        "vread": _Kind("Read", "R", "vread", DESTINATION, SOURCE, "IRCP"),
        "search": _Kind("Query", "E", "search", SOURCE, DESTINATION, "IRCP"),
        "history-instance": _Kind("Query", "E", "history-instance", SOURCE, DESTINATION, "IRCP"),
        "history-type": _Kind("Query", "E", "history-type", SOURCE, DESTINATION, "IRCP"),
        "notification": _Kind(None, "R", "operation", DESTINATION, SOURCE, "IRCP"),
        "delivery": _Kind(None, "R", "operation", DESTINATION, SOURCE, "IRCP"),
    }
)
_OPERATION = _Kind(None, "E", "operation", SOURCE, DESTINATION, "AUT")
_REFUSED = MappingProxyType({"4": "Not answered as asked", "8": "Refused", "12": "Failed inside"})


def write(number: int, row: AuditRow, base: str) -> Json:
    """One record as it was kept; ``base`` is this server's address. No clinical words, no received value in clear."""
    if row.action == TOKEN:
        return _token(number, row, base)
    kind = _KINDS.get(row.action, _OPERATION)
    event: Json = {
        "resourceType": "AuditEvent",
        "id": f"audit-{number}",
        "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"},
        "subtype": [{"system": "http://hl7.org/fhir/restful-interaction", "code": kind.subtype}],
        "action": kind.action,
        "recorded": instant(row.at),
        "outcome": row.outcome,
        "agent": _agents(row, kind, base),
        "source": {
            "observer": ADAPTER,
            "type": [{"system": "http://terminology.hl7.org/CodeSystem/security-source-type", "code": "4"}],
        },
        "entity": list(_entities(row)),
    }
    if row.outcome in _REFUSED:
        event["outcomeDesc"] = _REFUSED[row.outcome]
    elif kind.profile:
        event["meta"] = {"profile": [f"{BALP}{'Patient' if row.patient else ''}{kind.profile}"]}
    if not event["entity"]:
        del event["entity"]
    return event


def _token(number: int, row: AuditRow, base: str) -> Json:
    """An access token given or refused; of the token its id alone."""
    asking: Json = {"type": _concept(DCM, APPLICATION), "who": {"identifier": {"value": row.actor}}, "requestor": True}
    if claimed := row.detail.get("claimed"):
        asking["altId"] = claimed  # not proved
    if address := row.detail.get("address"):
        asking["network"] = {"address": address, "type": "2"}
    jti = f"urn:ietf:params:oauth:jti:{row.detail['jti']}" if "jti" in row.detail else None
    if jti:
        asking["policy"] = [jti]
    here = {"type": _concept(SECURITY_ROLE, "authserver"), "who": ADAPTER, "requestor": False}
    event: Json = {
        "resourceType": "AuditEvent",
        "id": f"audit-{number}",
        "type": {"system": DCM, "code": "110114", "display": "User Authentication"},
        "subtype": [{"system": DCM, "code": "110122", "display": "Login"}],
        "action": "E",
        "recorded": instant(row.at),
        "outcome": row.outcome,
        "agent": [asking, here | {"network": {"address": base, "type": "5"}}],
        "source": {"observer": ADAPTER, "type": [{"system": f"{HL7}/security-source-type", "code": "6"}]},
    }
    if row.outcome in _REFUSED:
        event["outcomeDesc"] = f"{_REFUSED[row.outcome]}: {row.detail['error']}"
    token = [{"what": {"identifier": {"value": jti}}, "type": USER_TOKEN}] if jti else []
    if entities := token + list(_entities(row)):
        event["entity"] = entities
    return event


def _agents(row: AuditRow, kind: _Kind, base: str) -> list[Json]:
    who = {"identifier": {"value": row.actor}}
    user: Json = {"type": _concept(PARTICIPATION, kind.user), "who": who, "requestor": True}
    if purpose := row.detail.get("purpose"):
        reason = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": purpose}
        user["purposeOfUse"] = [{"coding": [reason]}]
    address = row.detail.get("address")
    reached = {"address": address, "type": "2"} if address else {"address": row.actor, "type": "1"}
    return [
        {"type": _concept(DCM, kind.client), "who": who, "requestor": False, "network": reached},
        {
            "type": _concept(DCM, kind.server),
            "who": ADAPTER,
            "requestor": False,
            "network": {"address": base, "type": "5"},
        },
        user,
    ]


def _entities(row: AuditRow) -> Iterator[Json]:
    if row.patient:
        yield {"what": {"reference": f"Patient/{row.patient}"}, **_typed("1", "1")}
    if query := row.detail.get("query"):
        yield {**_typed("2", "24"), "query": base64.b64encode(query.encode()).decode()}
    elif row.resource:
        one = "/" in row.resource and "$" not in row.resource
        yield {"what": {"reference" if one else "display": row.resource}, **_typed("2", "4")}
    if row.request:
        yield {"what": {"identifier": {"value": row.request}}, "type": REQUEST_ID}


def _typed(kind: str, role: str) -> Json:
    return {"type": {"system": ENTITY_TYPE, "code": kind}, "role": {"system": OBJECT_ROLE, "code": role}}


def _concept(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}
