from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from fhir.resources.R4B.bundle import Bundle

from second_opinion.fhir import bundles
from second_opinion.fhir.bundles import HistoryEntry, ResponseEntry, SearchEntry

AT = datetime(2026, 3, 5, 20, 0, tzinfo=UTC)
BASE = "http://127.0.0.1:8080/fhir"
BODY = b'{"resourceType":"Patient","id":"pt-1","multipleBirthInteger":1}'


def read(written: bytes) -> dict[str, Any]:
    """The Bundle, checked by its model."""
    Bundle.model_validate_json(written)
    parsed: dict[str, Any] = orjson.loads(written)
    return parsed


def test_stored_body_stands_in_the_searchset_byte_for_byte() -> None:
    odd = b'{"resourceType":"Patient",  "id":"pt-1"}'

    assert odd in bundles.searchset([SearchEntry(f"{BASE}/Patient/pt-1", odd)], 1, [], AT)


def test_searchset_has_total_links_and_modes() -> None:
    entries = [SearchEntry(f"{BASE}/Patient/pt-1", BODY), SearchEntry(f"{BASE}/Patient/pt-2", BODY, "include")]

    parsed = read(bundles.searchset(entries, 37, [("self", f'{BASE}/Patient?name="x"'), ("next", f"{BASE}/?p")], AT))

    assert parsed["total"] == 37
    assert parsed["link"][0] == {"relation": "self", "url": f'{BASE}/Patient?name="x"'}
    assert [each["search"]["mode"] for each in parsed["entry"]] == ["match", "include"]


def test_empty_searchset_has_no_entry_at_all_and_total_nought() -> None:
    parsed = read(bundles.searchset([], 0, [("self", BASE)], AT))

    assert "entry" not in parsed
    assert parsed["total"] == 0


def test_total_that_is_not_known_is_left_out() -> None:
    assert "total" not in read(bundles.searchset([], None, [], AT))


@pytest.mark.parametrize(("method", "status"), [("POST", "201"), ("PUT", "200")])
def test_history_entry_says_what_was_asked_and_answered(method: str, status: str) -> None:
    entry = HistoryEntry(f"{BASE}/Patient/pt-1", BODY, method, "Patient/pt-1", 3, AT)

    parsed = read(bundles.history([entry], 1, [], AT))["entry"][0]

    assert parsed["request"] == {"method": method, "url": "Patient/pt-1"}
    assert parsed["response"] == {"status": status, "etag": 'W/"3"', "lastModified": "2026-03-05T20:00:00.000Z"}


def test_deleted_version_has_no_resource() -> None:
    entry = HistoryEntry(f"{BASE}/Subscription/s", None, "DELETE", "Subscription/s", 2, AT)

    parsed = read(bundles.history([entry], 1, [], AT))["entry"][0]

    assert "resource" not in parsed
    assert parsed["response"]["status"] == "204"


def test_transaction_response_keeps_order_and_has_no_total() -> None:
    created = ResponseEntry("201 Created", f"{BASE}/ServiceRequest/sr-1/_history/1", 1, AT)
    resolved = ResponseEntry("200 OK", f"{BASE}/Patient/pt-1", full_url=f"{BASE}/Patient/pt-1", body=BODY)

    parsed = read(bundles.transaction_response([created, resolved], AT))

    assert "total" not in parsed
    assert [each["response"]["status"] for each in parsed["entry"]] == ["201 Created", "200 OK"]
    assert "resource" not in parsed["entry"][0]
    assert parsed["entry"][1]["resource"]["id"] == "pt-1"


def test_transaction_response_may_carry_an_outcome() -> None:
    told = b'{"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"informational"}]}'

    parsed = read(bundles.transaction_response([ResponseEntry("201 Created", outcome=told)], AT))

    assert parsed["entry"][0]["response"]["outcome"]["resourceType"] == "OperationOutcome"
