"""A subscription's headers are often its owner's secrets: kept sealed, opened only to be sent and for their owner.

Where the key is gone they are shown to nobody, and the subscription stands in error once it is to be told.
"""

from dataclasses import replace
from typing import Any

from second_opinion.access.sealing import Seal
from second_opinion.fhir import json_body
from second_opinion.fhir.subscription import Stated
from second_opinion.store.stored import Stored

SUBSCRIPTION = "Subscription"


def sealed(seal: Seal, stated: Stated) -> Stated:
    """What was asked for, as it is kept."""
    if not stated.channel.headers:
        return stated
    lines = tuple(map(seal.sealed, stated.channel.headers))
    resource = stated.resource | {"channel": stated.resource["channel"] | {"header": list(lines)}}
    return replace(stated, resource=resource, channel=replace(stated.channel, headers=lines))


def opened(seal: Seal, lines: tuple[str, ...]) -> tuple[str, ...] | None:
    """The headers as they are sent; None where one of them cannot be opened any more."""
    found = tuple(map(seal.opened, lines))
    return None if None in found else tuple(each for each in found if each is not None)


def shown(seal: Seal, stored: Stored) -> Stored:
    """A kept resource as its owner reads it; any but a Subscription as it is."""
    if stored.type != SUBSCRIPTION or stored.deleted:
        return stored
    resource: dict[str, Any] = json_body.read(stored.body)
    lines = resource.get("channel", {}).get("header")
    if not lines:
        return stored
    plain = opened(seal, tuple(lines))
    channel = {name: value for name, value in resource["channel"].items() if name not in {"header", "_header"}}
    resource["channel"] = channel if plain is None else channel | {"header": list(plain)}
    return replace(stored, body=json_body.write(resource))
