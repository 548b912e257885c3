"""The one way access calls out: a key set fetched, a token asked about. Nothing private is ever reached by it."""

import ipaddress
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from second_opinion.errors import SecondOpinionError

MOST_BYTES = 256 * 1024
_CHUNK = 16 * 1024
_JSON = {"Accept": "application/json"}


class Unreachable(SecondOpinionError):
    """An address could not be asked, or may not be."""


@dataclass(frozen=True)
class Fetched:
    """An answer, whole."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes


Fetch = Callable[[str], Fetched]


@dataclass(frozen=True)
class Courier:
    """Asks an address; ``seconds`` for the whole call, ``loopback`` where this machine may be asked (rehearsals)."""

    seconds: float
    loopback: bool = False

    def fetch(self, address: str) -> Fetched:
        """What is at the address; Unreachable where nothing answers in time or nothing may be asked there."""
        return self._ask("GET", address)

    def post(self, address: str, form: Mapping[str, str], login: tuple[str, str]) -> Fetched:
        """The answer to a form; as ``fetch``."""
        return self._ask("POST", address, data=dict(form), auth=login)

    def _ask(self, method: str, address: str, **sent: Any) -> Fetched:
        until = time.monotonic() + self.seconds
        try:
            parts = urlsplit(address)
            host, port = parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443)
            reached = self._resolved(parts.scheme, host, port)
            with requests.Session() as session:
                session.trust_env = False  # no proxy, no password file: the address that was judged is the one called
                session.mount(address, _Pinned(host, reached))
                headers = {**_JSON, "Host": parts.netloc}
                timeout = (self.seconds, self.seconds)
                with session.request(
                    method, address, headers=headers, timeout=timeout, allow_redirects=False, stream=True, **sent
                ) as answer:
                    body = _body(answer, until)
                    return Fetched(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, body)
        except (requests.RequestException, OSError, ValueError) as problem:
            raise Unreachable("The address could not be asked") from problem

    def _resolved(self, scheme: str, host: str, port: int) -> str:
        """The address to call; every one the name has must be one that may be called."""
        found = dict.fromkeys(str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        judged = [ipaddress.ip_address(each.partition("%")[0]) for each in found]
        here = bool(judged) and all(each.is_loopback for each in judged)
        public = bool(judged) and all(each.is_global and not each.is_multicast for each in judged)
        if (here and self.loopback and scheme in {"http", "https"}) or (public and scheme == "https"):
            return next(iter(found))
        raise Unreachable("The address may not be asked: it must be https and public")


class _Pinned(HTTPAdapter):
    """Connects to the address that was judged, whatever the name leads to a moment later."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__()
        self._host, self._address = host, address

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        """Where to connect, with the certificate still judged by the host's name."""
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        host["host"] = self._address
        named = {"server_hostname": self._host, "assert_hostname": self._host} if host["scheme"] == "https" else {}
        return host, {**pool, **named}


def _body(answer: requests.Response, until: float) -> bytes:
    """The body as far as it may be long, within the time there is."""
    received = bytearray()
    while chunk := answer.raw.read1(_CHUNK, decode_content=True):
        received += chunk
        if len(received) > MOST_BYTES or time.monotonic() > until:
            raise Unreachable("The answer is too long, or takes too long")
    return bytes(received)
