"""Who we are to partners: SMART Backend Services as a client, one token per endpoint, asked for when it is needed."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import orjson
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from second_opinion.delivery.calling import Calls, Reply
from second_opinion.delivery.message import Destination, Later, Undeliverable
from second_opinion.delivery.retries import verdict
from second_opinion.errors import SecondOpinionError

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFETIME = 240  # seconds; SMART allows five minutes at most
REMEMBERED = 300.0  # seconds a discovery document is believed
EARLY = 30.0  # seconds before its end a token is renewed
SHORTEST, LONGEST = 60.0, 3600.0  # seconds a token is used, whatever its answer says
GONE = frozenset({404, 410})
SENT = ("Communication", "CommunicationRequest", "ServiceRequest", "Task")
SCOPE = " ".join(f"system/{kind}.cu" for kind in SENT)
SCOPE_1 = " ".join(f"system/{kind}.write" for kind in SENT)


class NoToken(SecondOpinionError):
    """No token was to be had; ``outcome`` is what becomes of the message."""

    def __init__(self, outcome: Later | Undeliverable) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


@dataclass(frozen=True)
class ClientKeys:
    """Our keys at partners' token endpoints, by the algorithm each signs with."""

    es384: ECKey
    rs384: RSAKey

    def public(self) -> list[dict[str, Any]]:
        """The public halves, as JSON Web Keys."""
        return [key.as_dict(private=False) for key in (self.es384, self.rs384)]

    def assertion(self, client_id: str, audience: str, offered: list[Any]) -> str:
        """A signed statement of who we are, by the first of our algorithms that is offered."""
        only_rsa = "RS384" in offered and "ES384" not in offered
        algorithm, key = ("RS384", self.rs384) if only_rsa else ("ES384", self.es384)
        now = int(time.time())
        claims = {
            "iss": client_id,
            "sub": client_id,
            "aud": audience,
            "iat": now,
            "exp": now + ASSERTION_LIFETIME,
            "jti": str(uuid4()),
        }
        return jwt.encode({"alg": algorithm, "typ": "JWT", "kid": key.kid}, claims, key, [algorithm])


@dataclass(frozen=True)
class _Remembered:
    value: Any
    until: float  # time.monotonic()


class Tokens:
    """Access tokens of partners' endpoints, kept in memory while they last."""

    def __init__(self, calls: Calls, keys: Callable[[], ClientKeys], client_id: str) -> None:
        self._calls = calls
        self._keys = keys
        self._client_id = client_id
        self._documents: dict[str, _Remembered] = {}
        self._tokens: dict[tuple[str, str], _Remembered] = {}
        self._turn = Lock()

    def token(self, destination: Destination) -> str | None:
        """A token for the endpoint, None where it asks for none; NoToken, Refused or Unreachable where none came."""
        client_id = destination.client_id or self._client_id
        with self._turn:
            kept = self._tokens.get((destination.url, client_id))
        if kept is not None and kept.until > time.monotonic():
            return str(kept.value)
        document = self._discovered(destination.url)
        if document is None:
            return None
        token, lasts = self._asked(document, client_id)
        with self._turn:
            self._tokens[destination.url, client_id] = _Remembered(token, time.monotonic() + lasts)
        return token

    def forget(self, destination: Destination) -> None:
        """The endpoint did not accept its token: the next one is a new one."""
        with self._turn:
            self._tokens.pop((destination.url, destination.client_id or self._client_id), None)

    def _discovered(self, base: str) -> Mapping[str, Any] | None:
        """The endpoint's own document; None where it has none, and so asks for no token."""
        with self._turn:
            kept = self._documents.get(base)
        if kept is None or kept.until <= time.monotonic():
            url = f"{base.rstrip('/')}/.well-known/smart-configuration"
            reply = self._calls.call("GET", url, {"Accept": "application/json"})
            if not reply.ok and reply.status not in GONE:
                raise NoToken(verdict(reply, "The endpoint's discovery document"))
            document = _object(reply, "The endpoint's discovery document") if reply.ok else None
            kept = _Remembered(document, time.monotonic() + REMEMBERED)
            with self._turn:
                self._documents[base] = kept
        return kept.value  # type: ignore[no-any-return]  # a document or None, as put in above

    def _asked(self, document: Mapping[str, Any], client_id: str) -> tuple[str, float]:
        """A new token and the seconds it is used."""
        url = document.get("token_endpoint")
        if not isinstance(url, str):
            raise NoToken(Undeliverable("The endpoint's discovery document names no token endpoint"))
        offered = document.get("token_endpoint_auth_signing_alg_values_supported")
        form = {
            "grant_type": "client_credentials",
            "scope": _scope(document),
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": self._keys().assertion(client_id, url, offered if isinstance(offered, list) else []),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        reply = self._calls.call("POST", url, headers, urlencode(form).encode())
        if not reply.ok:
            raise NoToken(verdict(reply, "The token endpoint"))
        answer = _object(reply, "The token endpoint's answer")
        token, lasts = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not (token.isascii() and token.isprintable()):
            raise NoToken(Later("The token endpoint answered without a token"))
        seconds = float(lasts) if isinstance(lasts, int | float) and not isinstance(lasts, bool) else SHORTEST + EARLY
        return token, min(seconds - EARLY, LONGEST)


def _scope(document: Mapping[str, Any]) -> str:
    """What we ask to be allowed: the second version's words, unless the endpoint says that it knows only the first."""
    capabilities = document.get("capabilities")
    known = capabilities if isinstance(capabilities, list) else []
    return SCOPE_1 if "permission-v1" in known and "permission-v2" not in known else SCOPE


def _object(reply: Reply, whose: str) -> Mapping[str, Any]:
    try:
        read = orjson.loads(reply.body)
    except orjson.JSONDecodeError as problem:
        raise NoToken(Later(f"{whose} cannot be read")) from problem
    if not isinstance(read, dict):
        raise NoToken(Later(f"{whose} cannot be read"))
    return read
