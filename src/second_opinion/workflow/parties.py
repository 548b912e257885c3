"""Who takes part in a case, and how each is written in its resources."""

from collections.abc import Mapping
from types import MappingProxyType

from second_opinion.directory.resolve import Resolution, ResolvedParty
from second_opinion.directory.stated import PartyKind, Stated, StatedParty
from second_opinion.fhir.case_view import Reference
from second_opinion.fhir.codes import NPI

_TYPES: Mapping[PartyKind, str] = MappingProxyType(
    {
        PartyKind.PATIENT: "Patient",
        PartyKind.RELATED_PERSON: "RelatedPerson",
        PartyKind.PRACTITIONER: "Practitioner",
        PartyKind.ORGANIZATION: "Organization",
    }
)


def parties(partner: str, stated: Stated, resolution: Resolution) -> set[str]:
    """Who may see the case: the submitter, and every provider and practice the request names."""
    named: list[StatedParty | None] = [stated.requester, stated.initial_provider, stated.requested_provider]
    npis = {npi for party in named if party for npi in (*party.npis, *party.organization_npis)}
    found = (resolution.requester, resolution.initial_provider, resolution.second_doctor)
    npis |= {party.npi for party in found if party and party.npi}
    return {f"partner:{partner}"} | {f"npi:{npi}" for npi in npis}


def doctor(resolution: Resolution) -> str | None:
    """The second doctor, by number, else by reference; None where the request names none."""
    party = resolution.second_doctor
    return (party.npi or party.reference) if party else None


def reference(party: ResolvedParty | None) -> Reference | None:
    """The party as a FHIR Reference: where it is kept, its number and its name, as far as known."""
    if party is None:
        return None
    written: Reference = {}
    if party.reference:
        written["reference"] = party.reference
    elif kind := _TYPES.get(party.kind):
        written["type"] = kind
    if party.npi:
        written["identifier"] = {"system": NPI, "value": party.npi}
    if party.display:
        written["display"] = party.display
    return written if {"reference", "identifier", "display"} & set(written) else written | {"display": "Not named"}
