"""One message as a channel takes it over, and what became of it: the words both channels speak."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

Json = dict[str, Any]


@dataclass(frozen=True)
class Destination:
    """A FHIR endpoint."""

    url: str  # base
    partner: str | None = None  # registry id, where a registered partner's
    client_id: str | None = None  # who we are there; the setting's if not given


@dataclass(frozen=True)
class Document:
    """A PDF that goes into the envelope."""

    file: str
    content: bytes


@dataclass(frozen=True)
class Message:
    """One resource to one recipient. ``identifier`` is in the body, and the same for every try."""

    identifier: Json  # FHIR Identifier: system and value
    reference: str  # "Type/id" of what is sent
    body: Json  # the resource as it is sent
    recipient: Json  # FHIR Reference
    kind: str  # what it is, in one code
    about: str  # case number
    address: Json | None = None  # FHIR Address, for mail
    documents: tuple[Document, ...] = ()
    resent: int = 0  # how often a person sent it again: mail that came back needs another envelope

    @property
    def type(self) -> str:
        """The type of what is sent."""
        return str(self.body["resourceType"])


@dataclass(frozen=True)
class HandedOver:
    """The other side has it; ``received`` where that is also proof that it arrived."""

    received: bool


@dataclass(frozen=True)
class Later:
    """It could not be handed over now; another try may succeed, not before ``not_before`` of real time."""

    reason: str
    not_before: datetime | None = None


@dataclass(frozen=True)
class Undeliverable:
    """It cannot be handed over this way; a person must look."""

    reason: str


Outcome = HandedOver | Later | Undeliverable


class Channel(Protocol):
    """A way to a recipient. Told the same message again, it hands nothing over twice."""

    def hand_over(self, message: Message) -> Outcome:
        """Hand the message over, or say why not."""
