"""Whether the time of an answer tells what its bytes do not: that something is there which the caller may not see.

Each question is asked about nothing, about nothing again, and about everything it is not to tell from that, in random
order within one round; the differences within a round are compared, so that what slows the machine cancels out.
"""

import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import count
from math import sqrt
from statistics import median

import oracle
import small_directory
from desks import service
from oracle import Question, Request

from . import services
from .clients import Talk, WrongAnswer
from .figures import Line, quantile
from .options import Options
from .prepared import Prepared

AGAIN = "absent, again"  # the same request a second time: how far apart two of a kind are
MOST = 0.05  # of the median, where a difference is seen at all
SURE = 2.58  # standard errors: of a hundred questions about the same thing one looks like a difference
LEAST = 50  # rounds, however short the time
WARM = 10  # rounds that are not counted

Times = dict[str, list[float]]


def oracles(prepared: Prepared, options: Options) -> list[Line]:
    """One line for each question and each kind of thing it is not to tell from nothing."""
    folder = prepared.folder / "oracle"
    folder.mkdir()
    database = folder / "oracle.db"
    with service(folder, directory=[small_directory.write(folder)], url=f"sqlite:///{database}") as harbor:
        asked = oracle.places(harbor)
        tokens = {name: each.client.environ_base["HTTP_AUTHORIZATION"] for name, each in asked.callers.items()}
    with services.ours(folder, database) as running, closing(Talk(running.port)) as talk:
        measured = _measured(talk, asked.questions, tokens, options.seconds * options.rounds * 10)
    return [
        line(f"{question.name}, {kind}", times["absent"], times[AGAIN], times[kind])
        for question, times in zip(asked.questions, measured, strict=True)
        for kind in times
        if kind != "absent"
    ]


def _measured(talk: Talk, questions: Sequence[Question], tokens: Mapping[str, str], seconds: float) -> list[Times]:
    """How long each answer took, round by round; every question has its turn in every round."""
    wires = [
        {kind: _wire(question.ask(named), tokens[question.caller]) for kind, named in _kinds(question)}
        for question in questions
    ]
    told: list[Times] = [{kind: [] for kind in wire} for wire in wires]
    statuses: dict[int, int] = {}
    end = time.perf_counter() + seconds
    for turn in count():
        if turn >= WARM + LEAST and time.perf_counter() > end:
            return told
        for place in random.sample(range(len(wires)), len(wires)):
            for kind in random.sample(list(wires[place]), len(wires[place])):
                start = time.perf_counter()
                status, _ = talk.ask(wires[place][kind])
                took = time.perf_counter() - start
                if statuses.setdefault(place, status) != status:
                    raise WrongAnswer(f"{questions[place].name}, {kind}: {status} and {statuses[place]}")
                if turn >= WARM:
                    told[place][kind].append(took)
    raise AssertionError


def _kinds(question: Question) -> Iterator[tuple[str, oracle.Named]]:
    yield from question.about.items()
    yield AGAIN, question.about["absent"]


def _wire(request: Request, authorization: str) -> bytes:
    headers = [("Host", "127.0.0.1"), ("Authorization", authorization), *request.headers]
    if request.body:
        headers += [("Content-Type", request.content_type), ("Content-Length", str(len(request.body)))]
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"{request.method} /fhir/{request.path} HTTP/1.1\r\n{head}\r\n".encode() + request.body


def line(work: str, nothing: Sequence[float], again: Sequence[float], other: Sequence[float]) -> Line:
    """The median difference within a round, with the interval it surely lies in."""
    apart, low, high = _difference(nothing, other)
    noise = _spread(nothing, again)
    middle = median(nothing)
    small = abs(apart) < min(MOST * middle, noise)
    ours = f"{_micro(apart)} µs ({_micro(low)} … {_micro(high)}), {len(other):,} rounds"
    floor = f"median {middle * 1e6:,.0f} µs, two alike ±{noise * 1e6:,.0f}"
    return Line(work, ours, floor, f"{apart / middle:+.1%}", "0, or < 5 % and noise", low <= 0 <= high or small)


def _difference(nothing: Sequence[float], other: Sequence[float]) -> tuple[float, float, float]:
    """The median of the differences, and the order statistics between which the true one lies."""
    apart = sorted(late - early for early, late in zip(nothing, other, strict=True))
    half = SURE * sqrt(len(apart)) / 2
    middle = len(apart) / 2
    low, high = max(0, int(middle - half)), min(len(apart) - 1, int(middle + half))
    return median(apart), apart[low], apart[high]


def _spread(one: Sequence[float], same: Sequence[float]) -> float:
    """Half the range the middle half of the differences between two of a kind lie in."""
    apart = [late - early for early, late in zip(one, same, strict=True)]
    return (quantile(apart, 0.75) - quantile(apart, 0.25)) / 2


def _micro(seconds: float) -> str:
    return f"{seconds * 1e6:+,.1f}"
