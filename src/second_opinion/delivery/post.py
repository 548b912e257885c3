"""The outgoing post as a whole: the two channels, and the calls and keys behind them."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from second_opinion.delivery.calling import Calls
from second_opinion.delivery.client import ClientKeys, Tokens
from second_opinion.delivery.courier import Courier
from second_opinion.delivery.gate import Gate
from second_opinion.delivery.mail import Mail
from second_opinion.delivery.message import Channel, Destination
from second_opinion.settings import Settings


@dataclass(frozen=True)
class Post:
    """What a story needs to send something."""

    calls: Calls  # of every kind, also those of subscriptions
    courier: Courier
    mail: Mail
    keys: Callable[[], ClientKeys]

    def channel(self, destination: Destination | None) -> Channel:
        """The courier to an endpoint, the mail where there is none."""
        return self.courier.to(destination) if destination is not None else self.mail


def post(settings: Settings, hosts: Callable[[], Collection[str]], keys: Callable[[Path], ClientKeys]) -> Post:
    """The post; ``hosts()`` are those of registered endpoints, ``keys(folder)`` makes or reads our keys."""

    def allowed() -> set[str]:
        return {*settings.allowed_hosts, *hosts()}

    @cache
    def ours() -> ClientKeys:
        return keys(settings.data_folder)

    calls = Calls(Gate(allowed, loopback=settings.allow_loopback), settings.send_timeout)
    return Post(
        calls=calls,
        courier=Courier(calls, Tokens(calls, ours, settings.client_id)),
        mail=Mail(settings.data_folder / "mail"),
        keys=ours,
    )
