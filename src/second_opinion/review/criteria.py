"""The questions a policy may ask. Each is a plain function of facts; a new kind of question is a new function here.

Positional arguments are facts, by name; keyword-only arguments are limits, set by the wording in force. A criterion
never meets a fact that is not stated: the engine sees from the signature which facts it needs.
"""

# ruff: noqa: FBT001  (facts are handed over in the order a question names them; nobody else calls one)

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar, get_type_hints

from second_opinion.review.facts import FACT_TYPES, CareSource, Reason, RequestedProvider, RequesterKind, Urgency


class Answer(StrEnum):
    """What a question may come to. A failed one is nothing a card can act on: it goes to a person."""

    YES = "yes"
    NO = "no"
    NOT_STATED = "not-stated"
    FAILED = "failed"


ACCEPTABLE = (Answer.YES, Answer.NO, Answer.NOT_STATED)
"""The answers a card may wait for."""


@dataclass(frozen=True)
class Criterion:
    """A question: its function, the facts it needs with their types, and the limits it is asked with."""

    name: str
    holds: Callable[..., object]
    facts: tuple[tuple[str, type], ...]
    limits: Mapping[str, type]
    sentence: str  # what a yes says


CRITERIA: dict[str, Criterion] = {}

_Question = TypeVar("_Question", bound=Callable[..., bool])


def criterion(question: _Question) -> _Question:
    """Make a question available to every policy; its positional arguments must be facts of their own types."""
    CRITERIA[question.__name__] = described(question)
    return question


def described(question: Callable[..., object]) -> Criterion:
    """The question as its signature describes it."""
    name, types = question.__name__, get_type_hints(question)
    arguments = inspect.signature(question).parameters.values()
    limits = {each.name: types[each.name] for each in arguments if each.kind is each.KEYWORD_ONLY}
    facts = tuple((each.name, types[each.name]) for each in arguments if each.name not in limits)
    for fact, kind in facts:
        if FACT_TYPES.get(fact) is not kind:
            raise TypeError(f"{name}: '{fact}' must be a fact, with the type it has in Facts")
    return Criterion(name, question, facts, limits, inspect.getdoc(question) or name)


@criterion
def member_is_identified(member_identified: bool) -> bool:
    """The person named is one member of the plan."""
    return member_identified


@criterion
def member_is_covered(covered: bool) -> bool:
    """Coverage is on record for the day of receipt or of the service."""
    return covered


@criterion
def service_belongs_elsewhere(belongs_elsewhere: bool) -> bool:
    """Another system than the plan provides this kind of care."""
    return belongs_elsewhere


@criterion
def an_open_case_is_repeated(repeats_open_case: bool) -> bool:
    """An open case has the same member, question and provider."""
    return repeats_open_case


@criterion
def service_was_rendered(already_rendered: bool) -> bool:
    """The opinion was given before the request arrived."""
    return already_rendered


@criterion
def opinions_reach(opinion_number: int, *, opinions: int) -> bool:
    """The opinion asked for is the ``opinions``-th or a later one on its question; the one in doubt is the first."""
    return opinion_number >= opinions


@criterion
def answers_are_confidential(confidential: bool) -> bool:
    """The service is sensitive, or the member asked for confidential communication."""
    return confidential


@criterion
def other_coverage_exists(other_coverage: bool) -> bool:
    """Another payer covers the member on the day."""
    return other_coverage


@criterion
def requester_is_entitled(requester_kind: RequesterKind) -> bool:
    """The member, a representative or a participating provider who treats the member asks."""
    return requester_kind is not RequesterKind.OTHER


@criterion
def care_is_primary(care_source: CareSource) -> bool:
    """The care in question is the primary care provider's."""
    return care_source is CareSource.PCP


@criterion
def provider_is_in_network(requested_provider: RequestedProvider) -> bool:
    """The provider named is in the member's network; not stated when none is named."""
    return requested_provider is RequestedProvider.IN_NETWORK


@criterion
def provider_is_disqualified(provider_disqualified: bool) -> bool:
    """The directory shows the provider named as inactive or excluded."""
    return provider_disqualified


@criterion
def alternative_is_available(alternative_available: bool) -> bool:
    """A qualified provider in the network is available."""
    return alternative_available


@criterion
def request_is_urgent(urgency: Urgency) -> bool:
    """The request is marked urgent."""
    return urgency is Urgency.URGENT


@criterion
def reason_is_stated(reason: Reason) -> bool:
    """A reason is given, one of the policy's or another; no when a reason is there and says nothing."""
    return reason is not Reason.EMPTY


@criterion
def condition_is_serious(serious_condition: bool) -> bool:
    """The condition threatens life, limb, bodily function or substantial impairment."""
    return serious_condition
