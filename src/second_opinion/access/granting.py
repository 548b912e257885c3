"""The token endpoint's story: a form in, an access token out, or one of RFC 6749's words and no reason beyond it."""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from second_opinion.access import scopes
from second_opinion.access.assertions import Proof, Unproved
from second_opinion.access.issuer import OAUTH_LIFETIME, Issuer
from second_opinion.access.rates import Rates
from second_opinion.access.scopes import Understand
from second_opinion.access.tokens import NotGood
from second_opinion.errors import BadRequest

GRANT = "client_credentials"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MOST_FIELDS = 20
MOST_BYTES = 64 * 1024


class TokenRefused(BadRequest):
    """No token; ``error`` is the word RFC 6749 section 5.2 has for it."""

    error = "invalid_request"
    claimed: str | None = None  # the partner that asked, proved or not: for the record, never for the answer


class InvalidClient(TokenRefused):
    """The client did not prove who it is; always the same words, whatever was wrong."""

    error = "invalid_client"

    def __init__(self, claimed: str | None = None) -> None:
        super().__init__("The client assertion is not valid here")
        self.claimed = claimed


class UnsupportedGrant(TokenRefused):
    """Another grant than client_credentials."""

    error = "unsupported_grant_type"


class InvalidScope(TokenRefused):
    """Nothing of the scope is granted."""

    error = "invalid_scope"

    def __init__(self, partner: str) -> None:
        super().__init__("scope: nothing of it is granted; write scopes such as system/Task.rs")
        self.claimed = partner


@dataclass(frozen=True)
class Granted:
    """An access token and what it is good for."""

    token: str
    scope: str
    partner: str
    token_id: str  # jti
    lifetime: int = OAUTH_LIFETIME  # seconds


@dataclass(frozen=True)
class Granting:
    """The embedded issuer's counter."""

    proof: Proof
    issuer: Issuer
    understand: Understand
    rates: Rates

    def grant(self, form: bytes) -> Granted:
        """The token asked for by the form; TokenRefused where there is none, Throttled where they come too often."""
        asked = fields(form)
        if asked.get("grant_type") != GRANT:
            error = UnsupportedGrant if "grant_type" in asked else TokenRefused
            raise error(f"grant_type must be {GRANT}")
        if asked.get("client_assertion_type") != ASSERTION:
            raise TokenRefused(f"client_assertion_type must be {ASSERTION}")
        if "client_assertion" not in asked or "client_secret" in asked:
            raise TokenRefused("client_assertion must be given, and no other proof of who the client is")
        try:
            partner = self.proof.partner(asked["client_assertion"])
        except NotGood as wrong:
            raise InvalidClient(wrong.claimed if isinstance(wrong, Unproved) else None) from None
        self.rates.admit(partner.id, partner.rate_limit)
        if asked.get("client_id", partner.id) != partner.id:
            raise InvalidClient(partner.id)
        wanted = asked.get("scope", partner.granted)
        granted = scopes.grant(wanted, partner.granted, partner.contexts, self.understand)
        if not granted:
            raise InvalidScope(partner.id)
        token = self.issuer.issue(partner.id, granted, OAUTH_LIFETIME, certificate=partner.certificate)
        return Granted(token, granted, partner.id, self.issuer.verify(token).token_id)


def fields(form: bytes) -> dict[str, str]:
    """The form's fields; a field sent twice could be read two ways and is refused (RFC 6749, section 3.2)."""
    if len(form) > MOST_BYTES:
        raise TokenRefused("The form is too long")
    try:
        text = form.decode("ascii")
        pairs = parse_qsl(text, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as problem:
        raise TokenRefused("The body must be an application/x-www-form-urlencoded form") from problem
    if len({name for name, _ in pairs}) < len(pairs):
        raise TokenRefused("Each parameter may be sent once")
    return dict(pairs)
