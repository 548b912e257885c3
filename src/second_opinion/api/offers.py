"""What the front door offers, as one table: the capability statement is written from it, the routes are held to it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from second_opinion.api import (
    attachments,
    claims,
    consents,
    definitions,
    determinations,
    information,
    letters,
    messages,
    provenances,
    reading,
    rides,
    service_requests,
    subscriptions,
    undelivered,
)
from second_opinion.fhir import incoming, json_body, subscription
from second_opinion.fhir.capability import Offer, Service, statement
from second_opinion.fhir.codes import Vocabulary
from second_opinion.fhir.search_registry import EXPOSED, INCLUDES, PARAMETERS
from second_opinion.fhir.subscription_topics import topics, topics_of_pas_2_0

# Each type's operations: (name without $, id of its definition, or another guide's canonical)
OPERATIONS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Claim": claims.OPERATIONS,
    "Communication": letters.OPERATIONS,
    "ServiceRequest": service_requests.OPERATIONS,
    "Subscription": subscriptions.OPERATIONS,
    "Task": (*determinations.OPERATIONS, *information.OPERATIONS, *undelivered.OPERATIONS),
}
TITLE = "Second medical opinion adapter"

_INTERACTIONS = {
    **dict.fromkeys(incoming.TYPES, messages.INTERACTIONS),
    "ServiceRequest": service_requests.INTERACTIONS,
    "Task": rides.INTERACTIONS,
    "Consent": consents.INTERACTIONS,
    "Subscription": subscriptions.INTERACTIONS,
}


def capability(vocabulary: Vocabulary, token_endpoint: str | None, version: str) -> bytes:
    """The CapabilityStatement."""
    service = Service(
        name=TITLE,
        version=version,
        published_at=datetime.now(UTC),
        token_url=token_endpoint,
        interactions=("transaction",),
        operations=attachments.OPERATIONS,
        guides=claims.GUIDES,
        instantiates=claims.INSTANTIATES,
    )
    return json_body.write(statement(vocabulary, offers(vocabulary), service))


def older_capability(vocabulary: Vocabulary, token_endpoint: str | None, version: str) -> bytes:
    """The CapabilityStatement of the base for clients of PAS 2.0: its operations and subscriptions, nothing else."""
    service = Service(
        name=f"{TITLE}, for clients of PAS 2.0",
        version=version,
        published_at=datetime.now(UTC),
        token_url=token_endpoint,
        guides=claims.OLDER_GUIDES,
    )
    here = replace(vocabulary, base=f"{vocabulary.base}{claims.OLDER}")
    given = [
        Offer(type="Claim", operations=claims.OPERATIONS),
        Offer(
            type="Subscription",
            interactions=(*subscriptions.INTERACTIONS, "read"),
            operations=[
                (name, vocabulary_url(vocabulary, _defined(definition)))
                for name, definition in subscriptions.OPERATIONS
            ],
            supported_profiles=subscription.PROFILES,
            topics=list(topics_of_pas_2_0()),
        ),
    ]
    return json_body.write(statement(here, given, service))


def offers(vocabulary: Vocabulary) -> Iterator[Offer]:
    """Each type with what can be done with it."""
    for name in EXPOSED:
        doors = name in {"ServiceRequest", "Consent"}
        yield Offer(
            type=name,
            interactions=(*reading.INTERACTIONS, *_INTERACTIONS.get(name, ())),
            search_parameters=[
                (each.name, each.kind, vocabulary_url(vocabulary, each.definition))
                for each in PARAMETERS[name].values()
                if each.definition
            ],
            includes=[f"{name}:{parameter}" for parameter in INCLUDES[name]],
            revincludes=sorted(_pointing_at(name)),
            operations=[
                (operation, vocabulary_url(vocabulary, _defined(definition)))
                for operation, definition in OPERATIONS.get(name, ())
            ],
            conditional_create=doors,
            supported_profiles=subscription.PROFILES if name == "Subscription" else claims.PROFILES.get(name, ()),
            versioning="versioned",
            topics=list(topics(vocabulary)) if name == "Subscription" else (),
        )
    yield Offer(
        type=provenances.TYPE,
        interactions=("read", "search-type"),
        search_parameters=provenances.PARAMETERS,
        versioning="no-version",
    )
    yield Offer(type=messages.WRITE_ONLY, interactions=messages.INTERACTIONS, versioning="no-version")
    for name in definitions.TYPES:
        yield Offer(
            type=name,
            interactions=("read", "search-type"),
            search_parameters=[(each, "uri" if each == "url" else "token", None) for each in definitions.PARAMETERS],
            versioning="no-version",
        )


def vocabulary_url(vocabulary: Vocabulary, definition: str) -> str:
    """A definition's canonical; one of our own is named relative to the canonical base."""
    return definition if "://" in definition else f"{vocabulary.canonical}/{definition}"


def _defined(operation: str) -> str:
    return operation if "://" in operation else f"OperationDefinition/{operation}"


def _pointing_at(name: str) -> Iterator[str]:
    if name in provenances.TARGETS:
        yield f"{provenances.TYPE}:target"
    for other in EXPOSED:
        for parameter in INCLUDES[other]:
            if name in PARAMETERS[other][parameter].targets if parameter in PARAMETERS[other] else False:
                yield f"{other}:{parameter}"
