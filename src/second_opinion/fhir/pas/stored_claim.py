"""A client's Claim as it is kept: what it says, under our id, with references that lead somewhere here."""

from collections.abc import Mapping
from typing import Any

from second_opinion.fhir import references
from second_opinion.fhir.case_view import CaseView
from second_opinion.fhir.codes import Json
from second_opinion.fhir.elements import instant
from second_opinion.fhir.pas import terms
from second_opinion.fhir.pas.request import PasRequest


def write(request: PasRequest, ident: str, view: CaseView, orders: Mapping[int, str]) -> Json:
    """The Claim; ``orders`` leads from an item's sequence to the ServiceRequest kept for it."""
    lasting = references.lasting(request.claim_at, request.resolver)
    own = {"resourceType", "id", "meta", "text"}
    said: Json = {name: _led(value, lasting) for name, value in request.claim.items() if name not in own}
    sent = {
        name: value for name, value in request.claim.get("meta", {}).items() if name not in {"versionId", "lastUpdated"}
    }
    stored = {
        "resourceType": "Claim",
        "id": ident,
        "meta": {"versionId": "1", "lastUpdated": instant(view.updated_at), **sent},
        **said,
        "patient": view.member,
    }
    stored["item"] = [_item(each, orders) for each in said.get("item", ())]
    return {name: value for name, value in stored.items() if value}


def _item(item: Json, orders: Mapping[int, str]) -> Json:
    """The item with the order kept for it behind ``requestedService``."""
    order = orders.get(item["sequence"])
    wanted = terms.url("requestedService")
    if order is None or "extension" not in item:
        return item
    kept = [
        each | {"valueReference": {"reference": order}} if each.get("url") == wanted else each
        for each in item["extension"]
    ]
    return item | {"extension": kept}


def _led(value: Any, lasting: Mapping[str, Json]) -> Any:
    if isinstance(value, dict):
        text = value.get("reference")
        if isinstance(text, str) and text in lasting:
            beside = {name: value[name] for name in ("identifier", "display", "extension") if name in value}
            return beside | lasting[text]
        return {name: each if each.__class__ is str else _led(each, lasting) for name, each in value.items()}
    return [_led(each, lasting) for each in value] if isinstance(value, list) else value
