"""Which hosts may be called at all, and at which address: decided on the address that is then connected to."""

import socket
from collections.abc import Callable, Collection
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from queue import Empty, SimpleQueue
from threading import Thread
from urllib.parse import urlsplit

from second_opinion.errors import SecondOpinionError

Address = tuple[str, int]
Resolve = Callable[[str, int], list[str]]

# IPv6 addresses that carry an IPv4 one in their last 32 bits: NAT64 (RFC 6052) and the deprecated IPv4-compatible.
_CARRYING = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"), IPv6Network("::/96"))


class Refused(SecondOpinionError):
    """The address may not be called; trying again would not help."""


class Unreachable(SecondOpinionError):
    """No answer came; another try may get one."""


class Gate:
    """Lets through to allowed hosts over https; to loopback, over http too, where ALLOW_LOOPBACK says so."""

    def __init__(
        self,
        allowed: Callable[[], Collection[str]],
        *,
        loopback: bool,
        resolve: Resolve | None = None,
    ) -> None:
        """``allowed()`` names the hosts in force now; ``resolve`` is the system's name service if not given."""
        self._allowed = allowed
        self._loopback = loopback
        self._resolve = resolve or _resolved

    def check(self, url: str) -> None:
        """Refused where the address is none, is no web address, or its host is not on the list."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname or "", parts.port
        except ValueError as problem:
            raise Refused("The address is not a web address") from problem
        if parts.scheme not in {"https", "http"} or not host or parts.username is not None:
            raise Refused("The address is not a web address without user name")
        if _plain(host) not in {_plain(each) for each in self._allowed()}:
            raise Refused("The host is not among ALLOWED_HOSTS nor of a registered endpoint")
        if parts.scheme == "http" and not self._loopback:
            raise Refused("Only https may be called")

    def way(self, scheme: str, host: str, port: int, patience: float) -> Address:
        """The address to connect to; Refused where one of the name's addresses may not be called."""
        found = _within(lambda: self._resolve(host, port), patience)
        if not found:
            raise Unreachable("The host's name has no address")
        addresses = [_meant(each) for each in found]
        if all(each.is_loopback for each in addresses):
            if not self._loopback:
                raise Refused("The host's address is this machine's own, and ALLOW_LOOPBACK is not set")
        elif not all(_public(each) for each in addresses):
            raise Refused("The host's address is private, link-local or reserved")
        elif scheme != "https":
            raise Refused("Only https may be called outside loopback")
        return found[0], port


def _plain(host: str) -> str:
    """A host as hosts are compared: an IPv6 literal without brackets, a name without its last dot."""
    return host.strip("[]").rstrip(".").lower()


def _meant(text: str) -> IPv4Address | IPv6Address:
    """The address that is really reached: IPv4 where IPv6 only carries it."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv4Address) or address == IPv6Address("::1"):
        return address
    carried = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    if carried is None and any(address in network for network in _CARRYING):
        carried = IPv4Address(int(address) & 0xFFFFFFFF)
    return carried or address


def _public(address: IPv4Address | IPv6Address) -> bool:
    local = isinstance(address, IPv6Address) and address.is_site_local
    return address.is_global and not address.is_multicast and not address.is_reserved and not local


def _resolved(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _within(question: Callable[[], list[str]], patience: float) -> list[str]:
    """The answer of the name service, which knows no time-out; Unreachable when it takes too long or knows nothing."""
    answers: SimpleQueue[list[str] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(question())
        except (OSError, UnicodeError) as fault:
            answers.put(fault)

    Thread(target=ask, name="name service", daemon=True).start()
    try:
        answer = answers.get(timeout=max(patience, 0.001))
    except Empty:
        raise Unreachable("The host's name was not resolved in time") from None
    if isinstance(answer, Exception):
        raise Unreachable("The host's name cannot be resolved") from answer
    return answer
