"""The CapabilityStatement, generated from what the router really offers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from second_opinion.fhir.codes import Json, Vocabulary
from second_opinion.fhir.elements import instant

SearchParameter = tuple[str, str, str | None]  # (name, kind, canonical of its definition)
Operation = tuple[str, str]  # (name without $, canonical of its definition)

_SECURITY_SERVICE = {
    "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
    "code": "SMART-on-FHIR",
}
_OAUTH = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_TOPIC = (
    "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/capabilitystatement-subscriptiontopic-canonical"
)
_UPDATES = frozenset({"update", "patch", "delete"})


@dataclass(frozen=True)
class Offer:
    """What the router offers on one resource type; interactions by their FHIR codes (read, search-type, …)."""

    type: str
    interactions: Sequence[str] = ()
    search_parameters: Sequence[SearchParameter] = ()
    includes: Sequence[str] = ()
    revincludes: Sequence[str] = ()
    operations: Sequence[Operation] = ()
    conditional_create: bool = False
    versioning: str | None = None  # no-version, versioned, versioned-update
    profile: str | None = None
    supported_profiles: Sequence[str] = ()
    documentation: str | None = None
    topics: Sequence[str] = ()  # canonicals of what may be subscribed to


@dataclass(frozen=True)
class Service:
    """What the statement says of the service as a whole."""

    name: str
    version: str  # of the software
    published_at: datetime
    token_url: str | None = None  # the SMART token endpoint
    interactions: Sequence[str] = ()  # transaction, batch, search-system, history-system
    operations: Sequence[Operation] = ()  # of the whole system
    guides: Sequence[str] = ()  # canonicals of implementation guides
    instantiates: Sequence[str] = ()


def statement(vocabulary: Vocabulary, offers: Iterable[Offer], service: Service) -> Json:
    """The CapabilityStatement of this server, with exactly one ``rest``."""
    built: Json = {
        "resourceType": "CapabilityStatement",
        "id": "second-opinion",
        "url": f"{vocabulary.canonical}/CapabilityStatement/second-opinion",
        "version": service.version,
        "name": "SecondOpinion",
        "title": service.name,
        "status": "active",
        "date": instant(service.published_at),
        "publisher": service.name,
        "description": "Takes requests for a second medical opinion and answers them by the health plan's policy.",
        "kind": "instance",
        "software": {"name": "second-opinion", "version": service.version},
        "implementation": {"description": service.name, "url": vocabulary.base},
        "fhirVersion": "4.0.1",
        "format": ["json", "application/fhir+json"],
        "rest": [_rest(offers, service)],
    }
    if service.guides:
        built["implementationGuide"] = list(service.guides)
    if service.instantiates:
        built["instantiates"] = list(service.instantiates)
    return built


def _rest(offers: Iterable[Offer], service: Service) -> Json:
    rest: Json = {
        "mode": "server",
        "security": _security(service),
        "resource": [_resource(each) for each in sorted(offers, key=lambda offer: offer.type)],
    }
    if service.interactions:
        rest["interaction"] = [{"code": each} for each in service.interactions]
    if service.operations:
        rest["operation"] = _operations(service.operations)
    return rest


def _security(service: Service) -> Json:
    security: Json = {"cors": True, "service": [{"coding": [_SECURITY_SERVICE]}]}
    if service.token_url is not None:
        # oauth-uris requires authorize; SMART Backend Services have no such endpoint, so it leads nowhere
        authorize = {"url": "authorize", "valueUri": "about:blank"}
        token = {"url": "token", "valueUri": service.token_url}
        security["extension"] = [{"url": _OAUTH, "extension": [token, authorize]}]
    return security


def _resource(offer: Offer) -> Json:
    resource: Json = {"type": offer.type}
    if offer.topics:
        resource["extension"] = [{"url": _TOPIC, "valueCanonical": each} for each in offer.topics]
    if offer.profile is not None:
        resource["profile"] = offer.profile
    if offer.supported_profiles:
        resource["supportedProfile"] = list(offer.supported_profiles)
    if offer.documentation is not None:
        resource["documentation"] = offer.documentation
    if offer.interactions:
        resource["interaction"] = [{"code": each} for each in offer.interactions]
    if offer.versioning is not None:
        resource["versioning"] = offer.versioning
    if "read" in offer.interactions and offer.versioning != "no-version":
        resource["conditionalRead"] = "full-support"
    resource["readHistory"] = "vread" in offer.interactions
    if _UPDATES & set(offer.interactions):
        resource["updateCreate"] = False  # ids are the server's
        resource["conditionalUpdate"] = False
    resource["conditionalCreate"] = offer.conditional_create
    _add_search(resource, offer)
    if offer.operations:
        resource["operation"] = _operations(offer.operations)
    return resource


def _add_search(resource: Json, offer: Offer) -> None:
    if offer.includes:
        resource["searchInclude"] = list(offer.includes)
    if offer.revincludes:
        resource["searchRevInclude"] = list(offer.revincludes)
    if offer.search_parameters:
        resource["searchParam"] = [
            {"name": name, **({"definition": definition} if definition else {}), "type": kind}
            for name, kind, definition in offer.search_parameters
        ]


def _operations(operations: Sequence[Operation]) -> list[Json]:
    return [{"name": name, "definition": definition} for name, definition in operations]
