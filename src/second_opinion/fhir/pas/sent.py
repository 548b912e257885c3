"""What the answers to a Claim say again of it: taken once, when it is read."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from second_opinion.fhir.codes import PAS_CODES, Json
from second_opinion.fhir.pas import orders, terms
from second_opinion.fhir.pas.lines import Line
from second_opinion.fhir.pas.request import PasRequest
from second_opinion.fhir.resolving import Entry, Target
from second_opinion.fhir.sent_claim import SentClaim, SentItem

REPEATED = ("itemTraceNumber", "authorizationNumber")  # stand in the answer's item as they came
# What an addItem repeats of the item it takes the place of. Four more are profiled there (request type, certification
# type, end of a code range, revenue unit rate), but their own definitions forbid them at this place, and so does HL7's
# validator; the same holds for what itemAuthorizedDetail could repeat besides service, modifiers, price and quantity.
ADDED = (*REPEATED, "epsdtIndicator", "nursingHomeResidentialStatus", "nursingHomeLevelOfCare")
TURNED = {
    "applicationSenderCode": "applicationReceiverCode",
    "applicationReceiverCode": "applicationSenderCode",
    "interchangeSenderID": "interchangeReceiverID",
    "interchangeReceiverID": "interchangeSenderID",
}


@dataclass(frozen=True)
class Place:
    """Where a Claim is kept: its own id, its answer's, and the first Claim it goes back to."""

    claim_id: str
    response_id: str
    lineage: str


class Behind(NamedTuple):
    """What answers an item: the number of its case, and the id of the order kept for it."""

    case: str | None = None
    order: str | None = None


def read(
    request: PasRequest,
    lines: Iterable[Line],
    place: Place,
    partner: str,
    behind: Mapping[int, Behind],
    carried: Iterable[SentItem] = (),
) -> SentClaim:
    """The Claim as its answers repeat it.

    ``behind`` leads from an item's sequence to what answers it; ``carried`` are items of the Claim this one follows
    that it leaves out.
    """
    claim = request.claim
    references = _references(request)
    items = (*(_item(request, line, behind.get(line.sequence, Behind())) for line in lines), *carried)
    return SentClaim(
        claim_id=place.claim_id,
        response_id=place.response_id,
        partner=partner,
        key=request.key,
        lineage=place.lineage,
        identifiers=tuple(claim["identifier"]),
        type=claim["type"],
        bundle_identifier=request.bundle["identifier"],
        items=items,
        references=references,
        numbers=_numbers(request),
        echoed=tuple(dict.fromkeys(_echoed(request, references, items))),
        transmission=_turned(claim),
    )


def _references(request: PasRequest) -> dict[str, Json]:
    """Patient, insurer, requestor, Claim and coverage under the client's own addresses."""
    claim = request.claim
    named = {
        "patient": _named(request.target(claim["patient"]), claim["patient"]),
        "insurer": _named(request.target(claim["insurer"]), claim["insurer"]),
        "requestor": _requestor(request),
        "request": {"reference": request.claim_at.full_url, "identifier": claim["identifier"][0]},
    }
    if claim["insurance"]:
        coverage = claim["insurance"][0]["coverage"]
        named["coverage"] = _named(request.target(coverage), coverage)
    return {role: reference for role, reference in named.items() if reference is not None}


def _requestor(request: PasRequest) -> Json | None:
    """Who asks; a person without a role by number, because PAS lets only practices and roles stand there."""
    reference = request.claim["provider"]
    target = request.target(reference)
    given = (target.resource or {}).get("identifier", ()) if target.type == "Practitioner" else ()
    return {"identifier": given[0]} if given else _named(target, reference)


def _numbers(request: PasRequest) -> dict[str, Json]:
    """An Identifier of the insurer and of the requestor, as PAS's Task names them."""
    insurer, asking = request.claim["insurer"], request.claim["provider"]
    given = {
        "insurer": [*_identifiers(request.target(insurer)), insurer.get("identifier", {})],
        "requestor": [*_identifiers(_person(request)), asking.get("identifier", {})],
    }
    found = {role: next((one for one in each if "value" in one), None) for role, each in given.items()}
    return {role: each for role, each in found.items() if each is not None}


def _identifiers(target: Target) -> list[Json]:
    return list((target.resource or {}).get("identifier", ()))


def _person(request: PasRequest) -> Target:
    """Who asks: of a role its practitioner, else its organization."""
    target = request.target(request.claim["provider"])
    if target.type != "PractitionerRole" or target.resource is None or target.entry is None:
        return target
    if target.resource.get("identifier"):
        return target
    inner = target.resource.get("practitioner") or target.resource.get("organization") or {}
    return request.resolver.resolve(inner, target.entry)


def _named(target: Target, reference: Json) -> Json | None:
    """The entry's fullUrl; the identifier where there is no entry; None where only our own resource can be named."""
    if target.entry is not None and target.resource is target.entry.resource:
        return {"reference": target.entry.full_url}
    if "identifier" in reference:
        kind = {"type": target.type} if target.type else {}
        return kind | {name: reference[name] for name in ("identifier", "display") if name in reference}
    return None


def _item(request: PasRequest, line: Line, behind: Behind) -> SentItem:
    item = line.item
    return SentItem(
        sequence=line.sequence,
        digest=line.digest,
        case=behind.case,
        order=behind.order,
        cancelled=terms.taken_back(item) or terms.taken_back(request.claim),
        extensions=tuple(_repeated(request.claim, item)),
        detail=tuple(_detail(item)),
        provider=_provider(request, item),
        types=terms.types(item),
        line=_line(request, item),
    )


def _repeated(claim: Json, item: Json) -> Iterator[Json]:
    for name in REPEATED:
        yield from terms.extensions(item, name)
    if "servicedDate" in item:
        yield {"url": terms.url("itemRequestedServiceDate"), "valueDateTime": item["servicedDate"]}
    if "servicedPeriod" in item:
        yield {"url": terms.url("itemRequestedServiceDate"), "valuePeriod": item["servicedPeriod"]}
    yield from _stay(claim)


def _stay(claim: Json) -> Iterator[Json]:
    """Dates of admission and discharge, where the Claim gives them."""
    for each in claim.get("supportingInfo", ()):
        categories = set(terms.codes(each["category"], PAS_CODES))
        if "admissionDates" in categories:
            timing = {f"value{key[6:]}": each[key] for key in ("timingDate", "timingPeriod") if key in each}
            if timing:
                yield {"url": terms.url("admissionDates"), **timing}
        elif "dischargeDates" in categories and "timingDate" in each:
            yield {"url": terms.url("dischargeDate"), "valueDate": each["timingDate"]}


def _detail(item: Json) -> Iterator[Json]:
    yield {"url": "productOrServiceCode", "valueCodeableConcept": item["productOrService"]}
    for each in item.get("modifier", ()):
        yield {"url": "modifier", "valueCodeableConcept": each}
    if "unitPrice" in item:
        yield {"url": "unitPrice", "valueMoney": item["unitPrice"]}
    if "quantity" in item:
        yield {"url": "quantity", "valueQuantity": item["quantity"]}


def _provider(request: PasRequest, item: Json) -> Json | None:
    """The provider asked for: a person or an organization, of a role its practitioner."""
    asked = orders.asked_provider(request, item)
    if asked is None:
        return None
    target, reference = request.target(asked["provider"]), asked["provider"]
    if target.type == "PractitionerRole" and target.resource and target.entry:
        role = target.resource
        reference = role.get("practitioner") or role.get("organization") or {}
        target = request.resolver.resolve(reference, target.entry)
    return _named(target, reference)


def _line(request: PasRequest, item: Json) -> Json:
    """The item's own elements as an addItem writes them."""
    added = [each for name in ADDED for each in terms.extensions(item, name)]
    if "category" in item:
        added.append({"url": terms.url("itemCategory"), "valueCodeableConcept": item["category"]})
    if "revenue" in item:
        added.append({"url": terms.url("revenueCode"), "valueCodeableConcept": item["revenue"]})
    order = terms.value(item, "requestedService")
    if isinstance(order, dict) and (named := _named(request.target(order), order)) is not None:
        added.append({"url": terms.url("requestedService"), "valueReference": named})
    added += _stay(request.claim)
    kept = ("productOrService", "modifier", "servicedDate", "servicedPeriod", "locationCodeableConcept", "quantity")
    return {"extension": added} | {name: item[name] for name in (*kept, "unitPrice") if name in item}


def _echoed(request: PasRequest, references: Mapping[str, Json], items: tuple[SentItem, ...]) -> Iterator[str]:
    """The entries an answer brings back: whom it refers to, and of a role the person and practice it names."""
    named = [references.get(role) for role in ("patient", "insurer", "requestor", "coverage")]
    wanted = {(each or {}).get("reference") for each in (*named, *(item.provider for item in items))}
    for entry in request.entries:
        if entry.full_url in wanted:
            yield str(entry.full_url)
            yield from _parts(request, entry)


def _parts(request: PasRequest, entry: Entry) -> Iterator[str]:
    if entry.resource["resourceType"] != "PractitionerRole":
        return
    for part in ("practitioner", "organization"):
        inner = request.resolver.resolve(entry.resource.get(part, {}), entry).entry
        if inner is not None and inner.full_url:
            yield inner.full_url


def _turned(claim: Json) -> Json | None:
    """Who sends and who receives, turned round for the answer."""
    given: Json | None = next(
        (each for each in claim.get("extension", ()) if each.get("url") == terms.TRANSMISSION), None
    )
    if given is None:
        return None
    parts = [each | {"url": TURNED[each["url"]]} for each in given.get("extension", ()) if each.get("url") in TURNED]
    if not parts:
        return None
    order = list(TURNED)
    return given | {"extension": sorted(parts, key=lambda each: order.index(each["url"]))}
