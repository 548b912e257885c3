"""The facts a determination is made from: the data dictionary for analysts and integrators."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import NoneType
from typing import Any, get_args, get_type_hints


class RequesterKind(StrEnum):
    """Who asks, as the policy sees it."""

    MEMBER = "member-or-representative"
    TREATING = "treating-participating"
    OTHER = "other"


class CareSource(StrEnum):
    """Whose care the opinion questions."""

    PCP = "pcp"
    SPECIALIST = "specialist"


class RequestedProvider(StrEnum):
    """Where the provider named in the request stands."""

    IN_NETWORK = "in-network"
    OUT_OF_NETWORK = "out-of-network"


class Urgency(StrEnum):
    """Turnaround class."""

    URGENT = "urgent"
    STANDARD = "standard"


class Reason(StrEnum):
    """What the request says of its reason."""

    LISTED = "listed"
    OTHER = "other"
    EMPTY = "empty"


@dataclass(frozen=True)
class Facts:
    """What is known of one request; ``None`` means not stated. ``sources`` says where each came from.

    A value of any other type than the fact's is kept only as a mark that it could not be read, "failed: " and the class
    of the fault: no stray text is ever taken for an answer. Every question that needs it *fails*; a person decides.
    """

    member_identified: bool | None = True  # ServiceRequest.subject, against the member file
    covered: bool | None = None  # Coverage of the member on the day of receipt or of the service
    belongs_elsewhere: bool | None = False  # specialty needed, against the plan's table of other systems
    repeats_open_case: bool | None = False  # our own cases: member, question and provider the same
    already_rendered: bool | None = False  # ServiceRequest.occurrence before the day of receipt
    opinion_number: int | None = 2  # ServiceRequest.code, modifier, or our own cases
    confidential: bool | None = False  # sensitive code lists, Patient.address confidential-communication
    other_coverage: bool | None = False  # Coverage of another payer on the day
    requester_kind: RequesterKind | None = None  # ServiceRequest.requester
    care_source: CareSource | None = None  # extension initial-provider, else the requester
    requested_provider: RequestedProvider | None = None  # ServiceRequest.performer[0], against the directory
    provider_disqualified: bool | None = None  # directory: inactive or excluded; never from silence
    alternative_available: bool | None = None  # directory search, or what staff found
    urgency: Urgency | None = None  # ServiceRequest.priority
    reason: Reason | None = None  # ServiceRequest.reasonCode, note
    serious_condition: bool | None = None  # reason code serious-condition
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        for name, kind in FACT_TYPES.items():
            value = getattr(self, name)
            if value is not None and type(value) is not kind:
                object.__setattr__(self, name, _mark(value))


FACT_TYPES: Mapping[str, type] = {
    name: next(kind for kind in get_args(hint) if kind is not NoneType)
    for name, hint in get_type_hints(Facts).items()
    if name != "sources"
}
"""Each fact's name with the one type its value has when stated."""

_MARK = re.compile(r"failed: \w+")


def _mark(value: object) -> str:
    return value if isinstance(value, str) and _MARK.fullmatch(value) else "failed: value"


def recorded(facts: Facts) -> dict[str, dict[str, Any]]:
    """Every fact as JSON: its value (null: not stated) and, where it is known, its source."""
    record: dict[str, dict[str, Any]] = {}
    for name in FACT_TYPES:
        value = getattr(facts, name)
        record[name] = {"value": value.value if isinstance(value, StrEnum) else value}
        if source := facts.sources.get(name):
            record[name]["source"] = source
    return record


def from_recorded(record: Mapping[str, Mapping[str, Any]]) -> Facts:
    """The facts as they were recorded."""
    values: dict[str, Any] = {name: _typed(each["value"], FACT_TYPES[name]) for name, each in record.items()}
    return Facts(**values, sources={name: each["source"] for name, each in record.items() if "source" in each})


def _typed(value: Any, kind: type) -> Any:
    return kind(value) if isinstance(value, str) and issubclass(kind, StrEnum) and not _MARK.fullmatch(value) else value
