"""Clients and an issuer from npm: fhir-kit-client, and oauth2-mock-server as the issuer outside."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from clients.conftest import HERE
from clients.test_fhirpy import order
from live import Live, live

AUDIENCE = "https://plan.example/fhir"


def test_fhir_kit_client_creates_reads_searches_and_is_refused(served: Live, node: str) -> None:
    words = [node, "kit.mjs", served.base, served.token(), json.dumps(order())]
    ran = subprocess.run(words, cwd=HERE, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603 - our own words
    assert ran.returncode == 0, ran.stderr
    seen = json.loads(ran.stdout)

    assert seen["tokenUrl"] == served.token_endpoint
    assert seen["created"] == seen["read"]
    assert (seen["version"], seen["history"]) == ("1", 1)
    assert len(set(seen["tasks"])) == len(seen["tasks"]) >= 1
    assert seen["again"] in {"Task", "ClaimResponse"}
    assert (seen["absent"], seen["stale"], seen["nobody"]) == (404, 412, 401)


@contextmanager
def issuer(node: str) -> Iterator[tuple[dict[str, Any], Callable[..., str]]]:
    """The issuer: where it is, and what signs claims."""
    with subprocess.Popen(  # noqa: S603 - our own words
        [node, "issuer.mjs"], cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        source, sink = process.stdout, process.stdin
        where = json.loads(source.readline())

        def token(*, rotate: bool = False, **claims: Any) -> str:
            said = {"aud": AUDIENCE, "client_id": "clinic", "scope": "system/Task.rs"} | claims
            sink.write(json.dumps({"claims": said, "rotate": rotate}) + "\n")
            sink.flush()
            return str(json.loads(source.readline())["token"])

        try:
            yield where, token
        finally:
            sink.close()
            process.terminate()


@pytest.fixture(scope="module")
def believing(node: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Live, Callable[..., str]]]:
    """The service that takes this issuer's tokens, and what signs them."""
    with issuer(node) as (where, token):
        named = {
            "issuer": where["issuer"],
            "jwks": f"http://127.0.0.1:{where['port']}/jwks",
            "audience": AUDIENCE,
            "algorithms": ["RS256"],
        }
        with live(tmp_path_factory.mktemp("issuer"), ISSUERS=json.dumps([named])) as running:
            yield running, token


def test_a_mock_issuers_token_is_a_partners(believing: tuple[Live, Callable[..., str]]) -> None:
    served, token = believing

    assert served.get("Task", token()).status_code == 200
    assert served.get("Claim", token()).status_code == 403
    assert served.get("Task", token(client_id=None, azp="clinic")).status_code == 200
    assert served.get("Task", token(client_id="stranger")).status_code == 403


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "account"},
        {"aud": None},
        {"iss": "http://localhost:1"},
        {"exp": 1},
        {"exp": None},
        {"nbf": 9_999_999_999},
    ],
    ids=str,
)
def test_a_mock_issuers_wrong_token_opens_nothing(
    believing: tuple[Live, Callable[..., str]], changes: dict[str, Any]
) -> None:
    served, token = believing

    assert served.get("Task", token(**changes)).status_code == 401


def test_a_key_it_made_later_is_fetched(believing: tuple[Live, Callable[..., str]]) -> None:
    served, token = believing

    assert served.get("Task", token()).status_code == 200
    tokens = [token(rotate=True), token(), token()]
    assert {served.get("Task", each).status_code for each in tokens} == {200}
