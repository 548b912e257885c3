"""What a subscriber asks of its own subscriptions: where they stand, and the events it may have missed."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from second_opinion.access.caller import Caller
from second_opinion.access.scopes import allows
from second_opinion.errors import BusinessRule, CodeInvalid
from second_opinion.fhir import notification
from second_opinion.fhir.codes import Json
from second_opinion.fhir.notification import QUERY_EVENT
from second_opinion.store.stored import Stored
from second_opinion.workflow import subscription_file
from second_opinion.workflow.counting import count
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.subscribing import kept
from second_opinion.workflow.subscription_events import shown

MOST = 1000  # events in one answer


def status(desk: Desk, caller: Caller, door: str, ident: str) -> Json:
    """Where one subscription stands; NotFound or Gone as for reading it."""
    kept(desk, caller, door, ident)
    return statuses(desk, caller, door, {ident}, (), f"Subscription/{ident}/$status")


def statuses(
    desk: Desk, caller: Caller, door: str, idents: Collection[str], states: Collection[str], asked: str
) -> Json:
    """Where the caller's subscriptions stand: those of these ids and states; of all where none are given."""
    count(desk)
    files = (subscription_file.load(body) for body in desk.store.subscriptions(caller.id))
    base = desk.settings.fhir_base
    found = [
        file.standing(base)
        for file in files
        if file.door == door and (not idents or file.id in idents) and (not states or file.status in states)
    ]
    return notification.statuses(found, f"{base}{door}/{asked}", datetime.now(UTC))


def events(
    desk: Desk, caller: Caller, door: str, ident: str, first: int, last: int | None, content: str | None
) -> tuple[Json, Sequence[Stored]]:
    """The events with these numbers, both included, at most MOST, and what of them may be seen now and is shown."""
    count(desk)
    file, _ = kept(desk, caller, door, ident)
    topic = file.about(desk.vocabulary)
    if topic is None:
        raise BusinessRule("The topic of this subscription is not offered any more", "Subscription.criteria")
    if content is not None and content not in topic.contents:
        raise CodeInvalid(f"content must be one of {', '.join(topic.contents)}", "Parameters.parameter('content')")
    told_as = content or file.channel.content
    ends = min(file.events if last is None else last, max(first, 1) + MOST - 1)
    reader = caller if allows(caller.scopes, topic.focus, "r") else None
    standing = file.standing(desk.settings.fhir_base)
    found = shown(desk, file, reader, first, ends, told_as)
    answered = notification.notification(QUERY_EVENT, standing, told_as, found.told, datetime.now(UTC))
    return answered, found.resources
