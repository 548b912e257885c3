"""Who a reference names: the requester, the initial provider, the requested provider."""

from collections.abc import Iterable

from second_opinion.directory.stated import NPI, Identifier, PartyKind, StatedParty
from second_opinion.errors import Unresolved
from second_opinion.fhir.codes import NUCC, Json
from second_opinion.fhir.resolving import Entry, Resolver, Target, identifiers

KINDS = {
    "Patient": PartyKind.PATIENT,
    "RelatedPerson": PartyKind.RELATED_PERSON,
    "Practitioner": PartyKind.PRACTITIONER,
    "PractitionerRole": PartyKind.PRACTITIONER,
    "Organization": PartyKind.ORGANIZATION,
}
UNRESOLVED = (
    "The reference leads nowhere: contain the resource, put it into the Bundle, or give an identifier beside it"
)


def found(reference: Json, at: Entry, resolver: Resolver, path: str) -> Target:
    """Where the reference leads; Unresolved 422 where it should lead somewhere and does not.

    Words alone name a party too, though one that nobody can look up.
    """
    target = resolver.resolve(reference, at)
    if target.leads_nowhere and ("reference" in reference or "display" not in reference):
        raise Unresolved(UNRESOLVED, path)
    return target


def party(reference: Json, at: Entry, resolver: Resolver, path: str, subject: Target | None = None) -> StatedParty:
    """The party a reference names; Unresolved 422 with its path. ``subject`` is the request's own patient."""
    target = found(reference, at, resolver, path)
    if target.type == "PractitionerRole" and target.resource is not None:
        return _role(target, resolver, path)
    known = numbers(target)
    is_subject = subject is not None and _same(target, subject)
    return StatedParty(
        kind=PartyKind.PATIENT if is_subject else _kind(target, known, resolver, subject),
        path=path,
        npis=_npis(known),
        identifiers=_others(known),
        own_reference=target.own_reference,
        is_subject=is_subject,
        specialties=_specialties(target.resource),
        display=display(target),
    )


def nucc(concepts: Iterable[Json]) -> tuple[str, ...]:
    """NUCC codes of CodeableConcepts, each once."""
    codings = (coding for concept in concepts for coding in concept.get("coding", ()))
    return tuple(dict.fromkeys(each["code"] for each in codings if each.get("system") == NUCC and "code" in each))


def _role(target: Target, resolver: Resolver, path: str) -> StatedParty:
    """A PractitionerRole that came along: its practitioner in its organization."""
    role, at = target.resource or {}, target.entry
    person = resolver.resolve(role["practitioner"], at) if "practitioner" in role and at else Target()
    practice = resolver.resolve(role["organization"], at) if "organization" in role and at else Target()
    known = (*numbers(person), *numbers(target))
    own = target.own_reference or person.own_reference
    own = own or (practice.own_reference if person.leads_nowhere and not known else None)
    words = display(person) or target.display
    if person.leads_nowhere and practice.leads_nowhere and not known and words is None:
        raise Unresolved("The role names no practitioner and no organization that can be found", path)
    return StatedParty(
        kind=PartyKind.PRACTITIONER,
        path=path,
        npis=_npis(known),
        organization_npis=_npis(numbers(practice)),
        identifiers=_others(known),
        own_reference=own,
        specialties=nucc(role.get("specialty", ())) or _specialties(person.resource),
        display=words or display(practice),
    )


def _kind(target: Target, known: tuple[Identifier, ...], resolver: Resolver, subject: Target | None) -> PartyKind:
    if target.type is None:
        # A bare NPI is a provider's; whether a person's or an organization's, the directory knows.
        return PartyKind.PRACTITIONER if _npis(known) else PartyKind.OTHER
    if target.type == "RelatedPerson" and target.resource and target.entry and subject:
        patient = resolver.resolve(target.resource["patient"], target.entry)
        if not _same(patient, subject):
            return PartyKind.OTHER
    return KINDS.get(target.type, PartyKind.OTHER)


def _same(one: Target, other: Target) -> bool:
    """Whether both references mean one resource: the very one, the same of ours, or a number both carry."""
    if one.resource is not None and one.resource is other.resource:
        return True
    if one.type not in {None, other.type, "Patient"}:
        return False
    if one.own_reference is not None and one.own_reference == other.own_reference:
        return True
    return any(_equal(mine, yours, typed=one.type is not None) for mine in numbers(one) for yours in numbers(other))


def _equal(mine: Identifier, yours: Identifier, *, typed: bool) -> bool:
    """Whether two identifiers are one; where a system is not given, only between what is said to be a patient."""
    known = mine.system is not None and yours.system is not None
    return mine.value == yours.value and (mine.system == yours.system if known else typed)


def numbers(target: Target) -> tuple[Identifier, ...]:
    """Identifiers of the resource and beside the reference, each once."""
    resource = target.resource or {}
    held = resource.get("identifier", ())
    return tuple(dict.fromkeys((*identifiers(held if isinstance(held, list) else ()), *target.identifiers)))


def _npis(numbers: Iterable[Identifier]) -> tuple[str, ...]:
    return tuple(each.value for each in numbers if each.system == NPI)


def _others(numbers: Iterable[Identifier]) -> tuple[Identifier, ...]:
    return tuple(each for each in numbers if each.system != NPI)


def _specialties(resource: Json | None) -> tuple[str, ...]:
    """NUCC codes a Practitioner's qualifications state."""
    qualifications = (resource or {}).get("qualification", ())
    return nucc(each["code"] for each in qualifications if "code" in each)


def display(target: Target) -> str | None:
    """Words for the party: the reference's own, else the resource's name."""
    if target.display or not target.resource:
        return target.display
    name = target.resource.get("name")
    if isinstance(name, str):
        return name
    return _full_name(name[0]) if isinstance(name, list) and name else None


def _full_name(name: Json) -> str | None:
    if "text" in name:
        return str(name["text"])
    parts = [*(each for each in name.get("given", ()) if each), name.get("family")]
    return " ".join(filter(None, parts)) or None
