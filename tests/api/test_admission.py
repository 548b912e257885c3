"""The gate: keys fetched from where partners publish them, issuers outside, client certificates, limits."""

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from api.running import BASE, NOW, ROOT, Service, outcome, service
from api.test_token_endpoint import asked, is_refused
from delivery.listening import Answer, Listener, Request, listening
from second_opinion.access import registry
from second_opinion.api.admission import thumbprint
from signers import Signer, assertion, key_set, rsa_signer

TOKEN = f"{ROOT}/oauth/token"
NAME = "https://login.example"


@pytest.fixture
def keys() -> Iterator[Listener]:
    """A server that publishes ``server.signers``' keys, as long-lived as ``server.kept`` says."""
    with listening() as server:
        yield server


def publishing(server: Listener, *signers: Signer, kept: str = "max-age=3600") -> str:
    """Publish these keys; the address."""

    def answer(_: Request) -> Answer:
        return Answer(200, {"Cache-Control": kept, "Content-Type": "application/json"}, key_set(*signers).encode())

    server.answer = answer
    return f"http://127.0.0.1:{server.port}/jwks.json"


def registered(running: Service, name: str, jwks: str, **further: Any) -> None:
    registry.add_partner(running.store, name, partner_class="ehr", organization="1234567893", jwks=jwks, **further)


def test_keys_are_fetched_from_where_the_partner_publishes_them(tmp_path: Path, keys: Listener) -> None:
    first, second = Signer(), rsa_signer()
    with service(tmp_path) as running:
        registered(running, "by-url", publishing(keys, first))
        for _ in range(3):
            assert asked(running, first.token(assertion("by-url", TOKEN))).status_code == 200
        assert len(keys.requests) == 1

        publishing(keys, second)
        assert asked(running, second.token(assertion("by-url", TOKEN))).status_code == 200
        assert len(keys.requests) == 2
        for _ in range(3):
            assert is_refused(asked(running, first.token(assertion("by-url", TOKEN))))
        assert len(keys.requests) == 2


def test_cache_control_is_honoured(tmp_path: Path, keys: Listener) -> None:
    before, after = Signer(), Signer()
    with service(tmp_path) as running:
        registered(running, "by-url", publishing(keys, before, kept="no-store"))
        assert asked(running, before.token(assertion("by-url", TOKEN))).status_code == 200
        publishing(keys, after, kept="no-store")

        assert is_refused(asked(running, before.token(assertion("by-url", TOKEN))))


@pytest.mark.parametrize(
    "answer",
    [
        Answer(404),
        Answer(302, {"Location": "https://attacker.example/jwks"}),
        Answer(200, {}, b"not JSON"),
        Answer(200, {}, b'{"keys": "none"}'),
        Answer(200, {}, b"[" * 100_000),
        Answer(200, {}, b'{"keys": [' + b" " * 2_000_000 + b"]}"),
    ],
    ids=["absent", "redirect", "no JSON", "no list", "nested", "endless"],
)
def test_keys_that_cannot_be_had_open_nothing(tmp_path: Path, keys: Listener, answer: Answer) -> None:
    signer = Signer()
    keys.answer = lambda _: answer
    with service(tmp_path) as running:
        registered(running, "by-url", f"http://127.0.0.1:{keys.port}/jwks.json")

        assert is_refused(asked(running, signer.token(assertion("by-url", TOKEN))))


def test_in_production_no_key_comes_from_this_machine(tmp_path: Path, keys: Listener) -> None:
    signer = Signer()
    with service(tmp_path, production=True, embedded_issuer=True) as running:
        registered(running, "by-url", publishing(keys, signer))

        assert is_refused(asked(running, signer.token(assertion("by-url", TOKEN))))
    assert keys.requests == []


def outside(server: Listener, *signers: Signer, **further: Any) -> str:
    said = {"issuer": NAME, "jwks": publishing(server, *signers), "audience": BASE, "algorithms": ["ES384"]}
    return json.dumps([said | further])


def claims(**changes: Any) -> dict[str, Any]:
    said = {"iss": NAME, "aud": BASE, "azp": "clinic", "scope": "system/Task.rs", "exp": int(time.time()) + 60}
    return said | changes


def test_an_issuer_outside_opens_the_door_beside_the_embedded_one(tmp_path: Path, keys: Listener) -> None:
    signer, other = Signer(), Signer()
    with service(tmp_path, issuers=outside(keys, signer)) as running:
        client = running.client(None)

        def status(token: str) -> int:
            return client.get("/fhir/Task", headers={"Authorization": f"Bearer {token}"}).status_code

        assert status(signer.token(claims())) == 200
        assert status(signer.token(claims(azp="nobody"))) == 403
        assert status(signer.token(claims(scope="system/Claim.rs"))) == 403
        assert status(other.token(claims(), kid=signer.kid)) == 401
        assert running.client("clinic").get("/fhir/Task").status_code == 200


def test_in_production_only_the_issuers_outside_are_believed(tmp_path: Path) -> None:
    signer = Signer()
    said = {"issuer": NAME, "jwks": json.loads(key_set(signer)), "audience": BASE, "algorithms": ["ES384"]}
    elsewhere = f"{NAME}/token"
    with (
        service(tmp_path / "before") as before,
        service(
            tmp_path / "before", production=True, issuers=json.dumps([said | {"token_endpoint": elsewhere}])
        ) as running,
    ):
        client = running.client(None)
        own = {"Authorization": str(before.client("clinic").environ_base["HTTP_AUTHORIZATION"])}
        theirs = {"Authorization": f"Bearer {signer.token(claims())}"}

        assert client.get("/fhir/Task", headers=theirs).status_code == 200
        assert client.get("/fhir/Task", headers=own).status_code == 401
        refused = client.post("/oauth/token", data={"grant_type": "client_credentials"})
        assert (refused.status_code, refused.content_type) == (404, "application/json")
        configuration = json.loads(client.get("/.well-known/smart-configuration").data)
        assert configuration["token_endpoint"] == elsewhere
        (rest,) = json.loads(client.get("/fhir/metadata").data)["rest"]
        assert {"url": "token", "valueUri": elsewhere} in rest["security"]["extension"][0]["extension"]


@pytest.fixture(scope="module")
def certificate() -> x509.Certificate:
    key = Signer().key
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "clinic.specimen.example")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 7, NOW, NOW.replace(year=NOW.year + 9))
    return made.sign(key, hashes.SHA256())


def test_a_certificate_is_known_by_its_thumbprint_in_both_forms(certificate: x509.Certificate) -> None:
    encoded = certificate.public_bytes(Encoding.DER)
    expected = base64.urlsafe_b64encode(hashlib.sha256(encoded).digest()).rstrip(b"=").decode()

    assert thumbprint(f":{base64.b64encode(encoded).decode()}:") == expected
    assert thumbprint(quote(certificate.public_bytes(Encoding.PEM).decode())) == expected
    for wrong in ("", "x", ":x:", "-----BEGIN CERTIFICATE-----"):
        assert thumbprint(wrong) is None


def test_a_bound_token_opens_only_with_the_certificate_a_declared_proxy_saw(
    tmp_path: Path, certificate: x509.Certificate
) -> None:
    encoded, signer = certificate.public_bytes(Encoding.DER), Signer()
    forwarded = {"Client-Cert": f":{base64.b64encode(encoded).decode()}:"}
    with service(tmp_path, tls_proxy=("10.0.0.0/24",)) as running:
        registered(running, "bound", key_set(signer), certificate=hashlib.sha256(encoded).hexdigest())
        token = json.loads(asked(running, signer.token(assertion("bound", TOKEN))).data)["access_token"]

        def status(sender: str, **headers: str) -> int:
            return (
                running.client(None)
                .get(
                    "/fhir/Task",
                    headers={
                        "Authorization": f"Bearer {token}",
                        **{k.replace("_", "-"): v for k, v in headers.items()},
                    },
                    environ_base={"REMOTE_ADDR": sender},
                )
                .status_code
            )

        assert status("10.0.0.7", **forwarded) == 200
        assert status("10.0.0.7") == 401
        assert status("10.0.1.7", **forwarded) == 401  # anybody may write a header
        assert status("10.0.0.7", Client_Cert=":AAAA:") == 401
        assert status("unix", **forwarded) == 401


def test_one_request_too_many_is_told_when_to_come_again(tmp_path: Path) -> None:
    with service(tmp_path, rate_limit=3) as running:
        client, other = running.client("clinic"), running.another().test_client()
        bearer = {"Authorization": str(client.environ_base["HTTP_AUTHORIZATION"])}
        statuses = [each.get("/fhir/Task", headers=bearer).status_code for each in (client, other, client)]
        refused = other.get("/fhir/Task", headers=bearer)

        assert statuses == [200, 200, 200]
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert outcome(refused)["code"] == "throttled"
        assert running.client().get("/fhir/Task").status_code == 200
        assert client.get("/fhir/metadata").status_code == 200


def test_tokens_count_among_a_partners_requests(tmp_path: Path) -> None:
    signer = Signer()
    with service(tmp_path) as running:
        registered(running, "often", key_set(signer), rate_limit=2)
        answers = [asked(running, signer.token(assertion("often", TOKEN))) for _ in range(3)]

    assert [each.status_code for each in answers] == [200, 200, 429]
    assert answers[2].content_type == "application/json"
    assert int(answers[2].headers["Retry-After"]) > 0


def test_what_a_partner_is_registered_with_is_what_its_caller_has(tmp_path: Path) -> None:
    with service(tmp_path) as running:
        registered(running, "whole", key_set(Signer()), purposes=("TREAT",), allowed_hosts=("EHR.example",))
        entry = registry.find(running.store, "whole")
        kept = running.store.registry_get("whole")

    assert isinstance(entry, registry.Partner)
    assert (entry.purposes, entry.allowed_hosts) == (("TREAT",), ("ehr.example",))
    assert kept is not None
    assert orjson.loads(kept[1])["purposes"] == ["TREAT"]


def test_an_opaque_token_is_asked_about_where_its_issuer_says(tmp_path: Path, keys: Listener) -> None:
    (tmp_path / "secret").write_text("word")
    told = {"active": True, "aud": BASE, "client_id": "clinic", "scope": "system/Task.rs", "exp": time.time() + 60}
    keys.answer = lambda request: Answer(200, {}, json.dumps(told if b"token=good" in request.body else {}).encode())
    asking = {
        "endpoint": f"http://127.0.0.1:{keys.port}/introspect",
        "client_id": "plan",
        "secret_file": str(tmp_path / "secret"),
    }
    said = {"issuer": NAME, "jwks": f"http://127.0.0.1:{keys.port}/jwks", "audience": BASE, "algorithms": ["ES384"]}
    with service(tmp_path, issuers=json.dumps([said | {"introspection": asking}])) as running:
        client = running.client(None)
        statuses = [
            client.get("/fhir/Task", headers={"Authorization": f"Bearer {token}"}).status_code
            for token in ("good", "good", "bad")
        ]

    assert statuses == [200, 200, 401]
    assert [request.path for request in keys.requests] == ["/introspect"] * 2
    assert keys.requests[0].headers["authorization"] == f"Basic {base64.b64encode(b'plan:word').decode()}"
