"""A partner's server on this machine: it answers as told, or stalls, and keeps what it was sent."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Request:
    """What came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


@dataclass
class Answer:
    """What goes out; ``pause`` seconds before it, ``drip`` seconds between its bytes."""

    status: int = 201
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    pause: float = 0
    drip: float = 0


class _Quiet(ThreadingHTTPServer):
    """Says nothing of callers that hang up: some tests are about them."""

    def handle_error(self, *_: Any) -> None:
        """Nothing."""


class Listener:
    """The server. ``answer`` decides; without it FHIR's conditional create is done as a good server does it."""

    def __init__(self, answer: Callable[[Request], Answer] | None = None) -> None:
        self.requests: list[Request] = []
        self.created: dict[str, bytes] = {}  # by If-None-Exist
        self.answer = answer or self.create
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                outer._serve(self)

            do_GET = do_POST  # noqa: N815 - as above

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = _Quiet(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/fhir"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def create(self, request: Request) -> Answer:
        """201 for what is new, 200 for what is there already, 404 for what is asked."""
        if request.method == "GET":
            return Answer(404)
        condition = request.headers.get("if-none-exist", "")
        with self._lock:
            if condition in self.created:
                return Answer(200)
            self.created[condition] = request.body
        return Answer(201)

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        request = Request(handler.command, handler.path, headers, handler.rfile.read(length))
        with self._lock:
            self.requests.append(request)
        answer = self.answer(request)
        time.sleep(answer.pause)
        try:
            handler.send_response(answer.status)
            for name, value in ({"Content-Length": str(len(answer.body))} | answer.headers).items():
                handler.send_header(name, value)
            handler.end_headers()
            for place in range(len(answer.body)):
                if answer.drip:
                    time.sleep(answer.drip)
                    handler.wfile.write(answer.body[place : place + 1])
                    handler.wfile.flush()
            if not answer.drip:
                handler.wfile.write(answer.body)
        except OSError:
            handler.close_connection = True

    def posts(self) -> list[Request]:
        """What was posted."""
        return [each for each in self.requests if each.method == "POST"]

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def listening(answer: Callable[[Request], Answer] | None = None) -> Iterator[Listener]:
    """A running server, ended afterwards."""
    listener = Listener(answer)
    try:
        yield listener
    finally:
        listener.close()
