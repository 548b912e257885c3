"""Tokens for partners that prove who they are, and for nobody else: every hole public test kits leave open."""

import base64
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from werkzeug.test import TestResponse

from api.running import ROOT, Service, service
from second_opinion import admitting
from second_opinion.access import registry
from second_opinion.access.granting import ASSERTION
from second_opinion.fhir import audit_event
from signers import Json, Signer, assertion, by_secret, encoded, key_set, piece, rsa_signer

TOKEN = f"{ROOT}/oauth/token"
REFUSED = {"error": "invalid_client", "error_description": "The client assertion is not valid here"}

EC, RSA, OTHER = Signer(), rsa_signer(), Signer()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(Path(tmp_path_factory.mktemp("tokens"))) as built:
        registry.add_partner(
            built.store, "ehr-1", partner_class="ehr", organization="1234567893", jwks=key_set(EC, RSA)
        )
        registry.add_partner(built.store, "keyless", partner_class="ehr", organization="1234567893")
        yield built


def asked(running: Service, signed: str, **changes: Any) -> TestResponse:
    """The form with this assertion; a change of None drops the field."""
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION,
        "client_assertion": signed,
        "scope": "system/Task.rs",
    }
    said = {name: value for name, value in (form | changes).items() if value is not None}
    return running.client(None).post("/oauth/token", data=said)


def good(**changes: Any) -> Json:
    return assertion("ehr-1", TOKEN, **changes)


def is_refused(answered: TestResponse) -> bool:
    """The one answer to whatever is wrong with a proof."""
    return answered.status_code == 400 and json.loads(answered.data) == REFUSED


@pytest.mark.parametrize("signer", [EC, RSA], ids=["ES384", "RS384"])
def test_a_partner_that_signs_gets_a_token_that_works(running: Service, signer: Signer) -> None:
    answered = asked(running, signer.token(good()))

    body = json.loads(answered.data)
    assert answered.status_code == 200
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("bearer", 300, "system/Task.rs")
    assert set(body) == {"access_token", "token_type", "expires_in", "scope"}
    assert answered.content_type == "application/json"
    assert (answered.headers["Cache-Control"], answered.headers["Pragma"]) == ("no-store", "no-cache")
    opened = running.client(None).get("/fhir/Task", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert opened.status_code == 200


def test_the_one_fitting_key_is_found_without_its_name(running: Service) -> None:
    assert asked(running, EC.token(good(), kid=None)).status_code == 200


def test_without_a_scope_everything_the_partner_may_is_granted(running: Service) -> None:
    assert json.loads(asked(running, EC.token(good()), scope=None).data)["scope"] == "system/*.cruds"


def test_only_what_the_partner_may_is_granted(running: Service) -> None:
    registry.add_partner(
        running.store, "narrow", partner_class="hie", organization="1234567893", jwks=key_set(EC), scope="system/Task.r"
    )

    def scope(wanted: str) -> Json:
        signed = EC.token(assertion("narrow", TOKEN))
        said: Json = json.loads(asked(running, signed, scope=wanted).data)
        return said

    assert scope("system/*.cruds openid")["scope"] == "system/Task.r"
    assert scope("system/Claim.rs")["error"] == "invalid_scope"
    assert scope("user/Task.r")["error"] == "invalid_scope"
    assert scope("system/Task.r?colour=red")["error"] == "invalid_scope"


def now(more: float) -> int:
    return int(time.time() + more)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": None},
        {"aud": f"{TOKEN}/"},
        {"aud": f"{ROOT}/fhir"},
        {"aud": TOKEN.replace("https", "http")},
        {"aud": [f"{ROOT}/oauth"]},
        {"aud": TOKEN.upper()},
        {"exp": None},
        {"exp": "2099-01-01"},
        {"exp": True},
        {"exp": timedelta(seconds=-20)},
        {"exp": timedelta(seconds=600)},
        {"exp": timedelta(seconds=10_000_000)},
        {"exp": [1]},
        {"nbf": timedelta(seconds=60)},
        {"nbf": "yesterday"},
        {"iat": timedelta(seconds=60)},
        {"iat": timedelta(seconds=-3600)},
        {"iat": False},
        {"jti": None},
        {"jti": ""},
        {"jti": 7},
        {"jti": "x" * 256},
        {"iss": "ehr-2"},
        {"sub": "plan"},
        {"sub": None},
        {"iss": None, "sub": None},
        {"iss": ["ehr-1"], "sub": ["ehr-1"]},
        {"iss": "nobody", "sub": "nobody"},
        {"iss": "keyless", "sub": "keyless"},
        {"iss": "plan", "sub": "plan"},
    ],
    ids=str,
)
def test_an_assertion_with_a_wrong_claim_is_refused_in_the_same_words(running: Service, changes: Json) -> None:
    said = {name: now(each.total_seconds()) if isinstance(each, timedelta) else each for name, each in changes.items()}

    assert is_refused(asked(running, EC.token(good(**said))))


@pytest.mark.parametrize("ahead", [1, 299])
def test_an_assertion_is_good_up_to_five_minutes_ahead(running: Service, ahead: int) -> None:
    assert asked(running, EC.token(good(exp=now(ahead), iat=now(-30), nbf=now(-30)))).status_code == 200


def test_the_audience_may_stand_among_others(running: Service) -> None:
    assert asked(running, EC.token(good(aud=["https://other.example", TOKEN]))).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "None"},
        {"alg": "HS384"},
        {"alg": "RS384"},
        {"alg": "ES256"},
        {"alg": None},
        {"alg": ["ES384"]},
        {"typ": "at+jwt"},
        {"typ": None},
        {"typ": "JWE"},
        {"kid": "unknown"},
        {"kid": "../../keys/issuer"},
        {"kid": "' OR '1'='1"},
        {"kid": "/dev/null"},
        {"kid": 7},
        {"kid": ["a"]},
        {"kid": RSA.kid},
        {"crit": ["exp"]},
        {"crit": []},
        {"crit": ["b64"], "b64": False},
        {"b64": True},
        {"jku": "https://attacker.example/jwks.json"},
    ],
    ids=str,
)
def test_an_assertion_with_a_wrong_header_is_refused_in_the_same_words(running: Service, header: Json) -> None:
    assert is_refused(asked(running, EC.token(good(), **header)))


def test_nothing_is_taken_without_a_signature_of_the_partners_key(running: Service) -> None:
    header, claims, signature = EC.token(good()).split(".")
    none = piece({"alg": "none", "typ": "JWT"})
    half = len(signature) // 2
    forged = [
        f"{none}.{claims}.",
        f"{none}.{claims}.{signature}",
        f"{header}.{claims}.",
        f"{header}.{claims}",
        f"{header}.{claims}.{signature[:half]}",
        f"{header}.{claims}.{'A' * len(signature)}",
        f"{header}.{claims}.{encoded(bytes(96))}",  # r = s = 0
        f"{header}.{piece(good())}.{signature}",
        OTHER.token(good(), kid=EC.kid),
        OTHER.token(good()),
        "",
        "...",
        "a.b.c",
        "\u00e9.\u00e9.\u00e9",
    ]
    for signed in forged:
        answered = asked(running, signed)
        assert is_refused(answered) or (not signed and answered.status_code == 400), signed


def test_the_public_key_is_no_shared_secret(running: Service) -> None:
    for signer in (EC, RSA):
        for secret in (signer.pem, signer.pem.strip(), json.dumps(signer.public).encode(), b""):
            for algorithm in ("HS256", "HS384", "HS512"):
                assert is_refused(asked(running, by_secret(secret, good(), algorithm, kid=signer.kid)))


@pytest.mark.parametrize("name", ["jwk", "x5c", "x5u", "x5t"])
def test_a_key_the_assertion_brings_along_is_not_looked_at(running: Service, name: str) -> None:
    brought = {"jwk": OTHER.public, "x5c": ["MIIB"], "x5u": "https://attacker.example/c.pem", "x5t": "x"}
    header = {name: brought[name]}

    assert is_refused(asked(running, OTHER.token(good(), kid=None, **header)))
    assert is_refused(asked(running, OTHER.token(good(), kid=EC.kid, **header)))
    assert asked(running, EC.token(good(), **header)).status_code == 200


def test_a_claim_said_twice_is_refused(running: Service) -> None:
    twice = json.dumps(good())[:-1] + f', "sub": "ehr-1", "exp": {now(60)}}}'

    header = EC.token(good()).partition(".")[0]
    assert is_refused(asked(running, EC.raw(header, encoded(twice.encode()))))


def test_an_assertion_is_good_once(running: Service) -> None:
    signed, claims = EC.token(good()), good(jti="again")

    assert asked(running, signed).status_code == 200
    assert is_refused(asked(running, signed))
    assert asked(running, EC.token(claims)).status_code == 200
    assert is_refused(asked(running, RSA.token(claims | {"exp": now(120)})))


def test_an_id_is_each_partners_own(running: Service) -> None:
    registry.add_partner(running.store, "ehr-2", partner_class="ehr", organization="1245319599", jwks=key_set(OTHER))

    assert asked(running, EC.token(good(jti="shared"))).status_code == 200
    assert asked(running, OTHER.token(assertion("ehr-2", TOKEN, jti="shared"))).status_code == 200


def test_a_refused_assertion_uses_nothing_up(running: Service) -> None:
    claims = good()

    assert is_refused(asked(running, OTHER.token(claims, kid=EC.kid)))
    assert asked(running, EC.token(claims)).status_code == 200


def test_a_disabled_partner_gets_nothing_and_is_told_nothing(running: Service) -> None:
    registry.add_partner(running.store, "former", partner_class="ehr", organization="1234567893", jwks=key_set(EC))
    registry.set_active(running.store, "partner", "former", active=False)

    assert is_refused(asked(running, EC.token(assertion("former", TOKEN))))


def test_a_disabled_partners_tokens_are_worth_nothing_on_the_next_request(running: Service) -> None:
    registry.add_partner(running.store, "leaving", partner_class="ehr", organization="1234567893", jwks=key_set(EC))
    token = json.loads(asked(running, EC.token(assertion("leaving", TOKEN))).data)["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    another_process = running.another().test_client()
    statuses = []
    for active in (True, False, True):
        registry.set_active(running.store, "partner", "leaving", active=active)
        statuses += [
            each.get("/fhir/Task", headers=headers).status_code for each in (running.client(None), another_process)
        ]

    assert statuses == [200, 200, 401, 401, 200, 200]


def test_keys_that_cannot_serve_are_passed_over(running: Service) -> None:
    weak, gone, for_others, of_another = rsa_signer(1024), Signer(), Signer(), Signer()
    unusable = [
        weak.public,
        gone.public | {"exp": now(-60)},
        for_others.public | {"use": "enc"},
        of_another.public | {"alg": "ES256"},
        {"kty": "unheard-of"},
        {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA", "kid": "off the curve"},
    ]
    jwks = json.dumps({"keys": [*(each for each in unusable), EC.public]})
    registry.add_partner(running.store, "many", partner_class="ehr", organization="1234567893", jwks=key_set(EC))
    kind, body, _ = running.store.registry_get("many") or ("", b"", False)
    running.store.registry_add(kind, "many-keys", json.dumps(json.loads(body) | {"jwks": jwks}).encode())

    for signer in (weak, gone, for_others, of_another):
        assert is_refused(asked(running, signer.token(assertion("many-keys", TOKEN))))
    assert asked(running, EC.token(assertion("many-keys", TOKEN))).status_code == 200


def test_two_keys_of_one_name_are_no_key(running: Service) -> None:
    twin = Signer(kid=EC.kid)
    registry.add_partner(running.store, "twins", partner_class="ehr", organization="1234567893", jwks=key_set(EC, twin))

    assert is_refused(asked(running, EC.token(assertion("twins", TOKEN))))


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({"client_assertion_type": None}, "invalid_request"),
        ({"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"}, "invalid_request"),
        ({"client_assertion": None}, "invalid_request"),
        ({"client_secret": "guess"}, "invalid_request"),
        ({"client_id": "plan"}, "invalid_client"),
    ],
    ids=str,
)
def test_a_wrong_form_is_told_in_oauths_words(running: Service, changes: Json, error: str) -> None:
    answered = asked(running, EC.token(good()), **changes)

    assert answered.status_code == 400
    assert answered.content_type == "application/json"
    assert json.loads(answered.data)["error"] == error


@pytest.mark.parametrize("name", ["grant_type", "scope", "client_assertion", "client_assertion_type", "client_id"])
def test_a_parameter_sent_twice_is_refused(running: Service, name: str) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION,
        "client_assertion": EC.token(good()),
        "scope": "system/Task.rs",
        "client_id": "ehr-1",
    }

    answered = running.client(None).post("/oauth/token", data={**form, name: [form[name], form[name]]})

    assert (answered.status_code, json.loads(answered.data)["error"]) == (400, "invalid_request")


def test_parameters_come_in_the_body_as_a_form_and_nowhere_else(running: Service) -> None:
    client = running.client(None)
    form = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION}
    for answered in (
        client.post("/oauth/token", query_string={**form, "client_assertion": EC.token(good())}),
        client.post("/oauth/token", data={**form, "client_assertion": EC.token(good())}, query_string={"scope": "x"}),
        client.post("/oauth/token", json={**form, "client_assertion": EC.token(good())}),
        client.post("/oauth/token", data=b"\xff=\xff", content_type="application/x-www-form-urlencoded"),
        client.post("/oauth/token", data={str(number): "1" for number in range(30)}),
        client.post("/oauth/token"),
    ):
        assert (answered.status_code, json.loads(answered.data)["error"]) == (400, "invalid_request")
    assert client.get("/oauth/token").status_code == 405
    assert json.loads(client.get("/oauth/token").data)["error"] == "invalid_request"


def test_an_assertion_may_be_long_but_not_without_end(running: Service) -> None:
    client = running.client(None)

    assert asked(running, EC.token(good(note="x" * 8_000))).status_code == 200
    assert is_refused(asked(running, EC.token(good(note="x" * 20_000))))
    assert client.post("/oauth/token", data={"client_assertion": "x" * 70_000}).status_code == 413


def test_both_addresses_of_the_configuration_give_the_same_document(running: Service) -> None:
    client = running.client(None)
    first, second = (client.get(f"{below}/.well-known/smart-configuration") for below in ("", "/fhir"))

    said = json.loads(first.data)
    assert first.data == second.data
    assert first.content_type == second.content_type == "application/json"
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    assert said["token_endpoint"] == TOKEN
    assert said["token_endpoint_auth_signing_alg_values_supported"] == ["RS384", "ES384"]
    assert "S256" in said["code_challenge_methods_supported"]
    assert not {"issuer", "authorization_endpoint", "registration_endpoint"} & set(said)
    for below in ("", "/fhir"):
        assert client.get(f"{below}/.well-known/openid-configuration").status_code == 404


def test_the_statement_names_the_same_token_endpoint(running: Service) -> None:
    (rest,) = json.loads(running.client(None).get("/fhir/metadata").data)["rest"]
    (uris,) = rest["security"]["extension"]

    assert {"url": "token", "valueUri": TOKEN} in uris["extension"]


def test_every_advertised_scope_is_understood(running: Service) -> None:
    said = json.loads(running.client(None).get("/.well-known/smart-configuration").data)

    for scope in said["scopes_supported"]:
        assert json.loads(asked(running, EC.token(good()), scope=scope).data)["scope"] == scope


def test_the_issuer_of_the_tests_is_the_services_own(running: Service) -> None:
    answered = asked(running, EC.token(good()))

    claims = admitting.issuer(running.desk.settings).verify(json.loads(answered.data)["access_token"])
    assert (claims.caller, claims.scope) == ("ehr-1", "system/Task.rs")


def test_where_nothing_can_be_stored_no_token_is_given_and_the_client_may_come_again(tmp_path: Path) -> None:
    with service(tmp_path) as failing:
        registry.add_partner(failing.store, "ehr-1", partner_class="ehr", organization="1234567893", jwks=key_set(EC))
        with failing.store._database.migrating() as connection:
            connection.exec_driver_sql("DROP TABLE used_assertion")
        answered = asked(failing, EC.token(good()))

    assert (answered.status_code, json.loads(answered.data)["error"]) == (503, "temporarily_unavailable")
    assert int(answered.headers["Retry-After"]) > 0
    assert answered.content_type == "application/json"


def test_every_exchange_is_on_record_and_nothing_of_it_that_is_secret(running: Service) -> None:
    signed = EC.token(good())
    given = json.loads(asked(running, signed).data)["access_token"]
    answers = [
        asked(running, signed),  # a second time
        asked(running, OTHER.token(good())),
        asked(running, EC.token(assertion("nobody", TOKEN))),
        asked(running, EC.token(good()), scope="user/Task.r"),
        asked(running, EC.token(good()), grant_type="password"),
    ]

    assert [answered.status_code for answered in answers] == [400] * 5
    rows = [row for _, row in running.store.audited()][-6:]
    assert [(row.actor, row.action, row.patient, row.outcome) for row in rows] == [
        ("ehr-1", "token", None, "0"),
        *[("anonymous", "token", None, "8")] * 5,
    ]
    assert rows[0].detail["jti"] == json.loads(encoded_claims(given))["jti"]
    assert [(row.detail["error"], row.detail.get("claimed")) for row in rows[1:]] == [
        ("invalid_client", "ehr-1"),
        ("invalid_client", "ehr-1"),
        ("invalid_client", None),
        ("invalid_scope", "ehr-1"),
        ("unsupported_grant_type", None),
    ]
    events = [audit_event.write(number, row, ROOT) for number, row in running.store.audited()][-6:]
    for event in events:
        AuditEvent.model_validate(event)
    told = json.dumps(events)
    assert not any(secret in told for secret in (given, signed, signed.rpartition(".")[2]))
    assert running.store.verify_audit()[1] is None


def encoded_claims(token: str) -> bytes:
    body = token.split(".")[1]
    return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
