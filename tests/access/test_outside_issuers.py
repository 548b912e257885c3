"""Issuers outside: chosen by name, judged by their keys, their tokens bound to audience, time and certificate."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import orjson
import pytest

from access.shelf import Shelf
from second_opinion.access import named_issuers
from second_opinion.access.caller import identify, require
from second_opinion.access.fetching import Fetched, NoAnswer
from second_opinion.access.issuer import Claims, ExpiredToken, InvalidToken
from second_opinion.access.issuers import Issuers
from second_opinion.access.key_sets import KeySets
from second_opinion.access.outside import Opaque, Outside
from second_opinion.errors import Forbidden, Unauthorized, Unavailable
from second_opinion.settings import WrongSetting
from signers import Json, Signer, by_secret, key_set, piece, rsa_signer

NAME, AUDIENCE, JWKS = "https://login.example/realms/plan", "https://plan.example/fhir", "https://login.example/jwks"
EC, RSA, OTHER = Signer(), rsa_signer(), Signer()


@dataclass
class Web:
    """What the outside answers, and how often it was asked."""

    keys: str = field(default_factory=lambda: key_set(EC, RSA))
    headers: dict[str, str] = field(default_factory=dict)
    down: bool = False
    asked: int = 0
    told: Json | None = None

    def fetch(self, address: str) -> Fetched:
        assert address == JWKS
        self.asked += 1
        if self.down:
            raise NoAnswer("down")
        return Fetched(200, self.headers, self.keys.encode())

    def post(self, address: str, form: Any, login: tuple[str, str]) -> Fetched:
        assert form["token"]
        assert (address, login) == ("https://login.example/introspect", ("us", "secret"))
        self.asked += 1
        return Fetched(200 if self.told is not None else 503, {}, json.dumps(self.told).encode())


@dataclass
class Time:
    at: float = field(default_factory=time.time)

    def __call__(self) -> float:
        return self.at


def named(**changes: Any) -> named_issuers.NamedIssuer:
    said = {"issuer": NAME, "jwks": JWKS, "audience": AUDIENCE, "algorithms": ["ES384", "RS384"]} | changes
    (issuer,) = named_issuers.read(json.dumps([said]))
    return issuer


def judged(web: Web, seconds: Callable[[], float] = time.time, **changes: Any) -> Issuers:
    issuer = named(**changes)
    return Issuers({NAME: Outside(issuer, KeySets(web.fetch, seconds), seconds)})


def claims(**changes: Any) -> Json:
    said = {"iss": NAME, "aud": AUDIENCE, "client_id": "ehr", "scope": "system/Task.rs", "exp": int(time.time()) + 300}
    return {name: value for name, value in (said | changes).items() if value is not None}


@pytest.mark.parametrize("signer", [EC, RSA], ids=["ES384", "RS384"])
def test_a_token_its_issuer_signed_says_who_and_what(signer: Signer) -> None:
    said = judged(Web()).verify(signer.token(claims(jti="7", patient="pt-1", purpose_of_use="TREAT")))

    assert (said.caller, said.scope, said.token_id) == ("ehr", "system/Task.rs", "7")
    assert (said.patient, said.purpose, said.certificate) == ("pt-1", "TREAT", None)


@pytest.mark.parametrize(
    ("changes", "caller"),
    [
        ({"client_id": "a", "azp": "b", "sub": "c"}, "a"),
        ({"client_id": None, "azp": "b", "sub": "c"}, "b"),
        ({"client_id": None, "sub": "c"}, "c"),
    ],
)
def test_the_partner_is_named_by_client_id_else_azp_else_sub(changes: Json, caller: str) -> None:
    assert judged(Web()).verify(EC.token(claims(**changes))).caller == caller


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": None},
        {"iss": f"{NAME}/"},
        {"iss": "https://other.example"},
        {"iss": [NAME]},
        {"aud": None},
        {"aud": "account"},
        {"aud": f"{AUDIENCE}/"},
        {"aud": ["account", AUDIENCE.upper()]},
        {"exp": None},
        {"exp": "soon"},
        {"exp": int(time.time()) - 60},
        {"nbf": int(time.time()) + 3600},
        {"iat": int(time.time()) + 3600},
        {"client_id": None},
        {"client_id": 7},
        {"client_id": None, "azp": {"a": 1}},
        {"patient": ["pt-1"]},
        {"typ": "ID"},
        {"typ": "Refresh"},
        {"nonce": "n"},
        {"at_hash": "h"},
        {"cnf": {"jkt": "thumbprint of a DPoP key"}},
        {"cnf": "x"},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_claim_is_invalid(changes: Json) -> None:
    with pytest.raises(InvalidToken):
        judged(Web()).verify(EC.token(claims(**changes)))


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS384"},
        {"alg": "RS384"},
        {"typ": "logout+jwt"},
        {"typ": 7},
        {"kid": "unknown"},
        {"kid": 7},
        {"crit": ["exp"]},
        {"b64": False, "crit": ["b64"]},
    ],
    ids=str,
)
def test_a_token_with_a_wrong_header_is_invalid(header: Json) -> None:
    with pytest.raises(InvalidToken):
        judged(Web()).verify(EC.token(claims(), **header))


def test_a_token_of_another_key_or_none_is_invalid() -> None:
    head, body, signature = EC.token(claims()).split(".")
    for token in (
        OTHER.token(claims(), kid=EC.kid),
        OTHER.token(claims(), kid=None, jwk=OTHER.public, jku="https://attacker.example/jwks"),
        by_secret(EC.pem, claims(), kid=EC.kid),
        by_secret(key_set(EC).encode(), claims(), "HS256"),
        f"{piece({'alg': 'none'})}.{body}.",
        f"{head}.{piece(claims(scope='system/*.cruds'))}.{signature}",
        f"{head}.{body}.",
    ):
        with pytest.raises(InvalidToken):
            judged(Web()).verify(token)


def test_an_algorithm_the_operator_did_not_name_is_refused() -> None:
    judge = judged(Web(), algorithms=["RS384"])

    assert judge.verify(RSA.token(claims())).caller == "ehr"
    with pytest.raises(InvalidToken):
        judge.verify(EC.token(claims()))


def test_no_issuer_but_the_named_is_asked_for_its_keys() -> None:
    web = Web()

    with pytest.raises(InvalidToken):
        judged(web).verify(OTHER.token(claims(iss="https://attacker.example")))
    assert web.asked == 0


def test_keys_are_fetched_once_and_a_token_is_judged_again_when_they_change() -> None:
    web, seconds = Web(headers={"cache-control": "public, max-age=30"}), Time()
    judge, token = judged(web, seconds), EC.token(claims())
    for _ in range(3):
        assert judge.verify(token).caller == "ehr"
    assert web.asked == 1

    web.keys = key_set(RSA)
    assert judge.verify(token).caller == "ehr"
    seconds.at += 31
    with pytest.raises(InvalidToken):
        judge.verify(token)


def test_an_unknown_key_is_asked_for_at_once_and_then_once_a_minute() -> None:
    web, seconds = Web(keys=key_set(RSA), headers={"cache-control": "max-age=3600"}), Time()
    judge = judged(web, seconds)
    judge.verify(RSA.token(claims()))
    web.keys = key_set(RSA, EC)

    assert judge.verify(EC.token(claims())).caller == "ehr"
    assert web.asked == 2
    for _ in range(5):
        with pytest.raises(InvalidToken):
            judge.verify(OTHER.token(claims()))
    assert web.asked == 2
    seconds.at += 60
    with pytest.raises(InvalidToken):
        judge.verify(OTHER.token(claims()))
    assert web.asked == 3


def test_the_last_good_copy_serves_for_a_while_where_the_keys_cannot_be_had() -> None:
    web, seconds = Web(headers={"cache-control": "no-cache"}), Time()
    judge = judged(web, seconds)
    judge.verify(EC.token(claims()))
    web.down = True

    seconds.at += 100
    assert judge.verify(EC.token(claims())).caller == "ehr"
    seconds.at += 3600
    with pytest.raises(InvalidToken):
        judge.verify(EC.token(claims(exp=int(seconds.at) + 60)))


def test_while_one_asks_others_take_the_copy_there_is() -> None:
    seconds, asking, answered = Time(), Event(), Event()

    def slow(_: str) -> Fetched:
        if asking.is_set():
            raise AssertionError("asked twice at once")
        if web.asked:
            asking.set()
            answered.wait(5)
        return web.fetch(JWKS)

    web = Web(headers={"cache-control": "max-age=1"})
    sets = KeySets(slow, seconds)
    before = sets.keys(JWKS)
    seconds.at += 2
    with ThreadPoolExecutor(1) as other:
        renewed = other.submit(sets.keys, JWKS)
        assert asking.wait(5)
        assert sets.keys(JWKS) == before
        answered.set()
        assert len(renewed.result(5)) == 2


def test_a_token_that_ran_out_is_told_so() -> None:
    seconds = Time()
    judge, token = judged(Web(), seconds), EC.token(claims(exp=int(seconds.at) + 60))
    judge.verify(token)
    seconds.at += 120

    with pytest.raises(ExpiredToken):
        judge.verify(token)


def test_its_scopes_can_be_named_in_its_own_words() -> None:
    judge = judged(Web(), scopes={"fhir-task-read": "system/Task.rs"})

    assert judge.verify(EC.token(claims(scope="openid fhir-task-read"))).scope == "openid system/Task.rs"
    assert judge.verify(EC.token(claims(scope=["system/Task.r"]))).scope == "system/Task.r"
    assert judge.verify(EC.token(claims(scope=None))).scope == ""


def test_the_registry_has_the_last_word(store: Shelf) -> None:
    judge = judged(Web())

    def caller(**changes: Any) -> Any:
        return identify(f"Bearer {EC.token(claims(**changes))}", judge, store)

    require(caller(scope="system/*.cruds", client_id="hie"), "Task", "s")
    with pytest.raises(Forbidden):
        require(caller(scope="system/*.cruds", client_id="hie"), "Claim", "r")
    with pytest.raises(Forbidden):
        caller(client_id="stranger")


def test_a_bound_token_is_good_only_with_its_certificate(store: Shelf) -> None:
    judge, mine, other = judged(Web()), "m" * 43, "o" * 43
    bound = f"Bearer {EC.token(claims(cnf={'x5t#S256': mine}))}"

    assert identify(bound, judge, store, certificate=mine).id == "ehr"
    for certificate in (None, other, ""):
        with pytest.raises(Unauthorized):
            identify(bound, judge, store, certificate=certificate)


def test_a_partner_registered_with_a_certificate_has_no_other_tokens(store: Shelf) -> None:
    kind, body, _ = store.rows["ehr"]
    store.rows["ehr"] = (kind, orjson.dumps(orjson.loads(body) | {"certificate": "m" * 43}), True)
    judge = judged(Web())

    for confirmed in (None, {"x5t#S256": "o" * 43}):
        token = f"Bearer {EC.token(claims(cnf=confirmed))}"
        with pytest.raises(Unauthorized):
            identify(token, judge, store, certificate="o" * 43)
    token = f"Bearer {EC.token(claims(cnf={'x5t#S256': 'm' * 43}))}"
    assert identify(token, judge, store, certificate="m" * 43).id == "ehr"


@pytest.fixture
def introspecting(tmp_path: Any) -> Callable[[Web, Time], Issuers]:
    (tmp_path / "secret").write_text("secret\n")
    asked = {"endpoint": "https://login.example/introspect", "client_id": "us", "secret_file": str(tmp_path / "secret")}
    issuer = named(introspection=asked)
    assert issuer.introspection is not None
    introspection = issuer.introspection
    return lambda web, seconds: Issuers({}, (Opaque(issuer, introspection, web.post, seconds),))


def active(seconds: Time, **changes: Any) -> Json:
    said = {"active": True, "aud": AUDIENCE, "client_id": "ehr", "scope": "system/Task.rs", "exp": seconds.at + 600}
    return {name: value for name, value in (said | changes).items() if value is not None}


def test_an_opaque_token_is_asked_about_once_a_minute(introspecting: Callable[[Web, Time], Issuers]) -> None:
    seconds = Time()
    web = Web(told=active(seconds))
    judge = introspecting(web, seconds)

    assert [judge.verify("opaque-token").caller for _ in range(3)] == ["ehr"] * 3
    assert web.asked == 1
    web.told = {"active": False}
    assert judge.verify("opaque-token").caller == "ehr"
    seconds.at += 60
    with pytest.raises(InvalidToken):
        judge.verify("opaque-token")


@pytest.mark.parametrize(
    "changes",
    [{"active": False}, {"active": "true"}, {"aud": None}, {"aud": "account"}, {"exp": None}, {"iss": "https://other"}],
    ids=str,
)
def test_an_opaque_token_its_issuer_does_not_vouch_for_is_invalid(
    introspecting: Callable[[Web, Time], Issuers], changes: Json
) -> None:
    seconds = Time()

    with pytest.raises(InvalidToken):
        introspecting(Web(told=active(seconds, **changes)), seconds).verify("opaque-token")


def test_an_opaque_token_is_believed_no_longer_than_it_lasts(introspecting: Callable[[Web, Time], Issuers]) -> None:
    seconds = Time()
    judge = introspecting(Web(told=active(seconds, exp=seconds.at + 20)), seconds)
    judge.verify("opaque-token")
    seconds.at += 30

    with pytest.raises(ExpiredToken):
        judge.verify("opaque-token")


def test_where_the_issuer_cannot_be_asked_the_caller_may_come_again(
    introspecting: Callable[[Web, Time], Issuers],
) -> None:
    with pytest.raises(Unavailable) as later:
        introspecting(Web(told=None), Time()).verify("opaque-token")

    assert later.value.headers["Retry-After"]


def test_nobody_is_asked_about_a_jwt_gone_wrong(introspecting: Callable[[Web, Time], Issuers]) -> None:
    web = Web()
    for token in ("a.b.c", "x" * 5000, "\u00e9"):
        with pytest.raises(InvalidToken):
            introspecting(web, Time()).verify(token)
    assert web.asked == 0


GOOD = {"issuer": NAME, "jwks": JWKS, "audience": AUDIENCE, "algorithms": ["RS256"]}


@pytest.mark.parametrize(
    ("setting", "wrong"),
    [
        ("{", "JSON list"),
        ("{}", "JSON list"),
        ('["x"]', "JSON list"),
        (json.dumps([GOOD, GOOD]), "once"),
        (json.dumps([{}]), "lacks algorithms, audience, issuer, jwks"),
        (json.dumps([GOOD | {"colour": "red"}]), "no member colour"),
        (json.dumps([GOOD | {"algorithms": ["none"]}]), r"ISSUERS\[0\].algorithms"),
        (json.dumps([GOOD | {"algorithms": ["HS256"]}]), r"ISSUERS\[0\].algorithms"),
        (json.dumps([GOOD | {"algorithms": []}]), r"ISSUERS\[0\].algorithms"),
        (json.dumps([GOOD | {"jwks": {"keys": []}}]), r"ISSUERS\[0\].jwks"),
        (json.dumps([GOOD | {"jwks": "file:///etc/passwd"}]), r"ISSUERS\[0\].jwks"),
        (json.dumps([GOOD | {"audience": ""}]), r"ISSUERS\[0\].audience"),
        (json.dumps([GOOD | {"introspection": {"endpoint": "https://x"}}]), r"ISSUERS\[0\].introspection"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(setting: str, wrong: str) -> None:
    with pytest.raises(WrongSetting, match=wrong):
        named_issuers.read(setting)


def test_a_secret_is_never_shown(introspecting: Callable[[Web, Time], Issuers]) -> None:
    assert "secret" not in repr(introspecting(Web(), Time()).opaque).replace("secret_file", "")


def test_keys_may_stand_in_the_setting_itself() -> None:
    judge = judged(Web(down=True), jwks=json.loads(key_set(EC)))

    assert isinstance(judge.verify(EC.token(claims())), Claims)
