"""The plans under test, and an ordinary request to vary one thing of."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from second_opinion.review.facts import Facts, Reason, RequesterKind, Urgency, from_recorded
from second_opinion.review.policy import folder, load

HERE = Path(__file__).parent
HPSJ = load(folder("hpsj"))
HARBOR = load(folder(str(HERE / "harbor")))
A_DAY = date(2026, 3, 2)


def asked(**changes: Any) -> Facts:
    """A covered member asks, standard, with one of the policy's reasons; nothing is known of providers."""
    ordinary = Facts(
        covered=True,
        requester_kind=RequesterKind.MEMBER,
        urgency=Urgency.STANDARD,
        reason=Reason.LISTED,
        serious_condition=False,
    )
    return replace(ordinary, **changes)


def with_failed(facts: Facts, **faults: Exception) -> Facts:
    """The facts, those named as they stand when looking them up failed."""
    marks: dict[str, Any] = {name: f"failed: {type(fault).__name__}" for name, fault in faults.items()}
    return replace(facts, **marks)


def as_stated(table: Mapping[str, Any]) -> Facts:
    """The ordinary request with the facts of a worked example, in which "not-stated" is a word."""
    given = {name: {"value": None if value == "not-stated" else value} for name, value in table.items()}
    typed = from_recorded(given)
    return asked(**{name: getattr(typed, name) for name in given})
