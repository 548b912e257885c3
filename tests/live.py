"""The service as an operator starts it, in processes of its own, with partners that sign; all data synthetic."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from desks import EXAMPLES
from second_opinion import app, demo
from second_opinion.access import registry
from second_opinion.access.granting import ASSERTION
from second_opinion.settings import Settings
from second_opinion.store.keeping import Store
from second_opinion.workflow.load import load_directory
from signers import Signer, assertion, key_set

STARTED_WITHIN = 30  # seconds


@dataclass(frozen=True)
class Live:
    """Where it is, and who may call: ``clinic``, the examples' sender, and ``plan``; each signs with ``signer``."""

    settings: Settings
    log: Path
    signer: Signer = field(default_factory=Signer)

    @property
    def base(self) -> str:
        """The FHIR base."""
        return self.settings.fhir_base

    @property
    def token_endpoint(self) -> str:
        """Where tokens are given."""
        return f"{self.settings.public_url}/oauth/token"

    def signed(self, name: str, **changes: Any) -> str:
        """A client assertion."""
        return self.signer.token(assertion(name, self.token_endpoint, **changes))

    def asked(self, signed: str, scope: str | None = None) -> requests.Response:
        """The token endpoint's answer."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION,
            "client_assertion": signed,
            "scope": scope,
        }
        return ask("POST", self.token_endpoint, data=form)

    def token(self, name: str = "clinic", scope: str | None = None) -> str:
        """An access token, got as partners get it."""
        answered = self.asked(self.signed(name), scope)
        answered.raise_for_status()
        return str(answered.json()["access_token"])

    def get(self, address: str, token: str, **headers: str) -> requests.Response:
        """GET below the FHIR base, on a connection of its own: any of the processes may answer."""
        given = {"Authorization": f"Bearer {token}", **headers}
        return ask("GET", f"{self.base}/{address}", headers=given)

    def store(self) -> AbstractContextManager[Store]:
        """Its database."""
        return closing(Store(self.settings.database))

    def command(self, *words: str) -> None:
        """A command of the operator's, in another process."""
        run = [sys.executable, "-m", "second_opinion", *words]
        subprocess.run(run, env=environ(self.settings), check=True, capture_output=True)  # noqa: S603 - our own words


def ask(method: str, address: str, **sent: Any) -> requests.Response:
    """One request on a connection of its own; no proxy of the environment stands between."""
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, address, timeout=20, **sent)


@contextmanager
def live(folder: Path, **further: str) -> Iterator[Live]:
    """The running service; ``further`` settings by name."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = Settings.load({}, data_folder=folder / "data", public_url=f"http://127.0.0.1:{port}")
    running = Live(settings, folder / "log")
    desk = app.desk(settings)
    load_directory(desk.store, [EXAMPLES / "directory"], replace=True, base=settings.fhir_base, now=desk.now())
    for name, kind in (("clinic", "ehr"), ("plan", "plan")):
        keys = key_set(running.signer)
        registry.add_partner(desk.store, name, partner_class=kind, organization=demo.SENDER_NPI, jwks=keys)
    desk.store.close()
    command = [sys.executable, "-m", "second_opinion", "serve", "--port", str(port), "--clock", demo.CLOCK]
    with running.log.open("wb") as log:
        service = subprocess.Popen(  # noqa: S603 - our own words
            command, env=environ(settings, **further), start_new_session=True, stdout=log, stderr=log
        )
    try:
        _await(settings.public_url, service)
        yield running
    finally:
        os.killpg(service.pid, signal.SIGTERM)
        try:
            service.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(service.pid, signal.SIGKILL)
            service.wait()


def environ(settings: Settings, **further: str) -> dict[str, str]:
    """The environment of the service's processes."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SECOND_OPINION_")}
    given = {"DATA_FOLDER": str(settings.data_folder), "PUBLIC_URL": settings.public_url, **further}
    return plain | {f"SECOND_OPINION_{name}": value for name, value in given.items()}


def _await(url: str, service: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < until and service.poll() is None:
        try:
            if ask("GET", f"{url}/readyz").ok:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise RuntimeError("the service did not start")
