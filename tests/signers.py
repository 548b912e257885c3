"""Signed tokens made with bare cryptography: not the service's implementation, and one that makes wrong ones too."""

import base64
import hmac
import json
import time
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Json = dict[str, Any]

_ids = count(1)


def encoded(content: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def piece(said: Json) -> str:
    """A header or claims, as they stand in a token."""
    return encoded(json.dumps(said).encode())


@dataclass(frozen=True)
class Signer:
    """One key and what can be signed with it."""

    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP384R1())
    )
    kid: str | None = field(default_factory=lambda: f"key-{next(_ids)}")

    @property
    def algorithm(self) -> str:
        """RS384 or ES384."""
        return "RS384" if isinstance(self.key, rsa.RSAPrivateKey) else "ES384"

    @cached_property
    def public(self) -> Json:
        """The public half as a JSON Web Key."""
        public = self.key.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            numbers = public.public_numbers()
            parts = {"kty": "RSA", "n": _integer(numbers.n), "e": _integer(numbers.e)}
        else:
            point, size = public.public_numbers(), (public.key_size + 7) // 8
            curve = {32: "P-256", 48: "P-384", 66: "P-521"}[size]
            parts = {"kty": "EC", "crv": curve, "x": _integer(point.x, size), "y": _integer(point.y, size)}
        return parts | ({"kid": self.kid} if self.kid else {})

    @property
    def private(self) -> Json:
        """The whole key as a JSON Web Key, for clients that sign themselves."""
        assert isinstance(self.key, ec.EllipticCurvePrivateKey)
        value = _integer(self.key.private_numbers().private_value, (self.key.key_size + 7) // 8)
        return self.public | {"d": value, "alg": self.algorithm, "key_ops": ["sign"]}

    @property
    def pem(self) -> bytes:
        """The public half as PEM, which some verifiers can be made to take for a shared secret."""
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def token(self, claims: Json, **header: Any) -> str:
        """A signed token; a header of None is left out."""
        protected = {"alg": self.algorithm, "typ": "JWT", "kid": self.kid} | header
        return self.raw(piece({name: value for name, value in protected.items() if value is not None}), piece(claims))

    def raw(self, header: str, claims: str) -> str:
        """These parts, signed as they stand."""
        said = f"{header}.{claims}"
        return f"{said}.{encoded(self._signature(said.encode()))}"

    def _signature(self, said: bytes) -> bytes:
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(said, padding.PKCS1v15(), hashes.SHA384())
        size = (self.key.key_size + 7) // 8
        digest: hashes.HashAlgorithm = {32: hashes.SHA256(), 48: hashes.SHA384(), 66: hashes.SHA512()}[size]
        r, s = decode_dss_signature(self.key.sign(said, ec.ECDSA(digest)))
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def rsa_signer(bits: int = 2048) -> Signer:
    """A signer with an RSA key."""
    return Signer(rsa.generate_private_key(public_exponent=65537, key_size=bits))


def by_secret(secret: bytes, claims: Json, algorithm: str = "HS384", **header: Any) -> str:
    """A token whose "signature" is a MAC under this secret."""
    said = f"{piece({'alg': algorithm, 'typ': 'JWT'} | header)}.{piece(claims)}"
    return f"{said}.{encoded(hmac.digest(secret, said.encode(), 'sha' + algorithm[2:]))}"


def key_set(*signers: Signer) -> str:
    """The public halves as a JSON Web Key Set."""
    return json.dumps({"keys": [each.public for each in signers]})


def assertion(name: str, audience: str, **changes: Any) -> Json:
    """The claims of a good client assertion; a change of None drops the claim."""
    now = time.time()
    said = {"iss": name, "sub": name, "aud": audience, "exp": int(now) + 240, "jti": f"jti-{next(_ids)}-{now}"}
    return {claim: value for claim, value in (said | changes).items() if value is not None}


def _integer(number: int, size: int | None = None) -> str:
    return encoded(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))
