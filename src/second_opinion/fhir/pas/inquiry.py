"""An inquiry read: about which member, by which providers, and what the cases asked for must have in common with it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from second_opinion.directory.stated import StatedMember
from second_opinion.fhir import dates, stated_member
from second_opinion.fhir.case_view import CaseView
from second_opinion.fhir.codes import DATA_ABSENT_SYSTEM, X12_ACTION, Json
from second_opinion.fhir.parties import party
from second_opinion.fhir.pas import terms
from second_opinion.fhir.pas.request import PasRequest
from second_opinion.fhir.resolving import Entry
from second_opinion.fhir.sent_claim import SentItem

Days = tuple[date, date]
Code = tuple[str | None, str]  # system, code
CERTIFIED = {  # extension of an inquired item → the day of the authorization it is held against
    "itemCertificationIssueDate": "issued",
    "itemCertificationEffectiveDate": "first_day",
    "itemCertificationExpirationDate": "last_day",
}


def member(request: PasRequest) -> StatedMember:
    """Whom the inquiry is about."""
    claim, at = request.claim, request.claim_at
    order = {"subject": claim["patient"], "insurance": [each["coverage"] for each in claim["insurance"]]}
    pretended = Entry(claim, at.path, at.full_url)
    return stated_member.member(order, request.target(claim["patient"]), pretended, request.resolver)


def npis(request: PasRequest) -> frozenset[str]:
    """Of the provider who asks and the care team: of persons and their practices."""
    team = [each["provider"] for each in request.claim.get("careTeam", ())]
    found = [
        party(each, request.claim_at, request.resolver, f"{request.claim_at.path}.provider")
        for each in (request.claim["provider"], *team)
    ]
    return frozenset(npi for each in found for npi in (*each.npis, *each.organization_npis))


@dataclass(frozen=True)
class Filter:
    """What one inquired item names; what it leaves out filters nothing."""

    codes: tuple[Code, ...] = ()
    end: Code | None = None  # of a range of codes
    types: tuple[tuple[str, str], ...] = ()  # (extension, X12 code)
    serviced: Days | None = None
    certified: tuple[tuple[str, Days], ...] = ()  # (day of the authorization, within)
    actions: tuple[str, ...] = ()  # X12 306

    def fits(self, view: CaseView, item: SentItem | None, own: Iterable[Code]) -> bool:
        """Whether the case, with the item it answers if a client sent one, has all of it."""
        codes = [*_codes_of(item), *own] if item else list(own)
        return (
            self._asks_for(codes)
            and all(_type_fits(name, code, item) for name, code in self.types)
            and (self.serviced is None or view.service_days is None or _overlap(self.serviced, view.service_days))
            and all(_certified_within(view, day, within) for day, within in self.certified)
            and (not self.actions or view.action in self.actions)
        )

    def _asks_for(self, codes: list[Code]) -> bool:
        if not self.codes:
            return True
        if self.end is None:
            return any(each in codes for each in self.codes)
        system, last = self.end
        return any(
            first <= code <= last and len(code) == len(first)
            for start_system, first in self.codes
            for own_system, code in codes
            if own_system == system == start_system
        )


def filters(request: PasRequest) -> list[Filter]:
    """One for each inquired item; any of them is enough. Without items, one that filters by the Claim alone."""
    items = request.claim.get("item", ())
    return [_filter(request.claim, each) for each in items] or [Filter(serviced=_period(request.claim))]


def diagnoses(request: PasRequest) -> frozenset[Code]:
    """Any of these is enough."""
    return frozenset(
        code
        for each in request.claim.get("diagnosis", ())
        for code in _codings(each.get("diagnosisCodeableConcept", {}))
    )


def _filter(claim: Json, item: Json) -> Filter:
    codes = tuple(each for each in _codings(item["productOrService"]) if each[0] != DATA_ABSENT_SYSTEM)
    end = next(iter(_codings(terms.value(item, "productOrServiceCodeEnd") or {})), None)
    return Filter(
        codes=codes,
        end=end,
        types=terms.types(item),
        serviced=_days(item.get("servicedPeriod") or item.get("servicedDate")) or _period(claim),
        certified=tuple(
            (day, within) for name, day in CERTIFIED.items() if (within := _days(terms.value(item, name))) is not None
        ),
        actions=tuple(terms.codes(terms.value(item, "reviewActionCode"), X12_ACTION)),
    )


def _codings(concept: Json) -> Iterator[Code]:
    return ((each.get("system"), each["code"]) for each in concept.get("coding", ()) if "code" in each)


def _codes_of(item: SentItem) -> Iterator[Code]:
    for part in item.detail:
        if part["url"] == "productOrServiceCode":
            yield from _codings(part["valueCodeableConcept"])


def _type_fits(name: str, code: str, item: SentItem | None) -> bool:
    """Whether the item says the same; what it does not say is not held against it."""
    said = [own for other, own in item.types if other == name] if item else []
    return not said or code in said


def _certified_within(view: CaseView, day: str, within: Days) -> bool:
    granted = view.authorization
    return granted is not None and within[0] <= getattr(granted, day) <= within[1]


def _period(claim: Json) -> Days | None:
    return _days(claim.get("billablePeriod"))


def _days(value: Json | str | None) -> Days | None:
    """First and last day of a date or Period; open ends reach as far as dates go."""
    if value is None:
        return None
    if isinstance(value, str):
        return dates.first_day(value), dates.last_day(value)
    first = dates.first_day(value["start"]) if "start" in value else date.min
    last = dates.last_day(value["end"]) if "end" in value else date.max
    return first, last


def _overlap(one: Days, other: Days) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]
