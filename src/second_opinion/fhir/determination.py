"""``$record-determination``: what a reviewer states, read; nothing is looked up, and the reviewer is never in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from second_opinion.cases.decision import ReviewOutcome
from second_opinion.directory.stated import StatedParty
from second_opinion.errors import CodeInvalid, Unprocessable
from second_opinion.fhir import dates, parties
from second_opinion.fhir.codes import Json, Vocabulary
from second_opinion.fhir.parameters import Given, Named, Parameter, peek
from second_opinion.fhir.parameters import read as read_parameters
from second_opinion.fhir.resolving import Entry, Resolver

JUSTIFICATIONS = ("member-asked", "provider-asked", "member-interest")  # 42 CFR 438.210(d)(1)(ii)
QUANTITIES = ("valueQuantity", "valueInteger", "valuePositiveInt", "valueDecimal")
PARAMETERS: Mapping[str, Parameter] = MappingProxyType(
    {
        "outcome": Parameter(("valueCode",)),
        "reason": Parameter(("valueCoding",), many=True),
        "rationale": Parameter(("valueString",)),
        "clause": Parameter(("valueString",), many=True),
        "alternative": Parameter(("valueReference",), many=True),
        "modification": Parameter(
            parts=MappingProxyType(
                {
                    "provider": Parameter(("valueReference",)),
                    "period": Parameter(("valuePeriod",)),
                    "quantity": Parameter(QUANTITIES),
                }
            )
        ),
        "until": Parameter(("valueDateTime",)),
        "missing": Parameter(("valueString",), many=True),
        "justification": Parameter(("valueCode",)),
    }
)


@dataclass(frozen=True)
class StatedReason:
    """A reason as given: a code of determination-reason."""

    code: str
    path: str


@dataclass(frozen=True)
class StatedAlternative:
    """A provider offered, and when it can first see the member."""

    party: StatedParty
    first_appointment: datetime | None


@dataclass(frozen=True)
class StatedModification:
    """What is to be authorized instead."""

    path: str
    provider: StatedParty | None
    period: tuple[date, date] | None
    quantity: Json | None


@dataclass(frozen=True)
class StatedDetermination:
    """Everything the reviewer states; what is missing is None or empty, and judged by the story."""

    outcome: ReviewOutcome | None
    reasons: tuple[StatedReason, ...]
    rationale: str
    translations: tuple[tuple[str, str], ...]
    clauses: tuple[str, ...]
    alternatives: tuple[StatedAlternative, ...]
    modification: StatedModification | None
    until: datetime | None
    missing: tuple[str, ...]
    justification: str | None
    names: frozenset[str]  # of the parameters given


def outcome(body: Json) -> ReviewOutcome | None:
    """The outcome alone, before anything else is looked at: the reviewer's right depends on it."""
    stated = peek(body, "outcome", "valueCode")
    return ReviewOutcome(stated) if stated in list(ReviewOutcome) else None


def read(body: Json, vocabulary: Vocabulary) -> StatedDetermination:
    """What is stated; 400 for what is no R4, 422 for what the operation does not take."""
    given = read_parameters(body, PARAMETERS)
    rationale = given.one("rationale")
    return StatedDetermination(
        outcome=_outcome(given),
        reasons=tuple(_reason(each, vocabulary) for each in given.each("reason")),
        rationale=rationale.words() if rationale else "",
        translations=rationale.translations() if rationale else (),
        clauses=_words(given, "clause"),
        alternatives=tuple(_alternative(each, vocabulary) for each in given.each("alternative")),
        modification=_modification(given.one("modification"), vocabulary),
        until=_until(given.one("until")),
        missing=_words(given, "missing"),
        justification=_justification(given.one("justification")),
        names=frozenset(given.all),
    )


def _outcome(given: Named) -> ReviewOutcome | None:
    stated = given.one("outcome")
    if stated is None:
        return None
    if stated.value not in list(ReviewOutcome):
        raise CodeInvalid(f"The outcome must be one of {', '.join(ReviewOutcome)}", f"{stated.path}.value")
    return ReviewOutcome(stated.value)


def _reason(given: Given, vocabulary: Vocabulary) -> StatedReason:
    system = vocabulary.system("determination-reason")
    if given.value.get("system") != system or not given.value.get("code"):
        raise CodeInvalid(f"A reason is a Coding of {system}", f"{given.path}.value")
    return StatedReason(given.value["code"], f"{given.path}.value.code")


def _words(given: Named, name: str) -> tuple[str, ...]:
    return tuple(words for each in given.each(name) if (words := each.words()))


def _party(given: Given, vocabulary: Vocabulary) -> StatedParty:
    """Who is meant: on this server, or by number; nothing comes along that it could be contained in."""
    at = Entry({"resourceType": "Parameters"}, "Parameters")
    return parties.party(given.value, at, Resolver([at], vocabulary.base), f"{given.path}.value")


def _alternative(given: Given, vocabulary: Vocabulary) -> StatedAlternative:
    url, first = vocabulary.extension("first-appointment"), None
    for index, each in enumerate(given.value.get("extension", ())):
        if each.get("url") == url:
            place = f"{given.path}.value.extension[{index}].value"
            first = _instant(each.get("valueDateTime"), place)
    return StatedAlternative(_party(given, vocabulary), first)


def _modification(given: Given | None, vocabulary: Vocabulary) -> StatedModification | None:
    if given is None or given.parts is None:
        return None
    provider = given.parts.one("provider")
    return StatedModification(
        path=given.path,
        provider=_party(provider, vocabulary) if provider else None,
        period=_period(given.parts.one("period")),
        quantity=_quantity(given.parts.one("quantity")),
    )


def _period(given: Given | None) -> tuple[date, date] | None:
    if given is None:
        return None
    start, end = given.value.get("start"), given.value.get("end")
    if start is None or end is None:
        raise Unprocessable("The period must have start and end", f"{given.path}.value")
    days = dates.first_day(start), dates.last_day(end)
    if days[0] > days[1]:
        raise Unprocessable("The period must end on its first day or later", f"{given.path}.value.end")
    return days


def _quantity(given: Given | None) -> Json | None:
    if given is None:
        return None
    quantity: Json = given.value if isinstance(given.value, dict) else {"value": given.value}
    if not quantity.get("value", 0) > 0:
        raise Unprocessable("The quantity must have a value above zero", f"{given.path}.value")
    return quantity


def _until(given: Given | None) -> datetime | None:
    return _instant(given.value, f"{given.path}.value") if given else None


def _instant(text: Any, path: str) -> datetime:
    """The instant meant: a day alone lasts to its end."""
    try:
        first, last = dates.span(text if isinstance(text, str) else "")
    except ValueError as wrong:
        raise Unprocessable("It must be a dateTime such as 2026-10-12T09:00:00-07:00", path) from wrong
    return first if "T" in text else last


def _justification(given: Given | None) -> str | None:
    if given is not None and given.value not in JUSTIFICATIONS:
        raise CodeInvalid(f"The justification must be one of {', '.join(JUSTIFICATIONS)}", f"{given.path}.value")
    return str(given.value) if given else None
