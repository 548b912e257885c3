"""How the values of each kind of FHIR element become terms and spans of the index."""

from collections.abc import Callable, Iterable
from typing import Any

from second_opinion.fhir.search_parameters import Parameter, Shape
from second_opinion.fhir.search_terms import EARLIEST, LATEST, bounded, reference, span, string, token
from second_opinion.store.changes import Span, Term

Extractor = Callable[[Any, list[Term], list[Span], str], None]

IDENTIFIER = ":identifier"  # behind a reference parameter's name: what Reference.identifier says


def each_of(value: Any) -> Iterable[Any]:
    """The values of an element that may repeat."""
    return value if type(value) is list else (value,)


def _code(name: str, parameter: Parameter) -> Extractor:
    def take(value: Any, terms: list[Term], _spans: list[Span], _base: str) -> None:
        terms.extend([(name, token(_cased(each, parameter), None)) for each in each_of(value)])

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
                for each in each_of(value)
                if "code" in each
            ]
        )

    return take


def _concept(name: str, parameter: Parameter) -> Extractor:
    codings = _coding(name, parameter)

    def take(value: Any, terms: list[Term], spans: list[Span], base: str) -> None:
        for each in each_of(value):
            codings(each.get("coding", []), terms, spans, base)

    return take


def _cased(code: str, parameter: Parameter) -> str:
    return code if parameter.case_sensitive else code.lower()


def _identifier(name: str) -> Extractor:
    def take(value: Any, terms: list[Term], _spans: list[Span], _base: str) -> None:
        terms.extend([(name, token(each["value"], each.get("system"))) for each in each_of(value) if "value" in each])

    return take


def reference_at(name: str) -> Extractor:
    """Where a Reference points to, and the identifier it states."""
    logical = name + IDENTIFIER

    def take(value: Any, terms: list[Term], _spans: list[Span], base: str) -> None:
        for each in each_of(value):
            literal = reference(each["reference"], base) if "reference" in each else None
            if literal is not None:
                terms.append((name, literal))
            stated = each.get("identifier")
            if stated is not None and "value" in stated:
                terms.append((logical, token(stated["value"], stated.get("system"))))

    return take


def _uri(name: str) -> Extractor:
    def take(value: Any, terms: list[Term], _spans: list[Span], _base: str) -> None:
        terms.extend((name, bounded(each)) for each in each_of(value))

    return take


def _string(name: str) -> Extractor:
    def take(value: Any, terms: list[Term], _spans: list[Span], _base: str) -> None:
        # A null stands in an array of primitives whose companion array says why.
        terms.extend((name, string(each)) for each in each_of(value) if each)

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
        for each in each_of(value):
            try:
                spans.append((name, *span(each)))
            except ValueError:
                continue

    return take


def _period(name: str) -> Extractor:
    def take(value: Any, _terms: list[Term], spans: list[Span], _base: str) -> None:
        for each in each_of(value):
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


def extractor_of(parameter: Parameter, shape: Shape) -> Extractor:
    """What takes the values of an element of this shape for the parameter."""
    coded = {"code": _code, "coding": _coding, "concept": _concept}
    if shape in coded:
        return coded[shape](parameter.name, parameter)
    others = {
        "boolean": _boolean,
        "identifier": _identifier,
        "reference": reference_at,
        "uri": _uri,
        "date": _date,
        "period": _period,
        "timing": _timing,
        "string": _string,
        "name": _name,
    }
    return others[shape](parameter.name)
