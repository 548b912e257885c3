"""Searches as FHIR asks them, read into the store's Query; and, for indexing, what a resource is found by."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import quote, urlencode

from second_opinion.errors import InvalidSearch
from second_opinion.fhir.search_chains import chain, has
from second_opinion.fhir.search_extract import extract, pointed_to
from second_opinion.fhir.search_projection import project
from second_opinion.fhir.search_registry import EXPOSED, INCLUDES, PARAMETERS
from second_opinion.fhir.search_results import (
    PAGE,
    Include,
    Presentation,
    elements,
    includes,
    one_of,
    page_size,
    presentation,
    sorts,
)
from second_opinion.fhir.search_syntax import expression, with_plus
from second_opinion.fhir.search_values import Asked, Warned, clause
from second_opinion.store.query import Clause, Query, Sort

__all__ = [
    "EXPOSED",
    "INCLUDES",
    "PARAMETERS",
    "Include",
    "Presentation",
    "Search",
    "extract",
    "page_size",
    "pointed_to",
    "presentation",
    "project",
    "read",
    "with_plus",
]

_IGNORED = frozenset({"_pretty", "_", "_totalMethod", "nocache", "_format"})  # harmless habits of clients
MOST_PARAMETERS = 50
REMEMBERED = 500  # characters of values
_NO_TIME = datetime.max.replace(tzinfo=UTC)  # of a search that says nothing relative to now
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class UnknownParameter(InvalidSearch):
    """A search names a parameter the type does not have, and unknown ones are not to be ignored."""

    issue = "not-supported"


class TooCostly(InvalidSearch):
    """What is left of a search would answer with far more than was asked for."""

    issue = "too-costly"


@dataclass(frozen=True)
class Search:
    """One search as understood."""

    query: Query
    presentation: Presentation = field(default_factory=Presentation)
    includes: tuple[Include, ...] = ()
    reverse_includes: tuple[Include, ...] = ()
    used: tuple[tuple[str, str], ...] = ()  # parameters that counted, as they were given
    warnings: tuple[Warned, ...] = ()  # (issue type, words, expression)

    @cached_property
    def address(self) -> str:
        """What it is called behind the question mark."""
        return urlencode(self.used, quote_via=quote)


@dataclass
class _Draft:
    clauses: list[Clause] = field(default_factory=list)
    sort: list[Sort] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    reverse: list[Include] = field(default_factory=list)
    elements: list[str] = field(default_factory=list)
    used: list[tuple[str, str]] = field(default_factory=list)
    count: int = PAGE
    summary: str = "false"
    bounded: bool = False  # a parameter that keeps the answer small was given


def read(
    type_name: str,
    pairs: Sequence[tuple[str, str]],
    *,
    base: str,
    now: datetime,
    strict: bool = False,
    guarded: bool = False,
    after: tuple[Any, ...] | None = None,
    only: frozenset[str] | None = None,
) -> Search:
    """The search these parameters ask for; InvalidSearch (400) names the first that cannot be read.

    ``base`` is our FHIR base. ``strict``: nothing unknown is ignored. ``guarded``: a search must name something few
    resources share even when nothing was ignored. ``after`` is a page's sort position. ``only``: the parameters this
    caller may search and sort by; any other is as unknown to it as one that does not exist, and so are includes.
    """
    if after is None and _lasts(pairs):
        return _remembered(type_name, tuple(pairs), base, strict, guarded, only)
    return _read(type_name, pairs, base, now, strict, guarded, after, only)


def _lasts(pairs: Sequence[tuple[str, str]]) -> bool:
    """Whether it may be remembered: it is short, and has no date with the prefix ap, which is about now."""
    texts = "".join([text for _, text in pairs])
    return len(texts) <= REMEMBERED and "ap" not in texts


@lru_cache(maxsize=1024)
def _remembered(
    type_name: str,
    pairs: tuple[tuple[str, str], ...],
    base: str,
    strict: bool,  # noqa: FBT001 - the arguments are the key
    guarded: bool,  # noqa: FBT001 - as above
    only: frozenset[str] | None,
) -> Search:
    """A search as it was read before: who waits for an answer asks the same again and again."""
    return _read(type_name, pairs, base, _NO_TIME, strict, guarded, None, only)


def _read(
    type_name: str,
    pairs: Sequence[tuple[str, str]],
    base: str,
    now: datetime,
    strict: bool,  # noqa: FBT001 - see ``read``
    guarded: bool,  # noqa: FBT001 - see ``read``
    after: tuple[Any, ...] | None,
    only: frozenset[str] | None,
) -> Search:
    if len(pairs) > MOST_PARAMETERS:
        raise TooCostly(f"A search may have {MOST_PARAMETERS} parameters at most", "http")
    asked = Asked(type_name, base, strict, now, only)
    draft = _Draft()
    for name, text in pairs:
        _take(asked, draft, name, text)
    if (asked.dropped or guarded) and not draft.bounded:
        right = sorted(each.name for each in PARAMETERS[type_name].values() if each.bounding)
        raise TooCostly(f"The search is too wide; name at least one of {', '.join(right)}", "http")
    query = Query(
        type=type_name,
        clauses=tuple(draft.clauses),
        sort=tuple(draft.sort),
        count=draft.count,
        after=after,
        total_only=draft.count == 0 or draft.summary == "count",
    )
    presentation = Presentation(draft.summary, tuple(dict.fromkeys(draft.elements)))
    return Search(
        query, presentation, tuple(draft.includes), tuple(draft.reverse), tuple(draft.used), tuple(asked.warnings)
    )


def _take(asked: Asked, draft: _Draft, name: str, text: str) -> None:
    if name in _IGNORED:
        return
    if not text:
        if asked.strict:
            raise InvalidSearch("The parameter has no value", expression(name))
        return
    if _CONTROL.search(text):
        raise InvalidSearch("The value holds a control character", expression(name))
    if _is_result(asked, draft, name, text):
        draft.used.append((name, text))
        return
    if not _is_filter(asked, draft, name, text):
        _unknown(asked, name)
        return
    draft.used.append((name, text))


def _is_result(asked: Asked, draft: _Draft, name: str, text: str) -> bool:
    """Whether this is a result parameter, which then is noted."""
    plain, _, modifier = name.partition(":")
    if plain in {"_include", "_revinclude"} and asked.only is None:
        noted = draft.includes if plain == "_include" else draft.reverse
        noted += includes(asked, plain, modifier, text)
    elif name == "_count":
        draft.count = page_size(text)
    elif name == "_sort":
        draft.sort += sorts(asked, text)
    elif name == "_elements":
        draft.elements += elements(text)
    elif name == "_summary":
        draft.summary = one_of(name, text)
    elif name == "_total":
        one_of(name, text)  # the total is always exact
    else:
        return False
    return True


def _is_filter(asked: Asked, draft: _Draft, name: str, text: str) -> bool:
    """Whether this is a search parameter, a chain or _has, whose clause then is noted."""
    if asked.only is not None and (name.startswith("_has:") or "." in name or not asked.knows(name.partition(":")[0])):
        return False
    if name.startswith("_has:"):
        return _linked(draft, has(asked, name, text))
    head, dot, inner = name.partition(".")
    plain, _, modifier = head.partition(":")
    parameter = PARAMETERS[asked.type].get(plain)
    if parameter is None:
        return False
    if dot:
        return _linked(draft, chain(asked, parameter, head, inner, (name, text)))
    demanded = clause(asked, parameter, modifier, text, name)
    draft.clauses += [demanded] if demanded else []
    draft.bounded |= parameter.bounding and modifier not in {"not", "missing"}
    return True


def _linked(draft: _Draft, demanded: Clause | None) -> bool:
    if demanded is None:
        return False
    draft.clauses.append(demanded)
    draft.bounded |= demanded.selective
    return True


def _unknown(asked: Asked, name: str) -> None:
    """An unknown parameter is ignored with a warning; under strict handling it is refused."""
    where = expression(name)
    named = f"Search parameter '{where.removeprefix('http.')}'" if where != "http" else "A search parameter"
    if asked.strict:
        raise UnknownParameter(
            f"{named} is not known for {asked.type}",
            where,
            diagnostics=f"Supported: {', '.join(sorted(PARAMETERS[asked.type]))}",
        )
    asked.dropped = True
    asked.warnings.append(("not-supported", f"{named} is not known for {asked.type} and was ignored", where))
