"""Who is calling, and what that caller may do: the one place where a token becomes somebody."""

from dataclasses import dataclass
from typing import Protocol

from second_opinion.access import registry, scopes
from second_opinion.access.challenge import HEADER, challenge
from second_opinion.access.issuer import COMMAND_LINE_LIFETIME, Claims, InvalidToken, Issuer, Verifying
from second_opinion.access.registry import PARTNER, REVIEWER, Partner, Registered, Registering, Reviewer
from second_opinion.access.scopes import Scope, Understand
from second_opinion.errors import Forbidden, NotFound, Unauthorized


@dataclass(frozen=True)
class Caller:
    """A partner or reviewer with a good token, as registered now."""

    id: str
    kind: str  # partner or reviewer
    partner_class: str | None  # None for a reviewer
    organization: str | None  # NPI
    npis: tuple[str, ...]
    scopes: tuple[Scope, ...]
    patient: str | None = None  # Patient id the token is bound to
    name: str | None = None
    reviewer: Reviewer | None = None  # as registered now; None for a partner
    purpose: str | None = None  # of use, as the token states it; None: it does not
    purposes: tuple[str, ...] = ()  # those it is registered for; none: whatever its class may
    rate_limit: int | None = None  # requests a minute; None: as set for all
    token_id: str = ""  # jti, for logs
    members: tuple[str, ...] = ()  # Patient ids that allow a payer to be told
    break_glass: str | None = None  # why plan staff look at what is very restricted

    def __hash__(self) -> int:
        return hash((self.id, self.token_id, self.purpose, self.break_glass))  # the whole takes longer than a look-up


class Identify(Protocol):
    """``identify`` with its parts given."""

    def __call__(self, authorization: str | None, *, certificate: str | None = None) -> Caller:
        """Who sends this header, with this client certificate."""


def identify(
    authorization: str | None,
    issuer: Verifying,
    store: Registering,
    *,
    certificate: str | None = None,
    understand: Understand | None = None,
) -> Caller:
    """Who sends this ``Authorization`` header. The registry is asked each time, so a disabled caller is out at once.

    ``certificate`` is the thumbprint of the client certificate the request came with. Unauthorized when there is no
    good token; Forbidden when the token is good and nobody is registered for it.
    """
    claims = issuer.verify(_bearer(authorization))
    entry = registry.find(store, claims.caller)
    if entry is None:
        raise Forbidden("The caller is not registered with this service", HEADER)
    if not entry.active:
        raise InvalidToken("The caller is disabled")
    _check_binding(entry, claims, certificate)
    return _caller(entry, claims, understand)


def require(caller: Caller, type_: str, letter: str, *, whole: bool = False) -> None:
    """Forbidden unless the caller's scopes allow the interaction behind ``letter`` (of cruds) on the type.

    ``whole``: what follows is no single query, so a scope that opens only a part of the type is not enough.
    """
    usable = [scope for scope in caller.scopes if not (whole and scope.query)]
    if not scopes.allows(usable, type_, letter):
        needed = f"system/{type_}.{letter}"
        raise Forbidden(
            f"The access token does not allow this; it needs the scope {needed}",
            headers=challenge("insufficient_scope", needed),
        )


def token(
    store: Registering,
    issuer: Issuer,
    id: str,  # noqa: A002 - the registry's own word
    *,
    scope: str | None = None,
    patient: str | None = None,
    lifetime: int = COMMAND_LINE_LIFETIME,
    understand: Understand | None = None,
) -> str:
    """An access token for someone registered; ``scope`` asks for less, ``patient`` binds a member's app to her.

    NotFound: nobody of that id. Forbidden: disabled, nothing of the scope is granted, or not a member's app.
    """
    entry = registry.find(store, id)
    if entry is None:
        raise NotFound("There is no partner or reviewer of that id")
    if not entry.active:
        raise Forbidden("The partner or reviewer is disabled")
    if patient is not None and not (isinstance(entry, Partner) and entry.partner_class == "member-app"):
        raise Forbidden("Only a partner of class member-app can be bound to a member")
    granted = scopes.grant(entry.granted if scope is None else scope, entry.granted, entry.contexts, understand)
    if not granted:
        raise Forbidden(
            "scope: nothing of it is granted; write scopes such as system/Task.rs, letters in the order cruds"
        )
    certificate = entry.certificate if isinstance(entry, Partner) else None
    return issuer.issue(entry.id, granted, lifetime, patient, certificate)


def _check_binding(entry: Registered, claims: Claims, certificate: str | None) -> None:
    """A token bound to a certificate comes with it, and a partner registered with one has no other tokens."""
    registered = entry.certificate if isinstance(entry, Partner) else None
    if registered is not None and claims.certificate != registered:
        raise InvalidToken
    if claims.certificate is not None and claims.certificate != certificate:
        raise InvalidToken


def again(entry: Registered, scope: str, patient: str | None, understand: Understand | None = None) -> Caller:
    """Someone who called with these scopes before, as if calling now: for what is sent, not asked for.

    What is registered now narrows what was granted then.
    """
    return _caller(entry, Claims(entry.id, scope, expires_at=0, token_id="", patient=patient), understand)


def _bearer(authorization: str | None) -> str:
    if not authorization or not authorization.strip():
        raise Unauthorized("An access token is needed: Authorization: Bearer <token>", HEADER, headers=challenge())
    scheme, _, credentials = authorization.strip().partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized("The access token must come as Authorization: Bearer <token>", HEADER, headers=challenge())
    if not credentials.strip():
        raise InvalidToken
    return credentials.strip()


def _caller(entry: Registered, claims: Claims, understand: Understand | None) -> Caller:
    partner = entry if isinstance(entry, Partner) else None
    return Caller(
        id=entry.id,
        kind=PARTNER if partner else REVIEWER,
        partner_class=partner.partner_class if partner else None,
        organization=entry.organization,
        npis=partner.npis if partner else (),
        scopes=scopes.effective(claims.scope, entry.granted, entry.contexts, understand),
        patient=claims.patient,
        name=entry.name,
        reviewer=entry if isinstance(entry, Reviewer) else None,
        purpose=claims.purpose,
        purposes=partner.purposes if partner else (),
        rate_limit=partner.rate_limit if partner else None,
        token_id=claims.token_id,
    )
