"""Doors that need nothing of Flask: an order is sent and answered in WSGI's terms and ours.

So they can be opened ahead of Flask (express.py), whose routing and objects cost a tenth of a whole decision.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, request

from second_opinion.api import negotiation
from second_opinion.api.negotiation import Environ

Body = Callable[[], bytes]  # reads what was sent, once the sender's rights are known


@dataclass(frozen=True)
class Told:
    """An answer of 200 in FHIR JSON."""

    body: bytes
    headers: Mapping[str, str]


Door = Callable[[Environ, Body], Told]  # raises whatever Flask's handlers word


def offer(blueprint: Blueprint, doors: Mapping[str, Door]) -> None:
    """The doors, by their paths, as Flask opens them."""
    for number, (path, door) in enumerate(doors.items(), 1):
        blueprint.add_url_rule(path, f"door {number}", _view(door), methods=["POST"])


def _view(door: Door) -> Callable[[], Response]:
    def opened() -> Response:
        told = door(request.environ, lambda: negotiation.body(request))
        return negotiation.answer(told.body, 200, told.headers)

    return opened
