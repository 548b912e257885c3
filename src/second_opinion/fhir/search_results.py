"""How a search's results are wanted: page size, order, what else to include, and how much of each resource."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from second_opinion.errors import InvalidSearch
from second_opinion.fhir.search_parameters import Kind
from second_opinion.fhir.search_registry import EXPOSED, INCLUDES, PARAMETERS, TOLD, WITHOUT_ROWS
from second_opinion.fhir.search_syntax import expression
from second_opinion.fhir.search_values import Asked
from second_opinion.store.query import Sort

PAGE, LARGEST_PAGE = 20, 100  # matches a page holds when nothing is said, and at most
MOST_SORT_KEYS = 10

_SORT_KINDS: Mapping[Kind, str] = {
    "date": "date",
    "token": "term",
    "string": "term",
    "reference": "term",
    "uri": "term",
}
_SUMMARIES = ("true", "text", "data", "count", "false")
_TOTALS = ("none", "estimate", "accurate")


@dataclass(frozen=True)
class Include:
    """Resources to add: ``parameter`` of ``type`` points from the matches or, in reverse, at them."""

    type: str
    parameter: str
    target: str | None = None  # only what is of this type
    iterate: bool = False  # also from what was included, one step


@dataclass(frozen=True)
class Presentation:
    """How much of each resource is shown; everything unless told."""

    summary: str = "false"  # true, text, data, count, false
    elements: tuple[str, ...] = ()  # top-level names

    @property
    def whole(self) -> bool:
        """Nothing is left out."""
        return self.summary in {"false", "count"} and not self.elements


def page_size(text: str | None) -> int:
    """Matches on a page, at most the largest page; 0 asks for the total only."""
    if text is None:
        return PAGE
    if not (text.isascii() and text.isdigit()) or len(text) > 9:  # noqa: PLR2004  # longer numbers mean no page size
        raise InvalidSearch(f"_count must be a whole number from 0 to {LARGEST_PAGE}", "http._count")
    return min(int(text), LARGEST_PAGE)


def one_of(name: str, text: str) -> str:
    """The value of _summary or _total."""
    offered = _SUMMARIES if name == "_summary" else _TOTALS
    if text not in offered:
        raise InvalidSearch(f"{name} must be one of {', '.join(offered)}", expression(name))
    return text


def elements(text: str) -> list[str]:
    """Top-level names; a type may stand before them."""
    return [each.strip().rpartition(".")[2] for each in text.split(",") if each.strip()]


def presentation(pairs: Sequence[tuple[str, str]]) -> Presentation:
    """How much of one resource a read shows; other parameters mean nothing there."""
    summary, named = "false", []
    for name, text in pairs:
        if name == "_summary":
            summary = one_of(name, text)
        elif name == "_elements":
            named += elements(text)
    return Presentation(summary, tuple(named))


def sorts(asked: Asked, text: str) -> list[Sort]:
    """Sort keys in order; an unknown one is left out with a warning, or refused under strict handling."""
    keys, wanted = [], text.split(",")
    if len(wanted) > MOST_SORT_KEYS:
        raise InvalidSearch(f"_sort takes at most {MOST_SORT_KEYS} keys", "http._sort")
    for each in wanted:
        name = each.removeprefix("-")
        if not asked.knows(name):
            set_aside(asked, f"{asked.type} cannot be sorted by one of the keys given", "_sort")
        elif name in {"_id", "_lastUpdated"}:
            keys.append(Sort(name, "id" if name == "_id" else "updated", each.startswith("-")))
        elif parameter := PARAMETERS[asked.type].get(name):
            keys.append(Sort(parameter.stored[0], _SORT_KINDS[parameter.kind], each.startswith("-")))
        elif name:
            set_aside(asked, f"{asked.type} cannot be sorted by one of the keys given", "_sort")
    return keys


def includes(asked: Asked, name: str, modifier: str, text: str) -> list[Include]:
    """What ``_include`` (or ``_revinclude``) with this value adds; an unknown one is left out or refused."""
    iterate = modifier in {"iterate", "recurse"}
    if modifier and not iterate:
        raise InvalidSearch(f"{name} takes no modifier but :iterate", expression(name))
    reverse = name == "_revinclude"
    type_name, _, rest = text.partition(":")
    parameter, _, target = rest.partition(":")
    known = _every(asked.type, reverse=reverse) if text == "*" else _named(type_name, parameter, reverse=reverse)
    if known is None:
        set_aside(asked, f"{name} is not offered with this value; values are Type:parameter[:TargetType]", name)
    return [Include(*each, target or None, iterate) for each in known or ()]


def _every(type_name: str, *, reverse: bool) -> list[tuple[str, str]]:
    if not reverse:
        return [(type_name, each) for each in INCLUDES[type_name]]
    return [
        (other, name)
        for other in EXPOSED
        for name, parameter in PARAMETERS[other].items()
        if type_name in parameter.targets and parameter.paths
    ]


def _named(type_name: str, parameter: str, *, reverse: bool) -> list[tuple[str, str]] | None:
    if (type_name, parameter) in WITHOUT_ROWS:
        return []
    if (type_name, parameter) in TOLD:
        return [(type_name, parameter)] if reverse else None
    known = [name for name in INCLUDES.get(type_name, {}) if not reverse or name in PARAMETERS[type_name]]
    if parameter == "*":
        return [(type_name, each) for each in known] or None
    return [(type_name, parameter)] if parameter in known else None


def set_aside(asked: Asked, words: str, name: str) -> None:
    """Leave something unsupported out with a warning; under strict handling refuse it."""
    if asked.strict:
        raise InvalidSearch(words, expression(name))
    asked.warnings.append(("not-supported", words, expression(name)))
