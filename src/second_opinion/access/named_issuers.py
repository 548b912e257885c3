"""The setting ISSUERS: whose access tokens are taken beside, or instead of, the embedded issuer's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from second_opinion.access.tokens import ALGORITHMS, Key, public_keys
from second_opinion.settings import WrongSetting

_REQUIRED = frozenset({"issuer", "jwks", "audience", "algorithms"})
_OPTIONAL = frozenset({"token_endpoint", "introspection", "scopes"})
_OF_INTROSPECTION = frozenset({"endpoint", "client_id", "secret_file"})


@dataclass(frozen=True)
class Introspection:
    """Where to ask about an opaque token, and as whom."""

    endpoint: str
    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class NamedIssuer:
    """One issuer, as the operator names it."""

    issuer: str  # iss, to the letter
    audience: str  # what aud must contain
    algorithms: tuple[str, ...]
    jwks: str = ""  # address of its key set
    keys: tuple[Key, ...] = ()  # the keys themselves, where they were given instead
    token_endpoint: str | None = None  # for smart-configuration
    introspection: Introspection | None = None
    scopes: Mapping[str, str] = field(default_factory=dict)  # its names of scopes → ours

    def our_scopes(self, scope: str) -> str:
        """Its scopes under our names."""
        return " ".join(self.scopes.get(each, each) for each in scope.split())

    @property
    def addresses(self) -> tuple[str, ...]:
        """What must be asked of it."""
        return tuple(filter(None, (self.jwks, self.introspection.endpoint if self.introspection else "")))


def read(setting: str) -> tuple[NamedIssuer, ...]:
    """The issuers of the setting; WrongSetting names the member that is wrong and what would be right."""
    if not setting.strip():
        return ()
    try:
        listed = orjson.loads(setting)
    except ValueError as problem:
        raise WrongSetting("ISSUERS: must be a JSON list of {issuer, jwks, audience, algorithms}") from problem
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise WrongSetting("ISSUERS: must be a JSON list of {issuer, jwks, audience, algorithms}")
    named = tuple(_issuer(f"ISSUERS[{place}]", each) for place, each in enumerate(listed))
    if len({each.issuer for each in named}) < len(named):
        raise WrongSetting("ISSUERS: must name each issuer once")
    return named


def _issuer(where: str, said: dict[str, Any]) -> NamedIssuer:
    if unknown := set(said) - _REQUIRED - _OPTIONAL:
        raise WrongSetting(f"{where}: has no member {min(unknown)}; known are {_list(_REQUIRED | _OPTIONAL)}")
    if missing := _REQUIRED - set(said):
        raise WrongSetting(f"{where}: lacks {_list(missing)}")
    algorithms = said["algorithms"]
    if not isinstance(algorithms, list) or not algorithms or not set(map(str, algorithms)) <= set(ALGORITHMS):
        raise WrongSetting(f"{where}.algorithms: must be a list of {_list(ALGORITHMS)}")
    jwks, keys = said["jwks"], public_keys(said["jwks"])
    if isinstance(jwks, dict) and not keys:
        raise WrongSetting(f"{where}.jwks: must hold at least one public key, of 2048 bits if it is RSA")
    return NamedIssuer(
        issuer=_text(where, said, "issuer"),
        audience=_text(where, said, "audience"),
        algorithms=tuple(algorithms),
        jwks="" if keys else _address(f"{where}.jwks", jwks),
        keys=keys,
        token_endpoint=_address(f"{where}.token_endpoint", said["token_endpoint"])
        if "token_endpoint" in said
        else None,
        introspection=_introspection(f"{where}.introspection", said.get("introspection")),
        scopes=_scopes(f"{where}.scopes", said.get("scopes", {})),
    )


def _introspection(where: str, said: object) -> Introspection | None:
    if said is None:
        return None
    if not isinstance(said, dict) or set(said) != _OF_INTROSPECTION:
        raise WrongSetting(f"{where}: must have {_list(_OF_INTROSPECTION)}")
    try:
        secret = Path(_text(where, said, "secret_file")).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise WrongSetting(f"{where}.secret_file: must be a file that can be read") from problem
    return Introspection(_address(f"{where}.endpoint", said["endpoint"]), _text(where, said, "client_id"), secret)


def _scopes(where: str, said: object) -> Mapping[str, str]:
    if not isinstance(said, dict) or not all(isinstance(each, str) for each in said.values()):
        raise WrongSetting(f"{where}: must be an object of its scope names and ours")
    return said


def _text(where: str, said: dict[str, Any], name: str) -> str:
    value = said[name]
    if not isinstance(value, str) or not value.strip():
        raise WrongSetting(f"{where}.{name}: must be a text")
    return value


def _address(where: str, said: object) -> str:
    try:
        parts = urlsplit(said) if isinstance(said, str) else None
        good = parts is not None and parts.scheme in {"https", "http"} and bool(parts.hostname) and not parts.username
    except ValueError:
        good = False
    if not good:
        raise WrongSetting(f"{where}: must be an https address")
    return str(said)


def _list(names: Any) -> str:
    return ", ".join(sorted(names))
