"""A PAS request Bundle: the Claim among what it refers to, held to the rules the guide gives for both."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from second_opinion.errors import BusinessRule, RequiredMissing, Unprocessable, Unresolved
from second_opinion.fhir import validation
from second_opinion.fhir.codes import Json, Vocabulary
from second_opinion.fhir.parties import UNRESOLVED
from second_opinion.fhir.pas import bundle_rules, terms
from second_opinion.fhir.resolving import Entry, Resolver, Target
from second_opinion.fhir.service_request import content_digest

MOST_ITEMS = 99  # X12 278 has no more service lines, and an answer comes within 15 seconds
MOST_CLAIMS = 2  # the Claim, and of an update the one it follows
CLAIM_TYPES = frozenset({"institutional", "professional", "oral"})
ROLES = ("patient", "insurer", "provider")


@dataclass(frozen=True)
class PasRequest:
    """A request as sent: its Claim, the earlier Claim of an update, and all entries."""

    bundle: Json
    claim_at: Entry
    prior_at: Entry | None
    entries: tuple[Entry, ...]
    vocabulary: Vocabulary

    @property
    def claim(self) -> Json:
        """The Claim as sent."""
        return self.claim_at.resource

    @cached_property
    def resolver(self) -> Resolver:
        """Where the Bundle's references lead."""
        return Resolver(self.entries, self.vocabulary.base)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the whole content."""
        return content_digest(self.bundle)

    @property
    def key(self) -> str:
        """What it is kept under."""
        return key(self.digest)

    @property
    def related(self) -> Json | None:
        """The earlier Claim an update or cancellation names."""
        related: Json | None = next(iter(self.claim.get("related", ())), None)
        return related

    @property
    def sought(self) -> list[tuple[Json, str]]:
        """(reference, its path) of everybody the Claim cannot do without."""
        path = self.claim_at.path
        found = [(self.claim.get(role, {}), f"{path}.{role}") for role in ROLES]
        covers = enumerate(self.claim.get("insurance", ()))
        return [*found, *((each["coverage"], f"{path}.insurance[{index}].coverage") for index, each in covers)]

    def target(self, reference: Json) -> Target:
        """Where a reference of the Claim leads."""
        return self.resolver.resolve(reference, self.claim_at)


def key(digest: str) -> str:
    """What a request of this content is kept under."""
    return f"claim|{digest}"


def read(body: Json, vocabulary: Vocabulary, *, inquiry: bool = False) -> PasRequest:
    """The request in a body; 400 for what is no such Bundle, 422 for what breaks a rule of the Claim."""
    bundle, path = bundle_rules.bundle_of(body)
    bundle_rules.first_look(bundle, path)
    validation.check(body, "Bundle", "Parameters", understood=(terms.INFO_CANCELLED,))
    found = bundle_rules.entries(bundle, path)
    claims = [each for each in found if each.resource["resourceType"] == "Claim"]
    most = 1 if inquiry else MOST_CLAIMS
    if len(claims) > most:
        raise bundle_rules.BundleRule(f"The Bundle may hold {most} Claim at most", claims[most].path)
    request = PasRequest(bundle, claims[0], claims[1] if len(claims) > 1 else None, tuple(found), vocabulary)
    _check_claim(request, inquiry=inquiry)
    return request


def _check_claim(request: PasRequest, *, inquiry: bool) -> None:
    claim, path = request.claim, request.claim_at.path
    if claim["use"] != "preauthorization":
        raise BusinessRule("use must be preauthorization", f"{path}.use")
    if claim["status"] != "active":
        raise BusinessRule("status is active, also of a cancellation", f"{path}.status")
    if not any(each.get("code") in CLAIM_TYPES for each in claim["type"].get("coding", ())):
        raise BusinessRule(f"type must be one of {', '.join(sorted(CLAIM_TYPES))}", f"{path}.type")
    _identified(claim, path)
    _unique(claim, "item", path)
    _unique(claim, "supportingInfo", path)
    _unique(claim, "careTeam", path)
    if not inquiry:
        _check_related(request)
        _check_items(claim, path)
    for reference, place in request.sought:
        _leads_somewhere(request, reference, place)
    for reference, place in _from_items(claim, path):
        _leads_somewhere(request, reference, place)


def _identified(claim: Json, path: str) -> None:
    given = claim.get("identifier", ())
    if not given:
        raise RequiredMissing("The Claim has an identifier, its trace number", f"{path}.identifier")
    for index, each in enumerate(given):
        for element in ("system", "value"):
            if element not in each:
                raise RequiredMissing(
                    f"An identifier of the Claim has {element}", f"{path}.identifier[{index}].{element}"
                )


def _unique(claim: Json, element: str, path: str) -> None:
    seen: set[int] = set()
    for index, each in enumerate(claim.get(element, ())):
        if each["sequence"] in seen:
            raise Unprocessable("Each sequence may stand once", f"{path}.{element}[{index}].sequence")
        seen.add(each["sequence"])


def _check_related(request: PasRequest) -> None:
    path = f"{request.claim_at.path}.related"
    related = request.claim.get("related", ())
    if len(related) > 1:
        raise Unprocessable("An update follows one earlier Claim", f"{path}[1]")
    if related and not related[0].get("claim", {}).keys() & {"reference", "identifier"}:
        raise RequiredMissing("An update names the Claim it follows", f"{path}[0].claim")
    relationship = (
        [each.get("code") for each in related[0].get("relationship", {}).get("coding", ())] if related else []
    )
    if related and "prior" not in relationship:
        raise BusinessRule("The relationship to the earlier Claim is prior", f"{path}[0].relationship")
    if request.prior_at is not None and not related:
        raise bundle_rules.BundleRule("A second Claim is only the earlier one of an update", request.prior_at.path)


def _check_items(claim: Json, path: str) -> None:
    if not claim.get("item") and not (claim.get("related") and terms.taken_back(claim)):
        raise RequiredMissing("The Claim has an item for each service asked for", f"{path}.item")
    if len(claim.get("item", ())) > MOST_ITEMS:
        raise Unprocessable(
            f"A Claim has {MOST_ITEMS} items at most; send the others as a Claim of their own", f"{path}.item"
        )
    for index, item in enumerate(claim.get("item", ())):
        place = f"{path}.item[{index}]"
        for name in ("serviceItemRequestType", "certificationType"):
            if not terms.extensions(item, name):
                raise RequiredMissing(f"An item has the extension {name}", f"{place}.extension")
        for element, shown in (("category", "category"), ("locationCodeableConcept", "location")):
            if element not in item:
                raise RequiredMissing(f"An item has {shown}", f"{place}.{shown}")


def _from_items(claim: Json, path: str) -> list[tuple[Json, str]]:
    """The orders behind the items, and the providers of the care team, with their paths."""
    orders = [
        (each["valueReference"], f"{path}.item[{index}].extension('requestedService').value")
        for index, item in enumerate(claim.get("item", ()))
        for each in terms.extensions(item, "requestedService")
        if "valueReference" in each
    ]
    team = enumerate(claim.get("careTeam", ()))
    return [*orders, *((each["provider"], f"{path}.careTeam[{index}].provider") for index, each in team)]


def _leads_somewhere(request: PasRequest, reference: Json, path: str) -> None:
    if not reference.keys() & {"reference", "identifier"}:
        raise RequiredMissing("The Claim cannot be processed without this reference", path)
    if request.target(reference).leads_nowhere:
        raise Unresolved(UNRESOLVED, path)


def bare(request: PasRequest) -> Sequence[tuple[str, str]]:
    """(``Type/id`` on this server, path) of references that nothing in the Bundle answers."""
    sought = [*request.sought, *_from_items(request.claim, request.claim_at.path)]
    targets = [(request.target(reference), path) for reference, path in sought]
    return [
        (target.own_reference, path)
        for target, path in targets
        if target.own_reference is not None and target.resource is None and not target.identifiers
    ]
