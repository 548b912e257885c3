"""How a search is spelled: lists, escapes, and where in it something is wrong."""

import re

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}", re.ASCII)
_LOST_PLUS = re.compile(r" (?=[0-9]{2}:[0-9]{2}$)")  # a zone's + that arrived as the space it encodes in a URL
_PARTS = {mark: re.compile(rf"(?:[^\\{mark}]|\\.)*", re.DOTALL) for mark in ",|"}
_ESCAPED = re.compile(r"\\([,|$\\])")


def expression(name: str) -> str:
    """Where a parameter stands, as FHIR writes it for what came with HTTP; odd names are not repeated."""
    return f"http.{name}" if _NAME.fullmatch(name) else "http"


def split(text: str, mark: str) -> list[str]:
    r"""The parts between marks that no ``\`` precedes, still escaped."""
    if mark not in text and "\\" not in text:
        return [text]
    parts, at = [], 0
    while True:
        part = _PARTS[mark].match(text, at)
        end = part.end() if part else len(text)
        parts.append(text[at:end])
        if end >= len(text) or text[end] != mark:  # a lone \ at the end stands for nothing
            return parts
        at = end + 1


def plain(text: str) -> str:
    r"""The text with ``\,`` ``\|`` ``\$`` and ``\\`` read as what they stand for."""
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def with_plus(text: str) -> str:
    """The date with the + of its zone, where a URL has made a space of it."""
    return _LOST_PLUS.sub("+", text)
