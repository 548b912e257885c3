"""Clients: processes that each send one request after another on a connection they keep, and time every answer.

They read HTTP with their own few lines, because they share the processors with the service they measure.
"""

import multiprocessing
import socket
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess

from .figures import Run
from .services import Service

WARM_UP = 0.3  # seconds of every run that are not counted
PATIENCE = 60  # seconds one answer may take before the run is given up

Request = Callable[[int], bytes]


@dataclass(frozen=True)
class Exchange:
    """What is sent, as bytes of HTTP for the n-th request of all, and what every right answer looks like."""

    request: Request
    status: int
    contains: bytes  # in the body of a right answer


class WrongAnswer(Exception):
    """A figure for wrong answers is no figure."""


class Load:
    """One kind of exchange with one service; every request of it has a number of its own."""

    def __init__(self, service: Service, exchange: Exchange, first: int = 0) -> None:
        self._service = service
        self._exchange = exchange
        self._next = first
        self.sent = 0

    def drive(self, clients: int, seconds: float) -> Run:
        """So many clients send for so long; WrongAnswer tells the first answer that was not right."""
        used = self._service.processor_seconds()
        started = [self._started(self._next + place, clients, seconds) for place in range(clients)]
        told = _collected([receiver for _, receiver in started])
        for process, _ in started:
            process.join()
        used = self._service.processor_seconds() - used
        answered = sum(sent for _, sent, _ in told)
        self._next += clients * max(sent for _, sent, _ in told)
        self.sent += answered
        if faults := [fault for _, _, fault in told if fault]:
            raise WrongAnswer(faults[0])
        return Run(seconds, [each for latencies, _, _ in told for each in latencies], used / answered)

    def _started(self, first: int, step: int, seconds: float) -> tuple[ForkProcess, Connection]:
        context = multiprocessing.get_context("fork")
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(
            target=_client, args=(sender, self._service.port, self._exchange, seconds, (first, step))
        )
        process.start()
        sender.close()
        return process, receiver


Told = tuple[list[float], int, str | None]  # times, requests sent, the first fault


def _collected(receivers: list[Connection]) -> list[Told]:
    try:
        return [receiver.recv() for receiver in receivers]  # a pipe holds what the next client tells meanwhile
    except EOFError:
        raise WrongAnswer("a client ended before its time") from None


def _client(sender: Connection, port: int, exchange: Exchange, seconds: float, numbers: tuple[int, int]) -> None:
    """One client's life: warm up, then time every answer until the time is over."""
    latencies: list[float] = []
    number, step = numbers
    sent, fault = 0, None
    try:
        with closing(Talk(port)) as talk:
            begin = time.perf_counter() + WARM_UP
            end = begin + seconds
            while (start := time.perf_counter()) < end and fault is None:
                status, body = talk.ask(exchange.request(number))
                answered = time.perf_counter()
                if begin <= answered <= end:
                    latencies.append(answered - start)
                if status != exchange.status or exchange.contains not in body:
                    fault = f"answered {status}: {body[:2000].decode(errors='replace')}"
                number += step
                sent += 1
    except OSError as broken:
        fault = f"the connection broke: {broken}"
    sender.send((latencies, sent, fault))


class Talk:
    """One connection that is kept."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send one request and wait for its whole answer: status and body."""
        self._socket.sendall(request)
        received = self._more(b"")
        while (ends := received.find(b"\r\n\r\n")) < 0:
            received = self._more(received)
        head = received[:ends].lower()
        at = head.find(b"content-length:")
        if at < 0:
            raise ConnectionError("an answer came without Content-Length")
        length = int(head[at + 15 :].partition(b"\r\n")[0])
        while len(received) < ends + 4 + length:
            received = self._more(received)
        return int(head[9:12]), received[ends + 4 :]

    def _more(self, received: bytes) -> bytes:
        piece = self._socket.recv(262144)
        if not piece:
            raise ConnectionError("the service closed the connection")
        return received + piece

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def get(path: str, token: str) -> bytes:
    """A GET as bytes of HTTP."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def post(path: str, token: str, body: bytes) -> bytes:
    """A POST as bytes of HTTP."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/fhir+json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
