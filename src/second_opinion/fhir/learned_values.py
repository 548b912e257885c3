"""The value of each fact that may be learned later, in the FHIR types it may come in, read into our words."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from second_opinion.directory.learned import ALTERNATIVE, NOT_STATED, UNKNOWN, LearnedFact, LearnedName
from second_opinion.directory.stated import StatedParty, StatedTransportation
from second_opinion.errors import CodeInvalid, Unprocessable
from second_opinion.fhir import dates, parties
from second_opinion.fhir.codes import NUCC, Json, Vocabulary
from second_opinion.fhir.own_codes import OWN_SYSTEMS
from second_opinion.fhir.own_extensions import MODES
from second_opinion.fhir.resolving import Entry, Resolver
from second_opinion.review.facts import CareSource, RequesterKind, Urgency

NOBODY = "unspecified"
VISITS = ("scheduled", "missed", "kept")
REASONS = frozenset(each.code for each in OWN_SYSTEMS["second-opinion-reason"].codes)
APPOINTMENT = "first-appointment"  # extension: when the appointment is


class Place(NamedTuple):
    """The part that holds the value, its path, and what references in it are read with."""

    part: Json
    path: str
    body: Json
    vocabulary: Vocabulary

    @property
    def element(self) -> str:
        """Name of the value[x]; empty where there is none."""
        return next((each for each in self.part if each.startswith("value")), "")

    @property
    def value(self) -> Any:
        """What the value[x] is."""
        return value(self.part)


def value(part: Json) -> Any:
    """What the part's value[x] is; None where it has none."""
    return next((part[each] for each in part if each.startswith("value")), None)


def plain(value: Any) -> str | None:
    """A code however it is written: as code, string, number, boolean, Coding or CodeableConcept."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        coding = value if "code" in value else next(iter(value.get("coding", ())), {})
        code: str | None = coding.get("code")
        return code
    return None if value is None else str(value)


def read(fact: LearnedFact, place: Place) -> LearnedFact:
    """The fact with its value; CodeInvalid, Unresolved or Unprocessable 422 where it cannot be one."""
    return _READ[fact.name](fact, place)


def _one_of(codes: Collection[str]) -> Callable[[LearnedFact, Place], LearnedFact]:
    def coded(fact: LearnedFact, place: Place) -> LearnedFact:
        code = plain(place.value)
        if code is None or code not in codes:
            raise CodeInvalid(f"This fact is one of {', '.join(codes)}", f"{place.path}.value")
        return replace(fact, value=code)

    return coded


def _party(fact: LearnedFact, place: Place) -> LearnedFact:
    """A provider by Reference or Identifier; for the provider requested also that nobody is."""
    if fact.name is LearnedName.REQUESTED_PROVIDER and plain(place.value) == NOBODY:
        return replace(fact, value=NOBODY)
    if not isinstance(place.value, dict) or place.element not in {"valueReference", "valueIdentifier"}:
        raise Unprocessable("A provider is named by a Reference with the NPI as identifier", f"{place.path}.value")
    reference = place.value if place.element == "valueReference" else {"identifier": place.value}
    return replace(fact, value="named", party=_named(reference, place))


def _named(reference: Json, place: Place) -> StatedParty:
    at = Entry(place.body, "Parameters")
    return parties.party(reference, at, Resolver([at], place.vocabulary.base), f"{place.path}.value")


def _reason(fact: LearnedFact, place: Place) -> LearnedFact:
    """A code of ours, or words: any reason counts."""
    if isinstance(place.value, dict) and "coding" not in place.value and "text" in place.value:
        return replace(fact, value=str(place.value["text"]), coded=False)
    if place.element in {"valueString", "valueMarkdown"} and place.value not in REASONS:
        return replace(fact, value=str(place.value), coded=False)
    return _one_of(sorted(REASONS))(fact, place)


def _specialty(fact: LearnedFact, place: Place) -> LearnedFact:
    code = plain(place.value)
    system = place.value.get("system", NUCC) if isinstance(place.value, dict) and "code" in place.value else NUCC
    codes = parties.nucc([place.value]) if isinstance(place.value, dict) and "coding" in place.value else (code,)
    if system != NUCC or not codes or codes[0] is None or len(codes[0]) != len("207Q00000X"):
        raise CodeInvalid("A specialty is a code of the NUCC provider taxonomy", f"{place.path}.value")
    return replace(fact, value=codes[0])


def _ride(fact: LearnedFact, place: Place) -> LearnedFact:
    """The mode of the ride the member needs; true where any will do."""
    mode = plain(place.value)
    if mode != "true" and mode not in MODES:
        raise CodeInvalid(f"transport-mode has only {', '.join(sorted(MODES))}", f"{place.path}.value")
    return replace(fact, value=str(mode), ride=StatedTransportation(mode=None if mode == "true" else mode))


def _visit(fact: LearnedFact, place: Place) -> LearnedFact:
    """What became of the visit, with its time beside it; a time alone means that it is scheduled then."""
    beside = _appointment(place)
    if place.element in {"valueDateTime", "valueDate", "valueInstant"}:
        return replace(fact, value="scheduled", day=_moment(str(place.value), place))
    return replace(_one_of(VISITS)(fact, place), day=beside or _dated(fact.evidence))


def _appointment(place: Place) -> datetime | None:
    url = place.vocabulary.extension(APPOINTMENT)
    found = (each for each in place.part.get("extension", ()) if each.get("url") == url)
    text = next((each.get("valueDateTime") for each in found), None)
    return _moment(text, place) if text else None


def _moment(text: str, place: Place) -> datetime:
    try:
        return dates.span(text)[0]
    except dates.NotADate as wrong:
        raise Unprocessable("The time of a visit must be a FHIR dateTime", f"{place.path}.value") from wrong


def _dated(evidence: tuple[str, ...]) -> datetime | None:
    """The first evidence that is nothing but a time."""
    for each in evidence:
        try:
            return dates.span(each.strip())[0]
        except dates.NotADate:
            continue
    return None


_READ: Mapping[LearnedName, Callable[[LearnedFact, Place], LearnedFact]] = MappingProxyType(
    {
        LearnedName.REQUESTER_KIND: _one_of([*(each.value for each in RequesterKind), NOT_STATED]),
        LearnedName.INITIAL_PROVIDER: _party,
        LearnedName.CARE_SOURCE: _one_of([*(each.value for each in CareSource), UNKNOWN]),
        LearnedName.REQUESTED_PROVIDER: _party,
        LearnedName.ALTERNATIVE: _one_of(list(ALTERNATIVE)),
        LearnedName.URGENCY: _one_of([each.value for each in Urgency]),
        LearnedName.REASON: _reason,
        LearnedName.SPECIALTY: _specialty,
        LearnedName.OPINION_NUMBER: _one_of(["2", "3"]),
        LearnedName.TRANSPORTATION: _ride,
        LearnedName.VISIT: _visit,
        LearnedName.PHYSICIAN_CERTIFICATION: _one_of(["true", "false"]),
    }
)
