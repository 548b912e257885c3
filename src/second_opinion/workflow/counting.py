"""What changed becomes the events of those who subscribed to it, numbered one by one and without a gap.

A change is noted in its own transaction (``store.subscriptions``) and counted here, at the latest before the next
notification and before anybody is answered how many events there were.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson

from second_opinion.access.caller import Caller
from second_opinion.fhir import subscription_filters
from second_opinion.fhir.subscription_topics import Topic
from second_opinion.store.changes import Changes, Conflict, ResourceChange, SubscriptionEvent, Work
from second_opinion.store.query import Visibility
from second_opinion.workflow import subscribers, subscription_file
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.subscription_ends import over, turn_off
from second_opinion.workflow.subscription_file import SubscriptionFile

TOGETHER = 100  # changes counted in one transaction
EVERYTHING = Visibility(everything=True)

Json = Mapping[str, Any]

log = logging.getLogger("second_opinion.subscriptions")


def count(desk: Desk, _work: Work | None = None) -> None:
    """Count every change not yet counted, whoever else does the same."""
    while changes := desk.store.uncounted_changes(TOGETHER):
        try:
            _count(desk, changes)
        except Conflict:
            continue  # somebody else counted some of them, or a subscription moved on


def _count(desk: Desk, changes: list[ResourceChange]) -> None:
    files = [subscription_file.load(body) for body in desk.store.subscriptions()]
    if ended := [file for file in files if over(file) or subscribers.owner(desk, file) is None]:
        for file in ended:
            turn_off(desk, file)
        files = [file for file in files if file not in ended]
    events = {file.id: _events(desk, file, changes) for file in files}
    now = datetime.now(UTC)
    moved = [
        subscription_file.counted(replace(file, version=file.version + 1), len(events[file.id]), now)
        for file in files
        if events[file.id]
    ]
    desk.store.save(
        Changes(
            counted=changes,
            subscriptions=[subscription_file.row(file) for file, _ in moved],
            subscription_events=[event for each in events.values() for event in each],
            work=[work for _, work in moved if work],
        )
    )


def _events(desk: Desk, file: SubscriptionFile, changes: list[ResourceChange]) -> list[SubscriptionEvent]:
    """The changes this subscription is about and its owner may see now, numbered on from its last."""
    topic, caller = file.about(desk.vocabulary), subscribers.owner(desk, file)
    if topic is None or caller is None:
        return []
    concerning = [each for each in changes if each.type == topic.focus and each.answered != file.owner]
    found = [each for each in concerning if _is_told(desk, file, topic, caller, each)]
    return [
        SubscriptionEvent(file.id, number, each.at, each.type, each.id, each.version, each.case)
        for number, each in enumerate(found, file.events + 1)
    ]


def _is_told(desk: Desk, file: SubscriptionFile, topic: Topic, caller: Caller, change: ResourceChange) -> bool:
    stored = desk.store.read(change.type, change.id, subscribers.seen_by(caller), change.version)
    if stored is None:
        return False
    try:
        after = orjson.loads(stored.body)
        return topic.triggers(_before(desk, change), after) and _fits(desk, file, topic, caller, after)
    except Exception:  # one filter that cannot be asked must not hold up everybody's events; she may see this one
        log.exception("a filter of subscription %s cannot be asked: the change is told", file.id)
        return True


def _before(desk: Desk, change: ResourceChange) -> Json | None:
    stored = desk.store.read(change.type, change.id, EVERYTHING, change.version - 1) if change.version > 1 else None
    return orjson.loads(stored.body) if stored else None


def _fits(desk: Desk, file: SubscriptionFile, topic: Topic, caller: Caller, after: Json) -> bool:
    target, standing_for = partial(subscribers.target, desk), partial(subscribers.standing_for, desk)
    base = desk.settings.fhir_base
    return subscription_filters.holds(
        file.terms, after, topic, base, target, standing_for
    ) and subscribers.concerns_sender(desk, caller, file.terms, after)
