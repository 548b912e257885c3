"""What is installed is pinned and hashed, is what pyproject.toml asks for, and names no place to install from."""

import json
import re
import tomllib
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
LOCKS = sorted(path.name for path in (TOP / ".lock").glob("*.txt"))
PINNED = re.compile(r"([A-Za-z0-9._-]+)==[^\s;]+(?: ; [^\\]+)? \\")


def pinned(lock: str) -> set[str]:
    """The names a lock file pins."""
    lines = (TOP / ".lock" / lock).read_text().splitlines()
    return {_plain(found[1]) for line in lines if (found := PINNED.fullmatch(line))}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _names(requirements: list[str]) -> set[str]:
    return {_plain(re.split(r"[\[<>=~! ;]", each, maxsplit=1)[0]) for each in requirements}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_pins_and_hashes(lock: str) -> None:
    lines = [
        each for each in (TOP / ".lock" / lock).read_text().splitlines() if each and not each.lstrip().startswith("#")
    ]

    for line in lines:
        assert PINNED.fullmatch(line) or re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?", line), line
    assert not [line for line in lines if "://" in line]


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]

    assert _names(project["dependencies"]) <= pinned("runtime.txt")
    assert _names(project["optional-dependencies"]["development"]) <= pinned("development.txt")


def test_the_clients_of_npm_are_pinned_and_hashed_too() -> None:
    locked = json.loads((TOP / "tests" / "clients" / "package-lock.json").read_text())["packages"]

    for name, package in locked.items():
        assert "resolved" not in package, name
        assert not name or package["integrity"].startswith("sha512-"), name
