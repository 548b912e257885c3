"""The courier: one resource POSTed to the recipient's FHIR endpoint, created once however often it is tried."""

from collections.abc import Mapping
from urllib.parse import quote

import orjson

from second_opinion.delivery.calling import Calls, Reply
from second_opinion.delivery.client import NoToken, Tokens
from second_opinion.delivery.gate import Refused, Unreachable
from second_opinion.delivery.message import Channel, Destination, HandedOver, Later, Message, Outcome, Undeliverable
from second_opinion.delivery.retries import verdict

FHIR_JSON = "application/fhir+json"
UNAUTHORIZED = 401


class Courier:
    """Carries messages to FHIR endpoints."""

    def __init__(self, calls: Calls, tokens: Tokens) -> None:
        self._calls = calls
        self._tokens = tokens

    def to(self, destination: Destination) -> Channel:
        """The channel to one endpoint."""
        return _Endpoint(self, destination)

    def carry(self, message: Message, destination: Destination) -> Outcome:
        """One try."""
        try:
            reply = self._posted(message, destination)
            if reply.status == UNAUTHORIZED and self._tokens.token(destination) is not None:
                self._tokens.forget(destination)  # one new token, then a person
                reply = self._posted(message, destination)
        except NoToken as without:
            return without.outcome
        except Refused as refused:
            return Undeliverable(refused.message)
        except Unreachable as fault:
            return Later(fault.message)
        return HandedOver(received=True) if reply.ok else verdict(reply, "The recipient's endpoint")

    def _posted(self, message: Message, destination: Destination) -> Reply:
        headers = {
            "Content-Type": FHIR_JSON,
            "Accept": FHIR_JSON,
            "Prefer": "return=minimal",
            "If-None-Exist": condition(message.identifier),
        }
        token = self._tokens.token(destination)
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        url = f"{destination.url.rstrip('/')}/{message.type}"
        return self._calls.call("POST", url, headers, orjson.dumps(message.body))


class _Endpoint:
    """The courier on its way to one endpoint."""

    def __init__(self, courier: Courier, destination: Destination) -> None:
        self._courier = courier
        self._destination = destination

    def hand_over(self, message: Message) -> Outcome:
        """Post the message."""
        return self._courier.carry(message, self._destination)


def condition(identifier: Mapping[str, str]) -> str:
    """If-None-Exist: the search that finds what an earlier try created (R4 §3.1.0.8.1)."""
    system, value = (quote(_escaped(identifier.get(part, "")), safe=":/") for part in ("system", "value"))
    return f"identifier={system}|{value}"


def _escaped(text: str) -> str:
    """What means something in a search value, escaped (R4 §3.1.1.3.7)."""
    for character in "\\$,|":
        text = text.replace(character, f"\\{character}")
    return text
