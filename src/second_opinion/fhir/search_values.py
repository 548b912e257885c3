"""One search parameter with its modifier and values, as a clause: what FHIR R4 says they mean (R4 search §3.1.1.4)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from second_opinion.errors import InvalidSearch
from second_opinion.fhir.search_parameters import PATIENT, Parameter
from second_opinion.fhir.search_registry import PARAMETERS
from second_opinion.fhir.search_shapes import IDENTIFIER
from second_opinion.fhir.search_syntax import expression, plain, split, with_plus
from second_opinion.fhir.search_terms import (
    LONGEST_STRING,
    SEPARATOR,
    bounded,
    fold,
    microseconds,
    reference,
    span,
    string,
    token,
)
from second_opinion.store.query import (
    Clause,
    Contains,
    EndsWith,
    Exactly,
    HasId,
    Linked,
    Match,
    Present,
    StartsWith,
    Updated,
    Within,
)

NOTHING = HasId("")  # no resource has an empty id

_PREFIXES = frozenset({"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"})
MOST_VALUES = 200
_APPROXIMATELY = 10  # ap: within a tenth of the distance between now and the date, as FHIR recommends

Warned = tuple[str, str, str]  # issue type, words, expression


@dataclass
class Asked:
    """What one search is read with, and what was set aside on the way."""

    type: str
    base: str
    strict: bool
    now: datetime
    only: frozenset[str] | None = None  # parameters the caller may search and sort by; None: all there are
    warnings: list[Warned] = field(default_factory=list)
    dropped: bool = False

    def knows(self, name: str) -> bool:
        """Whether there is such a parameter for this caller."""
        return self.only is None or name in self.only


def clause(asked: Asked, parameter: Parameter, modifier: str, text: str, name: str) -> Clause | None:
    """What one parameter of a search demands, any of its values; None where it demands nothing."""
    if modifier == "missing":
        return _missing(parameter, text, name)
    values = split(text, ",")
    if len(values) > MOST_VALUES:
        raise InvalidSearch(f"A list may have {MOST_VALUES} values at most", expression(name))
    found = tuple(match for each in values for match in matches(asked, parameter, modifier, each, name))
    negated = modifier == "not"
    if not found:
        return None if negated else Clause((NOTHING,), selective=True)
    return Clause(found, negated=negated, selective=parameter.selective and not negated)


def matches(asked: Asked, parameter: Parameter, modifier: str, value: str, name: str) -> tuple[Match, ...]:
    """What one value of a parameter may match; none where nothing can."""
    if not value:
        raise InvalidSearch("An empty value stands in a list of values; leave it out", expression(name))
    return _MATCHERS[parameter.kind](asked, parameter, modifier, value, name)


def tokens(stored: str, value: str, *, folded: bool = False, system: str = "") -> tuple[Match, ...]:
    """code, system|code, |code or system| against an index name; ``system`` is that of an element that states none."""
    parts = [plain(each) for each in split(value, "|")]
    code = parts[-1].lower() if folded else parts[-1]
    if len(parts) == 1:
        return (StartsWith(stored, bounded(code) + SEPARATOR),)
    named = "|".join(parts[:-1])
    if named and named == system:
        named = ""
        if not code:
            return (Present(stored, missing=False),)
    if not code:
        return (EndsWith(stored, SEPARATOR + bounded(named)),)
    return (Exactly(stored, token(code, named)),)


def _missing(parameter: Parameter, text: str, name: str) -> Clause | None:
    if text not in {"true", "false"}:
        raise InvalidSearch("The modifier :missing takes true or false", expression(name))
    if parameter.name in {"_id", "_lastUpdated"}:  # every resource has both
        return Clause((NOTHING,), selective=True) if text == "true" else None
    logical = [each + IDENTIFIER for each in parameter.stored if parameter.kind == "reference"]
    present = tuple(Present(each, missing=False) for each in (*parameter.stored, *logical))
    return Clause(present, negated=text == "true")


def _token(asked: Asked, parameter: Parameter, modifier: str, value: str, name: str) -> tuple[Match, ...]:
    _only(modifier, {"", "not"}, name)
    if parameter.name == "_id":
        return (HasId(plain(value)),)
    if parameter.codes:
        code = plain(split(value, "|")[-1]).lower()
        if code and code not in parameter.codes:
            return _outside_binding(asked, parameter, name)
    return tokens(parameter.stored[0], value, folded=not parameter.case_sensitive, system=parameter.system)


def _outside_binding(asked: Asked, parameter: Parameter, name: str) -> tuple[Match, ...]:
    words = f"'{parameter.name}' of {asked.type} has no such code; its codes are {', '.join(sorted(parameter.codes))}"
    if asked.strict:
        raise InvalidSearch(words, expression(name))
    asked.warnings.append(("code-invalid", words, expression(name)))
    return ()


def _reference(asked: Asked, parameter: Parameter, modifier: str, value: str, name: str) -> tuple[Match, ...]:
    if modifier == "identifier":
        return by_identifier(parameter, value)
    if modifier and modifier not in parameter.targets:
        raise InvalidSearch(f"A modifier here may be identifier or {_words(parameter.targets)}", expression(name))
    targets = (modifier,) if modifier else parameter.targets
    literal = reference(plain(value), asked.base) or ""
    if "/" not in literal and not literal.startswith("urn:"):
        return tuple(Exactly(parameter.stored[0], f"{each}/{literal}") for each in targets)
    named = literal.partition("/")[0] if literal.count("/") == 1 else ""
    if named and (modifier or parameter.targets == PATIENT) and named not in targets:
        return ()
    return (Exactly(parameter.stored[0], literal),)


def by_identifier(parameter: Parameter, value: str) -> tuple[Match, ...]:
    """A business identifier of what is pointed to: as the reference states it, or as its target has it."""
    linked = (
        Linked(parameter.stored[0], each, tokens("identifier", value))
        for each in parameter.targets
        if "identifier" in PARAMETERS.get(each, {})
    )
    return (*tokens(parameter.stored[0] + IDENTIFIER, value), *linked)


def _date(asked: Asked, parameter: Parameter, modifier: str, value: str, name: str) -> tuple[Match, ...]:
    _only(modifier, {""}, name)
    prefix, first, last = _range(asked, plain(value), name)
    if parameter.name == "_lastUpdated":
        return (Updated(prefix, first, last),)
    return tuple(Within(each, prefix, first, last) for each in parameter.stored)


def _range(asked: Asked, value: str, name: str) -> tuple[str, int, int]:
    """Prefix, and first and last microsecond; ap is widened."""
    prefix, text = (value[:2], value[2:]) if value[:2].isalpha() else ("eq", value)
    if prefix not in _PREFIXES:
        raise InvalidSearch("A date's prefix must be one of eq, ne, gt, lt, ge, le, sa, eb, ap", expression(name))
    try:
        first, last = span(with_plus(text))
    except ValueError as wrong:
        right = "A date must be YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a zone"
        raise InvalidSearch(right, expression(name)) from wrong
    if prefix == "ap":
        margin = abs(microseconds(asked.now) - first) // _APPROXIMATELY
        first, last = first - margin, last + margin
    return prefix, first, last


def _string(_asked: Asked, parameter: Parameter, modifier: str, value: str, name: str) -> tuple[Match, ...]:
    _only(modifier, {"", "exact", "contains"}, name)
    text = plain(value)
    if modifier == "exact":
        return tuple(Exactly(each, string(text)) for each in parameter.stored)
    folded = fold(text)[:LONGEST_STRING]
    kind = Contains if modifier == "contains" else StartsWith
    return tuple(kind(each, folded) for each in parameter.stored)


def _uri(_asked: Asked, parameter: Parameter, modifier: str, value: str, name: str) -> tuple[Match, ...]:
    _only(modifier, {""}, name)
    return tuple(Exactly(each, bounded(plain(value))) for each in parameter.stored)


def _only(modifier: str, offered: set[str], name: str) -> None:
    if modifier not in offered:
        right = sorted(f":{each}" for each in {*offered, "missing"} if each)
        raise InvalidSearch(f"This modifier is not offered here; offered are {_words(right)}", expression(name))


def _words(several: Sequence[str]) -> str:
    return ", ".join(several)


_Matcher = Callable[[Asked, Parameter, str, str, str], tuple[Match, ...]]
_MATCHERS: Mapping[str, _Matcher] = {
    "token": _token,
    "reference": _reference,
    "date": _date,
    "string": _string,
    "uri": _uri,
}
