"""Reading a plan's TOML strictly: nothing unknown, nothing missing, nothing of the wrong kind."""

import difflib
import tomllib
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from second_opinion.review.card import PolicyError


def toml(path: Path) -> tuple[dict[str, Any], bytes]:
    """The file's content and its bytes."""
    try:
        content = path.read_bytes()
        return tomllib.loads(content.decode()), content
    except OSError as fault:
        raise PolicyError(f"{path}: cannot be read ({fault.strerror})") from fault
    except UnicodeDecodeError as fault:
        raise PolicyError(f"{path}: must be UTF-8 text; the byte at position {fault.start} is not") from fault
    except tomllib.TOMLDecodeError as fault:
        raise PolicyError(f"{path}: is not valid TOML, or repeats a key: {fault}") from fault


def did_you_mean(word: object, known: Collection[str]) -> str:
    """'; did you mean …?' for a near miss, else '; known are …'."""
    near = difflib.get_close_matches(str(word), known, n=1)
    return f"; did you mean '{near[0]}'?" if near else f"; known are {', '.join(known)}"


class Section:
    """One table of the file with the place to name in errors."""

    def __init__(self, where: str, content: object) -> None:
        self.where = where
        if not isinstance(content, dict):
            raise self.wrong("must be a table of keys")
        self.content: Mapping[str, Any] = content

    def wrong(self, what: str) -> PolicyError:
        """The error, with its place."""
        return PolicyError(f"{self.where}: {what}")

    def allow(self, *known: str) -> None:
        """Refuse any other key."""
        for key in self.content:
            if key not in known:
                raise self.wrong(f"there is no key '{key}'{did_you_mean(key, known)}")

    def text(self, key: str) -> str:
        """A text that says something."""
        value = self._required(key)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(f"'{key}' must be a text that is not empty")
        return value

    def day(self, key: str) -> date:
        """A date, written as 2025-07-01 without quotes."""
        value = self._required(key)
        if type(value) is not date:  # a datetime is a date too, and no day
            raise self.wrong(f"'{key}' must be a date without time and without quotes, as 2025-07-01")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of at least one text, none twice."""
        value = self._required(key)
        if not isinstance(value, list) or not value or not all(isinstance(each, str) and each for each in value):
            raise self.wrong(f"'{key}' must be a list of at least one text")
        if len(set(value)) < len(value):
            raise self.wrong(f"'{key}' names something twice")
        return tuple(value)

    def tables(self, key: str) -> list[Any]:
        """The tables written as [[key]]; none when there are none."""
        value = self.content.get(key, [])
        if not isinstance(value, list):
            raise self.wrong(f"'{key}' must be written as [[{key}]]")
        return value

    def _required(self, key: str) -> Any:
        if key not in self.content:
            raise self.wrong(f"'{key}' is missing")
        return self.content[key]
