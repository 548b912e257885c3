"""References that mean something only inside one request, said so that they mean the same in what is kept of it."""

from typing import Any

from second_opinion.directory.stated import NPI, Identifier
from second_opinion.fhir.codes import Json
from second_opinion.fhir.parties import display, numbers
from second_opinion.fhir.resolving import Entry, Resolver, Target
from second_opinion.fhir.walking import objects


def lasting(at: Entry, resolver: Resolver) -> dict[str, Json]:
    """By the reference's text: a reference to this server, else the identifier, else words for what was sent along."""
    found: dict[str, Json] = {}
    for reference in _within(at.resource):
        text = reference["reference"]
        target = resolver.resolve(reference, at)
        if text.startswith("#") or text in found or target.resource is at.resource:
            continue
        if target.own_reference is not None and target.own_reference != text:
            found[text] = {"reference": target.own_reference}
        elif target.own_reference is None and target.resource is not None:
            found[text] = _described(target)
    return found


def _described(target: Target) -> Json:
    kind = str(target.type)
    best = sorted(numbers(target), key=_preference)
    words = display(target)
    if best:
        number = {"system": best[0].system, "value": best[0].value} if best[0].system else {"value": best[0].value}
        return {"type": kind, "identifier": number} | ({"display": words} if words else {})
    return {"type": kind, "display": words or f"{kind} sent with the request"}


def _preference(number: Identifier) -> int:
    return 0 if number.system == NPI else 1 if number.system else 2


def _within(value: Any) -> list[Json]:
    """Every Reference with a literal reference, contained resources' too."""
    return [each for each in objects(value) if isinstance(each.get("reference"), str)]
