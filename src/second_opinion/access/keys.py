"""The key access tokens are signed with: made once, whoever needs it first, and kept private in a file."""

import os
import tempfile
from pathlib import Path

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from second_opinion.errors import SecondOpinionError

ALGORITHM = "ES384"
CURVE = "P-384"


class WrongKeyFile(SecondOpinionError):
    """The key file does not hold a key to sign with."""


def signing_key(path: Path) -> ECKey:
    """The key in ``path``, made there first if there is none. Every process that asks gets the same one."""
    if not path.exists():
        _make(path)
    try:
        key = ECKey.import_key(orjson.loads(path.read_bytes()))
        usable = key.is_private and key.curve_name == CURVE
    except (JoseError, ValueError, TypeError, KeyError) as problem:
        raise WrongKeyFile(f"{path}: must hold a private key as JSON Web Key") from problem
    if not usable:
        raise WrongKeyFile(f"{path}: must hold a private key of curve {CURVE}")
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = ECKey.generate_key(CURVE, {"alg": ALGORITHM, "use": "sig"}, private=True, auto_kid=True)
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
