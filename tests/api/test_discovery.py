"""What anybody may ask without a token."""

import re
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from prometheus_client.parser import text_string_to_metric_families

from api.running import NOW, ROOT, Service, example, outcome, service
from second_opinion import app
from second_opinion.settings import Settings
from second_opinion.store.changes import Changes, Work
from second_opinion.store.keeping import Store

TOP = Path(__file__).parents[2]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path) as built:
        yield built


def test_a_running_process_is_alive_and_ready(running: Service) -> None:
    client = running.client(None)
    for address, words in (("/livez", "alive\n"), ("/readyz", "ready\n")):
        answered = client.get(address)
        assert answered.status_code == 200
        assert answered.text.startswith(words)
        assert answered.content_type == "text/plain; charset=utf-8"


def test_a_database_without_its_schema_is_alive_and_not_ready(tmp_path: Path) -> None:
    store = Store(":memory:")
    settings = Settings.load({}, data_folder=tmp_path, public_url=ROOT)
    client = app.application(app.desk_on(settings, store, lambda: NOW)).test_client()
    assert client.get("/livez").status_code == 200
    answered = client.get("/readyz")
    assert answered.status_code == 503
    assert answered.headers["Retry-After"] == "5"
    assert outcome(answered)["code"] == "transient"
    store.close()


def _cases(running: Service) -> dict[str, float]:
    """The gauge of cases, by status."""
    families = text_string_to_metric_families(running.client(None).get("/metrics").text)
    (cases,) = [each for each in families if each.name == "second_opinion_cases"]
    return {each.labels["status"]: each.value for each in cases.samples}


def test_metrics_count_the_cases_by_where_they_stand(running: Service) -> None:
    assert not any(_cases(running).values())
    assert running.submit(example("r01-in-network")).status_code == 201
    assert running.submit(example("r08-without-a-reason")).status_code == 201
    counted = {status: count for status, count in _cases(running).items() if count}
    assert counted == {"no-authorization-required": 1, "information-requested": 1}


def test_metrics_name_no_member(running: Service) -> None:
    assert running.submit(example("r01-in-network")).status_code == 201
    assert "SYN0" not in running.client(None).get("/metrics").text


def test_the_published_keys_verify_our_tokens_and_hold_no_secret(running: Service) -> None:
    published = running.client(None).get("/.well-known/jwks.json")
    assert published.content_type == "application/json"
    keys = orjson.loads(published.data)
    private = {"d", "p", "q", "dp", "dq", "qi", "k"}
    assert all(not private & set(each) for each in keys["keys"])
    token = app.token(running.desk, "plan", None, None)
    claims = jwt.decode(token, KeySet.import_key_set(keys), algorithms=[each["alg"] for each in keys["keys"]]).claims
    assert claims["aud"] == f"{ROOT}/fhir"


def test_the_description_served_is_the_one_at_the_top_of_the_project(running: Service) -> None:
    answered = running.client(None).get("/openapi.yaml")
    assert answered.content_type == "application/yaml"
    assert answered.data == (TOP / "openapi.yaml").read_bytes()


def test_the_page_is_made_of_files_of_our_own(running: Service) -> None:
    client = running.client(None)
    answered = client.get("/docs/")
    assert answered.status_code == 200
    assert answered.mimetype == "text/html"
    assert "/openapi.yaml" in answered.text
    sources = re.findall(r'(?:src|href)="([^"]+)"', answered.text)
    assert sources
    assert not [each for each in sources if "//" in each]
    for each in sources:
        assert client.get(f"/docs/{each.removeprefix('./').removeprefix('/docs/')}", buffered=True).status_code == 200


def test_the_page_may_load_nothing_from_elsewhere(running: Service) -> None:
    client = running.client(None)
    assert client.get("/docs/").headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert client.get("/livez").headers["Content-Security-Policy"].startswith("default-src 'none';")


def test_the_page_answers_without_the_slash_too(running: Service) -> None:
    assert running.client(None).get("/docs").status_code == 200


@pytest.mark.parametrize("address", ["/", "/docs/nothing.js", "/fhir/Nothing", "/.well-known/openid-configuration"])
def test_an_address_that_is_not_there_is_told_as_an_outcome(running: Service, address: str) -> None:
    answered = running.client(None).get(address)
    assert answered.status_code == 404
    assert outcome(answered)["code"] == "not-found"


def test_a_method_that_is_not_offered_is_told_with_those_that_are(running: Service) -> None:
    answered = running.client(None).post("/livez")
    assert answered.status_code == 405
    assert answered.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert outcome(answered)["code"] == "not-supported"


def test_every_answer_carries_the_callers_request_id(running: Service) -> None:
    answered = running.client(None).get("/livez", headers={"X-Request-Id": "req-7"})
    assert answered.headers["X-Request-Id"] == "req-7"


def test_readiness_and_metrics_tell_how_the_outgoing_post_stands(tmp_path: Path) -> None:
    with service(tmp_path) as running:
        client = running.client(None)
        assert "deliveries waiting: 0\n" in client.get("/readyz").text
        assert "second_opinion_deliveries_waiting 0.0" in client.get("/metrics").text

        running.store.save(Changes(work=[Work(f"deliver/{place}", "deliver", None, {}) for place in range(3)]))
        running.store.save(Changes(work=[Work("letters/1", "letters", None, {})], undelivered=2))

        ready, measured = client.get("/readyz").text, client.get("/metrics").text
        assert "deliveries waiting: 3\n" in ready
        assert "deliveries failed: 2\n" in ready
        assert "second_opinion_deliveries_waiting 3.0" in measured
        assert "second_opinion_deliveries_failed_total 2.0" in measured
        age = float(measured.partition("\nsecond_opinion_deliveries_oldest_seconds ")[2].split()[0])
        assert 0 <= age < 60


def test_metrics_tell_of_claims_that_could_not_be_decided_in_time(tmp_path: Path) -> None:
    with service(tmp_path) as running:
        client = running.client(None)
        assert "second_opinion_claims_waiting 0.0" in client.get("/metrics").text
        running.store.save(Changes(work=[Work("claim/1", "claim", None, {})]))

        measured = client.get("/metrics").text
        assert "second_opinion_claims_waiting 1.0" in measured
        assert 0 <= float(measured.partition("\nsecond_opinion_claims_oldest_seconds ")[2].split()[0]) < 60


def test_our_public_keys_as_a_client_are_published_beside_the_issuers(running: Service) -> None:
    keys = running.client(None).get("/.well-known/jwks.json").get_json()["keys"]
    assert [each["alg"] for each in keys] == ["ES384", "ES384", "RS384"]
    assert all("d" not in each for each in keys)
    assert len({each["kid"] for each in keys}) == 3
