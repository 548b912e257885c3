"""Anybody's PAS answer in plain lines: item, action code, number, error."""

from collections.abc import Iterator

from second_opinion.fhir.pas.reading import Answer, Failure, Line, read

NONE = "-"


def told(body: bytes) -> Iterator[str]:
    """The answer's lines; NoAnswer where there is none in it."""
    for answer in read(body):
        yield _head(answer)
        yield from map(_line, answer.lines)
        yield from map(_error, answer.errors)


def _head(answer: Answer) -> str:
    return f"outcome {answer.outcome or NONE}" + (f": {answer.disposition}" if answer.disposition else "")


def _line(line: Line) -> str:
    name = "whole answer" if line.sequence is None else f"item {line.sequence}"
    return f"{'added in place of ' if line.added else ''}{name}: code {line.code or NONE}, number {line.number or NONE}"


def _error(error: Failure) -> str:
    more = [
        f"{name} {value}"
        for name, value in (("element", error.element), ("path", error.path), ("follow-up", error.follow_up))
        if value
    ]
    words = f": {error.words}" if error.words else ""
    return f"error {error.code or NONE}" + (f" ({', '.join(more)})" if more else "") + words
