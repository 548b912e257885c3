"""The keys we sign and seal with: each made once, whoever needs it first, and kept private in a file."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, KeyParameters, OctKey, RSAKey

from second_opinion.errors import SecondOpinionError

ALGORITHM = "ES384"
CURVE = "P-384"
RSA_ALGORITHM = "RS384"
RSA_BITS = 3072

SEALING_BITS = 256

Key = ECKey | RSAKey | OctKey


class WrongKeyFile(SecondOpinionError):
    """The key file does not hold the key it should."""


def signing_key(path: Path) -> ECKey:
    """The ES384 key in ``path``, made there first if there is none. Every process that asks gets the same one."""
    key = _kept(path, lambda: ECKey.generate_key(CURVE, _parameters(ALGORITHM), private=True, auto_kid=True))
    if not isinstance(key, ECKey) or key.curve_name != CURVE:
        raise WrongKeyFile(f"{path}: must hold a private key of curve {CURVE}")
    return key


def rsa_key(path: Path) -> RSAKey:
    """The RS384 key in ``path``, in the same way."""
    key = _kept(path, lambda: RSAKey.generate_key(RSA_BITS, _parameters(RSA_ALGORITHM), private=True, auto_kid=True))
    if not isinstance(key, RSAKey):
        raise WrongKeyFile(f"{path}: must hold a private RSA key")
    return key


def sealing_key(path: Path) -> OctKey:
    """The AES-256 key in ``path``, in the same way: what it sealed, whoever lacks it cannot read."""
    key = _kept(path, lambda: OctKey.generate_key(SEALING_BITS, {"alg": "dir", "use": "enc"}, auto_kid=True))
    if not isinstance(key, OctKey) or len(key.raw_value) * 8 != SEALING_BITS:
        raise WrongKeyFile(f"{path}: must hold a symmetric key of {SEALING_BITS} bits")
    return key


def _parameters(algorithm: str) -> KeyParameters:
    return {"alg": algorithm, "use": "sig"}


def _kept(path: Path, make: Callable[[], Key]) -> Key:
    if not path.exists():
        _keep(path, make())
    try:
        key = JWKRegistry.import_key(orjson.loads(path.read_bytes()))
        usable = key.is_private
    except (JoseError, ValueError, TypeError, KeyError) as problem:
        raise WrongKeyFile(f"{path}: must hold a private key as JSON Web Key") from problem
    if not usable or not isinstance(key, ECKey | RSAKey | OctKey):
        raise WrongKeyFile(f"{path}: must hold a private key as JSON Web Key")
    return key


def _keep(path: Path, key: Key) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".key-")  # readable by its owner only
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(orjson.dumps(key.as_dict(private=True)))
            file.flush()
            os.fsync(file.fileno())
        # A link never replaces: of two processes the second finds the first one's key, whole.
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        Path(draft).unlink()
