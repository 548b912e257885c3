"""One step of one subscription: a handshake, its next events, or a heartbeat is sent, and what came of it kept.

The steps of a subscription follow one another (``subscription_file``), so its endpoint gets one notification at a
time and every event in the order of its number. A worker that dies under way has the step begun again by another: the
same events may arrive twice, none is left out.
"""

import random
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from second_opinion.access.caller import Caller
from second_opinion.fhir import json_body, notification
from second_opinion.fhir.codes import Json
from second_opinion.fhir.notification import EVENTS, HANDSHAKE, HEARTBEAT
from second_opinion.store.changes import AuditRow, Changes, Conflict, Work
from second_opinion.workflow import subscribers, subscription_file
from second_opinion.workflow.counting import count
from second_opinion.workflow.deciding import milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.hook import Reply, send
from second_opinion.workflow.subscription_ends import moved, over, turn_off
from second_opinion.workflow.subscription_events import Shown, shown
from second_opinion.workflow.subscription_file import ACTIVE, ERROR, REQUESTED, SubscriptionFile

AT_A_STRETCH = 5.0  # seconds of one step at most, then others' work has its turn
JITTER = 0.2  # of a delay, to either side


@dataclass(frozen=True)
class Notification:
    """What one step sends: ``last`` is the number of the last event its endpoint then has."""

    kind: str
    last: int
    shown: Shown = field(default_factory=Shown)


def notify(desk: Desk, work: Work) -> None:
    """Take the step this work names, unless the subscription has moved on or is gone.

    While its endpoint takes them, all events that wait are one step: what was taken is kept after each.
    """
    count(desk)
    until = time.monotonic() + AT_A_STRETCH
    while (file := _at_turn(desk, work)) is not None:
        sending = _begun(desk, file)
        if sending is None:
            return
        reply = send(desk, file.channel, json_body.write(_bundle(desk, file, sending)))
        _keep(desk, work, sending, reply, more=time.monotonic() < until)


def _begun(desk: Desk, file: SubscriptionFile) -> Notification | None:
    """What is to be sent now; None where nothing may be, or something else came first."""
    caller = subscribers.owner(desk, file)
    if caller is None or over(file):
        turn_off(desk, file)
        return None
    sending = _next(desk, file, caller)
    if sending is not None and sending.kind == HEARTBEAT and not _taken_up(desk, file):
        return None
    return sending


def _at_turn(desk: Desk, work: Work) -> SubscriptionFile | None:
    """The subscription, if this step is still its next one."""
    body = desk.store.subscription(work.body["subscription"])
    file = subscription_file.load(body) if body is not None else None
    return file if file is not None and file.turn == work.body["turn"] else None


def _next(desk: Desk, file: SubscriptionFile, caller: Caller) -> Notification | None:
    """What is to be sent now."""
    if file.status == REQUESTED:
        return Notification(HANDSHAKE, file.sent)
    if file.status != ACTIVE:
        return None
    if file.events > file.sent:
        first, last = file.sent + 1, min(file.events, file.sent + file.channel.max_count)
        return Notification(EVENTS, last, shown(desk, file, caller, first, last, file.channel.content))
    return Notification(HEARTBEAT, file.sent)


def _taken_up(desk: Desk, file: SubscriptionFile) -> bool:
    """Whether the heartbeat may go: from here on an event waits for it, where one has not come first."""
    file = replace(file, version=file.version + 1, busy=True)
    try:
        desk.store.save(Changes(subscriptions=[subscription_file.row(file)]))
    except Conflict:
        return False
    return True


def _bundle(desk: Desk, file: SubscriptionFile, sending: Notification) -> Json:
    """The notification; that of events counts up to its own last one, whatever else waits behind it."""
    standing = file.standing(desk.settings.fhir_base)
    if sending.kind == EVENTS:
        standing = replace(standing, events=sending.last)
    return notification.notification(
        sending.kind, standing, file.channel.content, sending.shown.told, datetime.now(UTC)
    )


def _keep(desk: Desk, work: Work, sending: Notification, reply: Reply, *, more: bool) -> None:
    """Where the subscription stands after the reply, and its next step; nothing where it has moved on meanwhile."""
    while (before := _at_turn(desk, work)) is not None:
        file, further = _after(desk, replace(before, version=before.version + 1), sending, reply, more=more)
        changes = Changes(
            resources=[moved(desk, file)] if file.status != before.status else [],
            subscriptions=[subscription_file.row(file)],
            work=[further] if further else [],
            audit=_disclosed(desk, file, sending, reply),
        )
        try:
            desk.store.save(changes)
        except Conflict:  # more was counted; it is counted on from
            continue
        return


def _disclosed(desk: Desk, file: SubscriptionFile, sending: Notification, reply: Reply) -> list[AuditRow]:
    """Whose data was told to whom; an answer that is no 2xx does not say that it was not read."""
    at, outcome = milliseconds(desk.now()), "0" if reply.taken else "4"
    return [
        AuditRow(at, file.owner, "notification", f"{each.type}/{each.id}", each.member, outcome, None)
        for each in sending.shown.resources
    ]


def _after(
    desk: Desk, file: SubscriptionFile, sending: Notification, reply: Reply, *, more: bool
) -> tuple[SubscriptionFile, Work | None]:
    if not reply.taken:
        return _failed(desk, file, reply)
    file, now = replace(file, status=ACTIVE, sent=sending.last, tries=0, error=None), datetime.now(UTC)
    if file.events <= file.sent:
        return subscription_file.resting(file, now)
    return (file, None) if more else subscription_file.begun(file, now)


def _failed(desk: Desk, file: SubscriptionFile, reply: Reply) -> tuple[SubscriptionFile, Work | None]:
    """The same once more after the delay for this try; error when there are no more, or no other try can help."""
    delays = desk.settings.retry_delays
    file = replace(file, tries=file.tries + 1)
    if not reply.worth_another or file.tries > len(delays):
        return replace(file, status=ERROR, turn=file.turn + 1, busy=False, error=reply.words), None
    delay = delays[file.tries - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - jitter, not a secret
    at = datetime.now(UTC) + timedelta(seconds=delay)
    return subscription_file.begun(file, max(at, reply.not_before or at))
