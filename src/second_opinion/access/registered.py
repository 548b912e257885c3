"""Who is registered: partners that may call and reviewers that may decide, and what a registration must say."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from second_opinion.access import scopes
from second_opinion.access.scopes import Understand
from second_opinion.access.tokens import public_keys
from second_opinion.errors import Unprocessable

PARTNER = "partner"
REVIEWER = "reviewer"
CLASSES = ("ehr", "hie", "payer", "vendor", "member-app", "plan")
KINDS = ("physician", "nurse", "network-staff", "eligibility-staff")
CLINICAL = frozenset({"physician", "nurse"})

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_NPI = re.compile(r"[0-9]{10}", re.ASCII)
_STATE = re.compile(r"[A-Z]{2}", re.ASCII)
_PURPOSE = re.compile(r"[A-Z][A-Z0-9]{1,15}", re.ASCII)  # HL7 v3 PurposeOfUse
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|[0-9a-f:]+", re.ASCII)
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)  # SHA-256, base64url (RFC 8705, x5t#S256)
_SPECIALTY = re.compile(r"[0-9A-Z]{9}X", re.ASCII)  # NUCC taxonomy code
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class WrongRegistration(Unprocessable):
    """A partner or reviewer cannot be registered as given."""


@dataclass(frozen=True)
class Partner:
    """A system that may call; ``scope`` None means all its class may."""

    id: str
    partner_class: str  # of CLASSES
    organization: str  # NPI
    npis: tuple[str, ...] = ()  # further NPIs it acts for
    name: str | None = None
    scope: str | None = None
    endpoint: str | None = None  # FHIR base for what is sent to it
    jwks: str | None = None  # address of its key set, or the key set itself as JSON
    client_id: str | None = None  # who we are at its token endpoint
    sender: str | None = None  # X12 sender id
    purposes: tuple[str, ...] = ()  # why it may ask, of HL7's PurposeOfUse; none: whatever its class may
    allowed_hosts: tuple[str, ...] = ()  # further hosts that may be called for it
    rate_limit: int | None = None  # requests a minute; None: as set for all
    certificate: str | None = None  # x5t#S256 of the client certificate its tokens are bound to
    active: bool = True

    @property
    def granted(self) -> str:
        """The scopes its tokens may carry."""
        return self.scope or scopes.OF_CLASS[self.partner_class]

    @property
    def contexts(self) -> frozenset[str]:
        """Whose data its scopes may name: a partner is a system."""
        return scopes.SYSTEM


@dataclass(frozen=True)
class Reviewer:
    """A person who may decide."""

    id: str
    name: str
    kind: str  # of KINDS
    licence: str | None = None
    state: str | None = None  # that issued the licence
    specialty: str | None = None  # NUCC
    phone: str | None = None  # direct line, printed on the provider's copy of a notice
    organization: str | None = None  # NPI
    medical_director: bool = False
    active: bool = True

    @property
    def granted(self) -> str:
        """The scopes a reviewer's tokens may carry."""
        return scopes.OF_REVIEWER

    @property
    def contexts(self) -> frozenset[str]:
        """A person may come by a system's or a user's scopes."""
        return scopes.SYSTEM_OR_USER


Registered = Partner | Reviewer


def check_partner(partner: Partner, understand: Understand | None = None) -> list[str]:
    """Warnings; WrongRegistration where the partner cannot be registered so."""
    _matches("id", partner.id, _ID, "1 to 64 letters, digits, dots, hyphens or underscores")
    if partner.partner_class not in CLASSES:
        raise WrongRegistration(f"class: must be one of {', '.join(CLASSES)}")
    _url("endpoint", partner.endpoint, lambda scheme, _: scheme in {"https", "http"}, "an http or https address")
    unusable = _check_jwks(partner.jwks) if partner.jwks is not None else []
    for purpose in partner.purposes:
        _matches("purpose", purpose, _PURPOSE, "a code of PurposeOfUse, such as TREAT")
    for host in partner.allowed_hosts:
        _matches("allowed-host", host, _HOST, "a host name or address in lower case, without port")
    if partner.certificate is not None:
        _matches("certificate", partner.certificate, _THUMBPRINT, "a SHA-256 thumbprint, base64url (x5t#S256)")
    if partner.rate_limit is not None and partner.rate_limit < 0:
        raise WrongRegistration("rate-limit: must be requests a minute, 0 for no limit")
    warnings = unusable + _check_npi("organization", partner.organization)
    for npi in partner.npis:
        warnings += _check_npi("npi", npi)
    return warnings + _check_scope(partner, understand)


def check_reviewer(reviewer: Reviewer) -> list[str]:
    """Warnings; WrongRegistration where the reviewer cannot be registered so."""
    _matches("id", reviewer.id, _ID, "1 to 64 letters, digits, dots, hyphens or underscores")
    if not reviewer.name.strip():
        raise WrongRegistration("name: is missing; notices name who decided")
    if reviewer.kind not in KINDS:
        raise WrongRegistration(f"kind: must be one of {', '.join(KINDS)}")
    if reviewer.kind in CLINICAL:
        for name in ("licence", "state", "specialty", "phone"):
            if not (getattr(reviewer, name) or "").strip():
                raise WrongRegistration(f"{name}: is required for a {reviewer.kind}")
    if reviewer.medical_director and reviewer.kind != "physician":
        raise WrongRegistration("medical-director: must be a physician")
    if reviewer.state is not None:
        _matches("state", reviewer.state, _STATE, "two capital letters, such as CA")
    if reviewer.specialty is not None:
        _matches("specialty", reviewer.specialty, _SPECIALTY, "a NUCC taxonomy code of ten characters")
    return _check_npi("organization", reviewer.organization) if reviewer.organization is not None else []


def npi_check_digit_holds(npi: str) -> bool:
    """The Luhn check over the NPI's ten digits with the prefix 80840 of its issuer (45 CFR 162.406)."""
    digits = [int(digit) for digit in "80840" + npi][::-1]
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[1::2]]  # noqa: PLR2004 - Luhn: two digits are added up
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def is_address(jwks: str) -> bool:
    """``jwks`` says where the keys are, and is not the keys themselves."""
    return not jwks.lstrip().startswith("{")


def _check_npi(name: str, npi: str) -> list[str]:
    _matches(name, npi, _NPI, "an NPI of ten digits")
    return [] if npi_check_digit_holds(npi) else [f"{name}: the NPI's check digit does not match its other digits"]


def _check_scope(partner: Partner, understand: Understand | None) -> list[str]:
    """Warns of each scope that grants nothing; refuses when none does."""
    if partner.scope is None:
        return []
    words = enumerate(partner.scope.split(), 1)
    places = [place for place, text in words if not _grants(text, partner.contexts, understand)]
    if len(places) == len(partner.scope.split()):
        raise WrongRegistration(
            "scope: grants nothing; write scopes such as system/Task.rs, letters in the order cruds"
        )
    return [f"scope: number {place} grants nothing, and is ignored" for place in places]


def _grants(text: str, contexts: frozenset[str], understand: Understand | None) -> bool:
    return any(scope.context in contexts for scope in scopes.parse(text, understand))


def _check_jwks(jwks: str) -> list[str]:
    """Warns where no key can serve: RSA of 2048 bits for RS384, curve P-384 for ES384."""
    if is_address(jwks):
        _url("jwks", jwks, _safe_for_keys, "https, or http on loopback, or a key set as JSON")
        return []
    try:
        said = orjson.loads(jwks)
        keys = KeySet.import_key_set(said).keys
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as problem:
        raise WrongRegistration("jwks: must be a JSON Web Key Set with at least one key") from problem
    if any(key.key_type == "oct" or key.is_private for key in keys):
        raise WrongRegistration("jwks: must hold public keys only")
    serving = any(not isinstance(key, ECKey) or key.curve_name == "P-384" for key in public_keys(said))
    return [] if serving else ["jwks: holds no key for RS384 (2048 bits) or ES384, so it will get no token"]


def _safe_for_keys(scheme: str, host: str) -> bool:
    return scheme == "https" or (scheme == "http" and host in _LOOPBACK)


def _url(name: str, address: str | None, allowed: Callable[[str, str], bool], right: str) -> None:
    if address is None:
        return
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError as problem:
        raise WrongRegistration(f"{name}: must be {right}") from problem
    if not host or parts.username is not None or parts.fragment or not allowed(parts.scheme, host):
        raise WrongRegistration(f"{name}: must be {right}, without user name or fragment")


def _matches(name: str, value: str, pattern: re.Pattern[str], right: str) -> None:
    if not pattern.fullmatch(value):
        raise WrongRegistration(f"{name}: must be {right}")
