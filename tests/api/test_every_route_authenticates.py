"""Whatever has an address needs a token, unless it is on the short list of what anybody may ask."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.running import Service, fhir, outcome, service

OPEN = {
    "/fhir/metadata",
    "/fhir/pas/2.0/metadata",
    "/.well-known/smart-configuration",
    "/fhir/.well-known/smart-configuration",
    "/oauth/token",
    "/.well-known/jwks.json",
    "/livez",
    "/readyz",
    "/metrics",
    "/openapi.yaml",
    "/docs/",
    "/docs/<path:path>",
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(Path(tmp_path_factory.mktemp("routes"))) as built:
        yield built


def _closed(running: Service) -> list[tuple[str, str]]:
    """Method and address of every closed route, a plausible value in each of its places."""
    found = []
    for rule in running.app.url_map.iter_rules():
        if rule.rule in OPEN:
            continue
        values = dict.fromkeys(rule.arguments, "1")
        _, address = rule.build(values, append_unknown=False) or ("", "")
        found += [(method, address) for method in sorted((rule.methods or set()) - {"OPTIONS"})]
    return found


def test_every_closed_route_asks_for_a_token(running: Service) -> None:
    client, closed = running.client(None), _closed(running)
    assert len(closed) > 100
    for method, address in closed:
        answered = client.open(address, method=method, data=b"{}" if method != "GET" else None, headers=fhir())
        assert answered.status_code == 401, (method, address)
        assert answered.headers["WWW-Authenticate"].startswith("Bearer "), (method, address)
        if method != "HEAD":
            assert outcome(answered)["code"] == "login", (method, address)


@pytest.mark.parametrize("authorization", ["Basic cGxhbjpwbGFu", "Bearer", "Bearer not.a.token", "bearer  "])
def test_what_is_no_good_token_opens_nothing(running: Service, authorization: str) -> None:
    client = running.client(None)
    for method, address in _closed(running):
        headers = fhir({"Authorization": authorization})
        answered = client.open(address, method=method, data=b"{}" if method != "GET" else None, headers=headers)
        assert answered.status_code == 401, (method, address)


def test_the_open_list_is_open(running: Service) -> None:
    client = running.client(None)
    for address in [*sorted(OPEN - {"/docs/<path:path>", "/oauth/token"}), "/docs/swagger-ui.css"]:
        assert client.get(address, buffered=True).status_code == 200, address


def test_the_open_list_names_nothing_that_is_not_there(running: Service) -> None:
    assert {rule.rule for rule in running.app.url_map.iter_rules()} >= OPEN


def test_a_token_opens_what_was_closed(running: Service) -> None:
    client = running.client()
    for method, address in _closed(running):
        headers = fhir() if method in {"POST", "PUT"} else {}
        answered = client.open(address, method=method, data=b"{}" if headers else None, headers=headers)
        assert answered.status_code not in {401, 403}, (method, address)
