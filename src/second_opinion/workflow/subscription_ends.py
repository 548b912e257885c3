"""The Subscription as its owner sees it, moved on by the server: active, in error, or off because it has ended."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from second_opinion.fhir import json_body, search_extract, subscription
from second_opinion.store.changes import Changes, Conflict, ResourceWrite
from second_opinion.workflow import subscription_file
from second_opinion.workflow.deciding import milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.subscription_file import OFF, SubscriptionFile


def over(file: SubscriptionFile) -> bool:
    """Whether the subscription's time has run out (real time) without being turned off yet."""
    return file.ends_at is not None and file.ends_at <= datetime.now(UTC) and file.status != OFF


def turn_off(desk: Desk, file: SubscriptionFile) -> None:
    """Nothing more is counted or sent until its owner asks again."""
    file = replace(file, version=file.version + 1, status=OFF, turn=file.turn + 1, busy=False)
    desk.store.save(Changes(resources=[moved(desk, file)], subscriptions=[subscription_file.row(file)]))


def moved(desk: Desk, file: SubscriptionFile) -> ResourceWrite:
    """The Subscription's next version, with its new status."""
    stored = desk.store.found("Subscription", file.id)
    if stored is None or stored.deleted:
        raise Conflict("subscription")
    return written(desk, file, json_body.read(stored.body), stored.version + 1)


def written(desk: Desk, file: SubscriptionFile, content: dict[str, Any], version: int) -> ResourceWrite:
    """The Subscription as the store keeps it; nobody but its owner reads it, for its headers may be secrets."""
    at = milliseconds(desk.now())
    resource = subscription.write(content, file.id, version, at, file.status, file.error)
    terms, spans = search_extract.extract(resource, desk.settings.fhir_base)
    return ResourceWrite(
        "Subscription", file.id, version, at, json_body.write(resource), terms, spans, partner=file.owner
    )
