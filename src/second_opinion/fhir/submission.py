"""What was submitted: the one order among the resources of a body, and what its references may lead to."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from second_opinion.directory.stated import Stated
from second_opinion.errors import BusinessRule, InvalidElement, RequiredMissing, Unprocessable
from second_opinion.fhir import own_extensions, reasons, recognition, references, service_request, validation
from second_opinion.fhir.codes import Json, Vocabulary
from second_opinion.fhir.resolving import Entry, Resolver
from second_opinion.fhir.walking import objects

MOST_ENTRIES = 200
BODIES = ("ServiceRequest", "Bundle", "Parameters")
ACTIVE = ("active",)
KEPT = ("active", "draft")  # a draft is kept and starts no clock
AMENDED = ("active", "draft", "revoked")
BUNDLES = frozenset({"collection", "transaction", "batch", "document", "message"})


@dataclass(frozen=True)
class Received:
    """One order as sent, in the entry it stands in. What it states is read when it is asked for."""

    at: Entry
    resolver: Resolver
    vocabulary: Vocabulary
    sent: Json | None = None  # the ServiceRequest itself, where more than it says was read into the order

    @property
    def order(self) -> Json:
        """The ServiceRequest that is read."""
        return self.at.resource

    @property
    def kept(self) -> Json:
        """The ServiceRequest that is kept: as it was sent."""
        return self.order if self.sent is None else self.sent

    @cached_property
    def stated(self) -> Stated:
        """What the order states; 422 for what breaks a rule. A draft may break them all."""
        return service_request.read(self.at, self.resolver, self.vocabulary)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return service_request.content_digest(self.order)

    @property
    def conditions(self) -> tuple[Json, ...]:
        """FHIR Codings of the conditions the opinion is about."""
        return tuple(reasons.read(self.order, self.at, self.resolver, self.vocabulary).conditions.values())

    @property
    def member_informed(self) -> bool:
        """Whether the sender says that the member knows of the withdrawal."""
        return own_extensions.member_informed(self.at, self.vocabulary)

    @cached_property
    def references(self) -> dict[str, Json]:
        """For references that mean something only in this request, by their text, what says the same anywhere."""
        return references.lasting(self.at, self.resolver)


def read(body: Json, vocabulary: Vocabulary) -> Received:
    """The active order in a body: a ServiceRequest, a Bundle, or Parameters with either as ``resource``.

    InvalidElement 400, or the 422 of what is wrong; paths begin at the body.
    """
    validation.check(body, *BODIES)
    resource, path = _parameter(body) if body["resourceType"] == "Parameters" else (body, body["resourceType"])
    if resource["resourceType"] == "ServiceRequest":
        order = Entry(resource, path)
        return received(order, [order], vocabulary, ACTIVE)
    if resource["type"] not in BUNDLES:
        raise BusinessRule(f"A Bundle sent here is one of {', '.join(sorted(BUNDLES))}", f"{path}.type")
    found = entries(resource, path)
    return received(the_order(found, vocabulary, path), found, vocabulary, ACTIVE)


def read_order(body: Json, vocabulary: Vocabulary, *, draft_allowed: bool = False, amending: bool = False) -> Received:
    """The order a body is: active, where allowed a draft, and when amending one that revokes."""
    validation.check(body, "ServiceRequest")
    order = Entry(body, "ServiceRequest")
    statuses = AMENDED if amending else KEPT if draft_allowed else ACTIVE
    return received(order, [order], vocabulary, statuses)


def received(order: Entry, found: Sequence[Entry], vocabulary: Vocabulary, statuses: Collection[str]) -> Received:
    """The order among what came with it; 422 for a status the door does not take, and for contained strays."""
    path = f"{order.path}.status"
    if "status" not in order.resource:
        raise RequiredMissing("status is required", path)
    if order.resource["status"] not in statuses:
        raise BusinessRule(f"status must be {' or '.join(sorted(statuses))} here", path)
    _contained_are_meant(order)
    return Received(order, Resolver(found, vocabulary.base), vocabulary)


def entries(bundle: Json, path: str) -> list[Entry]:
    """The Bundle's resources with their places; Unprocessable 422 for too many, and for a fullUrl given twice."""
    given = bundle.get("entry", [])
    if len(given) > MOST_ENTRIES:
        raise Unprocessable(f"A Bundle may have {MOST_ENTRIES} entries at most", f"{path}.entry")
    seen: set[str] = set()
    for index, each in enumerate(given):
        url = each.get("fullUrl")
        if url in seen:
            raise Unprocessable("Each fullUrl may stand once in a Bundle", f"{path}.entry[{index}].fullUrl")
        seen |= {url} if url else set()
    return [
        Entry(each["resource"], f"{path}.entry[{index}].resource", each.get("fullUrl"))
        for index, each in enumerate(given)
        if "resource" in each
    ]


def the_order(found: Sequence[Entry], vocabulary: Vocabulary, path: str) -> Entry:
    """The one order for a second opinion; rides, and with it orders for something else, may stand beside it."""
    orders = [
        each
        for each in found
        if each.resource["resourceType"] == "ServiceRequest" and not recognition.is_ride(each.resource)
    ]
    if len(orders) > 1:
        orders = [each for each in orders if recognition.second_opinion(each.resource, vocabulary)] or orders
    if not orders:
        raise RequiredMissing("The Bundle must hold a ServiceRequest for a second opinion", f"{path}.entry")
    if len(orders) > 1:
        raise BusinessRule("The Bundle must hold one ServiceRequest for a second opinion, not more", orders[1].path)
    return orders[0]


def _parameter(body: Json) -> tuple[Json, str]:
    """The resource the Parameters bring."""
    given = body.get("parameter", [])
    for index, each in enumerate(given):
        path = f"Parameters.parameter[{index}]"
        if each["name"] != "resource":
            raise Unprocessable("The only parameter is resource", f"{path}.name")
        if index:
            raise Unprocessable("The parameter resource may stand once", path)
        if "resource" not in each:
            raise RequiredMissing("The parameter must hold a resource", f"{path}.resource")
    if not given:
        raise RequiredMissing("The parameter resource is required", "Parameters.parameter")
    resource = given[0]["resource"]
    path = "Parameters.parameter[0].resource"
    if resource["resourceType"] not in {"ServiceRequest", "Bundle"}:
        raise InvalidElement("The parameter must hold a ServiceRequest or a Bundle", path)
    return resource, path


def _contained_are_meant(order: Entry) -> None:
    """R4 dom-3: each contained resource is referred to, or refers to what contains it; each has its own id."""
    contained = order.resource.get("contained", ())
    if not contained:
        return
    meant = _references(order.resource)
    seen: set[str] = set()
    for index, each in enumerate(contained):
        path = f"{order.path}.contained[{index}]"
        ident = each.get("id")
        if ident is None or ident in seen:
            raise Unprocessable("A contained resource needs an id of its own", f"{path}.id")
        seen.add(ident)
        if f"#{ident}" not in meant and "#" not in _references(each):
            raise Unprocessable("A contained resource must be referred to by the one that contains it", path)


def _references(value: object) -> set[str]:
    """Every text in it that may be a reference to a contained resource."""
    texts = (each for one in objects(value) for each in one.values() if isinstance(each, str))
    return {each for each in texts if each.startswith("#")}
