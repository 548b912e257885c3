"""Where a partner asks for a token we get one as SMART Backend Services describes it, and keep it while it lasts."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from delivery.listening import Answer, Listener, Request, listening
from second_opinion.delivery.calling import Calls
from second_opinion.delivery.client import ClientKeys, NoToken, Tokens
from second_opinion.delivery.courier import Courier
from second_opinion.delivery.gate import Gate, Refused
from second_opinion.delivery.message import Destination, HandedOver, Later, Message, Undeliverable

Json = dict[str, Any]

KEYS = ClientKeys(
    ECKey.generate_key("P-384", private=True, auto_kid=True), RSAKey.generate_key(2048, private=True, auto_kid=True)
)
MESSAGE = Message(
    {"system": "urn:test", "value": "M-1"}, "Task/1", {"resourceType": "Task"}, {"display": "Ride"}, "ride", "SMO-1"
)


class Partner:
    """A partner's server with a token endpoint of its own."""

    def __init__(self, document: Json | None = None, lasts: Any = 300, token: Answer | None = None) -> None:
        self.document = document or {}
        self.lasts = lasts
        self.token = token
        self.valid: set[str] = set()
        self.asked: list[Json] = []
        self.posts: list[Request] = []
        self.listener: Listener

    def answer(self, request: Request) -> Answer:
        if request.path == "/fhir/.well-known/smart-configuration":
            document = {"token_endpoint": f"http://127.0.0.1:{self.listener.port}/token"} | self.document
            return Answer(200, {"Content-Type": "application/json"}, json.dumps(document).encode())
        if request.path == "/token":
            return self._token(request)
        self.posts.append(request)
        return Answer(201 if request.headers.get("authorization", "")[7:] in self.valid else 401)

    def _token(self, request: Request) -> Answer:
        self.asked.append({name: values[0] for name, values in parse_qs(request.body.decode()).items()})
        if self.token is not None:
            return self.token
        token = f"token-{len(self.asked)}"
        self.valid.add(token)
        return Answer(200, {}, json.dumps({"access_token": token, "expires_in": self.lasts}).encode())

    @property
    def at(self) -> Destination:
        return Destination(self.listener.url)

    def claims(self, place: int = -1) -> Any:
        """What the assertion said, its signature checked with our published keys."""
        keys = KeySet.import_key_set({"keys": KEYS.public()})
        return jwt.decode(self.asked[place]["client_assertion"], keys, ["ES384", "RS384"])


@contextmanager
def partner(**given: Any) -> Iterator[Partner]:
    built = Partner(**given)
    with listening(built.answer) as listener:
        built.listener = listener
        yield built


def tokens() -> Tokens:
    return Tokens(calls(), lambda: KEYS, "second-opinion")


def calls() -> Calls:
    return Calls(Gate(lambda: ["127.0.0.1"], loopback=True), 1)


def courier() -> Courier:
    return Courier(calls(), tokens())


def test_an_endpoint_without_a_discovery_document_is_sent_to_without_a_token() -> None:
    with listening() as listener:
        assert courier().carry(MESSAGE, Destination(listener.url)) == HandedOver(received=True)
    assert "authorization" not in listener.posts()[0].headers


def test_the_token_is_asked_for_as_the_specification_says() -> None:
    with partner() as there:
        assert courier().carry(MESSAGE, there.at) == HandedOver(received=True)

    (asked,) = there.asked
    assert asked["grant_type"] == "client_credentials"
    assert asked["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert "system/CommunicationRequest.cu" in asked["scope"].split()
    assert set(asked) == {"grant_type", "client_assertion_type", "client_assertion", "scope"}
    said = there.claims()
    assert said.header["typ"] == "JWT"
    assert said.claims["iss"] == said.claims["sub"] == "second-opinion"
    assert said.claims["aud"] == f"http://127.0.0.1:{there.listener.port}/token"
    assert 0 < said.claims["exp"] - said.claims["iat"] <= 300
    assert said.claims["jti"]


@pytest.mark.parametrize(
    ("offered", "used"),
    [(None, "ES384"), (["RS384"], "RS384"), (["ES384"], "ES384"), (["RS384", "ES384"], "ES384"), (["RS512"], "ES384")],
)
def test_the_assertion_is_signed_by_an_algorithm_the_endpoint_offers(offered: list[str] | None, used: str) -> None:
    document = {} if offered is None else {"token_endpoint_auth_signing_alg_values_supported": offered}
    with partner(document=document) as there:
        tokens().token(there.at)
    assert there.claims().header["alg"] == used


def test_an_endpoint_of_the_first_version_is_asked_in_its_words() -> None:
    with partner(document={"capabilities": ["permission-v1"]}) as there:
        tokens().token(there.at)
    assert "system/Task.write" in there.asked[0]["scope"].split()


def test_one_partner_may_know_us_by_another_name() -> None:
    with partner() as there:
        tokens().token(Destination(there.at.url, "clinic", "their-name-for-us"))
    assert there.claims().claims["sub"] == "their-name-for-us"


def test_a_token_is_kept_while_it_lasts() -> None:
    with partner() as there:
        kept = tokens()
        assert kept.token(there.at) == kept.token(there.at) == "token-1"
    assert len(there.asked) == 1
    assert len(there.listener.requests) == 2  # discovery is remembered too


def test_a_token_about_to_end_is_renewed() -> None:
    with partner(lasts=30) as there:
        kept = tokens()
        assert [kept.token(there.at), kept.token(there.at)] == ["token-1", "token-2"]


def test_no_assertion_is_used_twice() -> None:
    with partner(lasts=1) as there:
        kept = tokens()
        kept.token(there.at)
        kept.token(there.at)
    assert there.claims(0).claims["jti"] != there.claims(1).claims["jti"]


def test_a_401_gets_one_new_token_and_then_the_list() -> None:
    with partner() as there:
        sending = courier()
        sending.carry(MESSAGE, there.at)
        there.valid.clear()
        assert sending.carry(MESSAGE, there.at) == HandedOver(received=True)
        assert len(there.asked) == 2

        there.valid = _Nobody()
        outcome = sending.carry(MESSAGE, there.at)
        assert outcome == Undeliverable("The recipient's endpoint answered 401")
    assert len(there.asked) == 3


class _Nobody(set[str]):
    def __contains__(self, _: object) -> bool:
        return False


@pytest.mark.parametrize(
    ("status", "kind"), [(500, Later), (503, Later), (429, Later), (400, Undeliverable), (401, Undeliverable)]
)
def test_a_failing_token_endpoint_is_tried_again_like_the_message(status: int, kind: type) -> None:
    with partner(token=Answer(status)) as there:
        assert isinstance(courier().carry(MESSAGE, there.at), kind)
    assert there.posts == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"access_token": 1}',
        b'{"access_token": "a\\nb"}',
        b'{"access_token": "\\u00e9"}',
    ],
)
def test_an_answer_without_a_token_is_tried_again(body: bytes) -> None:
    with partner(token=Answer(200, body=body)) as there:
        assert isinstance(courier().carry(MESSAGE, there.at), Later)


@pytest.mark.parametrize("lasts", [None, "300", True, -5, 1e12])
def test_a_nonsensical_lifetime_does_no_harm(lasts: Any) -> None:
    with partner(lasts=lasts) as there:
        assert courier().carry(MESSAGE, there.at) == HandedOver(received=True)


@pytest.mark.parametrize("url", ["https://10.0.0.5/token", "http://localhost/token", "https://other.example/token"])
def test_the_token_endpoint_must_be_an_allowed_host_too(url: str) -> None:
    with partner(document={"token_endpoint": url}) as there:
        assert isinstance(courier().carry(MESSAGE, there.at), Undeliverable)
        with pytest.raises(Refused):
            tokens().token(there.at)


def test_a_document_without_a_token_endpoint_is_a_matter_for_a_person() -> None:
    with partner(document={"token_endpoint": None}) as there, pytest.raises(NoToken) as fault:
        tokens().token(there.at)
    assert isinstance(fault.value.outcome, Undeliverable)


def failing_discovery(status: int) -> Callable[[Request], Answer]:
    return lambda request: Answer(status if request.method == "GET" else 201)


@pytest.mark.parametrize(("status", "kind"), [(500, Later), (429, Later), (403, Undeliverable), (404, HandedOver)])
def test_discovery_fails_like_the_message_except_where_there_is_none(status: int, kind: type) -> None:
    with listening(failing_discovery(status)) as listener:
        assert isinstance(courier().carry(MESSAGE, Destination(listener.url)), kind)
