"""A plan's tables of NUCC codes: which specialty may stand for which, who is primary care, what belongs elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from second_opinion.review.reading import Section, did_you_mean, toml

FILE = "specialties.toml"
_CODE_LENGTH = 10  # a NUCC provider taxonomy code, its last character always X


@dataclass(frozen=True)
class Tables:
    """Judgments about specialties that the plan's medical director owns. Every code is a NUCC taxonomy code."""

    names: Mapping[str, str]
    primary_care: frozenset[str]
    equivalents: Mapping[str, frozenset[str]]  # needed → all that are accepted for it, itself included
    other_systems: Mapping[str, str]  # code → the system that provides this care

    def accepted(self, needed: str, /) -> frozenset[str]:
        """The codes that may give an opinion where this one is needed; a code not in the table only itself."""
        return self.equivalents.get(needed) or frozenset((needed,))

    def name(self, code: str, /) -> str | None:
        """The specialty in words, when the plan names it."""
        return self.names.get(code)

    def is_primary_care(self, code: str, /) -> bool:
        """Whether a provider of this code practises primary care."""
        return code in self.primary_care

    def belongs_elsewhere(self, code: str, /) -> bool:
        """Whether another system than the plan provides this kind of care."""
        return code in self.other_systems

    @classmethod
    def load(cls, path: Path) -> Self:
        """The tables in a file, or in a plan's folder; ``PolicyError`` if anything in them is wrong."""
        file = path / FILE if path.is_dir() else path
        content, _ = toml(file)
        document = Section(str(file), content)
        document.allow("names", "primary-care", "equivalents", "other-systems")
        names = _names(Section(f"{file}: names", content.get("names")))
        return cls(
            names=names,
            primary_care=frozenset(_codes(Section(f"{file}: primary-care", content.get("primary-care")), names)),
            equivalents=_equivalents(str(file), document.tables("equivalents"), names),
            other_systems=_other_systems(str(file), document.tables("other-systems"), names),
        )


def _names(names: Section) -> Mapping[str, str]:
    for code in names.content:
        if len(code) != _CODE_LENGTH or not code.endswith("X") or not code.isalnum():
            raise names.wrong(f"'{code}' is no NUCC code: ten letters and digits, the last one X")
        names.text(code)
    return names.content


def _codes(section: Section, names: Mapping[str, str], key: str = "codes") -> tuple[str, ...]:
    codes = section.texts(key)
    for code in codes:
        if code not in names:
            raise section.wrong(f"'{key}': '{code}' has no name in [names]{did_you_mean(code, names)}")
    return codes


def _equivalents(file: str, rows: list[Any], names: Mapping[str, str]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for row in rows:
        equivalent = Section(f"{file}: equivalents", row)
        equivalent.allow("needed", "accepted")
        accepted = frozenset(_codes(equivalent, names, "accepted"))
        for needed in _codes(equivalent, names, "needed"):
            if needed in found:
                raise equivalent.wrong(f"'{needed}' is needed in two rows; one row lists all that is accepted for it")
            found[needed] = accepted | {needed}
    return found


def _other_systems(file: str, rows: list[Any], names: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in rows:
        system = Section(f"{file}: other-systems", row)
        system.allow("system", "codes")
        for code in _codes(system, names):
            if code in found:
                raise system.wrong(f"'{code}' belongs to two systems; it can be only one's")
            found[code] = system.text("system")
    return found
