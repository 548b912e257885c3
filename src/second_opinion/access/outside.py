"""Access tokens of issuers outside: a JWT judged by the issuer's published keys, an opaque one by asking the issuer."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import orjson

from second_opinion.access.fetching import NoAnswer, Post
from second_opinion.access.issuer import MOST_REMEMBERED, Claims, ExpiredToken, InvalidToken, bound_to
from second_opinion.access.key_sets import KeySets
from second_opinion.access.named_issuers import Introspection, NamedIssuer
from second_opinion.access.tokens import Key, NotGood, Unverified, fitting, is_number, signed, unverified
from second_opinion.errors import Unavailable

SKEW = 5  # seconds two clocks may differ
ASKED_AGAIN = 60  # seconds an introspected token is believed
OK = 200
_TYPES = frozenset({"", "JWT", "AT+JWT", "APPLICATION/AT+JWT"})  # of the header; an ID token's is JWT too
_KINDS = frozenset({None, "Bearer"})  # Keycloak says in the claims what a token is: Bearer, ID, Refresh
_OF_ID_TOKENS = frozenset({"nonce", "at_hash", "c_hash"})


@dataclass(frozen=True)
class _Judged:
    """A token found good: while its issuer's keys stay the same, or until it must be asked about again."""

    claims: Claims
    keys: tuple[Key, ...] = ()
    until: float = float("inf")


@dataclass
class _Memory:
    """The tokens found good; the oldest are forgotten first."""

    judged: dict[bytes, _Judged] = field(default_factory=dict)
    turn: Lock = field(default_factory=Lock)

    def keep(self, name: bytes, judged: _Judged) -> Claims:
        """Remember it."""
        with self.turn:
            while len(self.judged) >= MOST_REMEMBERED:
                self.judged.pop(next(iter(self.judged)))
            self.judged[name] = judged
        return judged.claims


@dataclass(frozen=True)
class Outside:
    """One issuer outside, by the keys it publishes."""

    issuer: NamedIssuer
    key_sets: KeySets
    seconds: Callable[[], float] = time.time
    memory: _Memory = field(default_factory=_Memory)

    def verify(self, token: str) -> Claims:
        """What the token says; InvalidToken or ExpiredToken where it is not good now."""
        name, keys = _digest(token), self._keys()
        judged = self.memory.judged.get(name)
        if judged is None or judged.keys is not keys:  # a key its issuer withdrew makes no token good any more
            judged = self._judged(token, keys)
            self.memory.keep(name, judged)
        if judged.claims.expires_at + SKEW <= self.seconds():
            raise ExpiredToken
        return judged.claims

    def _keys(self) -> tuple[Key, ...]:
        return self.issuer.keys or self.key_sets.keys(self.issuer.jwks)

    def _judged(self, token: str, keys: tuple[Key, ...]) -> _Judged:
        try:
            read = unverified(token)
            key = fitting(keys, read, self.seconds())
            if key is None and not self.issuer.keys:
                keys = self.key_sets.asked_again(self.issuer.jwks)
                key = fitting(keys, read, self.seconds())
            signed(token, key, read.algorithm, self.issuer.algorithms)
            self._check_kind(read)
        except NotGood:
            raise InvalidToken from None
        if read.claims.get("iss") != self.issuer.issuer:
            raise InvalidToken
        return _Judged(said(read.claims, self.issuer, self.seconds()), keys)

    def _check_kind(self, read: Unverified) -> None:
        """An access token, and no other kind the same issuer signs with the same key."""
        kind = read.header.get("typ", "")
        if not isinstance(kind, str) or kind.upper() not in _TYPES:
            raise NotGood
        if read.claims.get("typ") not in _KINDS or _OF_ID_TOKENS & set(read.claims):
            raise NotGood


@dataclass(frozen=True)
class Opaque:
    """One issuer outside, asked about tokens that say nothing themselves (RFC 7662)."""

    issuer: NamedIssuer
    introspection: Introspection
    post: Post
    seconds: Callable[[], float] = time.time
    memory: _Memory = field(default_factory=_Memory)

    def verify(self, token: str) -> Claims:
        """What the issuer says of the token; InvalidToken where it is not active, Unavailable where nobody answers."""
        name, now = _digest(token), self.seconds()
        judged = self.memory.judged.get(name)
        if judged is None or judged.until <= now:
            judged = _Judged(self._asked(token, now), until=now + ASKED_AGAIN)
            self.memory.keep(name, judged)
        if judged.claims.expires_at + SKEW <= now:
            raise ExpiredToken
        return judged.claims

    def _asked(self, token: str, now: float) -> Claims:
        login = (self.introspection.client_id, self.introspection.secret)
        try:
            answer = self.post(self.introspection.endpoint, {"token": token, "token_type_hint": "access_token"}, login)
            claims = orjson.loads(answer.body) if answer.status == OK else None
        except (NoAnswer, ValueError):
            claims = None
        if not isinstance(claims, dict):
            raise Unavailable("The token's issuer cannot be asked now; try again later", headers={"Retry-After": "5"})
        if claims.get("active") is not True or claims.get("iss", self.issuer.issuer) != self.issuer.issuer:
            raise InvalidToken
        return said(claims, self.issuer, now)


def said(claims: dict[str, Any], issuer: NamedIssuer, now: float) -> Claims:
    """What the claims say to us; InvalidToken where they are not for us, or not of now."""
    meant, ends = claims.get("aud"), claims.get("exp")
    if issuer.audience not in (meant if isinstance(meant, list) else [meant]) or not is_number(ends):
        raise InvalidToken
    for name in ("nbf", "iat"):
        begins = claims.get(name, now)
        if not is_number(begins) or begins > now + SKEW:
            raise InvalidToken
    named = next((claims[each] for each in ("client_id", "azp", "sub") if claims.get(each) is not None), None)
    patient, ident = claims.get("patient"), claims.get("jti", "")
    if not isinstance(named, str) or not isinstance(patient, str | None) or not isinstance(ident, str):
        raise InvalidToken
    return Claims(
        caller=named,
        scope=issuer.our_scopes(_words(claims.get("scope"))),
        expires_at=int(ends),
        token_id=ident,
        patient=patient,
        purpose=next(iter(_words(claims.get("purpose_of_use")).split()), None),
        certificate=bound_to(claims),
    )


def _words(claim: object) -> str:
    """Words in one string, or in a list of them."""
    if isinstance(claim, list):
        return " ".join(each for each in claim if isinstance(each, str))
    return claim if isinstance(claim, str) else ""


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
