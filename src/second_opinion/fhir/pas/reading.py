"""Anybody's answer to a Claim, read for what was decided: item, action code, number, error.

Takes what is in use: a PAS response Bundle of any version, Parameters of several, a notification around one, a bare
ClaimResponse. Lenient on purpose: it reads what others wrote.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from second_opinion.errors import BadRequest

Json = dict[str, Any]
ACTION = "extension-reviewAction"
ACTION_CODES = frozenset({"extension-reviewActionCode", "code"})  # as PAS has it, and as PAS 1.0 had it
PREVIOUS, REFERENCE = "extension-authorizationNumber", "extension-administrationReferenceNumber"


class NoAnswer(BadRequest):
    """There is no ClaimResponse in it."""


@dataclass(frozen=True)
class Line:
    """One item, or what was added in its place."""

    sequence: int | None  # None: of the answer as a whole
    code: str | None  # X12 306
    number: str | None
    added: bool = False


@dataclass(frozen=True)
class Failure:
    """One error of an answer."""

    code: str | None  # X12 901
    element: str | None
    path: str | None
    follow_up: str | None
    words: str | None


@dataclass(frozen=True)
class Answer:
    """One ClaimResponse."""

    outcome: str | None
    disposition: str | None
    lines: tuple[Line, ...]
    errors: tuple[Failure, ...]


def read(body: bytes) -> list[Answer]:
    """Every answer in it, in its order; NoAnswer where there is none."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as wrong:
        raise NoAnswer(f"The file is not JSON: line {wrong.lineno}, column {wrong.colno}") from None
    try:
        answers = [_answer(each) for each in _responses(content)]
    except RecursionError:
        raise NoAnswer("The file is nested too deeply") from None
    if not answers:
        raise NoAnswer("The file holds no ClaimResponse: it should be a PAS response Bundle")
    return answers


def _responses(value: Any) -> Iterator[Json]:
    """The ClaimResponses, however deep Bundles and Parameters wrap them."""
    if not isinstance(value, dict):
        return
    if value.get("resourceType") == "ClaimResponse":
        yield value
    for wrapped in (*_each(value, "entry"), *_each(value, "parameter"), *_each(value, "part")):
        yield from _responses(wrapped.get("resource"))
        yield from _responses({name: each for name, each in wrapped.items() if name == "part"})


def _answer(response: Json) -> Answer:
    items = [_line(each, response) for each in _each(response, "item")]
    added = [line for each in _each(response, "addItem") for line in _added(each)]
    whole = _reviewed(response)
    head = [Line(None, *whole)] if whole != (None, None) and not items else []
    return Answer(
        outcome=_text(response.get("outcome")),
        disposition=_text(response.get("disposition")),
        lines=(*head, *items, *added),
        errors=tuple(_failure(each, response) for each in _each(response, "error")),
    )


def _line(item: Json, response: Json) -> Line:
    code, number = _reviewed(item)
    alone = len(_each(response, "item")) == 1
    known = (
        number or _value(item, REFERENCE) or _value(item, PREVIOUS) or (response.get("preAuthRef") if alone else None)
    )
    return Line(_number(item.get("itemSequence")), code, _text(known))


def _added(item: Json) -> Iterator[Line]:
    code, number = _reviewed(item)
    sequences = item.get("itemSequence")
    for each in sequences if isinstance(sequences, list) else [None]:
        yield Line(_number(each), code, _text(number or _value(item, REFERENCE)), added=True)


def _reviewed(element: Json) -> tuple[str | None, str | None]:
    """Action code and number of the first adjudication that carries a review action."""
    for adjudication in _each(element, "adjudication"):
        for action in _each(adjudication, "extension"):
            if not _is(action, ACTION):
                continue
            parts = _each(action, "extension")
            codes = [each for each in parts if any(_is(each, name) for name in ACTION_CODES)]
            number = next((each.get("valueString") for each in parts if _is(each, "number")), None)
            return next((_code(each.get("valueCodeableConcept")) for each in codes), None), _text(number)
    return None, None


def _failure(error: Json, response: Json) -> Failure:
    notes = {each.get("number"): _text(each.get("text")) for each in _each(response, "processNote")}
    element, note = None, None
    for each in _each(error, "extension"):
        if _is(each, "extension-errorElement"):
            parts = {str(part.get("url")): part for part in _each(each, "extension")}
            element = _text(each.get("valueString")) or _text(parts.get("error", {}).get("valueString"))
            note = notes.get(parts.get("processNote", {}).get("valuePositiveInt"))
    code = error.get("code")
    said = _text(code.get("text")) if isinstance(code, dict) else None
    follow_up = next((each for each in _each(error, "extension") if _is(each, "extension-errorFollowupAction")), {})
    return Failure(
        code=_code(code),
        element=element,
        path=_text(_value(error, "extension-errorPath")),
        follow_up=_code(follow_up.get("valueCodeableConcept")),
        words=note or said,
    )


def _each(element: Json, name: str) -> list[Json]:
    value = element.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _is(extension: Json, name: str) -> bool:
    return str(extension.get("url", "")).rpartition("/")[2] == name


def _value(element: Json, name: str) -> Any:
    return next((each.get("valueString") for each in _each(element, "extension") if _is(each, name)), None)


def _code(concept: Any) -> str | None:
    codings = _each(concept, "coding") if isinstance(concept, dict) else []
    return next((code for each in codings if (code := _text(each.get("code")))), None)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
