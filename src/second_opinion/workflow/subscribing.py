"""A partner subscribes, changes its mind, or unsubscribes; the handshake follows when the answer has gone out."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from uuid_utils import uuid7

from second_opinion.access.caller import Caller, require
from second_opinion.access.visibility import own
from second_opinion.errors import BusinessRule, Gone, InvalidElement, NotFound, PreconditionFailed, Unavailable
from second_opinion.fhir import subscription
from second_opinion.fhir.subscription import Stated
from second_opinion.store.changes import AuditRow, Changes, Conflict, ResourceWrite, Work
from second_opinion.store.stored import Stored
from second_opinion.workflow import hook, subscription_file, subscription_headers
from second_opinion.workflow.arrival import Arrival, as_stored
from second_opinion.workflow.counting import count
from second_opinion.workflow.deciding import milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.subscribers import refuse_foreign
from second_opinion.workflow.subscription_ends import over, turn_off, written
from second_opinion.workflow.subscription_file import ACTIVE, END, OFF, REQUESTED, SubscriptionFile

BEFORE_HANDSHAKE = timedelta(seconds=1)  # by then the answer has gone out
CLOCKS_DIFFER = timedelta(minutes=1)  # of two machines, at most
MOST = 500  # subscriptions of one partner: each is asked about every change
TRIES = 8

Told = TypeVar("Told")


def subscribe(desk: Desk, arrival: Arrival, door: str) -> Stored:
    """The subscription as kept: requested, its handshake on the way."""
    stated = _stated(desk, arrival, door)
    if len(desk.store.subscriptions(arrival.caller.id)) >= MOST:
        raise BusinessRule(f"A partner may have {MOST} subscriptions; delete those no longer needed")
    count(desk)  # what changed before now is not told
    file = SubscriptionFile(
        id=str(uuid7()),
        version=1,
        owner=arrival.caller.id,
        scope=_scope(arrival.caller),
        patient=arrival.caller.patient,
        door=door,
        topic=stated.topic.canonical,
        terms=stated.terms,
        channel=stated.channel,
        status=OFF if stated.status == OFF else REQUESTED,
        ends_at=stated.end,
    )
    file, work = (file, None) if file.status == OFF else _asked_to_answer(file)
    kept = written(desk, file, stated.resource, 1)
    _save(desk, arrival, file, kept, work)
    return subscription_headers.shown(desk.seal, as_stored(kept))


def resubscribe(desk: Desk, arrival: Arrival, door: str, ident: str, if_match: int | None) -> Stored:
    """The subscription with its new content; whatever its endpoint must agree to is agreed by a new handshake."""
    return _unhurried(lambda: _resubscribe(desk, arrival, door, ident, if_match))


def unsubscribe(desk: Desk, arrival: Arrival, door: str, ident: str, if_match: int | None) -> None:
    """The subscription deleted: from now on nothing is sent."""
    _unhurried(lambda: _unsubscribe(desk, arrival, door, ident, if_match))


def end(desk: Desk, work: Work) -> None:
    """The subscription turned off, where its end has come and is still its end."""
    body = desk.store.subscription(work.body["subscription"])
    if body is None or (ends_at := (file := subscription_file.load(body)).ends_at) is None:
        return
    if over(file):
        turn_off(desk, file)
    elif timedelta() < ends_at - datetime.now(UTC) < CLOCKS_DIFFER:
        raise Unavailable("The subscription ends a moment later; it is looked at again then")


def kept(desk: Desk, caller: Caller, door: str, ident: str) -> tuple[SubscriptionFile, Stored]:
    """The caller's own subscription, as kept and as answered; NotFound, or Gone where it was deleted."""
    stored = desk.store.read("Subscription", ident, own(caller))
    if stored is not None and stored.deleted:
        raise Gone("The subscription was deleted", headers={"ETag": f'W/"{stored.version}"'})
    body = desk.store.subscription(ident) if stored is not None else None
    if stored is None or body is None or (file := subscription_file.load(body)).door != door:
        raise NotFound("There is no such subscription, or none you may see")
    return file, stored


def _stated(desk: Desk, arrival: Arrival, door: str) -> Stated:
    """What is asked for, where it may be asked for by this caller. An end that has passed is as good as none."""
    offered = subscription_file.offered(desk.vocabulary, door)
    stated = subscription.read(arrival.read(), offered, desk.settings.fhir_base)
    require(arrival.caller, stated.topic.focus, "r", whole=True)  # a notification tells what a read would
    refuse_foreign(desk, arrival.caller, stated.terms, "Subscription.criteria.extension.value")
    if stated.status != OFF:  # what is not to be called may always be turned off
        hook.check(desk, stated.channel.endpoint, "Subscription.channel.endpoint")
    if stated.end is not None and stated.end <= datetime.now(UTC):
        left = {name: value for name, value in stated.resource.items() if name not in {"end", "_end"}}
        stated = replace(stated, resource=left, end=None)
    return subscription_headers.sealed(desk.seal, stated)


def _resubscribe(desk: Desk, arrival: Arrival, door: str, ident: str, if_match: int | None) -> Stored:
    count(desk)
    before, stored = kept(desk, arrival.caller, door, ident)
    _match(stored, if_match)
    stated = _stated(desk, arrival, door)
    if stated.resource.get("id") != ident:
        raise InvalidElement("The id in the body must be the id in the address", "Subscription.id")
    file = replace(
        before,
        version=before.version + 1,
        scope=_scope(arrival.caller),
        patient=arrival.caller.patient,
        topic=stated.topic.canonical,
        terms=stated.terms,
        channel=stated.channel,
        ends_at=stated.end,
        sent=before.events if before.status == OFF else before.sent,
    )
    file, work = _continued(desk, before, file, stated.status)
    written_now = written(desk, file, stated.resource, stored.version + 1)
    _save(desk, arrival, file, written_now, work)
    return subscription_headers.shown(desk.seal, as_stored(written_now))


def _continued(
    desk: Desk, before: SubscriptionFile, file: SubscriptionFile, asked: str
) -> tuple[SubscriptionFile, Work | None]:
    """Off, on as before, or requested again: an endpoint that is to be told something else must agree again."""
    if asked == OFF:
        return replace(file, status=OFF, turn=file.turn + 1, busy=False, error=None), None
    if asked == ACTIVE == before.status and _agreed_to(desk, before) == _agreed_to(desk, file):
        return (file, None) if file.busy else subscription_file.resting(file, datetime.now(UTC))
    return _asked_to_answer(replace(file, status=REQUESTED, tries=0, error=None))


def _agreed_to(desk: Desk, file: SubscriptionFile) -> tuple[object, ...]:
    """What its endpoint agreed to by the handshake."""
    headers = subscription_headers.opened(desk.seal, file.channel.headers)
    return (file.topic, file.terms, file.channel.endpoint, headers, file.channel.content)


def _unsubscribe(desk: Desk, arrival: Arrival, door: str, ident: str, if_match: int | None) -> None:
    try:
        file, stored = kept(desk, arrival.caller, door, ident)
    except Gone:
        return
    _match(stored, if_match)
    at = milliseconds(desk.now())
    gone = ResourceWrite("Subscription", ident, stored.version + 1, at, b"")
    row = replace(subscription_file.row(replace(file, version=file.version + 1)), body=b"")
    desk.store.save(Changes(resources=[gone], subscriptions=[row], audit=[_audited(arrival, ident, at)]))


def _scope(caller: Caller) -> str:
    return " ".join(str(scope) for scope in caller.scopes)


def _match(stored: Stored, if_match: int | None) -> None:
    if if_match is not None and if_match != stored.version:
        raise PreconditionFailed(f"If-Match is stale: the current version is {stored.version}", "http.if-match")


def _asked_to_answer(file: SubscriptionFile) -> tuple[SubscriptionFile, Work]:
    return subscription_file.begun(file, datetime.now(UTC) + BEFORE_HANDSHAKE)


def _save(desk: Desk, arrival: Arrival, file: SubscriptionFile, kept: ResourceWrite, work: Work | None) -> None:
    works = [work] if work else []
    if file.ends_at is not None and file.status != OFF:
        body = {"subscription": file.id}
        works.append(Work(f"{END}/{file.id}/{kept.version}", END, None, body, not_before=file.ends_at))
    desk.store.save(
        Changes(
            resources=[kept],
            subscriptions=[subscription_file.row(file)],
            audit=[_audited(arrival, file.id, kept.last_updated)],
            work=works,
        )
    )


def _audited(arrival: Arrival, ident: str, at: datetime) -> AuditRow:
    return AuditRow(
        at=at,
        actor=arrival.caller.id,
        action=arrival.interaction,
        resource=f"Subscription/{ident}",
        patient=None,
        outcome="0",
        request=arrival.request_id,
    )


def _unhurried(story: Callable[[], Told]) -> Told:
    """What the story answers; told anew when a notification went out meanwhile. Unavailable after too many."""
    for _ in range(TRIES):
        try:
            return story()
        except Conflict:
            continue
    raise Unavailable("The subscription is changing all the time; try again", headers={"Retry-After": "1"})
