"""Who subscribed: the owner as registered now, whose cases a filter may ask for, and whose a case is."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any

import orjson

from second_opinion.access import registry, views
from second_opinion.access.caller import Caller, again
from second_opinion.access.consents import with_consents
from second_opinion.access.registry import Partner
from second_opinion.access.scopes import Understand, allows
from second_opinion.access.visibility import visibility
from second_opinion.directory.coverage import payers
from second_opinion.errors import Forbidden
from second_opinion.fhir.codes import NPI
from second_opinion.fhir.search_scopes import understood
from second_opinion.fhir.search_terms import reference
from second_opinion.fhir.subscription_filters import Term
from second_opinion.fhir.subscription_topics import SENDER
from second_opinion.store.query import Visibility
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.subscription_file import SubscriptionFile

Json = Mapping[str, Any]

_PROVIDERS = ("Organization", "PractitionerRole", "Practitioner")
_SENDER_IDS = frozenset({"interchangeSenderID", "applicationSenderCode"})  # of PAS TransmissionIdentifiers


def owner(desk: Desk, file: SubscriptionFile) -> Caller | None:
    """The owner as registered now, with the rights it subscribed with; None where nobody may be told any more."""
    entry, topic = registry.find(desk.store, file.owner), file.about(desk.vocabulary)
    if entry is None or not entry.active or topic is None:
        return None
    caller = again(entry, file.scope, file.patient, _understanding(desk.settings.fhir_base))
    caller = with_consents(caller, desk.store)
    return caller if allows(caller.scopes, topic.focus, "r") else None


@lru_cache
def _understanding(base: str) -> Understand:
    """What a scope's query means; the same function each time, because scopes are kept by it."""
    return partial(understood, base)


def seen_by(caller: Caller) -> Visibility:
    """What the owner may see now."""
    return visibility(caller, "r")


def refuse_foreign(desk: Desk, caller: Caller, terms: Iterable[Term], place: str) -> None:
    """Forbidden where the caller may not subscribe, or a filter names another's organization.

    The plan may be named: it is a party of its own Tasks.
    """
    if views.of(caller).searched_by is not None:  # such a partner asks about one known member at a time
        raise Forbidden("Partners of this class may search, and not subscribe")
    own = _numbers_of(desk, caller)
    for term in terms:
        if not term.names_somebody:
            continue
        allowed = own if term.name == SENDER else own | _plan(desk)
        for value in term.each:
            if not _numbers_named(desk, term, value) & allowed:
                raise Forbidden("A filter may name only your own organization, by reference or by NPI", place)


def concerns_sender(desk: Desk, caller: Caller, terms: Iterable[Term], response: Json) -> bool:
    """Whether the ClaimResponse answers a Claim of the sender each org-identifier term names.

    A Claim it sent itself is its own under whatever number it is registered with.
    """
    wanted = [set(term.each) for term in terms if term.name == SENDER]
    if not wanted:
        return True
    known = set(_senders(desk, response))
    if desk.store.submitter("ClaimResponse", response["id"]) == caller.id:
        known |= _numbers_of(desk, caller)
    return all(any(value in known or value.rpartition("|")[2] in known for value in values) for values in wanted)


def target(desk: Desk, named: str) -> Json | None:
    """The directory's resource that "Type/id" names."""
    kind, _, ident = named.partition("/")
    body = desk.store.body(kind, ident) if kind in _PROVIDERS else None
    return orjson.loads(body) if body else None


def standing_for(desk: Desk, named: str) -> set[str]:
    """The practice and the person of a role; the practices of a person."""
    kind = named.partition("/")[0]
    if kind == "PractitionerRole":
        roles = [target(desk, named) or {}]
    elif kind == "Practitioner":
        roles = [orjson.loads(body) for _, body in desk.store.bodies("PractitionerRole", "practitioner", named)]
    else:
        return set()
    in_force = (role for role in roles if role.get("active") is not False)
    found = {
        role.get(element, {}).get("reference") for role in in_force for element in ("organization", "practitioner")
    }
    return {reference(each, desk.settings.fhir_base) or "" for each in found if each} - {named, ""}


def _numbers_of(desk: Desk, caller: Caller) -> set[str]:
    entry = registry.find(desk.store, caller.id)
    sender = entry.sender if isinstance(entry, Partner) else None
    return {number for number in (caller.organization, *caller.npis, sender) if number}


def _plan(desk: Desk) -> set[str]:
    with desk.directory.snapshot() as lookup:
        own = payers(lookup)
    return {number for ident in own for number in _numbers(desk, f"Organization/{ident}")} | {
        f"Organization/{ident}" for ident in own
    }


def _numbers_named(desk: Desk, term: Term, value: str) -> set[str]:
    """The numbers of whom a filter's value names; the value itself where it is an identifier."""
    system, mark, number = value.rpartition("|")
    if term.name == SENDER or term.modifier == "identifier":
        return {number} if term.name == SENDER or not mark or system in {"", NPI} else set()
    literal = reference(value, desk.settings.fhir_base) or ""
    named = [literal] if "/" in literal else [f"{kind}/{literal}" for kind in _PROVIDERS]
    return {each for one in named for each in (*_numbers(desk, one), one)}


def _numbers(desk: Desk, named: str) -> Iterator[str]:
    """NPIs of a provider and of whom it stands for."""
    for each in (named, *standing_for(desk, named)):
        for identifier in (target(desk, each) or {}).get("identifier", ()):
            if identifier.get("system") == NPI and "value" in identifier:
                yield identifier["value"]


def _senders(desk: Desk, response: Json) -> Iterator[str]:
    """What the sender of the Claim may be called: every identifier of its provider, and its X12 sender ids."""
    provider = response.get("requestor", {})
    yield from _values([provider["identifier"]] if "identifier" in provider else [])
    named = reference(provider.get("reference", "#"), desk.settings.fhir_base)
    if named:
        for each in (named, *standing_for(desk, named)):
            yield from _values((target(desk, each) or {}).get("identifier", ()))
    for extension in _claim(desk, response).get("extension", ()):
        for part in extension.get("extension", ()):
            if part.get("url") in _SENDER_IDS:
                yield from (value for name, value in part.items() if name.startswith("value"))


def _values(identifiers: Iterable[Json]) -> Iterator[str]:
    for each in identifiers:
        if "value" in each:
            yield each["value"]
            yield f"{each.get('system', '')}|{each['value']}"


def _claim(desk: Desk, response: Json) -> Json:
    named = reference(response.get("request", {}).get("reference", "#"), desk.settings.fhir_base)
    stored = desk.store.found("Claim", named.removeprefix("Claim/")) if named else None
    return orjson.loads(stored.body) if stored and stored.body else {}
