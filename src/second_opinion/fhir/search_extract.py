"""What a resource is found by: its terms and spans, read from its JSON by extractors compiled once per type."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from second_opinion.errors import InvalidElement
from second_opinion.fhir.search_parameters import Parameter, Shape
from second_opinion.fhir.search_registry import PARAMETERS
from second_opinion.fhir.search_terms import EARLIEST, LATEST, bounded, reference, span, string, token
from second_opinion.store.changes import Span, Term

Found = tuple[list[Term], list[Span]]
Extractor = Callable[[Any, list[Term], list[Span], str], None]

IDENTIFIER = ":identifier"  # behind a reference parameter's name: what Reference.identifier says


def extract(resource: Mapping[str, Any], base: str = "") -> Found:
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


def references(resource: Mapping[str, Any], path: str, base: str) -> Iterable[str]:
    """``Type/id`` of everything the References at this path point to on this server."""
    terms: list[Term] = []
    first, _, rest = path.partition(".")
    if first in resource:
        _placed(rest, _reference("to"))(resource[first], terms, [], base)
    return (value for name, value in terms if name == "to" and value.count("/") == 1 and ":" not in value)


def _each(value: Any) -> Iterable[Any]:
    """The values of an element that may repeat."""
    return value if type(value) is list else (value,)


def _code(name: str, parameter: Parameter) -> Extractor:
    def take(value: Any, terms: list[Term], _spans: list[Span], _base: str) -> None:
        terms.extend([(name, token(_cased(each, parameter), None)) for each in _each(value)])

    return take


def _boolean(name: str) -> Extractor:
    def take(value: Any, terms: list[Term], _spans: list[Span], _base: str) -> None:
        terms.append((name, token("true" if value else "false", None)))

    return take


def _coding(name: str, parameter: Parameter) -> Extractor:
    def take(value: Any, terms: list[Term], _spans: list[Span], _base: str) -> None:
        terms.extend(
            [
                (name, token(_cased(each["code"], parameter), each.get("system")))
                for each in _each(value)
                if "code" in each
            ]
        )

    return take


def _concept(name: str, parameter: Parameter) -> Extractor:
    codings = _coding(name, parameter)

    def take(value: Any, terms: list[Term], spans: list[Span], base: str) -> None:
        for each in _each(value):
            codings(each.get("coding", []), terms, spans, base)

    return take


def _cased(code: str, parameter: Parameter) -> str:
    return code if parameter.case_sensitive else code.lower()


def _identifier(name: str) -> Extractor:
    def take(value: Any, terms: list[Term], _spans: list[Span], _base: str) -> None:
        terms.extend([(name, token(each["value"], each.get("system"))) for each in _each(value) if "value" in each])

    return take


def _reference(name: str) -> Extractor:
    logical = name + IDENTIFIER

    def take(value: Any, terms: list[Term], _spans: list[Span], base: str) -> None:
        for each in _each(value):
            literal = reference(each["reference"], base) if "reference" in each else None
            if literal is not None:
                terms.append((name, literal))
            stated = each.get("identifier")
            if stated is not None and "value" in stated:
                terms.append((logical, token(stated["value"], stated.get("system"))))

    return take


def _uri(name: str) -> Extractor:
    def take(value: Any, terms: list[Term], _spans: list[Span], _base: str) -> None:
        terms.extend((name, bounded(each)) for each in _each(value))

    return take


def _string(name: str) -> Extractor:
    def take(value: Any, terms: list[Term], _spans: list[Span], _base: str) -> None:
        # A null stands in an array of primitives whose companion array says why.
        terms.extend((name, string(each)) for each in _each(value) if each)

    return take


def _name(name: str) -> Extractor:
    """Text and affixes of a HumanName; a name search reads the family and given parameters too."""

    def take(value: Any, terms: list[Term], _spans: list[Span], _base: str) -> None:
        for each in value:
            if "text" in each:
                terms.append((name, string(each["text"])))
            for part in ("prefix", "suffix"):
                terms.extend((name, string(word)) for word in each.get(part, ()) if word)

    return take


def _date(name: str) -> Extractor:
    def take(value: Any, _terms: list[Term], spans: list[Span], _base: str) -> None:
        for each in _each(value):
            try:
                spans.append((name, *span(each)))
            except ValueError:
                continue

    return take


def _period(name: str) -> Extractor:
    def take(value: Any, _terms: list[Term], spans: list[Span], _base: str) -> None:
        for each in _each(value):
            try:
                first = span(each["start"])[0] if "start" in each else EARLIEST
                last = span(each["end"])[1] if "end" in each else LATEST
            except ValueError:
                continue
            spans.append((name, first, last))

    return take


def _timing(name: str) -> Extractor:
    dates, periods = _date(name), _period(name)

    def take(value: Any, terms: list[Term], spans: list[Span], base: str) -> None:
        dates(value.get("event", []), terms, spans, base)
        if bounds := value.get("repeat", {}).get("boundsPeriod"):
            periods(bounds, terms, spans, base)

    return take


def _extractor(parameter: Parameter, shape: Shape) -> Extractor:
    coded = {"code": _code, "coding": _coding, "concept": _concept}
    if shape in coded:
        return coded[shape](parameter.name, parameter)
    others = {
        "boolean": _boolean,
        "identifier": _identifier,
        "reference": _reference,
        "uri": _uri,
        "date": _date,
        "period": _period,
        "timing": _timing,
        "string": _string,
        "name": _name,
    }
    return others[shape](parameter.name)


def _placed(path: str, extractor: Extractor) -> Extractor:
    """The extractor at the rest of the path, below an element already reached; lists are walked through."""
    if not path:
        return extractor
    element, _, rest = path.partition(".")
    inner = _placed(rest, extractor)

    def take(value: Any, terms: list[Term], spans: list[Span], base: str) -> None:
        for each in _each(value):
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
            element, extractor = _compiled(path, _extractor(each, shape))
            extractors.setdefault(element, []).append(extractor)
    return extractors


_EXTRACTORS: Mapping[str, Mapping[str, list[Extractor]]] = {
    type_name: _table(parameters.values()) for type_name, parameters in PARAMETERS.items()
}
