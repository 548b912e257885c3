"""SMART scopes, versions 1 and 2: what a token may do to which type of resource, and to which of them."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from second_opinion.store.query import Clause

LETTERS = "cruds"  # create, read, update, delete, search
SYSTEM = frozenset({"system"})
SYSTEM_OR_USER = frozenset({"system", "user"})

OF_CLASS: Mapping[str, str] = MappingProxyType(
    {
        "ehr": "system/*.cruds",
        "hie": "system/Task.rs",
        "payer": "system/*.rs",
        "vendor": "system/Task.rus system/ServiceRequest.rs",
        "member-app": "system/*.rs",
        "plan": "system/*.cruds",
    }
)
OF_REVIEWER = "system/*.rs system/Task.u system/Communication.u"  # Task.u: deciding; Communication.u: releasing letters

Understand = Callable[[str, str], tuple[Clause, ...] | None]
"""What a scope's query demands of a resource of the type; None where it cannot be held to."""

# https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html: letters in this order, at least one.
_SCOPE = re.compile(
    r"(patient|user|system)/(\*|[A-Z][A-Za-z]*)\.(?:(read|write|\*)|(c?r?u?d?s?)(?:\?(\S+))?)", re.ASCII
)
_VERSION_1 = {"read": "rs", "write": "cud", "*": LETTERS}
_NARROWED = frozenset("rs")  # what a query can narrow: it speaks of resources that are there already


@dataclass(frozen=True)
class Scope:
    """One scope; ``type`` may be ``*``."""

    context: str  # patient, user or system
    type: str
    letters: frozenset[str]
    query: str = ""  # further demand on the resource, as FHIR search parameters
    clauses: tuple[Clause, ...] = ()  # the same, understood

    def covers(self, type_: str, letter: str) -> bool:
        """The scope allows the interaction behind ``letter`` on the type."""
        return self.type in {"*", type_} and letter in self.letters

    def __str__(self) -> str:
        letters = "".join(letter for letter in LETTERS if letter in self.letters)
        return f"{self.context}/{self.type}.{letters}" + (f"?{self.query}" if self.query else "")


@lru_cache(maxsize=4096)
def parse(text: str, understand: Understand | None = None) -> tuple[Scope, ...]:
    """The scopes in ``text`` that are understood; letters out of order, and queries not understood, grant nothing."""
    return tuple(scope for word in text.split() if (scope := _scope(word, understand)) and scope.letters)


def _scope(word: str, understand: Understand | None) -> Scope | None:
    match = _SCOPE.fullmatch(word)
    if match is None:
        return None
    context, type_, first, letters, query = match.groups()
    if not query:
        return Scope(context, type_, frozenset(_VERSION_1[first] if first else letters))
    clauses = understand(type_, query) if understand else None
    if not clauses:
        return None
    return Scope(context, type_, frozenset(letters) & _NARROWED, query, clauses)


def allows(scopes: Iterable[Scope], type_: str, letter: str) -> bool:
    """One of the scopes allows the interaction behind ``letter`` (of cruds) on the type."""
    return any(scope.covers(type_, letter) for scope in scopes)


@lru_cache(maxsize=4096)
def effective(
    token: str, registered: str, contexts: frozenset[str], understand: Understand | None = None
) -> tuple[Scope, ...]:
    """What a token's scopes still grant its holder: the token can only narrow what is registered now."""
    allowed = _in_context(registered, contexts, understand)
    return tuple(part for scope in _in_context(token, contexts, understand) for part in _within(scope, allowed))


def grant(requested: str, registered: str, contexts: frozenset[str], understand: Understand | None = None) -> str:
    """The part of ``requested`` that ``registered`` allows, in the notation it was requested in; empty: nothing."""
    allowed = _in_context(registered, contexts, understand)
    granted: list[str] = []
    for word in requested.split():
        for scope in _in_context(word, contexts, understand):
            parts = _within(scope, allowed)
            same = (part for part in parts if (part.type, part.query) == (scope.type, scope.query))
            whole = frozenset[str]().union(*(part.letters for part in same)) == _asked(word)
            granted += [word] if whole else [str(part) for part in parts]
    return " ".join(dict.fromkeys(granted))


def _asked(word: str) -> frozenset[str]:
    """The letters a scope asks for, those a query cannot narrow included."""
    match = _SCOPE.fullmatch(word)
    if match is None:
        return frozenset()
    return frozenset(_VERSION_1[match[3]] if match[3] else match[4])


def _in_context(text: str, contexts: frozenset[str], understand: Understand | None) -> list[Scope]:
    return [scope for scope in parse(text, understand) if scope.context in contexts]


def _within(scope: Scope, allowed: Iterable[Scope]) -> list[Scope]:
    """The parts of ``scope`` inside the allowed ones."""
    return [
        _both(scope, each, letters)
        for each in allowed
        if (scope.type in {"*", each.type} or each.type == "*") and (letters := scope.letters & each.letters)
    ]


def _both(scope: Scope, allowed: Scope, letters: frozenset[str]) -> Scope:
    """What both allow: the narrower type, and the demands of both."""
    type_ = allowed.type if scope.type == "*" else scope.type
    queries = tuple(dict.fromkeys(each.query for each in (scope, allowed) if each.query))
    clauses = tuple(dict.fromkeys((*scope.clauses, *allowed.clauses)))
    return Scope(scope.context, type_, letters & _NARROWED if queries else letters, "&".join(queries), clauses)
