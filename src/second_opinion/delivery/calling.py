"""One outgoing HTTP call: to an allowed address and no other, ended in time, its answer bounded."""

import contextlib
import os
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from threading import Timer
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from second_opinion.delivery.gate import Gate, Refused, Unreachable

LONGEST_ANSWER = 1024 * 1024  # bytes read of an answer
REDIRECTS = 3  # followed, on the same host and port only
SAME_METHOD = frozenset({307, 308})
USER_AGENT = "second-opinion"
LOOKED_UP_IN = 2.0  # seconds at most, of a name only asked about
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Reply:
    """What the other side answered."""

    status: int
    headers: Mapping[str, str]  # names in any case
    body: bytes

    @property
    def ok(self) -> bool:
        """Any 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004 - 2xx


class Calls:
    """Outgoing calls through one gate."""

    def __init__(self, gate: Gate, timeout: float) -> None:
        """``timeout``: seconds for one whole call, from the name's resolution to the answer's last byte."""
        self._gate = gate
        self._timeout = timeout

    def check(self, url: str) -> None:
        """Refused where the address would not be called, as far as its name can be resolved now."""
        self._gate.check(url)
        parts = urlsplit(url)
        with contextlib.suppress(Unreachable):
            self._gate.way(parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme], LOOKED_UP_IN)

    def call(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        timeout: float | None = None,
    ) -> Reply:
        """The answer; Refused where the address may not be called, Unreachable where no answer came in time.

        ``timeout``: seconds, where the other side asks for less than is usual.
        """
        deadline = time.monotonic() + min(timeout or self._timeout, self._timeout)
        for _ in range(REDIRECTS + 1):
            self._gate.check(url)
            reply = self._once(method, url, headers, body, deadline)
            if not 300 <= reply.status < 400:  # noqa: PLR2004 - 3xx
                return reply
            url = _redirected(method, url, reply)
        raise Refused("The host answers with one redirect after another")

    def _once(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, deadline: float) -> Reply:
        way = _Way(self._gate, deadline)
        sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **headers}
        with requests.Session() as session, way.watched():
            session.trust_env = False  # no proxy, no .netrc: the address we checked is the one we call
            session.mount("https://", _Pinned(way))
            session.mount("http://", _Pinned(way))
            try:
                answer = session.request(
                    method, url, headers=sent, data=body, timeout=way.left(), allow_redirects=False, stream=True
                )
            except (requests.RequestException, OSError) as fault:
                raise Unreachable(_words(fault, way)) from fault
            return Reply(answer.status_code, answer.headers, _content(answer))


class _Way:
    """The connection of one call; cut when its time is over, however busy the other side keeps it."""

    def __init__(self, gate: Gate, deadline: float) -> None:
        self._gate = gate
        self._deadline = deadline
        self._handle: socket.socket | None = None

    def left(self) -> float:
        """Seconds left."""
        return max(self._deadline - time.monotonic(), 0.001)

    @property
    def ran_out(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self._deadline

    def open(self, scheme: str, host: str, port: int) -> socket.socket:
        """A connection to the one address that was checked."""
        address = self._gate.way(scheme, host, port, self.left())
        connection = socket.create_connection(address, timeout=self.left())
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._handle = socket.socket(fileno=os.dup(connection.fileno()))  # TLS takes the other one for itself
        return connection

    @contextlib.contextmanager
    def watched(self) -> Iterator[None]:
        """Cut the connection at the deadline."""
        watch = Timer(self.left(), self._cut)
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()
            if self._handle is not None:
                self._handle.close()

    def _cut(self) -> None:
        if self._handle is not None:
            with contextlib.suppress(OSError):
                self._handle.shutdown(socket.SHUT_RDWR)


class _Pinned(HTTPAdapter):
    """Sends over the one way."""

    def __init__(self, way: _Way) -> None:
        self._way = way
        super().__init__(max_retries=0)

    def init_poolmanager(self, *_: Any, **__: Any) -> None:
        """Pools whose connections go the one way."""
        self.poolmanager = PoolManager(num_pools=1, maxsize=1)
        self.poolmanager.pool_classes_by_scheme = _pools(self._way)


def _pools(way: _Way) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return way.open("http", self.host, self.port or 80)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return way.open("https", self.host, self.port or 443)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _content(answer: requests.Response) -> bytes:
    """As much of the answer as came in time; what its status says holds, whatever follows."""
    try:
        return bytes(answer.raw.read(LONGEST_ANSWER, decode_content=True) or b"")
    except (HTTPError, OSError):
        return b""


def _redirected(method: str, url: str, reply: Reply) -> str:
    """Where a redirect leads; Refused off the host, or where it would turn the message into a question."""
    target = urljoin(url, reply.headers.get("Location", ""))
    before, after = urlsplit(url), urlsplit(target)
    if (before.scheme, before.netloc.lower()) != (after.scheme, after.netloc.lower()):
        raise Refused("The host answers with a redirect to another one")
    if reply.status not in SAME_METHOD and method != "GET":
        raise Refused(f"The host answers {reply.status}, a redirect that would lose the message")
    return target


def _words(fault: Exception, way: _Way) -> str:
    """What happened, in our own words."""
    if way.ran_out or isinstance(fault, requests.Timeout):
        return "The host did not answer in time"
    if isinstance(fault, requests.exceptions.SSLError):
        return "No secure connection to the host came about"
    return "The connection to the host failed"
