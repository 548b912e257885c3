"""The embedded issuer: signs access tokens, and says whether one is good. Real time only, never the clock of cases."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, Protocol
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from second_opinion.access.challenge import HEADER, challenge
from second_opinion.access.keys import ALGORITHM, signing_key
from second_opinion.errors import Unauthorized

KEY_FILE = Path("keys") / "issuer.json"  # under the data folder
COMMAND_LINE_LIFETIME = 8 * 3600  # seconds; a day's rehearsal
OAUTH_LIFETIME = 300  # seconds; SMART Backend Services recommends no more
THUMBPRINT = "x5t#S256"  # RFC 8705
TYPE = "at+jwt"  # RFC 9068: an assertion signed with the same key is no access token
MOST_CHARACTERS = 8192
MOST_REMEMBERED = 10_000


class InvalidToken(Unauthorized):
    """The token is not one this service accepts."""

    def __init__(self, message: str = "The access token is not valid here; ask for a new one") -> None:
        super().__init__(message, HEADER, headers=challenge("invalid_token"))


class ExpiredToken(InvalidToken):
    """The token was good and has run out."""

    issue = "expired"

    def __init__(self) -> None:
        super().__init__("The access token has expired; ask for a new one")


@dataclass(frozen=True)
class Claims:
    """What a good token says."""

    caller: str  # registry id
    scope: str
    expires_at: int  # seconds since 1970
    token_id: str  # jti, for logs
    patient: str | None = None  # Patient id the token is bound to
    purpose: str | None = None  # purpose_of_use, where the issuer states it
    certificate: str | None = None  # cnf x5t#S256: only who has this certificate may use the token


class Verifying(Protocol):
    """Says what a token says."""

    def verify(self, token: str) -> Claims:
        """What a good token says; InvalidToken or ExpiredToken for any other."""


class Issuer:
    """Signs with the key in the data folder; ``audience`` is the FHIR base, ``issuer`` the public address."""

    def __init__(self, issuer: str, audience: str, data_folder: Path, seconds: Callable[[], float] = time.time) -> None:
        self._issuer = issuer
        self._audience = audience
        self._file = data_folder / KEY_FILE
        self._seconds = seconds
        self._verified: dict[bytes, Claims] = {}
        self._turn = Lock()

    @cached_property
    def _key(self) -> ECKey:
        return signing_key(self._file)

    def jwks(self) -> dict[str, Any]:
        """The public half, as a JSON Web Key Set."""
        return {"keys": [self._key.as_dict(private=False)]}

    def issue(
        self, caller: str, scope: str, lifetime: int, patient: str | None = None, certificate: str | None = None
    ) -> str:
        """An access token for ``lifetime`` seconds from now, bound to a client certificate where one is given."""
        now = int(self._seconds())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": caller,
            "client_id": caller,
            "scope": scope,
            "iat": now,
            "exp": now + lifetime,
            "jti": str(uuid4()),
        }
        if patient is not None:
            claims["patient"] = patient
        if certificate is not None:
            claims["cnf"] = {THUMBPRINT: certificate}
        return jwt.encode({"alg": ALGORITHM, "typ": TYPE, "kid": self._key.kid}, claims, self._key, [ALGORITHM])

    def verify(self, token: str) -> Claims:
        """What the token says; InvalidToken or ExpiredToken where it is not good now."""
        name = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        claims = self._verified.get(name)
        if claims is None:
            claims = self._examined(token)
            self._remember(name, claims)
        if claims.expires_at <= self._seconds():
            self._verified.pop(name, None)
            raise ExpiredToken
        return claims

    def _examined(self, token: str) -> Claims:
        """Signature, type and every claim, once; the time is looked at on every use."""
        if len(token) > MOST_CHARACTERS:
            raise InvalidToken
        try:
            decoded = jwt.decode(token, self._key, [ALGORITHM])
        except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
            raise InvalidToken from problem
        if decoded.header.get("typ") != TYPE or "crit" in decoded.header:
            raise InvalidToken
        return self._claims(decoded.claims)

    def _claims(self, said: dict[str, Any]) -> Claims:
        audience = said.get("aud")
        meant = audience if isinstance(audience, list) else [audience]
        texts = [said.get(name) for name in ("client_id", "scope", "jti")]
        expires_at, patient = said.get("exp"), said.get("patient")
        if said.get("iss") != self._issuer or self._audience not in meant or said.get("sub") != said.get("client_id"):
            raise InvalidToken
        if type(expires_at) is not int or any(not isinstance(text, str) for text in [*texts, patient or ""]):
            raise InvalidToken
        caller, scope, token_id = map(str, texts)
        return Claims(caller, scope, expires_at, token_id, patient, certificate=bound_to(said))

    def _remember(self, name: bytes, claims: Claims) -> None:
        """Signatures cost half a millisecond; the oldest are forgotten first."""
        with self._turn:
            while len(self._verified) >= MOST_REMEMBERED:
                self._verified.pop(next(iter(self._verified)), None)
            self._verified[name] = claims


def bound_to(claims: dict[str, Any]) -> str | None:
    """The thumbprint the token is bound to; InvalidToken where it is bound in a way nobody here can check."""
    if "cnf" not in claims:
        return None
    confirmation = claims["cnf"]
    thumbprint = confirmation.get(THUMBPRINT) if isinstance(confirmation, dict) else None
    if not isinstance(thumbprint, str):
        raise InvalidToken
    return thumbprint
