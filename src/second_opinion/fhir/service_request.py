"""An order as sent, read into what it states. Knows no directory: who the parties are is found out later."""

import hashlib
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import orjson

from second_opinion.directory.stated import Stated, StatedParty, StatedTransportation
from second_opinion.errors import BusinessRule, Unprocessable
from second_opinion.fhir import dates, own_extensions, reasons, recognition, stated_member
from second_opinion.fhir.codes import Json, Vocabulary
from second_opinion.fhir.parties import nucc, party
from second_opinion.fhir.resolving import Entry, Resolver, Target, identifiers

INTENTS = frozenset({"order", "original-order", "proposal", "plan"})
URGENT = frozenset({"urgent", "asap", "stat"})
NOBODY = (None, "")
NEVER = date(3000, 1, 1)  # nothing is planned for so far ahead, and clocks would run out of the calendar
UNCOUNTED = frozenset({"id", "meta", "text"})  # of the content; a server may change them


class Days(NamedTuple):
    """First and last Pacific day, None where open."""

    first: date | None
    last: date | None


def read(at: Entry, resolver: Resolver, vocabulary: Vocabulary) -> Stated:
    """What the order in the entry states; 422 with its FHIRPath for what breaks a rule."""
    order = at.resource
    _can_be_acted_on(order, at.path)
    recognised = recognition.require(order, vocabulary, at.path)
    subject = stated_member.subject(order, at, resolver)
    parties = Parties(at, resolver, subject)
    why = reasons.read(order, at, resolver, vocabulary)
    days = service_days(order, at.path)
    return Stated(
        member=stated_member.member(order, subject, at, resolver),
        identifiers=identifiers(order.get("identifier", ())),
        requester=parties.at(order.get("requester"), f"{at.path}.requester"),
        initial_provider=parties.at(*(own_extensions.initial_provider(at, vocabulary) or NOBODY)),
        requested_provider=parties.at(next(iter(order.get("performer", ())), None), f"{at.path}.performer[0]"),
        specialties_needed=nucc([order.get("performerType", {})]),
        urgent=order.get("priority") in URGENT,
        priority=order.get("priority"),
        reason_codes=why.codes,
        reason_words=why.words,
        reason_is_empty=why.empty,
        conditions=tuple(why.conditions),
        opinion_number=recognised.number,
        transportation=_transportation(at, resolver, vocabulary),
        service_from=days.first,
        service_to=days.last,
        authored_at=_first_moment(order.get("authoredOn")),
        received_claimed=own_extensions.received_at(at, vocabulary),
        member_informed=own_extensions.member_informed(at, vocabulary),
        sensitive=tuple(each["code"] for each in order.get("meta", {}).get("security", ()) if "code" in each),
    )


def content_digest(order: Json) -> str:
    """SHA-256 over what the order says: equal JSON values give equal digests, whatever their order and spacing."""
    said = {name: value for name, value in order.items() if name not in UNCOUNTED}
    return hashlib.sha256(orjson.dumps(said, default=_canonical, option=orjson.OPT_SORT_KEYS)).hexdigest()


def service_days(order: Json, path: str) -> Days:
    """The Pacific days of ``occurrence``; Unprocessable 422 where it ends before it begins, or begins never."""
    timing = order.get("occurrenceTiming", {})
    period = order.get("occurrencePeriod") or timing.get("repeat", {}).get("boundsPeriod") or {}
    events = [each for each in (order.get("occurrenceDateTime"), *timing.get("event", ())) if each]
    starts = [dates.first_day(each) for each in (*events, *filter(None, [period.get("start")]))]
    ends = [dates.last_day(each) for each in (*events, *filter(None, [period.get("end")]))]
    days = Days(min(starts, default=None), max(ends, default=None))
    if days.first and days.last and days.last < days.first:
        raise Unprocessable("The occurrence ends before it begins", f"{path}.occurrence")
    if days.first and days.first >= NEVER:
        raise Unprocessable(f"The occurrence must begin before the year {NEVER.year}", f"{path}.occurrence")
    return days


class Parties(NamedTuple):
    """Reads the parties of one order."""

    order: Entry
    resolver: Resolver
    subject: Target

    def at(self, reference: Json | None, path: str) -> StatedParty | None:
        """The party; None where the reference says nothing of it, as one with only a data-absent-reason."""
        if reference is None or not reference.keys() & {"reference", "identifier", "display"}:
            return None
        return party(reference, self.order, self.resolver, path, self.subject)


def _can_be_acted_on(order: Json, path: str) -> None:
    if order.get("intent") not in INTENTS:
        raise BusinessRule(f"intent must be one of {', '.join(sorted(INTENTS))}", f"{path}.intent")
    if order.get("doNotPerform"):
        raise BusinessRule("An order not to do something is not reviewed here", f"{path}.doNotPerform")


def _transportation(at: Entry, resolver: Resolver, vocabulary: Vocabulary) -> StatedTransportation | None:
    """The ride the extension asks for, else a transportation order that came along."""
    stated = own_extensions.transportation(at, vocabulary)
    rides = (each for each in resolver.entries if each is not at and recognition.is_ride(each.resource))
    ride = None if stated else next(rides, None)
    return _ride(ride, vocabulary) if ride else stated


def _ride(ride: Entry, vocabulary: Vocabulary) -> StatedTransportation:
    concepts = [
        ride.resource.get("code", {}),
        *ride.resource.get("category", ()),
        *ride.resource.get("orderDetail", ()),
    ]
    modes = (own_extensions.ride_mode(each, f"{ride.path}.code", vocabulary) for each in concepts)
    stated = own_extensions.transportation(ride, vocabulary)
    return StatedTransportation(
        mode=(stated and stated.mode) or next(filter(None, modes), None),
        attendant=stated.attendant if stated else None,
        language=stated.language if stated else None,
    )


def _first_moment(text: str | None) -> datetime | None:
    return dates.span(text)[0] if text else None


def _canonical(value: Any) -> orjson.Fragment:
    """1.50, 1.5 and 15e-1 are one JSON value, and so are 2.0 and 2; nothing is rounded."""
    if not isinstance(value, Decimal):
        raise TypeError
    text = f"{value:f}"
    text = text.rstrip("0").removesuffix(".") if "." in text else text
    return orjson.Fragment("0" if value == 0 else text)
