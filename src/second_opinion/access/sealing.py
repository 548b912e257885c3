"""Secrets partners give us, unreadable where they are kept: sealed with a key that is in no database."""

import logging
from functools import cached_property
from pathlib import Path

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from second_opinion.access.keys import WrongKeyFile, sealing_key

FILE = "sealing.json"
_HEADER = {"alg": "dir", "enc": "A256GCM"}  # RFC 7518 section 4.5 and 5.3

log = logging.getLogger(__name__)


class Seal:
    """Seals and opens with the key in one file, made when it is first needed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def sealed(self, text: str) -> str:
        """The text as a JSON Web Encryption."""
        return jwe.encrypt_compact(dict(_HEADER), text.encode(), self._key)

    def opened(self, sealed: str) -> str | None:
        """The text; None where the key it was sealed with is not here any more."""
        try:
            found = jwe.decrypt_compact(sealed.encode(), self._key, algorithms=list(_HEADER.values())).plaintext
        except WrongKeyFile as wrong:
            log.error("%s", wrong.message)  # noqa: TRY400 - said in full
            return None
        except (JoseError, ValueError):
            return None
        return None if found is None else found.decode()

    @cached_property
    def _key(self) -> OctKey:
        return sealing_key(self._path)
