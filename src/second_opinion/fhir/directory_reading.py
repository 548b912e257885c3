"""Directory resources as JSON, read into the directory's own words (US Core, Plan-Net 1.1)."""

from collections.abc import Mapping
from typing import Any

from second_opinion.directory.model import (
    Accepting,
    Accepts,
    Affiliation,
    CoverageRecord,
    Group,
    Member,
    Place,
    Practitioner,
    Product,
    Role,
    Service,
)
from second_opinion.directory.stated import Identifier
from second_opinion.fhir import directory_elements as elements

Json = Mapping[str, Any]

CONFIDENTIAL = "/StructureDefinition/confidential-communication"  # below whichever canonical base the plan uses
PRODUCT_CLASSES = frozenset({"plan", "subplan", "group"})  # Coverage.class that may name a product
ACCEPTS = {each.value: each for each in Accepts}
REFUSED = {"revoked": "a qualification is revoked", "issiner": "a qualification was issued in error"}


def member(resource: Json) -> Member:
    """A Patient."""
    return Member(
        id=resource["id"],
        identifiers=elements.identifiers(resource),
        active=resource.get("active", True),
        birth_date=resource.get("birthDate"),
        families=tuple(name["family"] for name in resource.get("name", ()) if "family" in name),
        general_practitioners=elements.pointers(resource.get("generalPractitioner", ())),
        language=_language(resource),
        confidential_address=any(_is_confidential(address) for address in resource.get("address", ())),
    )


def coverage(resource: Json) -> CoverageRecord:
    """A Coverage."""
    subscriber = resource.get("subscriberId")
    classes = (
        each for each in resource.get("class", ()) if PRODUCT_CLASSES.intersection(elements.codes(each.get("type", {})))
    )
    return CoverageRecord(
        id=resource["id"],
        member=elements.target(resource.get("beneficiary"), "Patient"),
        numbers=(*elements.identifiers(resource), *((Identifier(subscriber),) if subscriber else ())),
        active=resource.get("status") == "active",
        period=elements.period(resource),
        payors=elements.pointers(resource.get("payor", ())),
        classes=tuple((each["value"], each.get("name")) for each in classes if "value" in each),
        network=resource.get("network"),
        order=resource.get("order"),
    )


def practitioner(resource: Json) -> Practitioner:
    """A Practitioner."""
    codes = [each.get("code", {}) for each in resource.get("qualification", ())]
    return Practitioner(
        id=resource["id"],
        identifiers=elements.identifiers(resource),
        active=resource.get("active", True),
        disqualified=_disqualified(resource),
        name=_name(resource),
        specialties=elements.specialties(codes),
        specialty_words=elements.words(codes),
        phone=elements.phone(resource),
    )


def organization(resource: Json) -> Group:
    """An Organization."""
    return Group(
        id=resource["id"],
        identifiers=elements.identifiers(resource),
        active=resource.get("active", True),
        name=resource.get("name"),
        aliases=tuple(resource.get("alias", ())),
        types=tuple(code for each in resource.get("type", ()) for code in elements.codes(each)),
        part_of=elements.target(resource.get("partOf"), "Organization"),
        phone=elements.phone(resource),
    )


def role(resource: Json) -> Role:
    """A PractitionerRole."""
    networks = (each.get("valueReference") for each in elements.extensions(resource, "network-reference"))
    specialty = resource.get("specialty", ())
    return Role(
        id=resource["id"],
        active=resource.get("active", True),
        period=elements.period(resource),
        practitioner=elements.target(resource.get("practitioner"), "Practitioner"),
        organization=elements.target(resource.get("organization"), "Organization"),
        networks=elements.targets(networks, "Organization"),
        specialties=elements.specialties(specialty),
        specialty_words=elements.words(specialty),
        accepting=_accepting(resource),
        services=elements.targets(resource.get("healthcareService", ()), "HealthcareService"),
        places=elements.targets(resource.get("location", ()), "Location"),
        phone=elements.phone(resource),
    )


def affiliation(resource: Json) -> Affiliation:
    """An OrganizationAffiliation."""
    return Affiliation(
        id=resource["id"],
        active=resource.get("active", True),
        period=elements.period(resource),
        participating=elements.target(resource.get("participatingOrganization"), "Organization"),
        networks=elements.targets(resource.get("network", ()), "Organization"),
    )


def service(resource: Json) -> Service:
    """A HealthcareService."""
    specialty = resource.get("specialty", ())
    return Service(
        id=resource["id"],
        active=resource.get("active", True),
        specialties=elements.specialties(specialty),
        specialty_words=elements.words(specialty),
        accepting=_accepting(resource),
    )


def place(resource: Json) -> Place:
    """A Location."""
    is_active = resource.get("status", "active") == "active"
    return Place(id=resource["id"], active=is_active, accepting=_accepting(resource), phone=elements.phone(resource))


def product(resource: Json) -> Product:
    """An InsurancePlan."""
    names = (resource["id"], resource.get("name"), *resource.get("alias", ()), *elements.values(resource))
    owners = (resource.get("ownedBy"), resource.get("administeredBy"))
    return Product(
        id=resource["id"],
        active=resource.get("status", "active") == "active",
        names=tuple(name for name in names if name),
        networks=elements.targets(resource.get("network", ()), "Organization"),
        variants=tuple(
            (elements.values(each), elements.targets(each.get("network", ()), "Organization"))
            for each in resource.get("plan", ())
        ),
        owners=tuple(dict.fromkeys(elements.targets(owners, "Organization"))),
    )


def qualification_codes(resource: Json) -> tuple[str, ...]:
    """NUCC codes of a Practitioner's qualifications."""
    return elements.specialties(each.get("code", {}) for each in resource.get("qualification", ()))


def _accepting(resource: Json) -> tuple[Accepting, ...]:
    """Statements of extension newpatients; a code of no meaning to us states nothing."""
    found = []
    for extension in elements.extensions(resource, "newpatients"):
        parts = {each.get("url"): each for each in extension.get("extension", ())}
        network = parts.get("fromNetwork", {}).get("valueReference")
        said = parts.get("acceptingPatients", {}).get("valueCodeableConcept", {})
        if network and elements.target(network, "Organization") is None:
            continue  # for a network of another directory
        found += [
            Accepting(ACCEPTS[code], elements.target(network, "Organization"))
            for code in elements.codes(said)
            if code in ACCEPTS
        ]
    return tuple(found)


def _disqualified(resource: Json) -> str | None:
    """What a qualification's status says against the practitioner: revoked at all, or none left that is active."""
    stated = [_status(each) for each in resource.get("qualification", ())]
    if refused := next((REFUSED[each] for each in stated if each in REFUSED), None):
        return refused
    return "no qualification is active" if "inactive" in stated and "active" not in stated else None


def _status(qualification: Json) -> str | None:
    for extension in elements.extensions(qualification, "practitioner-qualification"):
        for part in extension.get("extension", ()):
            if part.get("url") == "status":
                return part.get("valueCode") or next(elements.codes(part.get("valueCodeableConcept", {})), None)
    return None


def _name(resource: Json) -> str | None:
    """The name to show: the usual or official one, in words or put together."""
    names = sorted(resource.get("name", ()), key=lambda each: each.get("use") in {"old", "nickname", "maiden"})
    if not names:
        return None
    name = names[0]
    parts = (*name.get("prefix", ()), *name.get("given", ()), name.get("family"))
    suffix = "".join(f", {each}" for each in name.get("suffix", ()) if each)
    return name.get("text") or " ".join(filter(None, parts)) + suffix or None


def _language(resource: Json) -> str | None:
    """The language the member prefers, else the first named."""
    spoken = sorted(resource.get("communication", ()), key=lambda each: not each.get("preferred", False))
    return next((code for each in spoken for code in elements.codes(each.get("language", {}))), None)


def _is_confidential(address: Json) -> bool:
    return any(
        str(each.get("url", "")).endswith(CONFIDENTIAL) and each.get("valueBoolean") is True
        for each in address.get("extension", ())
    )
