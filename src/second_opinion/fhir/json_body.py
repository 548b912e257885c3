"""Bodies as strict JSON: what a lenient parser would guess is refused, with the place and never the value.

A byte order mark is skipped. Numbers keep every digit they came with.
"""

import json
import re
from decimal import Decimal
from typing import Any

import orjson

from second_opinion.errors import MalformedBody
from second_opinion.fhir.codes import Json
from second_opinion.fhir.json_faults import DEEPEST, TOO_DEEP, Refused, decimal, explain, whole

DOUBTFUL_ESCAPE = re.compile(r"\\(?:[bf]|u00[01]|u[dD][89a-fA-F])")  # may stand for characters that are refused


def read(body: bytes) -> Json:
    """The body as a JSON object; MalformedBody 400 naming the place of the first fault."""
    try:
        text = body.decode().removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise MalformedBody("The body must be UTF-8", "$this") from None
    try:
        return _strict(text) or _sound_after_all(text)
    except json.JSONDecodeError as wrong:
        raise MalformedBody(f"The body is not JSON: line {wrong.lineno}, column {wrong.colno}", "$this") from None
    except RecursionError:
        raise MalformedBody(TOO_DEEP, "$this") from None


def read_own(body: bytes) -> Json:
    """JSON this program wrote."""
    return json.loads(body, parse_float=Decimal)  # type: ignore[no-any-return]  # resources are objects


def write(value: object) -> bytes:
    """Compact JSON in UTF-8; Decimals keep every digit."""
    return orjson.dumps(value, default=_exact)


def _exact(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(str(value).encode())
    raise TypeError


def _object(pairs: list[tuple[str, Any]]) -> Json:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Refused
    return members


def _constant(_: str) -> Any:
    """NaN and the infinities, which JSON does not have."""
    raise Refused


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=decimal, parse_int=whole, parse_constant=_constant)


def _strict(text: str) -> Json | None:
    """The object, read fast; None where anything about it needs a second look."""
    try:
        value = _DECODER.decode(text)
    except Refused:
        return None
    doubtful = value.__class__ is not dict or DOUBTFUL_ESCAPE.search(text) or not _sound(value)
    return None if doubtful else value


def _sound(body: Json) -> bool:
    """Whether nothing in it is null, empty or too deep. Level by level: no recursion, no paths."""
    level: list[Any] = [body]
    for _ in range(DEEPEST):
        below: list[Any] = []
        for each in level:
            for value in each.values() if each.__class__ is dict else each:
                kind = value.__class__
                if kind is str:
                    if not value:
                        return False
                elif kind is dict or kind is list:
                    if not value:
                        return False
                    below.append(value)
                elif value is None:
                    return False
        if not below:
            return True
        level = below
    return False


def _sound_after_all(text: str) -> Json:
    explain(text)
    return _DECODER.decode(text)  # type: ignore[no-any-return]  # explain found an object
