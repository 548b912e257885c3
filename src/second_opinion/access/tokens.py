"""JSON Web Tokens of others: read without trust, the one key chosen, the signature checked. No claim is judged here."""

import base64
import json
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeGuard

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry, deserialize_compact

Key = ECKey | RSAKey
Json = dict[str, Any]

MOST_CHARACTERS = 16384
LEAST_RSA_BITS = 2048
ALGORITHMS: Mapping[str, tuple[type[ECKey | RSAKey], str | None]] = MappingProxyType(  # kind of key, curve
    {
        **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), (RSAKey, None)),
        "ES256": (ECKey, "P-256"),
        "ES384": (ECKey, "P-384"),
        "ES512": (ECKey, "P-521"),
    }
)


class NotGood(Exception):
    """The token is not to be believed; why is nobody's business outside."""


@dataclass(frozen=True)
class Unverified:
    """What a token says of itself before its signature was checked; only good for choosing a key."""

    header: Json
    claims: Json

    @property
    def algorithm(self) -> str:
        """The algorithm it claims; empty where it names none."""
        said = self.header.get("alg")
        return said if isinstance(said, str) else ""

    @property
    def kid(self) -> str | None:
        """The key it names; NotGood where that is no name."""
        said = self.header.get("kid")
        if said is not None and not isinstance(said, str):
            raise NotGood
        return said


def unverified(token: str) -> Unverified:
    """The header and claims of a compact token; NotGood where it is none or asks for what we don't understand."""
    parts = token.split(".")
    if len(token) > MOST_CHARACTERS or len(parts) != 3 or not all(parts):  # noqa: PLR2004 - header, claims, signature
        raise NotGood
    read = Unverified(_object(parts[0]), _object(parts[1]))
    # RFC 7515 4.1.11: an extension that must be understood, and we understand none; b64 changes what is signed.
    if "crit" in read.header or "b64" in read.header:
        raise NotGood
    return read


def _object(part: str) -> Json:
    try:
        text = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        said = json.loads(text, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as problem:
        raise NotGood from problem
    if not isinstance(said, dict):
        raise NotGood
    return said


def _without_repeats(pairs: list[tuple[str, Any]]) -> Json:
    """One reader takes a repeated name's first value, another its last: it may not be there twice."""
    said = dict(pairs)
    if len(said) < len(pairs):
        raise NotGood
    return said


def public_keys(key_set: object) -> tuple[Key, ...]:
    """The keys of a JSON Web Key Set that can check a signature; whatever else it holds is passed over."""
    listed = key_set.get("keys") if isinstance(key_set, dict) else None
    return tuple(key for each in listed if (key := _public_key(each))) if isinstance(listed, list) else ()


def _public_key(said: object) -> Key | None:
    if not isinstance(said, dict) or said.get("kty") not in {"RSA", "EC"}:
        return None
    if said["kty"] == "RSA" and len(str(said.get("n"))) * 6 < LEAST_RSA_BITS:  # base64: six bits a character
        return None
    try:
        key: Key = RSAKey.import_key(said) if said["kty"] == "RSA" else ECKey.import_key(said)
        strong = not isinstance(key, RSAKey) or key.raw_value.key_size >= LEAST_RSA_BITS
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return key if strong and not key.is_private else None


def fitting(keys: Iterable[Key], read: Unverified, now: float) -> Key | None:
    """The one key that fits what the token names; None where there is none, or more than one."""
    kid = read.kid
    found = [key for key in keys if kid in {None, key.get("kid")} and _serves(key, read.algorithm, now)]
    return found[0] if len(found) == 1 else None


def _serves(key: Key, algorithm: str, now: float) -> bool:
    """The key is of the algorithm's kind, meant for signatures, and has not run out."""
    kind, curve = ALGORITHMS.get(algorithm, (None, None))
    if kind is None or not isinstance(key, kind) or (isinstance(key, ECKey) and key.curve_name != curve):
        return False
    said: Json = dict(key.as_dict(private=False))
    operations = said.get("key_ops")
    meant = said.get("use", "sig") == "sig" and (operations is None or "verify" in operations)
    ends = said.get("exp")
    return meant and said.get("alg", algorithm) == algorithm and (not is_number(ends) or ends > now)


def signed(token: str, key: Key | None, algorithm: str, allowed: Collection[str]) -> None:
    """NotGood unless there is a key, and it signed the token by an allowed algorithm."""
    if key is None or algorithm not in allowed:
        raise NotGood
    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = MOST_CHARACTERS
    try:
        deserialize_compact(token, key, [algorithm], registry)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as problem:
        raise NotGood from problem


def is_number(said: object) -> TypeGuard[float]:
    """A NumericDate (RFC 7519): seconds since 1970, whole or not."""
    return isinstance(said, int | float) and not isinstance(said, bool) and math.isfinite(said)
