"""smart-fetch: SMART Backend Services as somebody else wrote the client, from discovery to the resource."""

import json
import subprocess
from pathlib import Path

import pytest

from clients.test_fhirpy import order
from live import Live, ask


@pytest.fixture
def keys(served: Live, tmp_path: Path) -> Path:
    """The client's private key set, as it wants it."""
    file = tmp_path / "keys.jwks"
    file.write_text(json.dumps({"keys": [served.signer.private, served.signer.public | {"key_ops": ["verify"]}]}))
    return file


def fetched(served: Live, smart_fetch: str, keys: Path, resource: str) -> "subprocess.CompletedProcess[str]":
    words = [smart_fetch, "single", "--fhir-url", served.base, "--smart-client-id", "clinic", "--smart-key", str(keys)]
    return subprocess.run([*words, resource], capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 - our own words


def test_it_signs_gets_its_token_and_reads(served: Live, smart_fetch: str, keys: Path) -> None:
    headers = {"Authorization": f"Bearer {served.token()}", "Content-Type": "application/fhir+json"}
    created = ask("POST", f"{served.base}/ServiceRequest", json=order(), headers=headers).json()

    ran = fetched(served, smart_fetch, keys, f"ServiceRequest/{created['id']}")

    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["id"] == created["id"]


def test_what_it_may_not_see_is_not_there(served: Live, smart_fetch: str, keys: Path) -> None:
    assert fetched(served, smart_fetch, keys, "ServiceRequest/nothing").returncode != 0
