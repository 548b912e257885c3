"""Production mode: what `serve` refuses to start with, each named with what would be right."""

import stat
from pathlib import Path

from second_opinion import admitting
from second_opinion.access import named_issuers
from second_opinion.access.issuer import KEY_FILE
from second_opinion.settings import Settings, WrongSetting

LEAST_YEARS = 10
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def unsafe(settings: Settings, *, clock: bool) -> list[str]:
    """What forbids production with these settings; empty outside production."""
    if not settings.production:
        return []
    found = {
        "--clock: cases must run on real time": clock,
        "ALLOW_LOOPBACK: must be false": settings.allow_loopback,
        "AUDIT_YEARS: must be 10 or more (42 CFR 438.3(u))": settings.audit_years < LEAST_YEARS,
        "PUBLIC_URL: must be https": not settings.public_url.startswith("https://"),
        "TLS_PROXY: must name the proxy that terminates TLS before this service": not settings.tls_proxy,
        "ISSUERS: an outside token issuer must be named; the embedded one needs EMBEDDED_ISSUER=true": not (
            settings.issuers.strip() or settings.embedded_issuer
        ),
        "DATA_FOLDER: its keys must be readable by their owner alone (mode 0600)": _open_to_others(
            settings.data_folder
        ),
    }
    return [reason for reason, holds in found.items() if holds] + _wrong(settings)


def _wrong(settings: Settings) -> list[str]:
    """What cannot be read, and issuers whose keys would come over a line anybody may write on."""
    wrong = []
    try:
        named = named_issuers.read(settings.issuers)
        if any(address.startswith("http:") for each in named for address in each.addresses):
            wrong.append("ISSUERS: jwks and introspection must be https")
    except WrongSetting as problem:
        wrong.append(problem.message)
    try:
        admitting.proxies(settings)
    except WrongSetting as problem:
        wrong.append(problem.message)
    return wrong


def _open_to_others(data_folder: Path) -> bool:
    keys = (data_folder / KEY_FILE).parent
    return any(each.stat().st_mode & OTHERS for each in keys.glob("*.json"))
