"""Filters of a subscription, in search syntax: read once, and asked of one version of one resource."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from second_opinion.errors import BusinessRule, InvalidSearch
from second_opinion.fhir.search_extract import extract
from second_opinion.fhir.search_registry import PARAMETERS
from second_opinion.fhir.search_syntax import plain, split
from second_opinion.fhir.search_values import Asked, clause
from second_opinion.fhir.subscription_topics import SENDER, Topic
from second_opinion.store.query import Clause, EndsWith, Exactly, Linked, Match, Present, StartsWith

Json = Mapping[str, Any]
Target = Callable[[str], Json | None]  # the resource that "Type/id" names
StandingFor = Callable[[str], Iterable[str]]  # whom else the provider that "Type/id" names stands for

_SENDER_SPELLED = frozenset({"org-identifier", "orgidentifier"})
_PREFIXES = frozenset({"", "Claim", "ClaimResponse", "Bundle"})  # before a PAS filter's ? ; the guide has none
_MODIFIERS = {"token": frozenset({"", "not"}), "reference": frozenset({"", "identifier"})}
_PARTIES = frozenset({"requester", "owner"})


@dataclass(frozen=True)
class Term:
    """One parameter of a filter; ``name`` without its modifier."""

    name: str
    modifier: str
    values: str  # as in a search: several are parted by commas, one must hold

    @property
    def each(self) -> tuple[str, ...]:
        """The values one by one."""
        return tuple(plain(value) for value in split(self.values, ","))

    @property
    def names_somebody(self) -> bool:
        """Whether the term says whose cases are asked for."""
        return self.name in _PARTIES or self.name == SENDER


def read(text: str, topic: Topic, base: str, place: str) -> tuple[Term, ...]:
    """The terms of one filter; BusinessRule 422 at ``place`` for what this topic cannot be narrowed by."""
    prefix, mark, query = text.partition("?")
    if not mark:
        prefix, query = "", text
    if prefix not in ({"", topic.focus} if topic.filters != (SENDER,) else _PREFIXES):
        raise BusinessRule(f"A filter of this topic begins with {topic.focus}? or with its first parameter", place)
    pairs = parse_qsl(query, keep_blank_values=True)
    if not pairs or any(not value for _, value in pairs):
        raise BusinessRule("A filter is one or more of parameter=value, joined by &", place)
    terms = tuple(_term(name, value, topic, place) for name, value in pairs)
    for term in terms:
        if term.name != SENDER:
            _clause(term, topic, base, place)
    return terms


def holds(
    terms: Iterable[Term], resource: Json, topic: Topic, base: str, target: Target, standing_for: StandingFor
) -> bool:
    """Whether every term but that of the sender holds for the resource.

    A provider counts for its practice too: who asks for what concerns a clinic means its doctors' requests.
    """
    found, _ = extract(resource, base)
    known: dict[str, set[str]] = defaultdict(set)
    for name, value in found:
        known[name].add(value)
    for name in _PARTIES & set(known):
        known[name] |= {each for named in list(known[name]) for each in standing_for(named)}
    asked = (_clause(term, topic, base, "Subscription.criteria") for term in terms if term.name != SENDER)
    return all(_satisfied(each, known, base, target) for each in asked if each is not None)


def _term(name: str, value: str, topic: Topic, place: str) -> Term:
    plain_name, _, modifier = name.partition(":")
    if topic.filters == (SENDER,):
        if plain_name.lower() in _SENDER_SPELLED and not modifier:
            return Term(SENDER, "", value)
    elif plain_name in topic.filters and modifier in _MODIFIERS[PARAMETERS[topic.focus][plain_name].kind]:
        return Term(plain_name, modifier, value)
    raise BusinessRule(f"This topic can be narrowed by {', '.join(topic.filters)} only", place)


def _clause(term: Term, topic: Topic, base: str, place: str) -> Clause | None:
    asked = Asked(topic.focus, base, strict=True, now=datetime.now(UTC))
    parameter = PARAMETERS[topic.focus][term.name]
    try:
        return clause(asked, parameter, term.modifier, term.values, term.name)
    except InvalidSearch as wrong:
        raise BusinessRule(wrong.message, place) from wrong


def _satisfied(asked: Clause, known: Mapping[str, set[str]], base: str, target: Target) -> bool:
    return any(_matches(each, known, base, target) for each in asked.matches) is not asked.negated


def _matches(match: Match, known: Mapping[str, set[str]], base: str, target: Target) -> bool:
    if isinstance(match, Exactly):
        return match.value in known.get(match.parameter, ())
    if isinstance(match, StartsWith):
        return any(value.startswith(match.value) for value in known.get(match.parameter, ()))
    if isinstance(match, EndsWith):
        return any(value.endswith(match.value) for value in known.get(match.parameter, ()))
    if isinstance(match, Present):
        return bool(known.get(match.parameter)) is not match.missing
    if isinstance(match, Linked):
        named = (value for value in known.get(match.parameter, ()) if value.startswith(f"{match.type}/"))
        return any(_linked(match, resource, base, target) for resource in map(target, named) if resource)
    return False


def _linked(match: Linked, resource: Json, base: str, target: Target) -> bool:
    known: dict[str, set[str]] = defaultdict(set)
    for name, value in extract(resource, base)[0]:
        known[name].add(value)
    return any(_matches(each, known, base, target) for each in match.inner)
