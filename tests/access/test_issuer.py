import base64
import hmac
from pathlib import Path
from typing import Any

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from access.conftest import ROOT, RealTime
from second_opinion.access import issuer as issuing
from second_opinion.access.issuer import OAUTH_LIFETIME, ExpiredToken, InvalidToken, Issuer
from second_opinion.access.keys import signing_key


def signed(folder: Path, now: float, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """A token signed with the issuer's own key; a change of None drops the claim."""
    key = signing_key(folder / "keys" / "issuer.json")
    claims: dict[str, Any] = {
        "iss": ROOT,
        "aud": f"{ROOT}/fhir",
        "sub": "ehr",
        "client_id": "ehr",
        "scope": "system/Task.rs",
        "exp": int(now) + 60,
        "jti": "1",
    }
    said = {name: value for name, value in (claims | changes).items() if value is not None}
    protected = {"alg": "ES384", **({"typ": "at+jwt"} if header is None else header)}
    return jwt.encode(protected, said, key, ["ES384"], default_type=None)


def piece(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).rstrip(b"=").decode()


def test_issued_token_says_who_what_and_until_when(issuer: Issuer, seconds: RealTime) -> None:
    claims = issuer.verify(issuer.issue("ehr", "system/Task.rs", OAUTH_LIFETIME))

    assert (claims.caller, claims.scope, claims.patient) == ("ehr", "system/Task.rs", None)
    assert claims.expires_at == seconds.seconds + 300
    assert issuer.verify(issuer.issue("app", "system/*.rs", 60, patient="pt-1")).patient == "pt-1"


def test_every_token_has_its_own_id(issuer: Issuer) -> None:
    first, second = (issuer.verify(issuer.issue("ehr", "system/Task.rs", 60)) for _ in range(2))

    assert first.token_id != second.token_id


def test_public_keys_verify_a_token_and_hold_nothing_private(issuer: Issuer) -> None:
    (public,) = issuer.jwks()["keys"]
    token = issuer.issue("ehr", "system/Task.rs", 60)

    decoded = jwt.decode(token, ECKey.import_key(public), ["ES384"])

    assert decoded.claims["aud"] == f"{ROOT}/fhir"
    assert decoded.header["kid"] == public["kid"]
    assert "d" not in public
    assert (public["alg"], public["use"]) == ("ES384", "sig")


def test_another_process_with_the_same_data_folder_accepts_the_token(
    issuer: Issuer, tmp_path: Path, seconds: RealTime
) -> None:
    other = Issuer(ROOT, f"{ROOT}/fhir", tmp_path, seconds)

    assert other.verify(issuer.issue("ehr", "system/Task.rs", 60)).caller == "ehr"


def test_token_made_by_hand_in_the_right_form_is_accepted(issuer: Issuer, tmp_path: Path, seconds: RealTime) -> None:
    assert issuer.verify(signed(tmp_path, seconds.seconds)).caller == "ehr"
    assert issuer.verify(signed(tmp_path, seconds.seconds, aud=["other", f"{ROOT}/fhir"])).caller == "ehr"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.example"},
        {"iss": f"{ROOT}/"},
        {"iss": None},
        {"aud": "https://other.example/fhir"},
        {"aud": f"{ROOT}/fhir/"},
        {"aud": ["https://other.example/fhir"]},
        {"aud": None},
        {"exp": None},
        {"exp": "1790000060"},
        {"exp": 1_790_000_060.5},
        {"exp": True},
        {"sub": "plan"},
        {"client_id": None},
        {"client_id": 1, "sub": 1},
        {"scope": None},
        {"scope": ["system/*.cruds"]},
        {"jti": None},
        {"patient": 1},
        {"patient": ["pt-1"]},
    ],
)
def test_token_with_a_wrong_or_missing_claim_is_invalid(
    issuer: Issuer, tmp_path: Path, seconds: RealTime, changes: dict[str, Any]
) -> None:
    with pytest.raises(InvalidToken) as refused:
        issuer.verify(signed(tmp_path, seconds.seconds, **changes))

    assert not isinstance(refused.value, ExpiredToken)
    assert refused.value.headers == {"WWW-Authenticate": 'Bearer realm="fhir", error="invalid_token"'}


@pytest.mark.parametrize("header", [{"typ": "JWT"}, {"typ": "at+jwt "}, {"typ": ""}, {}])
def test_assertion_signed_with_the_same_key_is_no_access_token(
    issuer: Issuer, tmp_path: Path, seconds: RealTime, header: dict[str, str]
) -> None:
    with pytest.raises(InvalidToken):
        issuer.verify(signed(tmp_path, seconds.seconds, header))


def test_token_without_signature_is_invalid(issuer: Issuer) -> None:
    header, claims, signature = issuer.issue("ehr", "system/Task.rs", 60).split(".")
    none = piece({"alg": "none", "typ": "at+jwt"})

    for token in (f"{none}.{claims}.", f"{none}.{claims}.{signature}", f"{header}.{claims}.", f"{header}.{claims}"):
        with pytest.raises(InvalidToken):
            issuer.verify(token)


def test_token_signed_with_the_public_key_as_a_secret_is_invalid(issuer: Issuer) -> None:
    public = ECKey.import_key(issuer.jwks()["keys"][0])
    _, claims, _ = issuer.issue("ehr", "system/Task.rs", 60).split(".")
    said = f"{piece({'alg': 'HS256', 'typ': 'at+jwt'})}.{claims}"

    for secret in (public.as_pem(private=False), public.as_der(private=False), orjson.dumps(public.as_dict())):
        signature = base64.urlsafe_b64encode(hmac.digest(secret, said.encode(), "sha256")).rstrip(b"=").decode()
        with pytest.raises(InvalidToken):
            issuer.verify(f"{said}.{signature}")


def test_token_of_another_key_is_invalid_even_when_it_brings_that_key(issuer: Issuer, tmp_path: Path) -> None:
    other = Issuer(ROOT, f"{ROOT}/fhir", tmp_path / "other")
    key = ECKey.generate_key("P-384", auto_kid=True)
    kid = issuer.jwks()["keys"][0]["kid"]
    header = {"alg": "ES384", "typ": "at+jwt", "kid": kid, "jwk": key.as_dict(private=False)}
    claims = {"iss": ROOT, "aud": f"{ROOT}/fhir", "sub": "ehr", "client_id": "ehr", "scope": "system/*.cruds"}

    for token in (
        other.issue("ehr", "system/*.cruds", 60),
        jwt.encode(header, {**claims, "exp": 4_000_000_000, "jti": "1"}, key, ["ES384"]),
    ):
        with pytest.raises(InvalidToken):
            issuer.verify(token)


def test_tampered_token_is_invalid(issuer: Issuer) -> None:
    header, claims, signature = issuer.issue("ehr", "system/Task.rs", 60).split(".")
    said = orjson.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    more = piece({**said, "scope": "system/*.cruds"})

    for token in (
        f"{header}.{more}.{signature}",
        f"{header}.{claims}.{signature[:-4]}AAAA",
        f"{header}.{claims}.{signature}.more",
    ):
        with pytest.raises(InvalidToken):
            issuer.verify(token)


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "..", "é.é.é", "\ud800", "a" * 8193, "[" * 5000 + ".a.b"])
def test_anything_else_is_invalid_and_never_repeated(issuer: Issuer, token: str) -> None:
    with pytest.raises(InvalidToken) as refused:
        issuer.verify(token)

    assert refused.value.message == "The access token is not valid here; ask for a new one"


def test_token_ends_with_its_last_second_though_it_was_seen_before(issuer: Issuer, seconds: RealTime) -> None:
    token = issuer.issue("ehr", "system/Task.rs", 300)

    issuer.verify(token)
    seconds.seconds += 299.9
    issuer.verify(token)
    seconds.seconds += 0.1
    with pytest.raises(ExpiredToken) as expired:
        issuer.verify(token)

    assert expired.value.issue == "expired"
    assert expired.value.status == 401
    assert expired.value.headers == {"WWW-Authenticate": 'Bearer realm="fhir", error="invalid_token"'}
    with pytest.raises(ExpiredToken):
        issuer.verify(token)


def test_expired_token_that_is_also_tampered_with_is_invalid_not_expired(issuer: Issuer, seconds: RealTime) -> None:
    token = issuer.issue("ehr", "system/Task.rs", 300)
    seconds.seconds += 301

    with pytest.raises(InvalidToken) as refused:
        issuer.verify(token[:-4] + "AAAA")
    assert not isinstance(refused.value, ExpiredToken)


def test_only_so_many_tokens_are_remembered_and_the_forgotten_still_verify(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuing, "MOST_REMEMBERED", 3)
    tokens = [issuer.issue("ehr", "system/Task.rs", 60) for _ in range(5)]

    for token in tokens:
        issuer.verify(token)

    assert len(issuer._verified) == 3
    assert issuer.verify(tokens[0]).caller == "ehr"


def test_refused_tokens_are_not_remembered(issuer: Issuer) -> None:
    with pytest.raises(InvalidToken):
        issuer.verify("a.b.c")

    assert issuer._verified == {}
