"""The outgoing post: the two channels, and our keys as a client."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from second_opinion.delivery.calling import Calls
from second_opinion.delivery.client import ClientKeys, Tokens
from second_opinion.delivery.courier import Courier
from second_opinion.delivery.mail import Mail
from second_opinion.delivery.message import Channel, Destination
from second_opinion.settings import Settings


@dataclass(frozen=True)
class Post:
    """What a story needs to send something."""

    courier: Courier
    mail: Mail
    keys: Callable[[], ClientKeys]

    def channel(self, destination: Destination | None) -> Channel:
        """The courier to an endpoint, the mail where there is none."""
        return self.courier.to(destination) if destination is not None else self.mail


def post(settings: Settings, calls: Calls, keys: Callable[[Path], ClientKeys]) -> Post:
    """The post; ``keys(folder)`` makes or reads our keys when they are first needed."""

    @cache
    def ours() -> ClientKeys:
        return keys(settings.data_folder)

    return Post(
        courier=Courier(calls, Tokens(calls, ours, settings.client_id)),
        mail=Mail(settings.data_folder / "mail"),
        keys=ours,
    )
