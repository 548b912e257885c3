"""Events as they are told: each with what its owner may see of it at this moment, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from second_opinion.access import views
from second_opinion.access.caller import Caller
from second_opinion.fhir import json_body
from second_opinion.fhir.codes import Json
from second_opinion.fhir.notification import Focus, Told
from second_opinion.fhir.projections import projected
from second_opinion.fhir.subscription_topics import EMPTY, FULL_RESOURCE
from second_opinion.store.changes import SubscriptionEvent
from second_opinion.store.stored import Stored
from second_opinion.workflow import case_file, claim_answers, claim_receiving, subscribers
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.subscription_file import SubscriptionFile


@dataclass(frozen=True)
class Shown:
    """Events as they are told, and what is shown with them."""

    told: tuple[Told, ...] = ()
    resources: tuple[Stored, ...] = ()


def shown(desk: Desk, file: SubscriptionFile, caller: Caller | None, first: int, last: int, content: str) -> Shown:
    """The events of these numbers, both included. Without a caller who may see them, only their numbers."""
    events = desk.store.subscription_events(file.id, first, last)
    seen = [(each, _seen(desk, each, caller, content)) for each in events]
    return Shown(
        tuple(Told(each.number, each.at, _focus(desk, file, each, found, caller, content)) for each, found in seen),
        tuple(found for _, found in seen if found is not None),
    )


def _seen(desk: Desk, event: SubscriptionEvent, caller: Caller | None, content: str) -> Stored | None:
    """What the event is about, as far as it is to be told and the caller may see it now."""
    if caller is None or content == EMPTY:
        return None
    stored = desk.store.read(event.type, event.id, subscribers.seen_by(caller), event.version)
    return None if stored is None or stored.deleted else stored


def _focus(
    desk: Desk,
    file: SubscriptionFile,
    event: SubscriptionEvent,
    stored: Stored | None,
    caller: Caller | None,
    content: str,
) -> Focus | None:
    if stored is None or caller is None:
        return None
    part = views.of(caller).shown
    topic = file.about(desk.vocabulary)
    if content == FULL_RESOURCE and topic is not None and topic.whole_answer:
        return _whole_answer(desk, event, stored, part)
    named = f"{event.type}/{event.id}"
    method, url = ("POST", event.type) if event.version == 1 else ("PUT", named)
    resource = _shown(stored.type, stored.body, part) if content == FULL_RESOURCE else None
    return Focus(f"{desk.settings.fhir_base}/{named}", url, method, resource)


def _whole_answer(desk: Desk, event: SubscriptionEvent, stored: Stored, part: Mapping[str, str]) -> Focus | None:
    """The PAS response Bundle as the case stands now (PAS spec-61: the whole answer each time)."""
    kept = desk.store.case(event.case) if event.case is not None else None
    if kept is not None:
        answer: Json | None = claim_answers.of_case(desk, case_file.load(kept.body), event.id)
    else:
        answer = claim_receiving.told_again(desk, json_body.read(stored.body))
    if answer is None:
        return None
    for each in answer["entry"]:
        resource = each["resource"]
        each["resource"] = _shown(resource["resourceType"], json_body.write(resource), part)
    return Focus(f"{desk.settings.fhir_base}/Bundle/{answer['id']}", f"Bundle/{answer['id']}", "PUT", answer)


def _shown(kind: str, body: bytes, part: Mapping[str, str]) -> Json:
    """As much of a resource as the owner's class is shown."""
    resource: Json = orjson.loads(projected(body, part.get(kind)))
    return resource
