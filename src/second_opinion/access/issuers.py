"""Every issuer whose access tokens are taken: chosen by what a token says of itself, judged by that one alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from second_opinion.access.issuer import Claims, ExpiredToken, InvalidToken, Verifying
from second_opinion.access.tokens import NotGood, unverified

DOTS = 2  # of a JWT
LONGEST_OPAQUE = 4096  # characters


@dataclass(frozen=True)
class Issuers:
    """Those known here; no other is ever asked for its keys."""

    by_name: Mapping[str, Verifying]  # iss → who judges
    opaque: tuple[Verifying, ...] = ()  # asked in turn about a token that says nothing itself

    def verify(self, token: str) -> Claims:
        """What a good token says; InvalidToken or ExpiredToken for any other."""
        try:
            name = unverified(token).claims.get("iss")
        except NotGood:
            return self._asked(token)
        known = self.by_name.get(name) if isinstance(name, str) else None
        if known is None:
            raise InvalidToken
        return known.verify(token)

    def _asked(self, token: str) -> Claims:
        """The first issuer that knows an opaque token; one with dots is a JWT gone wrong and nobody is asked."""
        if token.count(".") == DOTS or len(token) > LONGEST_OPAQUE or not token.isascii():
            raise InvalidToken
        for issuer in self.opaque:
            try:
                return issuer.verify(token)
            except ExpiredToken:
                raise
            except InvalidToken:
                continue
        raise InvalidToken
