"""What a resource is found by: its terms and spans, read from its JSON by extractors compiled once per type."""

from collections.abc import Iterable, Mapping
from typing import Any

from second_opinion.errors import InvalidElement
from second_opinion.fhir.search_parameters import Parameter
from second_opinion.fhir.search_registry import PARAMETERS
from second_opinion.fhir.search_shapes import Extractor, each_of, extractor_of, reference_at
from second_opinion.store.changes import Span, Term


def extract(resource: Mapping[str, Any], base: str = "") -> tuple[list[Term], list[Span]]:
    """Terms (parameter, value) and spans (parameter, first, last microsecond), none of them twice.

    ``base`` is our own FHIR base: references under it are kept as ``Type/id``. What cannot be read as a date is not
    indexed; an element of the wrong shape is an InvalidElement.
    """
    extractors = _EXTRACTORS.get(resource["resourceType"], {})
    terms: list[Term] = []
    spans: list[Span] = []
    for element, value in resource.items():
        for extractor in extractors.get(element, ()):
            try:
                extractor(value, terms, spans, base)
            except (AttributeError, KeyError, TypeError) as wrong:
                where = f"{resource['resourceType']}.{element}"
                raise InvalidElement(f"{where} is not shaped as FHIR R4 has it", where) from wrong
    return list(dict.fromkeys(terms)), list(dict.fromkeys(spans))


def pointed_to(resource: Mapping[str, Any], path: str, base: str) -> list[str]:
    """``Type/id`` of everything on this server that the References at this element path point to."""
    terms: list[Term] = []
    element, extractor = _compiled(path, reference_at("to"))
    if element in resource:
        extractor(resource[element], terms, [], base)
    return [value for name, value in terms if name == "to" and value.count("/") == 1 and ":" not in value]


def _placed(path: str, extractor: Extractor) -> Extractor:
    """The extractor at the rest of the path, below an element already reached; lists are walked through."""
    if not path:
        return extractor
    element, _, rest = path.partition(".")
    inner = _placed(rest, extractor)

    def take(value: Any, terms: list[Term], spans: list[Span], base: str) -> None:
        for each in each_of(value):
            if element in each:
                inner(each[element], terms, spans, base)

    return take


def _of_extension(url: str, inner: Extractor) -> Extractor:
    def take(value: Any, terms: list[Term], spans: list[Span], base: str) -> None:
        for each in value:
            if each.get("url") == url:
                inner(each, terms, spans, base)

    return take


def _compiled(path: str, extractor: Extractor) -> tuple[str, Extractor]:
    """The top element of a path, and what to do with its value."""
    if path.startswith("extension("):
        url, _, rest = path.removeprefix("extension(").partition(").")
        return "extension", _of_extension(url, _placed(rest, extractor))
    element, _, rest = path.partition(".")
    return element, _placed(rest, extractor)


def _table(parameters: Iterable[Parameter]) -> dict[str, list[Extractor]]:
    extractors: dict[str, list[Extractor]] = {}
    for each in parameters:
        for path, shape in each.paths:
            element, extractor = _compiled(path, extractor_of(each, shape))
            extractors.setdefault(element, []).append(extractor)
    return extractors


_EXTRACTORS: Mapping[str, Mapping[str, list[Extractor]]] = {
    type_name: _table(parameters.values()) for type_name, parameters in PARAMETERS.items()
}
