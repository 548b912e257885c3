"""Which orders ask for a second opinion, which for a ride, and the codes by which senders say so."""

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

from second_opinion.errors import BusinessRule, RequiredMissing
from second_opinion.fhir.codes import RIDE_CODES, SNOMED, X12_SERVICE, Json, Vocabulary

X12_SERVICES = frozenset({X12_SERVICE, "https://x12.org/codes/service-type-codes"})  # PAS 2.2.1; X12's own page
HCPCS_SYSTEMS = frozenset(  # both spellings are in use, and the OID of older senders
    {
        "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
        "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
        "http://terminology.hl7.org/CodeSystem/HCPCS",
        "urn:oid:2.16.840.1.113883.6.285",
    }
)
CONFIRMATORY_CONSULTATION = "77406008"  # SNOMED CT; CH-RAD-Order uses it for second and third opinions
RIDES = frozenset({"428632005", "410365006"})  # SNOMED CT transportation request, transportation case management

SECOND, THIRD = 2, 3
SERVICES = {"20": SECOND, "21": THIRD, "3": None}  # X12 1365: second, third surgical opinion, consultation
MODIFIERS = {"SM": SECOND, "SN": THIRD, "SF": None}  # HCPCS: second, third opinion; ordered by a review organization
# CPT consultation codes (99242-99245, 99252-99255) say nothing here: only a modifier beside them does.

OPINION = re.compile(
    r"\b(?:(?P<second>second|2nd|segunda|2a)|(?P<third>third|3rd|tercera|3a))"
    r"(?: (?:medical|surgical|clinical|medica|quirurgica))? opinions?\b"
)


class Recognised(NamedTuple):
    """An order for a second opinion; ``number`` is 2 or 3 where it says so."""

    number: int | None


def second_opinion(order: Json, vocabulary: Vocabulary) -> Recognised | None:
    """What category, code or modifier say: None where none of them speaks of a second opinion."""
    said = [number for concept in _concepts(order) for number in _said(concept, vocabulary)]
    if not said:
        return None
    numbers = {number for number in said if number}
    return Recognised(max(numbers) if numbers else None)


def require(order: Json, vocabulary: Vocabulary, path: str) -> Recognised:
    """What the order says; RequiredMissing or BusinessRule 422 where it does not ask for a second opinion."""
    recognised = second_opinion(order, vocabulary)
    if recognised is not None:
        return recognised
    place = f"{path}.code"
    if "code" not in order and "category" not in order:
        raise RequiredMissing(f"code must say that a second opinion is asked for: {_codes(vocabulary)}", place)
    raise BusinessRule(
        f"The request is for something else; this service takes second opinions only: {_codes(vocabulary)}", place
    )


def is_ride(order: Json) -> bool:
    """Whether the resource is an order for transportation."""
    return order["resourceType"] == "ServiceRequest" and any(
        (each.get("system") == SNOMED and each.get("code") in RIDES)
        or (each.get("system") in HCPCS_SYSTEMS and each.get("code") in RIDE_CODES.values())
        for concept in _concepts(order)
        for each in concept.get("coding", ())
    )


def ride_mode(codings: Iterable[Json], vocabulary: Vocabulary) -> str | None:
    """The transport mode codings state, in our system or as the HCPCS code of the ride."""
    by_hcpcs = {code: mode for mode, code in RIDE_CODES.items()}
    for each in codings:
        code: str | None = each.get("code")
        if each.get("system") == vocabulary.system("transport-mode"):
            return code
        if each.get("system") in HCPCS_SYSTEMS and code in by_hcpcs:
            return by_hcpcs[code]
    return None


def _codes(vocabulary: Vocabulary) -> str:
    return f"SNOMED CT {CONFIRMATORY_CONSULTATION}, X12 1365 20, or {vocabulary.system('service')}#second-opinion"


def _concepts(order: Json) -> list[Json]:
    return [
        *([order["code"]] if "code" in order else []),
        *order.get("category", ()),
        *order.get("orderDetail", ()),
    ]


def _said(concept: Json, vocabulary: Vocabulary) -> list[int | None]:
    """Opinion numbers the concept states, None for an opinion without a number; nothing if it states none."""
    said: list[int | None] = []
    for each in concept.get("coding", ()):
        system, code = each.get("system"), str(each.get("code"))
        if (system, code) in {(SNOMED, CONFIRMATORY_CONSULTATION), (vocabulary.system("service"), "second-opinion")}:
            said.append(None)
        elif system in X12_SERVICES and code in SERVICES:
            said.append(SERVICES[code])
        elif system in HCPCS_SYSTEMS and code in MODIFIERS:
            said.append(MODIFIERS[code])
    words = OPINION.finditer(_folded(concept.get("text", "")))
    return [*said, *(SECOND if each["second"] else THIRD for each in words)]


def _folded(text: str) -> str:
    """The words without case, accents, punctuation and double spaces."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    letters = (each if each.isalnum() else " " for each in plain if not unicodedata.combining(each))
    return " ".join("".join(letters).split())
