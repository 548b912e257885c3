"""Subscriptions and their events; and what changed, kept in the transaction of the change until it is counted."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from second_opinion.store.changes import (
    Changes,
    Conflict,
    ResourceChange,
    ResourceWrite,
    SubscriptionEvent,
    SubscriptionWrite,
    Work,
)
from second_opinion.store.database import Batch, Database, Row, Transaction
from second_opinion.store.stored import instant, microseconds

TOLD = frozenset({"Task", "ClaimResponse"})  # types whose changes may be subscribed to
COUNT = "count-changes"  # kind of the work that counts them
MOMENT, MARGIN = 0.2, 0.1  # seconds


def add(written: Batch, changes: Changes, answered: str | None, work_row: Callable[[Work], Row]) -> None:
    """The rows and steps of what changed, of subscriptions and of their events."""
    told = [each for each in changes.resources if each.type in TOLD and each.body]
    if told:
        written.steps.append(partial(_note, resources=told, answered=answered, work_row=work_row))
    if changes.counted:
        written.steps.append(partial(_take, changes=changes.counted))
    for each in changes.subscriptions:
        if each.version == 1:
            written.rows["subscription"].append(_row(each))
        else:
            written.steps.append(partial(_replace, subscription=each))
    if changes.subscription_events:
        written.rows["subscription_event"] += [_event_row(each) for each in changes.subscription_events]


def _counting() -> Work:
    """The wake-up for all changes of this moment: one, however many there are, a little after it.

    A change whose transaction takes longer than that is counted with the next one, or by the worker's round.
    """
    moment = time.time() // MOMENT
    after = datetime.fromtimestamp((moment + 1) * MOMENT + MARGIN, UTC)
    return Work(f"{COUNT}/{moment:.0f}", COUNT, None, {}, not_before=after)


def _note(
    transaction: Transaction, resources: Sequence[ResourceWrite], answered: str | None, work_row: Callable[[Work], Row]
) -> None:
    """Keep what changed where anybody subscribed to anything; where nobody did, this is one look at an empty table."""
    if not transaction.fetch("SELECT 1 FROM subscription WHERE status <> 'off' LIMIT 1"):
        return
    rows: list[Row] = [
        (each.type, each.id, each.version, each.case, microseconds(each.last_updated), answered) for each in resources
    ]
    transaction.insert("resource_change", rows)
    transaction.insert("work", [work_row(_counting())])


def _take(transaction: Transaction, changes: Sequence[ResourceChange]) -> None:
    statement = "DELETE FROM resource_change WHERE pk = ? AND type = ? AND id = ? AND version = ?"
    for each in changes:  # a row number alone may have been given again
        if transaction.execute(statement, (each.pk, each.type, each.id, each.version)) != 1:
            raise Conflict("change")


_REPLACE = (
    "UPDATE subscription SET version = ?, owner = ?, status = ?, ends_at = ?, body = ? WHERE id = ? AND version = ?"
)


def _replace(transaction: Transaction, subscription: SubscriptionWrite) -> None:
    ident, *values = _row(subscription)
    before = subscription.version - 1
    if not subscription.body:
        changed = transaction.execute("DELETE FROM subscription WHERE id = ? AND version = ?", (ident, before))
        transaction.execute("DELETE FROM subscription_event WHERE subscription = ?", (ident,))
    else:
        changed = transaction.execute(_REPLACE, (*values, ident, before))
    if changed != 1:
        raise Conflict("subscription")


def _row(subscription: SubscriptionWrite) -> Row:
    ends_at = microseconds(subscription.ends_at) if subscription.ends_at else None
    return (
        subscription.id,
        subscription.version,
        subscription.owner,
        subscription.status,
        ends_at,
        subscription.body,
    )


def _event_row(event: SubscriptionEvent) -> Row:
    return (
        event.subscription,
        event.number,
        microseconds(event.at),
        event.type,
        event.id,
        event.version,
        event.case,
    )


def body(database: Database, ident: str) -> bytes | None:
    """The subscription of this id."""
    rows = database.fetch("SELECT body FROM subscription WHERE id = ?", (ident,))
    return rows[0][0] if rows else None


def counting(database: Database) -> list[bytes]:
    """Every subscription whose events are counted, by id."""
    return [row[0] for row in database.fetch("SELECT body FROM subscription WHERE status <> 'off' ORDER BY id")]


def of_owner(database: Database, owner: str) -> list[bytes]:
    """Every subscription of a partner, by id."""
    return [row[0] for row in database.fetch("SELECT body FROM subscription WHERE owner = ? ORDER BY id", (owner,))]


def changes(database: Database, count: int) -> list[ResourceChange]:
    """What changed and is not yet counted, in the order it was committed or close to it."""
    statement = "SELECT pk, type, id, version, case_number, at, answered FROM resource_change ORDER BY pk LIMIT ?"
    return [
        ResourceChange(pk, kind, ident, version, case, instant(at), answered)
        for pk, kind, ident, version, case, at, answered in database.fetch(statement, (count,))
    ]


def events(database: Database, ident: str, first: int, last: int) -> list[SubscriptionEvent]:
    """The events of a subscription with these numbers, both ends included, in their order."""
    statement = (
        "SELECT subscription, number, at, type, id, version, case_number FROM subscription_event"
        " WHERE subscription = ? AND number BETWEEN ? AND ? ORDER BY number"
    )
    return [
        SubscriptionEvent(subscription, number, instant(at), kind, named, version, case)
        for subscription, number, at, kind, named, version, case in database.fetch(statement, (ident, first, last))
    ]
