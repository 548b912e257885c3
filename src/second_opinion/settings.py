"""Every setting in one typed table; nothing else reads the environment."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from second_opinion.errors import SecondOpinionError

PREFIX = "SECOND_OPINION_"
LONGEST_ANSWER = 13  # seconds: PAS wants an answer within 15, and two are for keeping what is not decided


class WrongSetting(SecondOpinionError):
    """A setting is unknown or has a wrong value; the service does not start."""


@dataclass(frozen=True)
class Settings:
    """What an operator may set, each by ``SECOND_OPINION_<NAME>`` or in the TOML file given by ``--config``."""

    database_url: str = ""  # SQLite file in the data folder when empty; postgresql://user@host:port/db
    data_folder: Path = Path("./data")  # database, keys, mail, letters
    public_url: str = "http://127.0.0.1:8080"  # root of every absolute URL, without /fhir
    canonical: str = "https://second-opinion.example/fhir"  # base of own CodeSystems, NamingSystems, extensions
    policy: str = "hpsj"  # folder under policies/, or a path to one
    production: bool = False  # true: serve refuses unsafe settings
    allowed_hosts: tuple[str, ...] = ()  # hosts outgoing calls may go to
    allow_loopback: bool = False  # rehearsals: loopback hosts on that list may be called
    retry_delays: tuple[int, ...] = (10, 60, 300, 1800, 7200, 21600)  # seconds between tries
    send_timeout: int = 10  # seconds for one outgoing call
    answer_within: int = 12  # seconds, 13 at most; a Claim not decided by then is told as pended, and decided after
    sweep_seconds: int = 60  # seconds between clock sweeps
    enclosures_folder: Path | None = None  # your-rights, nondiscrimination, language-notice as PDF
    max_body: int = 16 * 1024 * 1024  # bytes; above: 413
    audit_years: int = 10  # records of the audit trail younger than this are never taken away
    rate_limit: int = 60000  # requests a minute per partner; 0 = off
    issuers: str = ""  # JSON list of outside token issuers
    embedded_issuer: bool = False  # true: in production too the embedded issuer gives tokens, and they are taken
    tls_proxy: tuple[str, ...] = ()  # addresses of the proxy that terminates TLS; its Client-Cert header is believed
    access_log: bool = True  # one line on stderr for each request
    client_id: str = "second-opinion"  # who we are at partners' token endpoints
    x12_table: Path | None = None  # operator's file of further X12 codes

    @property
    def fhir_base(self) -> str:
        """Base of every FHIR URL."""
        return f"{self.public_url}/fhir"

    @property
    def database(self) -> str:
        """The database's URL, the embedded file when none is set."""
        return self.database_url or f"sqlite:///{self.data_folder / 'second-opinion.db'}"

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, config: Path | None = None, **given: object) -> Self:
        """Settings from the TOML file, over it the environment, over it the command line (None: not given)."""
        known = {each.name: each.default for each in fields(cls)}
        values: dict[str, object] = {}
        if config is not None:
            for written, value in _written(config).items():
                name = _known(written.lower(), known, str(config))
                values[name] = _typed(written, value, known[name])
        for variable, text in (os.environ if environ is None else environ).items():
            if variable.startswith(PREFIX):
                name = _known(variable.removeprefix(PREFIX).lower(), known, variable)
                values[name] = _typed(variable, text, known[name])
        values |= {name: value for name, value in given.items() if value is not None}
        settings: Any = cls(**values)  # type: ignore[arg-type]  # each value was typed against its field's default
        if settings.answer_within > LONGEST_ANSWER:
            raise WrongSetting(f"ANSWER_WITHIN: must be {LONGEST_ANSWER} seconds at most, or an answer comes too late")
        return settings  # type: ignore[no-any-return]  # cls is generic over Self


def _written(config: Path) -> dict[str, Any]:
    """What the TOML file says."""
    try:
        return tomllib.loads(config.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise WrongSetting(f"{config}: cannot be read as TOML ({fault})") from fault


def _known(name: str, known: Mapping[str, object], where: str) -> str:
    if name not in known:
        raise WrongSetting(f"{where}: there is no setting '{name}'; known are {', '.join(sorted(known))}")
    return name


def _typed(where: str, value: Any, default: object) -> object:
    """The value in the type of the setting's default: bool, int, tuple, path or text."""
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    name = where.upper()
    if isinstance(default, bool):
        return _truth(where, text)
    if isinstance(default, int):
        return _whole_number(where, text)
    if isinstance(default, tuple):
        parts = tuple(part.strip() for part in text.split(",") if part.strip())
        return tuple(_whole_number(where, part) for part in parts) if name.endswith("RETRY_DELAYS") else parts
    if isinstance(default, Path) or name.endswith(("_FOLDER", "X12_TABLE")):
        return Path(text)
    return text.rstrip("/") if name.endswith(("PUBLIC_URL", "CANONICAL")) else text


def _truth(where: str, text: str) -> bool:
    if text.lower() not in {"true", "false", "1", "0"}:
        raise WrongSetting(f"{where}: must be true or false")
    return text.lower() in {"true", "1"}


def _whole_number(where: str, text: str) -> int:
    """A whole number, with MB or KB behind it if it counts bytes."""
    digits = text.upper().replace(" ", "")
    scale = 1024 * 1024 if digits.endswith("MB") else 1024 if digits.endswith("KB") else 1
    digits = digits.removesuffix("MB").removesuffix("KB")
    if not digits.isdigit():
        raise WrongSetting(f"{where}: must be a whole number")
    return int(digits) * scale
