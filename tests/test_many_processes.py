"""Across the processes of a running service: one use of an assertion, one limit, one registry, private files."""

import re
import select
import socket
import stat
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from api.running import example
from live import Live, ask, live
from second_opinion.access import registry
from signers import key_set

AT_ONCE = 8
AT_WORK = 2  # seconds in which the background worker takes up what a request left to it


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(tmp_path_factory.mktemp("processes")) as running:
        yield running


def test_an_assertion_sent_to_all_processes_at_once_is_used_once(served: Live) -> None:
    signed = served.signed("clinic")
    with ThreadPoolExecutor(AT_ONCE) as senders:
        answers = list(senders.map(served.asked, [signed] * 24))

    assert sorted(each.status_code for each in answers) == [200] + [400] * 23
    refusals = {each.text for each in answers if not each.ok}
    assert refusals == {'{"error":"invalid_client","error_description":"The client assertion is not valid here"}'}


def test_who_is_disabled_is_out_on_the_next_request_of_every_process(served: Live) -> None:
    token = served.token("clinic")

    def statuses() -> set[int]:
        with ThreadPoolExecutor(AT_ONCE) as senders:
            return {each.status_code for each in senders.map(lambda _: served.get("Task", token), range(24))}

    assert statuses() == {200}
    served.command("partner", "disable", "clinic")
    assert statuses() == {401}
    assert served.asked(served.signed("clinic")).status_code == 400
    with served.store() as store:
        registry.set_active(store, "partner", "clinic", active=True)
    assert statuses() == {200}


def test_the_processes_count_a_partners_requests_together(served: Live) -> None:
    keys = key_set(served.signer)
    with served.store() as store:
        registry.add_partner(store, "limited", partner_class="ehr", organization="1245319599", rate_limit=20, jwks=keys)
    token = served.token("limited")
    with ThreadPoolExecutor(AT_ONCE) as senders:
        answers = list(senders.map(lambda _: served.get("Task", token), range(40)))

    assert sorted(each.status_code for each in answers) == [200] * 19 + [429] * 21  # one was the token
    assert all(1 <= int(each.headers["Retry-After"]) <= 60 for each in answers if each.status_code == 429)


def test_every_file_of_the_service_is_its_owners_alone(served: Live) -> None:
    served.get("Task", served.token())
    files = [each for each in served.settings.data_folder.rglob("*") if each.is_file()]

    assert {"second-opinion.db", "second-opinion.db-wal", "issuer.json", "rates"} <= {each.name for each in files}
    assert [each for each in files if each.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)] == []


def test_one_line_is_written_for_each_request_and_names_nobodys_health(served: Live) -> None:
    secret = "SYN-SECRET-31415"
    token = served.token()
    before = _lines(served.log)
    for _ in range(5):
        served.get(f"Task?patient.identifier={secret}", token, **{"X-Request-Id": "seen-here"})
        served.get(f"Patient/{secret}", token, **{"X-Request-Id": "seen-here"})
    order = example("r06-reason-in-her-own-words") | {"note": [{"text": secret}], "reasonCode": [{"text": secret}]}
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
    sent = ask("POST", f"{served.base}/ServiceRequest/$submit", json=order, headers=headers)
    assert sent.status_code == 200, sent.text
    time.sleep(AT_WORK)
    text = served.log.read_text()

    lines = [each for each in _lines(served.log)[len(before) :] if "seen-here" in each]
    assert len(lines) == 10
    assert all(
        re.search(r" GET /fhir/(Task|Patient/<ident>) \d{3} [\d.]+ms caller=clinic token=\S+ ", each) for each in lines
    )
    assert secret not in text
    assert token not in text


def _lines(log: Path) -> list[str]:
    return [each for each in log.read_text().splitlines() if "ms caller=" in each]


def test_what_no_partner_sends_is_refused_before_it_costs_anything(served: Live) -> None:
    long = {"X-Long": "x" * 200_000}
    refused = ask("GET", f"{served.base}/metadata", headers=long)

    assert 400 <= refused.status_code < 500
    assert ask("GET", f"{served.base}/metadata").status_code == 200


def test_bodies_that_trickle_in_stop_nobody_from_reading(served: Live) -> None:
    """Last of these: its connections may hold threads until the service ends."""
    token, address = served.token(), urlsplit(served.settings.public_url)
    head = f"POST /fhir/ServiceRequest/$submit HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    head += "Content-Type: application/fhir+json\r\nContent-Length: 1000\r\n\r\n{"
    slow = [socket.create_connection((address.hostname or "", address.port or 0)) for _ in range(24)]
    try:
        for each in slow:
            each.sendall(head.encode())
        time.sleep(1)
        began = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as readers:
            statuses = {each.status_code for each in readers.map(lambda _: served.get("Task", token), range(16))}
        took = time.monotonic() - began
        told = [each.recv(12) for each in slow if select.select([each], [], [], 0)[0]]
    finally:
        for each in slow:
            each.close()

    assert statuses == {200}
    assert took < 10
    assert told
    assert set(told) == {b"HTTP/1.1 503"}
