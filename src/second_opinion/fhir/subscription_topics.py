"""What may be subscribed to: which change is told, by what it may be narrowed, and how much may be told of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from second_opinion.fhir.codes import Vocabulary

Json = Mapping[str, Any]

EMPTY, ID_ONLY, FULL_RESOURCE = "empty", "id-only", "full-resource"
PAS_TOPIC = "http://hl7.org/fhir/us/davinci-pas/SubscriptionTopic/PASSubscriptionTopic"
HREX_TOPIC = "http://hl7.org/fhir/us/davinci-hrex/SubscriptionTopic/Task"
SENDER = "org-identifier"  # PAS spells it org-identifier and orgIdentifier; both are read

_SHOWN = ("status", "businessStatus", "output")  # elements of a Task whose change is a change of the case


@dataclass(frozen=True)
class Topic:
    """One topic; ``triggers`` judges the resource before (None: it is new) and after a change."""

    canonical: str
    focus: str  # resource type whose change is told
    filters: tuple[str, ...]  # search parameters of that type, or org-identifier
    contents: tuple[str, ...]
    triggers: Callable[[Json | None, Json], bool]
    whole_answer: bool = False  # the full resource is the whole PAS response Bundle


def topics(vocabulary: Vocabulary) -> dict[str, Topic]:
    """The topics of the FHIR base, by canonical."""
    return _by_canonical(
        Topic(
            canonical=f"{vocabulary.canonical}/SubscriptionTopic/case-status",
            focus="Task",
            filters=("patient", "requester", "owner", "identifier", "code", "status"),
            contents=(EMPTY, ID_ONLY, FULL_RESOURCE),
            triggers=_case_moved,
        ),
        Topic(
            canonical=HREX_TOPIC,
            focus="Task",
            filters=("code", "owner", "requester", "status"),
            contents=(EMPTY, ID_ONLY, FULL_RESOURCE),
            triggers=_order_changed,
        ),
        Topic(PAS_TOPIC, "ClaimResponse", (SENDER,), (FULL_RESOURCE,), _answer_changed, whole_answer=True),
    )


def topics_of_pas_2_0() -> dict[str, Topic]:
    """The topic of the base for PAS 2.0.1 clients: its payload is id-only."""
    return _by_canonical(Topic(PAS_TOPIC, "ClaimResponse", (SENDER,), (ID_ONLY,), _answer_changed))


def _by_canonical(*offered: Topic) -> dict[str, Topic]:
    return {each.canonical: each for each in offered}


def _case_moved(before: Json | None, after: Json) -> bool:
    return before is None or any(before.get(each) != after.get(each) for each in _SHOWN)


def _order_changed(_before: Json | None, after: Json) -> bool:
    """HRex: every change of a Task that is an order and no longer a draft."""
    return after.get("status") != "draft" and after.get("intent") == "order"


def _answer_changed(before: Json | None, _after: Json) -> bool:
    """PAS: an answer that was given before is another now; the first one was given in its own exchange."""
    return before is not None
