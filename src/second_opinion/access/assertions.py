"""Client assertions: a partner proves by a signed JWT that it is who it says (SMART Backend Services, RFC 7523)."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import orjson
from joserfc.jwk import ECKey, RSAKey

from second_opinion.access import registry
from second_opinion.access.key_sets import KeySets
from second_opinion.access.registered import Partner, is_address
from second_opinion.access.registry import Registering
from second_opinion.access.tokens import (
    Key,
    NotGood,
    Unverified,
    fitting,
    is_number,
    public_keys,
    signed,
    unverified,
)
from second_opinion.store.changes import Conflict

ALGORITHMS = ("RS384", "ES384")
LONGEST = 300  # seconds an assertion may still be good
SKEW = 5  # seconds two clocks may differ
MOST_OF_ID = 255  # characters of a jti


class Unproved(NotGood):
    """The assertion proves nothing; ``claimed`` is the registered partner it names, for the record alone."""

    def __init__(self, claimed: str | None) -> None:
        super().__init__()
        self.claimed = claimed


class Remembering(Registering, Protocol):
    """What the proof asks of the store."""

    def use_assertion(self, partner: str, digest: str, now: int, until: int, /) -> None:
        """Note an assertion as used; Conflict when it was."""


@dataclass(frozen=True)
class Proof:
    """Judges assertions: ``audience`` is the one right ``aud``, the token endpoint's address."""

    store: Remembering
    key_sets: KeySets
    audience: str
    seconds: Callable[[], float] = time.time

    def partner(self, assertion: str) -> Partner:
        """Who signed the assertion, which now is used up; NotGood, without a reason, for whatever is wrong with it."""
        read = unverified(assertion)
        partner = self._named(read.claims)
        try:
            return self._proved(partner, assertion, read)
        except NotGood as wrong:
            raise Unproved(partner.id if partner else None) from wrong

    def _proved(self, partner: Partner | None, assertion: str, read: Unverified) -> Partner:
        key = self._key(partner, read)
        # An unknown name takes the time of a known one: its signature is checked too, by a key nobody has.
        signed(assertion, key or _nobodys(read.algorithm), read.algorithm, ALGORITHMS)
        if partner is None or key is None or str(read.header.get("typ", "")).upper() != "JWT":
            raise NotGood
        self._timely(read.claims)
        self._once(partner, read.claims)
        return partner

    def _named(self, claims: dict[str, Any]) -> Partner | None:
        """The registered, active partner that ``iss`` and ``sub`` both name."""
        name = claims.get("iss")
        if not isinstance(name, str) or name != claims.get("sub"):
            return None
        entry = registry.find(self.store, name)
        return entry if isinstance(entry, Partner) and entry.active else None

    def _key(self, partner: Partner | None, read: Unverified) -> Key | None:
        """The one key of the partner's own that the assertion names; never one that it brings along itself."""
        registered = partner.jwks if partner else None
        stated = read.header.get("jku")
        if registered is None or (stated is not None and stated != registered):
            return None
        now = self.seconds()
        if not is_address(registered):
            return fitting(public_keys(orjson.loads(registered)), read, now)
        return fitting(self.key_sets.keys(registered), read, now) or fitting(
            self.key_sets.asked_again(registered), read, now
        )

    def _timely(self, claims: dict[str, Any]) -> None:
        """For us, and now."""
        meant = claims.get("aud")
        if self.audience not in (meant if isinstance(meant, list) else [meant]):
            raise NotGood
        now, ends = self.seconds(), claims.get("exp")
        if not is_number(ends) or not now - SKEW < ends <= now + LONGEST + SKEW:
            raise NotGood
        for name, earliest in (("nbf", 0.0), ("iat", now - LONGEST - SKEW)):
            said = claims.get(name, now)
            if not is_number(said) or not earliest <= said <= now + SKEW:
                raise NotGood

    def _once(self, partner: Partner, claims: dict[str, Any]) -> None:
        """Noted until it has run out by itself, skew included, in whatever process it comes again."""
        ident = claims.get("jti")
        if not isinstance(ident, str) or not 0 < len(ident) <= MOST_OF_ID:
            raise NotGood
        digest = hashlib.sha256(ident.encode("utf-8", "surrogatepass")).hexdigest()
        until = claims["exp"] + SKEW + 1
        try:
            self.store.use_assertion(partner.id, digest, int(self.seconds() * 1e6), int(until * 1e6))
        except Conflict as used:
            raise NotGood from used


@cache
def _nobodys(algorithm: str) -> Key:
    """A key of the algorithm's kind whose private half is nowhere."""
    if algorithm == "RS384":
        return RSAKey.import_key(RSAKey.generate_key(2048, private=True).as_dict(private=False))
    return ECKey.import_key(ECKey.generate_key("P-384", private=True).as_dict(private=False))
