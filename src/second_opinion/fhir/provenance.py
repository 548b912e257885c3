"""Provenance: who made one version of a resource, on whose behalf, by which policy and from which order."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from second_opinion.fhir.codes import Json, Vocabulary, coding, concept
from second_opinion.fhir.elements import instant

TYPE = "Provenance"
TARGETS = (
    "Task",
    "ServiceRequest",
    "Claim",
    "ClaimResponse",
    "Communication",
    "CommunicationRequest",
    "DocumentReference",
    "Binary",
    "Consent",
)  # whatever a case shows, and what is posted of the directory

_PROFILE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-provenance"
_ROLE = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_OPERATION = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
_ID = re.compile(r"([A-Z][A-Za-z]+)-([A-Za-z0-9.-]{1,64})-([1-9][0-9]{0,5})", re.ASCII)
ENGINE: Json = {"type": "Device", "display": "Rules engine of the second-opinion adapter"}


class Version(NamedTuple):
    """One version of one resource."""

    type: str
    id: str
    number: int

    @property
    def reference(self) -> str:
        """Its versioned reference."""
        return f"{self.type}/{self.id}/_history/{self.number}"


@dataclass(frozen=True)
class Origin:
    """How a version came to be. Without an author it was the service itself."""

    author: Json | None = None  # Reference
    verifier: Json | None = None  # Reference to the reviewer behind it, by the attestation's number
    plan: Json | None = None  # Reference to the Organization both act for
    policy: str | None = None  # canonical of the rules it follows
    source: Version | None = None  # the order it was made from


def ident(version: Version) -> str:
    """The id of a version's Provenance: our ids are UUIDs, so 64 characters are enough."""
    return f"{version.type}-{version.id}-{version.number}"


def version(identity: str) -> Version | None:
    """The version whose Provenance has this id; None for what is no such id."""
    match = _ID.fullmatch(identity)
    if match is None or match[1] not in TARGETS:
        return None
    return Version(match[1], match[2], int(match[3]))


def write(of: Version, recorded: datetime, origin: Origin, vocabulary: Vocabulary) -> Json:
    """The Provenance of one version; it never changes, as the version does not."""
    action = "CREATE" if of.number == 1 else "UPDATE"
    built: Json = {
        "resourceType": TYPE,
        "id": ident(of),
        "meta": {"versionId": "1", "lastUpdated": instant(recorded), "profile": [_PROFILE]},
        "target": [{"reference": of.reference}],
        "recorded": instant(recorded),
        "activity": concept(coding(_OPERATION, action)),
        "agent": [_agent("author", origin.author or ENGINE, None if origin.author else origin.plan)],
    }
    if origin.policy is not None:
        built["policy"] = [f"{vocabulary.canonical}/PlanDefinition/{origin.policy}"]
    if origin.verifier is not None:
        built["agent"].append(_agent("verifier", origin.verifier, origin.plan))
    if origin.source is not None:
        built["entity"] = [{"role": "source", "what": {"reference": origin.source.reference}}]
    return built


def _agent(role: str, who: Json, behind: Json | None) -> Json:
    agent: Json = {"type": concept(coding(_ROLE, role)), "who": who}
    return agent if behind is None else agent | {"onBehalfOf": behind}
