"""Production mode: what the service refuses to start with, all of it named at once."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from second_opinion import production, serving
from second_opinion.access.keys import signing_key
from second_opinion.cli import main
from second_opinion.settings import Settings

OUTSIDE = json.dumps(
    [
        {
            "issuer": "https://login.example",
            "jwks": "https://login.example/jwks",
            "audience": "https://plan.example/fhir",
            "algorithms": ["RS256"],
        }
    ]
)
SAFE: dict[str, Any] = {
    "production": True,
    "public_url": "https://plan.example",
    "tls_proxy": ("10.0.0.7",),
    "issuers": OUTSIDE,
}


def unsafe(folder: Path, *, clock: bool = False, **changes: Any) -> list[str]:
    """The settings named, of these."""
    settings = Settings.load({}, data_folder=folder, **(SAFE | changes))
    return [reason.partition(":")[0] for reason in production.unsafe(settings, clock=clock)]


def serve(folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str, **settings: str) -> Result:
    for name in [name for name in os.environ if name.startswith("SECOND_OPINION_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(serving, "serve", lambda *_: None)
    given = {f"SECOND_OPINION_{name}": value for name, value in settings.items()}
    return CliRunner(env={**given, "SECOND_OPINION_DATA_FOLDER": str(folder)}).invoke(main, ["serve", *arguments])


def test_safe_settings_have_nothing_against_them(tmp_path: Path) -> None:
    assert unsafe(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"public_url": "http://plan.example"}, "PUBLIC_URL"),
        ({"allow_loopback": True}, "ALLOW_LOOPBACK"),
        ({"tls_proxy": ()}, "TLS_PROXY"),
        ({"tls_proxy": ("proxy.example",)}, "TLS_PROXY"),
        ({"issuers": ""}, "ISSUERS"),
        ({"issuers": "[{}]"}, "ISSUERS[0]"),
        ({"audit_years": 9}, "AUDIT_YEARS"),
        ({"issuers": OUTSIDE.replace("https://login.example/jwks", "http://login.example/jwks")}, "ISSUERS"),
    ],
    ids=str,
)
def test_each_unsafe_setting_is_named(tmp_path: Path, changes: dict[str, Any], named: str) -> None:
    assert unsafe(tmp_path, **changes) == [named]


def test_the_embedded_issuer_needs_explicit_permission(tmp_path: Path) -> None:
    assert unsafe(tmp_path, issuers="") == ["ISSUERS"]
    assert unsafe(tmp_path, issuers="", embedded_issuer=True) == []


def test_a_clock_of_its_own_is_refused(tmp_path: Path) -> None:
    assert unsafe(tmp_path, clock=True) == ["--clock"]


def test_keys_others_can_read_are_refused(tmp_path: Path) -> None:
    key = tmp_path / "keys" / "issuer.json"
    signing_key(key)
    assert unsafe(tmp_path) == []

    key.chmod(0o640)
    assert unsafe(tmp_path) == ["DATA_FOLDER"]


def test_serve_exits_naming_everything_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ("--clock", "2026-10-05T09:00:00-07:00")
    ended = serve(tmp_path, monkeypatch, *clock, PRODUCTION="true", ALLOW_LOOPBACK="true")

    assert ended.exit_code != 0
    for named in ("--clock", "ALLOW_LOOPBACK", "PUBLIC_URL", "TLS_PROXY", "ISSUERS", "EMBEDDED_ISSUER"):
        assert named in ended.output
    assert not (tmp_path / "second-opinion.db").exists()


def test_outside_production_nothing_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert serve(tmp_path, monkeypatch, "--clock", "2026-10-05T09:00:00-07:00").exit_code == 0


def test_in_production_the_embedded_issuer_gives_no_token_without_permission(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"DATA_FOLDER": str(tmp_path), "PRODUCTION": "true", "ISSUERS": OUTSIDE}.items():
        monkeypatch.setenv(f"SECOND_OPINION_{name}", value)
    run = CliRunner()
    added = run.invoke(main, ["partner", "add", "plan", "--class", "plan", "--organization", "1234567893"])
    refused = run.invoke(main, ["token", "plan"])

    assert added.exit_code == 0
    assert refused.exit_code == 1
    assert "EMBEDDED_ISSUER" in refused.output


@pytest.mark.parametrize("start", ["postgresql://plan:%s@127.0.0.1:1/db", "mysql://plan:%s@127.0.0.1/db", "%s"])
def test_a_password_in_a_setting_is_never_shown(start: str) -> None:
    ended = CliRunner().invoke(main, ["database", "status", "--database", start % "hunter2"])

    assert ended.exit_code == 1
    assert "hunter2" not in ended.output
