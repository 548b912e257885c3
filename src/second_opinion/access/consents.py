"""Consents the plan has on file: which members allow which payer to be told about their authorizations."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import orjson

from second_opinion.access.caller import Caller, Identify

ACTOR = "actor"  # index name of whom a Consent names: an identifier's value, or Organization/id
ZONE = ZoneInfo("America/Los_Angeles")
ANYBODY = "*"  # what it is found by where it denies and names nobody

Json = Mapping[str, Any]


class Consents(Protocol):
    """What is asked of the store."""

    def bodies(self, type: str, parameter: str, value: str, prefix: bool = False, /) -> Sequence[tuple[str, bytes]]:  # noqa: A002, FBT001, FBT002 - the store's own words
        """(id, body) of the current resources with this value of a parameter."""


def consenting(identify: Identify, store: Consents) -> Identify:
    """``identify``, which says of a payer whose authorizations it may be told about today."""

    def identified(authorization: str | None, *, certificate: str | None = None) -> Caller:
        return with_consents(identify(authorization, certificate=certificate), store)

    return identified


def with_consents(caller: Caller, store: Consents) -> Caller:
    """The caller, of a payer with those whose authorizations it may be told about today."""
    if caller.partner_class != "payer":
        return caller
    npis = [npi for npi in (caller.organization, *caller.npis) if npi]
    return replace(caller, members=members(store, npis, local_day(datetime.now(UTC))))


def local_day(at: datetime) -> date:
    """The day it is for a consent: its dates have no zone, and are the plan's."""
    return at.astimezone(ZONE).date()


def members(store: Consents, npis: Sequence[str], today: date) -> tuple[str, ...]:
    """Patient ids of the members with an active consent for one of these organizations, and none against it."""
    named = {*npis, *(f"Organization/{key}" for npi in npis for key, _ in store.bodies("Organization", "npi", npi))}
    bodies = (body for name in sorted({*named, ANYBODY}) for _, body in store.bodies("Consent", ACTOR, name))
    found = [each for body in bodies if _in_force(each := orjson.loads(body), today)]
    denied = {_patient(each) for each in found if any(_denies(part, named) for part in _provisions(each))}
    allowed = dict.fromkeys(_patient(each) for each in found if _permits(each, named))
    return tuple(member for member in allowed if member and member not in denied)


def _in_force(consent: Json, today: date) -> bool:
    return consent.get("status") == "active" and _covers(consent.get("provision", {}).get("period", {}), today)


def _permits(consent: Json, named: Collection[str]) -> bool:
    provision = consent.get("provision", {})
    return provision.get("type", "permit") == "permit" and not set(_actors(provision)).isdisjoint(named)


def _denies(provision: Json, named: Collection[str]) -> bool:
    """It denies one of them, or, naming nobody, everybody."""
    actors = set(_actors(provision))
    return provision.get("type") == "deny" and (not actors or not actors.isdisjoint(named))


def _provisions(consent: Json) -> Iterator[Json]:
    """The provision and those within, which are its exceptions. One about a part alone is taken for the whole."""
    left = [consent.get("provision", {})]
    while left:
        provision = left.pop()
        yield provision
        left += provision.get("provision", ())


def _actors(provision: Json) -> Iterator[str]:
    for actor in provision.get("actor", ()):
        reference = actor.get("reference", {})
        yield from (name for name in (reference.get("identifier", {}).get("value"),) if name)
        yield "/".join(str(reference.get("reference", "")).split("/")[-2:])


def _patient(consent: Json) -> str | None:
    reference = str(consent.get("patient", {}).get("reference", ""))
    return reference.removeprefix("Patient/") if reference.startswith("Patient/") else None


def _covers(period: Json, today: date) -> bool:
    day = today.isoformat()
    first, last = str(period.get("start", ""))[:10], str(period.get("end", "9999"))[:10]
    return first <= day and day[: len(last)] <= last
