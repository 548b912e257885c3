"""SMART scopes, versions 1 and 2: what a token may do to which type of resource."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

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

# https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html: letters in this order, at least one.
_SCOPE = re.compile(r"(patient|user|system)/(\*|[A-Z][A-Za-z]*)\.(?:(read|write|\*)|(c?r?u?d?s?))", re.ASCII)
_VERSION_1 = {"read": "rs", "write": "cud", "*": LETTERS}


@dataclass(frozen=True)
class Scope:
    """One scope; ``type`` may be ``*``."""

    context: str  # patient, user or system
    type: str
    letters: frozenset[str]

    def covers(self, type_: str, letter: str) -> bool:
        """The scope allows the interaction behind ``letter`` on the type."""
        return self.type in {"*", type_} and letter in self.letters

    def __str__(self) -> str:
        return f"{self.context}/{self.type}.{''.join(letter for letter in LETTERS if letter in self.letters)}"


@lru_cache(maxsize=4096)
def parse(text: str) -> tuple[Scope, ...]:
    """The scopes in ``text`` that are understood; letters out of order, and ``?query`` parts, grant nothing."""
    found = (_SCOPE.fullmatch(word) for word in text.split())
    scopes = (
        Scope(match[1], match[2], frozenset(_VERSION_1[match[3]] if match[3] else match[4])) for match in found if match
    )
    return tuple(scope for scope in scopes if scope.letters)


def allows(scopes: Iterable[Scope], type_: str, letter: str) -> bool:
    """One of the scopes allows the interaction behind ``letter`` (of cruds) on the type."""
    return any(scope.covers(type_, letter) for scope in scopes)


@lru_cache(maxsize=4096)
def effective(token: str, registered: str, contexts: frozenset[str]) -> tuple[Scope, ...]:
    """What a token's scopes still grant its holder: the token can only narrow what is registered now."""
    allowed = _in_context(registered, contexts)
    return tuple(part for scope in _in_context(token, contexts) for part in _within(scope, allowed))


def grant(requested: str, registered: str, contexts: frozenset[str]) -> str:
    """The part of ``requested`` that ``registered`` allows, in the notation it was requested in; empty: nothing."""
    allowed = _in_context(registered, contexts)
    granted: list[str] = []
    for word in requested.split():
        for scope in _in_context(word, contexts):
            parts = _within(scope, allowed)
            whole = frozenset[str]().union(*(part.letters for part in parts if part.type == scope.type))
            granted += [word] if whole == scope.letters else [str(part) for part in parts]
    return " ".join(dict.fromkeys(granted))


def _in_context(text: str, contexts: frozenset[str]) -> list[Scope]:
    return [scope for scope in parse(text) if scope.context in contexts]


def _within(scope: Scope, allowed: Iterable[Scope]) -> list[Scope]:
    """The parts of ``scope`` inside the allowed ones."""
    return [
        Scope(scope.context, each.type if scope.type == "*" else scope.type, letters)
        for each in allowed
        if (scope.type in {"*", each.type} or each.type == "*") and (letters := scope.letters & each.letters)
    ]
