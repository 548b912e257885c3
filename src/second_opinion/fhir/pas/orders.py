"""An item of a Claim read as the order it is: the ServiceRequest behind it wins, what it leaves out the Claim says."""

from collections.abc import Iterator
from typing import Any

from second_opinion.errors import BusinessRule
from second_opinion.fhir import reasons, recognition
from second_opinion.fhir.codes import NUCC, PROCESS_PRIORITY, Json, Vocabulary
from second_opinion.fhir.parties import numbers
from second_opinion.fhir.pas import terms
from second_opinion.fhir.pas.request import PasRequest
from second_opinion.fhir.resolving import Entry, Target
from second_opinion.fhir.submission import Received

OCCURRENCES = ("occurrenceDateTime", "occurrencePeriod", "occurrenceTiming")
SERVICED = {"servicedDate": "occurrenceDateTime", "servicedPeriod": "occurrencePeriod"}
RISING = ("routine", "urgent", "asap", "stat")
NAMELESS = "A provider the Bundle does not identify"
COPIED = "claim-"  # before the ids of what the Claim contains, where the order contains resources of its own


def read(request: PasRequest, item: Json) -> Received | None:
    """The item's order for a second opinion; None where it asks for something else."""
    sent = _order_behind(request, item)
    order = _recognisable(item, sent)
    if recognition.second_opinion(order, request.vocabulary) is None:
        return None
    if sent is not None:
        _of_the_same_patient(request, sent)
    claim = _Said(request, item)
    at = sent or request.claim_at
    order |= {"subject": order.get("subject") or claim.party(request.claim["patient"])}
    order |= {name: value for name, value in claim.elements().items() if name not in order}
    _add_reasons(order, claim, sent, request)
    order["priority"] = max(order.get("priority", RISING[0]), claim.priority, key=RISING.index)
    if claim.contained:
        order["contained"] = [*order.get("contained", ()), *claim.contained]
    return Received(
        Entry(order, at.path, at.full_url), request.resolver, request.vocabulary, sent.resource if sent else None
    )


def _order_behind(request: PasRequest, item: Json) -> Entry | None:
    """The ServiceRequest ``requestedService`` leads to, as an entry its own references lead on from."""
    reference = terms.value(item, "requestedService")
    target = request.target(reference) if isinstance(reference, dict) else Target()
    if target.resource is None or target.resource["resourceType"] != "ServiceRequest" or target.entry is None:
        return None
    inside = target.entry.resource is not target.resource
    return Entry(target.resource, target.entry.path, target.entry.full_url) if inside else target.entry


def _of_the_same_patient(request: PasRequest, sent: Entry) -> None:
    """BusinessRule unless the order is about the Claim's patient: nobody is decided about under another's name."""
    subject = sent.resource.get("subject", {})
    mine, theirs = request.resolver.resolve(subject, sent), request.target(request.claim["patient"])
    one = mine.resource is not None and mine.resource is theirs.resource
    one = one or (mine.own_reference is not None and mine.own_reference == theirs.own_reference)
    shared = {each.value for each in numbers(mine)} & {each.value for each in numbers(theirs)}
    if subject.keys() & {"reference", "identifier"} and not (one or shared):
        raise BusinessRule("The order behind an item must be about the Claim's patient", f"{sent.path}.subject")


def _recognisable(item: Json, sent: Entry | None) -> Json:
    """The order with every concept by which the item says what it is."""
    order: Json = dict(sent.resource) if sent else {"resourceType": "ServiceRequest", "intent": "order"}
    order["status"] = "active"
    order.setdefault("code", item["productOrService"])
    concepts = [item["productOrService"]] if sent and "code" in sent.resource else []
    order["category"] = [*order.get("category", ()), *([item["category"]] if "category" in item else [])]
    order["orderDetail"] = [*order.get("orderDetail", ()), *concepts, *item.get("modifier", ())]
    return {name: value for name, value in order.items() if value}


class _Said:
    """What the Claim says of one item, as elements of an order; references as they lead from anywhere in the Bundle."""

    def __init__(self, request: PasRequest, item: Json) -> None:
        self._request = request
        self._item = item
        self.contained = [
            renamed(each) | {"id": f"{COPIED}{each.get('id')}"} for each in request.claim.get("contained", ())
        ]

    def party(self, reference: Json) -> Json:
        """The reference, absolute where it leads to an entry.

        A role may name people who are not in the Bundle (as the guide's own examples do): then words must do.
        """
        target = self._request.target(reference)
        words = {} if target.type != "PractitionerRole" or target.display else {"display": NAMELESS}
        return words | absolute(self._request, reference)

    def elements(self) -> Json:
        """What an order may leave out."""
        claim, item = self._request.claim, self._item
        said: Json = {
            "requester": self.party(claim["provider"]),
            "insurance": [self.party(each["coverage"]) for each in claim["insurance"]],
            "authoredOn": claim["created"],
        }
        if (asked := asked_provider(self._request, item)) is not None:
            said["performer"] = [self.party(asked["provider"])]
            specialty = [
                each for each in asked.get("qualification", {}).get("coding", ()) if each.get("system") == NUCC
            ]
            said |= {"performerType": {"coding": specialty}} if specialty else {}
        said |= {ours: item[theirs] for theirs, ours in SERVICED.items() if theirs in item}
        return said

    @property
    def priority(self) -> str:
        """Urgent by the level of service, stat by the Claim's priority."""
        claim = self._request.claim
        if "stat" in terms.codes(claim.get("priority"), PROCESS_PRIORITY):
            return "stat"
        level = terms.value(claim, "levelOfServiceCode")
        return "urgent" if terms.URGENT in terms.codes(level, f"{terms.X12}/1338") else "routine"

    def conditions(self) -> Iterator[Json]:
        """The diagnoses the item names, or all of them."""
        for each in _named(self._request.claim, self._item, "diagnosis"):
            if "diagnosisCodeableConcept" in each:
                yield each["diagnosisCodeableConcept"]

    def reasons(self, vocabulary: Vocabulary) -> Iterator[Json]:
        """The reason: a code of ours, or the words of a message."""
        own = vocabulary.system("second-opinion-reason")
        for each in _named(self._request.claim, self._item, "supportingInfo", "information"):
            coded = [code for code in each.get("code", {}).get("coding", ()) if code.get("system") == own]
            if coded:
                yield {"coding": coded}
            elif "valueString" in each:
                yield {"text": each["valueString"]}


def asked_provider(request: PasRequest, item: Json) -> Json | None:
    """The care team's entry for the provider asked for: of this item, not of the whole Claim."""
    alone = len(request.claim["item"]) == 1
    named = _named(request.claim, item, "careTeam") if alone or "careTeamSequence" in item else []
    return next((each for each in named if terms.value(each, "careTeamClaimScope") is False), None)


def absolute(request: PasRequest, reference: Json) -> Json:
    """The reference as it leads from any entry of the Bundle."""
    text = reference.get("reference", "")
    if text.startswith("#"):
        return reference | {"reference": f"#{COPIED}{text[1:]}"} if len(text) > 1 else reference
    target = request.target(reference)
    return reference | {"reference": target.entry.full_url} if target.entry and target.entry.full_url else reference


def renamed(value: Any) -> Any:
    """The same with references to contained resources renamed as ``COPIED`` names them."""
    if isinstance(value, dict):
        return {name: _renamed_text(name, each) for name, each in value.items()}
    return [renamed(each) for each in value] if isinstance(value, list) else value


def _renamed_text(name: str, value: Any) -> Any:
    inside = name == "reference" and isinstance(value, str) and value.startswith("#") and len(value) > 1
    return f"#{COPIED}{value[1:]}" if inside else renamed(value)


def _named(claim: Json, item: Json, element: str, sequences: str | None = None) -> list[Json]:
    """The elements of the Claim the item points to by sequence; those it could point to where it points to none."""
    pointed = item.get(f"{sequences or element}Sequence")
    given = claim.get(element, ())
    return [each for each in given if pointed is None or each["sequence"] in pointed]


def _add_reasons(order: Json, claim: _Said, sent: Entry | None, request: PasRequest) -> None:
    """Reasons and conditions the order leaves out."""
    at = Entry(order, sent.path, sent.full_url) if sent else request.claim_at
    said = reasons.read(order, at, request.resolver, request.vocabulary)
    concepts = list(order.get("reasonCode", ()))
    if not said.conditions:
        concepts += claim.conditions()
    if not (said.codes or said.words):
        concepts += claim.reasons(request.vocabulary)
    if concepts:
        order["reasonCode"] = concepts
