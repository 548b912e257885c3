"""Extensions and codes of PAS 2.2.1 that are read or written here, and what reads them."""

from collections.abc import Iterator
from typing import Any

from second_opinion.fhir.codes import LOINC, PAS, PAS_CODES, Json, coding

INFO_CANCELLED = f"{PAS}/modifierextension-infoCancelled"
TRANSMISSION = f"{PAS}/extension-TransmissionIdentifiers"
X12 = "https://codesystem.x12.org/005010"
CANCEL = "3"  # X12 1322 certification type: taken back
URGENT = "U"  # X12 1338 level of service

ATTACHMENT_REQUEST = coding(PAS_CODES, "attachment-request-code")
PAYER_URL = coding(PAS_CODES, "payer-url")
ATTACHMENTS_NEEDED = coding(PAS_CODES, "attachments-needed")
PRIOR_AUTHORIZATION = coding(PAS_CODES, "priorAuthorization")
CDEX_MEDIUM = coding(PAS_CODES, "CDEX")
THREE_MONTHS = coding(LOINC, "18804-5")  # of what is asked for: three months or fewer before the service

TYPES = (("serviceItemRequestType", "1525"), ("certificationType", "1322"))
_VALUE = "value"


def url(name: str) -> str:
    """The URL of a PAS extension by its short name."""
    return f"{PAS}/extension-{name}"


def extensions(element: Json, name: str) -> list[Json]:
    """The element's extensions of this PAS name."""
    wanted = url(name)
    return [each for each in element.get("extension", ()) if each.get("url") == wanted]


def value(element: Json, name: str) -> Any:
    """The value of the element's first extension of this PAS name; None where there is none."""
    return next((each[key] for each in extensions(element, name) for key in each if key.startswith(_VALUE)), None)


def codes(concept: Json | None, system: str) -> Iterator[str]:
    """The codes of one system in a CodeableConcept."""
    return (
        each["code"] for each in (concept or {}).get("coding", ()) if each.get("system") == system and "code" in each
    )


def types(item: Json) -> tuple[tuple[str, str], ...]:
    """(extension, X12 code) of what is requested and how it is certified."""
    return tuple((name, code) for name, table in TYPES for code in codes(value(item, name), f"{X12}/{table}"))


def taken_back(element: Json) -> bool:
    """Whether the client cancels a Claim or an item: by its certification type, or by infoCancelled."""
    by_modifier = any(
        each.get("url") == INFO_CANCELLED and each.get("valueBoolean") is True
        for each in element.get("modifierExtension", ())
    )
    return by_modifier or CANCEL in codes(value(element, "certificationType"), f"{X12}/1322")
