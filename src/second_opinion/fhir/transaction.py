"""A transaction Bundle: one order to be stored, and beside it what its references lead to."""

from dataclasses import dataclass

from second_opinion.errors import BusinessRule, RequiredMissing, Unprocessable
from second_opinion.fhir import recognition, validation
from second_opinion.fhir.codes import Json, Vocabulary
from second_opinion.fhir.resolving import Entry
from second_opinion.fhir.submission import KEPT, Received, entries, received, the_order

TYPES = frozenset(
    {
        "ServiceRequest",
        "Patient",
        "RelatedPerson",
        "Coverage",
        "Practitioner",
        "PractitionerRole",
        "Organization",
        "DocumentReference",
        "Condition",
        "Location",
        "HealthcareService",
    }
)
POST_ONLY = "Only POST is done in a transaction here: the order is stored, everything beside it is resolved"


@dataclass(frozen=True)
class Transaction:
    """The order as received, its place among the entries, and what else the Bundle says."""

    received: Received
    order: int  # index of its entry
    condition: str | None  # ifNoneExist of the order: a query, as in the header of that name
    resources: tuple[Entry, ...]  # every entry's

    @property
    def entries(self) -> int:
        """How many entries the Bundle has."""
        return len(self.resources)

    @property
    def own_references(self) -> dict[int, str]:
        """``Type/id`` of the entries that are said to be this server's, by their index."""
        found = ((place, self.received.resolver.own(each.full_url or "")) for place, each in enumerate(self.resources))
        return {place: own for place, own in found if own and place != self.order}


def read(bundle: Json, vocabulary: Vocabulary) -> Transaction:
    """The transaction; InvalidElement 400 or 422 for the first entry that refuses the whole Bundle."""
    validation.check(bundle, "Bundle")
    if bundle["type"] != "transaction":
        raise BusinessRule("The Bundle must be a transaction", "Bundle.type")
    given = bundle.get("entry", [])
    for index, entry in enumerate(given):
        _can_be_done(entry, f"Bundle.entry[{index}]", vocabulary.base)
    found = entries(bundle, "Bundle")
    order = the_order(found, vocabulary, "Bundle")
    for each in found:
        if _is_another_order(each, order):
            raise BusinessRule("A transaction takes one order for a second opinion, and rides to it", each.path)
    index = found.index(order)
    condition = given[index]["request"].get("ifNoneExist")
    return Transaction(received(order, found, vocabulary, KEPT), index, condition, tuple(found))


def _can_be_done(entry: Json, path: str, base: str) -> None:
    request = entry.get("request")
    if request is None:
        raise RequiredMissing("Each entry of a transaction needs its request", f"{path}.request")
    if request["method"] != "POST":
        raise BusinessRule(POST_ONLY, f"{path}.request.method")
    if "resource" not in entry:
        raise RequiredMissing("A POST needs a resource", f"{path}.resource")
    kind = entry["resource"]["resourceType"]
    if kind not in TYPES:
        raise BusinessRule(f"A transaction takes only {', '.join(sorted(TYPES))}", f"{path}.resource")
    if request["url"].removeprefix(base).removeprefix("/") != kind:
        raise Unprocessable("The request's url must be the type of the resource", f"{path}.request.url")


def _is_another_order(each: Entry, order: Entry) -> bool:
    return (
        each is not order
        and each.resource["resourceType"] == "ServiceRequest"
        and not recognition.is_ride(each.resource)
    )
