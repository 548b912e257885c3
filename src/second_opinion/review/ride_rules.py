"""Which rides are medical and wait for the physician's certification: a plan's rules, by mode of transport."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from second_opinion.review.card import PolicyError
from second_opinion.review.reading import Section, did_you_mean, toml

FILE = "transportation.toml"


@dataclass(frozen=True)
class RideKind:
    """Modes under one rule."""

    kind: str
    source: str  # the law
    certification: bool  # whether the ride waits for the physician's certification
    modes: tuple[str, ...]  # codes of transport-mode


@dataclass(frozen=True)
class RideRules:
    """A plan's rules about rides."""

    version: str
    kinds: tuple[RideKind, ...]

    def waits_for_certification(self, mode: str | None) -> bool:
        """Whether a ride of this mode waits; one without a mode is an ordinary ride."""
        return any(each.certification and mode in each.modes for each in self.kinds)


def load(path: Path, modes: Collection[str]) -> RideRules:
    """The rules in a plan's folder; ``PolicyError`` unless every one of ``modes`` stands in exactly one kind."""
    file = path / FILE if path.is_dir() else path
    content, _ = toml(file)
    document = Section(str(file), content)
    document.allow("version", "kinds")
    kinds = tuple(_kind(str(file), each, modes) for each in document.tables("kinds"))
    said = [mode for each in kinds for mode in each.modes]
    for mode in sorted(modes):
        if said.count(mode) != 1:
            raise PolicyError(f"{file}: mode '{mode}' must stand in exactly one kind, not in {said.count(mode)}")
    return RideRules(document.text("version"), kinds)


def _kind(file: str, content: object, known: Collection[str]) -> RideKind:
    name = content.get("kind") if isinstance(content, dict) else None
    kind = Section(f"{file}: kind {name or '(without code)'}", content)
    kind.allow("kind", "source", "certification", "modes")
    certification = kind.content.get("certification")
    if not isinstance(certification, bool):
        raise kind.wrong("'certification' must be true or false")
    modes = kind.texts("modes")
    for mode in modes:
        if mode not in known:
            raise kind.wrong(f"there is no mode '{mode}'{did_you_mean(mode, sorted(known))}")
    return RideKind(kind.text("kind"), kind.text("source"), certification, modes)
