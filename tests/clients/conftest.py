"""The running service for clients that others wrote, and the parts of them this machine may lack."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from live import Live, live

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ALL_MUST_RUN = "ALL_CLIENTS_MUST_RUN"  # continuous integration sets it: there nothing may be skipped


@pytest.fixture(scope="session", autouse=True)
def no_proxy_between() -> Iterator[None]:
    """The service is on this machine: clients are told that no proxy of the environment leads to it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("no_proxy", "NO_PROXY"):
            patch.setenv(name, "127.0.0.1,localhost")
        yield


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The service as an operator starts it."""
    with live(tmp_path_factory.mktemp("clients")) as running:
        yield running


@pytest.fixture(scope="session")
def node() -> str:
    """Node, with the packages of package-lock.json installed beside this file."""
    found = shutil.which("node")
    if found is None:
        _lacking("Node is not on this machine; its clients run in continuous integration")
    if not (HERE / "node_modules").is_dir():
        _lacking("the clients of package-lock.json are not installed; run `npm ci` in tests/clients")
    return str(found)


@pytest.fixture(scope="session")
def smart_fetch() -> str:
    """The command smart-fetch; its many dependencies are installed apart from ours, by .lock/clients.txt."""
    command = ROOT / ".venv" / "clients" / "bin" / "smart-fetch"
    if not command.exists():
        _lacking("smart-fetch is not installed; run `make .venv/clients`")
    return str(command)


def _lacking(what: str) -> None:
    if os.environ.get(ALL_MUST_RUN):
        pytest.fail(what)
    pytest.skip(what)
