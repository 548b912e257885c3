"""The order as kept: what the sender wrote, under our id, with references that lead somewhere here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from second_opinion.fhir.case_view import Reference
from second_opinion.fhir.codes import Json
from second_opinion.fhir.elements import instant
from second_opinion.fhir.walking import objects


def write(
    order: Mapping[str, Any],
    *,
    ident: str,
    version: int,
    at: datetime,
    subject: Reference,
    references: Mapping[str, Reference] | None = None,
) -> Json:
    """The stored ServiceRequest.

    ``references`` leads from a reference string as sent to the Reference that takes its place; the sender's
    identifier and display stay beside it. Contained resources nothing points to any more are dropped (dom-3).
    """
    kept = {name: _led(value, references or {}) for name, value in order.items() if name not in _OURS}
    stored: Json = {"resourceType": "ServiceRequest", "id": ident, "meta": _meta(order, version, at), **kept}
    stored["subject"] = _taking_place(order.get("subject") or {}, subject)
    if "contained" in stored:
        _drop_orphans(stored)
    return stored


_OURS = frozenset({"resourceType", "id", "meta"})


def _meta(order: Mapping[str, Any], version: int, at: datetime) -> Json:
    sent = order.get("meta") or {}
    kept = {name: value for name, value in sent.items() if name not in {"versionId", "lastUpdated"}}
    return {"versionId": str(version), "lastUpdated": instant(at), **kept}


def _led(value: Any, references: Mapping[str, Reference]) -> Any:
    """The same value with every known reference replaced."""
    if isinstance(value, dict):
        sent = value.get("reference")
        if isinstance(sent, str) and sent in references:
            return _taking_place(value, references[sent])
        return {name: each if each.__class__ is str else _led(each, references) for name, each in value.items()}
    if isinstance(value, list):
        return [_led(each, references) for each in value]
    return value


def _taking_place(sent: Mapping[str, Any], ours: Reference) -> Reference:
    """Our reference, with the sender's identifier and display where ours has none."""
    return {name: sent[name] for name in ("identifier", "display") if name in sent} | ours


def _drop_orphans(stored: Json) -> None:
    """Keep the contained resources that something outside, or a kept one, still points to, or that point back."""
    by_id = {f"#{each.get('id')}": each for each in stored["contained"]}
    outside = {name: value for name, value in stored.items() if name != "contained"}
    reached: set[str] = set()
    waiting = list(_local(outside)) + [key for key, each in by_id.items() if "#" in _local(each)]
    while waiting:
        key = waiting.pop()
        if key in by_id and key not in reached:
            reached.add(key)
            waiting += _local(by_id[key])
    kept = [each for key, each in by_id.items() if key in reached]
    if kept:
        stored["contained"] = kept
    else:
        del stored["contained"]


def _local(value: Any) -> list[str]:
    """Every reference to a contained resource ("#id"), or to the container ("#")."""
    sent = [each.get("reference") for each in objects(value)]
    return [each for each in sent if isinstance(each, str) and each.startswith("#")]
