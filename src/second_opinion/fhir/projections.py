"""How much of a resource a class of callers is shown: what is left out is left out here, after the query."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from second_opinion.fhir import json_body
from second_opinion.fhir.codes import Json

_STATUS_ALONE = (
    "resourceType",
    "id",
    "status",
    "intent",
    "for",
    "authoredOn",
    "lastModified",
    "owner",
)
_PICKUP = frozenset({"pickup-location", "pickup-phone"})
_OUTPUTS = frozenset({"authorization-number", "authorization-period"})
_VALUES = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue"
CONFIDENTIAL = "/StructureDefinition/confidential-communication"


def status_alone(task: Json) -> Json:
    """Where a case stands, and no word of what it is about."""
    shown = {name: task[name] for name in _STATUS_ALONE if name in task}
    meta = task["meta"]
    shown["meta"] = {
        "versionId": meta["versionId"],
        "lastUpdated": meta["lastUpdated"],
        "security": [{"system": _VALUES, "code": "REDACTED"}],
        "tag": [{"system": _VALUES, "code": "SUBSETTED"}],
    }
    shown["identifier"] = [{name: task["groupIdentifier"][name] for name in ("system", "value")}]
    shown["businessStatus"] = {"coding": [task["businessStatus"]["coding"][0]]}
    shown["code"] = {"coding": [task["code"]["coding"][0]]}
    if outputs := [each for each in task.get("output", ()) if each["type"]["coding"][0]["code"] in _OUTPUTS]:
        shown["output"] = outputs
    return shown


def without_confidential_address(patient: Json) -> Json:
    """The member without the ways to reach her that she keeps from others."""

    def kept(each: Json) -> bool:
        marks = each.get("extension", ())
        return not any(str(mark.get("url", "")).endswith(CONFIDENTIAL) and mark.get("valueBoolean") for mark in marks)

    return patient | {
        name: [each for each in patient[name] if kept(each)] for name in ("address", "telecom") if name in patient
    }


def without_pickup(task: Json) -> Json:
    """A ride without the door the member is met at, which may be one she keeps from others."""
    inputs = [each for each in task.get("input", ()) if each["type"]["coding"][0]["code"] not in _PICKUP]
    return task | {"input": inputs}


class _Projection(NamedTuple):
    """``mark``: bytes without which a body is shown as it stands, and need not be parsed."""

    of: Callable[[Json], Json]
    mark: bytes = b""


_PROJECTIONS: Mapping[str, _Projection] = MappingProxyType(
    {
        "status-alone": _Projection(status_alone),
        "without-confidential-address": _Projection(without_confidential_address, CONFIDENTIAL.encode()),
        "without-pickup": _Projection(without_pickup, b'"pickup-'),
    }
)


def projected(body: bytes, name: str | None) -> bytes:
    """The stored body as far as the projection of this name shows it; whole without one."""
    if name is None:
        return body
    projection = _PROJECTIONS[name]
    if projection.mark not in body:
        return body
    shown = projection.of(json_body.read(body))
    return json_body.write({key: value for key, value in shown.items() if value != []})
