"""Whom a request is for: the subject's numbers and demographics, and the numbers of the coverage it names."""

from second_opinion.directory.stated import Identifier, StatedMember
from second_opinion.errors import BusinessRule, RequiredMissing, Unresolved
from second_opinion.fhir.codes import Json
from second_opinion.fhir.parties import UNRESOLVED, found
from second_opinion.fhir.resolving import Entry, Resolver, Target, identifiers


def subject(order: Json, at: Entry, resolver: Resolver) -> Target:
    """Where ``subject`` leads; RequiredMissing, Unresolved or BusinessRule 422 where it is no patient."""
    path = f"{at.path}.subject"
    reference = order.get("subject", {})
    if "reference" not in reference and "identifier" not in reference:
        raise RequiredMissing("subject must refer to the patient, or carry her identifier", path)
    target = resolver.resolve(reference, at)
    if target.leads_nowhere:
        raise Unresolved(UNRESOLVED, path)
    if target.type not in {None, "Patient"}:
        raise BusinessRule("subject must be a Patient; second opinions are for members", path)
    return target


def member(order: Json, target: Target, at: Entry, resolver: Resolver) -> StatedMember:
    """The member as the request states her; Unresolved 422 for coverage that leads nowhere."""
    patient = target.resource or {}
    held = (*identifiers(patient.get("identifier", ())), *target.identifiers)
    coverages = _coverages(order, at, resolver) or ([] if held else _unmentioned(target, resolver))
    numbers = tuple(number for each in coverages for number in _coverage_numbers(each))
    return StatedMember(
        path=f"{at.path}.subject",
        identifiers=tuple(dict.fromkeys(held)),
        own_reference=target.own_reference,
        birth_date=patient.get("birthDate"),
        family=_family(patient),
        coverage_numbers=tuple(dict.fromkeys(numbers)),
        coverage_own_references=tuple(each.own_reference for each in coverages if each.own_reference),
    )


def _coverages(order: Json, at: Entry, resolver: Resolver) -> list[Target]:
    """The Coverages ``insurance`` names; a ClaimResponse may stand there too and says nothing of the member."""
    targets = [
        found(reference, at, resolver, f"{at.path}.insurance[{index}]")
        for index, reference in enumerate(order.get("insurance", ()))
    ]
    return [each for each in targets if each.type in {None, "Coverage"}]


def _unmentioned(target: Target, resolver: Resolver) -> list[Target]:
    """Coverages that came along for a patient without numbers, though ``insurance`` does not name them."""
    return [
        Target("Coverage", entry.resource, entry)
        for entry in resolver.entries
        if entry.resource["resourceType"] == "Coverage"
        and resolver.resolve(entry.resource["beneficiary"], entry).resource is target.resource is not None
    ]


def _coverage_numbers(target: Target) -> tuple[Identifier, ...]:
    """Member numbers a Coverage carries: its identifiers and the subscriber's number."""
    coverage = target.resource or {}
    subscriber = coverage.get("subscriberId")
    own = (*identifiers(coverage.get("identifier", ())), *target.identifiers)
    known = {each.value for each in own}
    return own if subscriber is None or subscriber in known else (*own, Identifier(subscriber))


def _family(patient: Json) -> str | None:
    """The family name in use: the official one, else the first that is given and not old."""
    names = [each for each in patient.get("name", ()) if "family" in each and each.get("use") != "old"]
    official = [each for each in names if each.get("use") == "official"]
    return next((each["family"] for each in (*official, *names)), None)
