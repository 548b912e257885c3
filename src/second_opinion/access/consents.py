"""Consents the plan has on file: which members allow which payer to be told about their authorizations."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Protocol

import orjson

from second_opinion.access.caller import Caller, Identify

ACTOR = "actor"  # index name of whom a Consent names: an identifier's value, or Organization/id


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
    return replace(caller, members=members(store, npis, datetime.now(UTC).date()))


def members(store: Consents, npis: Sequence[str], today: date) -> tuple[str, ...]:
    """Patient ids of the members with an active consent for one of these organizations."""
    named = {*npis, *(f"Organization/{key}" for npi in npis for key, _ in store.bodies("Organization", "npi", npi))}
    found = (orjson.loads(body) for name in sorted(named) for _, body in store.bodies("Consent", ACTOR, name))
    return tuple(dict.fromkeys(member for each in found if (member := _allowing(each, today))))


def _allowing(consent: Mapping[str, Any], today: date) -> str | None:
    """Whose consent it is, where it permits and is in force."""
    provision = consent.get("provision", {})
    reference = str(consent.get("patient", {}).get("reference", ""))
    if consent.get("status") != "active" or provision.get("type", "permit") != "permit":
        return None
    if not _covers(provision.get("period", {}), today) or not reference.startswith("Patient/"):
        return None
    return reference.removeprefix("Patient/")


def _covers(period: Mapping[str, Any], today: date) -> bool:
    day = today.isoformat()
    first, last = str(period.get("start", ""))[:10], str(period.get("end", "9999"))[:10]
    return first <= day and day[: len(last)] <= last
