"""Elements of directory resources: identifiers, references, periods, codes and extensions, read leniently."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from second_opinion.directory.model import ALWAYS, Period, Pointer
from second_opinion.directory.stated import NPI, Identifier
from second_opinion.fhir import dates
from second_opinion.fhir.codes import NUCC

Json = Mapping[str, Any]

PLAN_NET = "http://hl7.org/fhir/us/davinci-pdex-plan-net/StructureDefinition"
NPI_OID = "urn:oid:2.16.840.1.113883.4.6"  # the same system as NPI, in its older spelling


def identifiers(resource: Json) -> tuple[Identifier, ...]:
    """Business identifiers with a value."""
    return tuple(_identifier(each) for each in resource.get("identifier", ()) if each.get("value"))


def _identifier(each: Json) -> Identifier:
    system = each.get("system")
    return Identifier(each["value"], NPI if system == NPI_OID else system)


def values(resource: Json) -> tuple[str, ...]:
    """Values of the identifiers."""
    return tuple(each["value"] for each in resource.get("identifier", ()) if each.get("value"))


def pointers(references: Iterable[Json]) -> tuple[Pointer, ...]:
    """References inside the directory."""
    return tuple(_pointer(each) for each in references)


def _pointer(reference: Json) -> Pointer:
    stated = reference.get("identifier")
    identifiers = (_identifier(stated),) if stated and stated.get("value") else ()
    return Pointer(_local(reference), identifiers, reference.get("display"))


def _local(reference: Json) -> str | None:
    """``Type/id`` of a reference inside the directory; one to elsewhere is none."""
    literal: str = reference.get("reference", "").partition("/_history/")[0]
    return literal if literal.count("/") == 1 else None


def target(reference: Json | None, kind: str) -> str | None:
    """Id of what the reference points to, where it is of that type."""
    local = _local(reference) if reference else None
    found, _, key = local.partition("/") if local else ("", "", "")
    return key if found == kind else None


def targets(references: Iterable[Json | None], kind: str) -> tuple[str, ...]:
    """Ids of what the references point to, where they are of that type."""
    return tuple(key for each in references if (key := target(each, kind)))


def period(resource: Json) -> Period:
    """Its period in the plan's local days."""
    stated = resource.get("period")
    if not stated:
        return ALWAYS
    return Period(_day(stated, "start"), _day(stated, "end"))


def _day(period: Json, end: str) -> date | None:
    """The plan's local day a period starts or ends on; loading has refused what is no date."""
    if end not in period:
        return None
    return dates.first_day(period[end]) if end == "start" else dates.last_day(period[end])


def codes(concept: Json) -> Iterator[str]:
    """Codes of a CodeableConcept."""
    return (each["code"] for each in concept.get("coding", ()) if "code" in each)


def specialties(concepts: Iterable[Json]) -> tuple[str, ...]:
    """NUCC codes, each once."""
    codings = (coding for concept in concepts for coding in concept.get("coding", ()))
    return tuple(dict.fromkeys(each["code"] for each in codings if each.get("system") == NUCC and "code" in each))


def words(concepts: Iterable[Json]) -> str | None:
    """The first specialty in words."""
    for concept in concepts:
        words = (each.get("display") for each in concept.get("coding", ()) if each.get("system") == NUCC)
        if said := next(filter(None, words), concept.get("text")):
            return str(said)
    return None


def extensions(element: Json, name: str) -> Iterator[Json]:
    """Plan-Net's extensions of that name."""
    url = f"{PLAN_NET}/{name}"
    return (each for each in element.get("extension", ()) if each.get("url") == url)


def phone(resource: Json) -> str | None:
    """The first telephone number."""
    return next((each.get("value") for each in resource.get("telecom", ()) if each.get("system") == "phone"), None)
