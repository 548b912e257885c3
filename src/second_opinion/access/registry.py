"""The registry: partners and reviewers in one namespace of ids, kept by the store and asked on every request."""

import base64
import re
from collections.abc import Sequence
from dataclasses import asdict, fields
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import orjson

from second_opinion.access.registered import (
    CLASSES,
    KINDS,
    PARTNER,
    REVIEWER,
    Partner,
    Registered,
    Reviewer,
    WrongRegistration,
    check_partner,
    check_reviewer,
    is_address,
)
from second_opinion.access.scopes import Understand
from second_opinion.cases.attestation import Act, refusal
from second_opinion.errors import Duplicate, NotFound
from second_opinion.store.changes import Conflict

__all__ = [
    "CLASSES",
    "KINDS",
    "PARTNER",
    "REVIEWER",
    "Partner",
    "Registered",
    "Registering",
    "Reviewer",
    "WrongRegistration",
    "active_partners",
    "add_partner",
    "add_reviewer",
    "find",
    "listing",
    "partners",
    "reviewers",
    "set_active",
]


_HEXADECIMAL = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Registering(Protocol):
    """What the registry asks of the store."""

    def registry_add(self, kind: str, ident: str, body: bytes, /) -> None:
        """Keep a new entry; Conflict when the id is taken."""

    def registry_get(self, ident: str, /) -> tuple[str, bytes, bool] | None:
        """Kind, body and whether it is active."""

    def registry_list(self, kind: str, /) -> Sequence[tuple[str, bytes, bool]]:
        """Id, body and whether it is active, of every entry of the kind."""

    def registry_set_active(self, ident: str, active: bool, /) -> bool:  # noqa: FBT001 - the column's new value
        """Switch an entry; False when there is none."""


def add_partner(
    store: Registering,
    id: str,  # noqa: A002 - the registry's own word
    *,
    partner_class: str,
    organization: str,
    npis: Sequence[str] = (),
    name: str | None = None,
    jwks: str | None = None,
    scope: str | None = None,
    endpoint: str | None = None,
    client_id: str | None = None,
    sender: str | None = None,
    purposes: Sequence[str] = (),
    allowed_hosts: Sequence[str] = (),
    rate_limit: int | None = None,
    certificate: str | None = None,
    understand: Understand | None = None,
) -> tuple[Partner, list[str]]:
    """The partner as registered, and warnings. ``jwks`` is an address, a file's path, or the key set as JSON.

    WrongRegistration says what is wrong; Duplicate that the id is taken.
    """
    partner = Partner(
        id=id,
        partner_class=partner_class,
        organization=organization,
        npis=tuple(npis),
        name=name,
        scope=scope,
        endpoint=endpoint.rstrip("/") if endpoint else None,
        jwks=_keys(jwks) if jwks else None,
        client_id=client_id,
        sender=sender,
        purposes=tuple(purposes),
        allowed_hosts=tuple(host.lower() for host in allowed_hosts),
        rate_limit=rate_limit,
        certificate=thumbprint(certificate) if certificate else None,
    )
    warnings = check_partner(partner, understand)
    _keep(store, PARTNER, partner)
    return partner, warnings


def add_reviewer(
    store: Registering,
    id: str,  # noqa: A002 - the registry's own word
    *,
    name: str,
    kind: str,
    licence: str | None = None,
    state: str | None = None,
    specialty: str | None = None,
    phone: str | None = None,
    organization: str | None = None,
    medical_director: bool = False,
) -> tuple[Reviewer, list[str]]:
    """The reviewer as registered, and warnings; errors as ``add_partner``."""
    reviewer = Reviewer(
        id=id,
        name=name,
        kind=kind,
        licence=licence,
        state=state,
        specialty=specialty,
        phone=phone,
        organization=organization,
        medical_director=medical_director,
    )
    warnings = check_reviewer(reviewer)
    _keep(store, REVIEWER, reviewer)
    return reviewer, warnings


def find(store: Registering, id: str) -> Registered | None:  # noqa: A002 - the registry's own word
    """Who is registered under the id now, disabled or not."""
    kept = store.registry_get(id)
    return _read(id, *kept) if kept else None


def set_active(store: Registering, kind: str, id: str, *, active: bool) -> None:  # noqa: A002 - as above
    """Enable or disable; it holds from the next request on, in every process. NotFound when there is none."""
    kept = store.registry_get(id)
    if kept is None or kept[0] != kind or not store.registry_set_active(id, active):
        raise NotFound(f"There is no {kind} of that id")


def partners(store: Registering) -> list[Partner]:
    """Every partner, disabled ones too."""
    entries = (_read(id_, PARTNER, body, active) for id_, body, active in store.registry_list(PARTNER))
    return [entry for entry in entries if isinstance(entry, Partner)]


def reviewers(store: Registering) -> list[Reviewer]:
    """Every reviewer, disabled ones too."""
    entries = (_read(id_, REVIEWER, body, active) for id_, body, active in store.registry_list(REVIEWER))
    return [entry for entry in entries if isinstance(entry, Reviewer)]


def active_partners(store: Registering, partner_class: str) -> list[Partner]:
    """The partners of a class that may call."""
    return [each for each in partners(store) if each.active and each.partner_class == partner_class]


def listing(store: Registering, kind: str) -> list[str]:
    """One line for each partner or reviewer: id, class or kind, whose NPI, name, licence, rights, whether disabled."""
    entries: Sequence[Registered] = partners(store) if kind == PARTNER else reviewers(store)
    return [_line(entry) for entry in sorted(entries, key=lambda entry: entry.id)]


def _line(entry: Registered) -> str:
    does = entry.partner_class if isinstance(entry, Partner) else entry.kind
    bound = "certificate" if isinstance(entry, Partner) and entry.certificate else None
    further = _licence_and_rights(entry) if isinstance(entry, Reviewer) else [bound]
    parts = [entry.id, does, entry.organization, entry.name, *further, None if entry.active else "disabled"]
    return "  ".join(part for part in parts if part)


def _licence_and_rights(reviewer: Reviewer) -> list[str | None]:
    """The licence as registered, and what the reviewer may do."""
    licence = f"licence {reviewer.licence} ({reviewer.state or 'no state'})" if reviewer.licence else None
    director = "medical director" if reviewer.medical_director else None
    may = [act for act in Act if refusal(reviewer.kind, reviewer.state, act) is None]
    return [licence, director, f"may {', '.join(may)}"]


def _keep(store: Registering, kind: str, entry: Registered) -> None:
    said = {name: value for name, value in asdict(entry).items() if name not in {"id", "active"}}
    body = {name: value for name, value in said.items() if value not in (None, ())}
    try:
        store.registry_add(kind, entry.id, orjson.dumps(body))
    except Conflict as taken:
        raise Duplicate("id: is taken; partners and reviewers share one namespace") from taken


@lru_cache(maxsize=4096)
def _read(id_: str, kind: str, body: bytes, active: bool) -> Registered:  # noqa: FBT001 - a column of the row
    """The entry in a row, kept by the row's own content: another content is another entry."""
    entry: type[Registered] = Partner if kind == PARTNER else Reviewer
    known = {each.name for each in fields(entry)}
    values = {name: value for name, value in orjson.loads(body).items() if name in known}
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return entry(**{**values, "id": id_, "active": active})


def thumbprint(certificate: str) -> str:
    """The thumbprint as it is kept: base64url; the hexadecimal form, with colons or without, is taken too."""
    digits = certificate.replace(":", "").lower()
    if not _HEXADECIMAL.fullmatch(digits):
        return certificate.rstrip("=")
    return base64.urlsafe_b64encode(bytes.fromhex(digits)).rstrip(b"=").decode()


def _keys(jwks: str) -> str:
    """The address or key set as it is kept; a file's path is read."""
    if jwks.lower().startswith(("https:", "http:")) or not is_address(jwks):
        return jwks
    try:
        return Path(jwks).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise WrongRegistration("jwks: must be an address, or a file that can be read") from problem
