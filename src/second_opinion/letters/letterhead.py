"""Who writes the letters: the plan's and the state's names, addresses and numbers, read strictly."""

from dataclasses import dataclass
from pathlib import Path

from second_opinion.review.reading import Section, toml

FILE = "letterhead.toml"
_STATE = ("dmhc_phone", "dmhc_tdd", "dmhc_website", "hearing_phone", "hearing_tdd", "hearing_fax", "ombudsman")
_PLAN = ("name", "phone", "tty", "website", "statement_phone", "review_phone")


@dataclass(frozen=True)
class Letterhead:
    """What every letter prints, in any language."""

    name: str
    address: tuple[str, ...]
    phone: str
    tty: str
    website: str
    statement_phone: str  # the plan's number in the statement of H&S 1368.02(b)
    review_phone: str
    dmhc_phone: str
    dmhc_tdd: str
    dmhc_website: str
    hearing_phone: str
    hearing_tdd: str
    hearing_fax: str
    hearing_address: tuple[str, ...]
    ombudsman: str


def load(path: Path) -> Letterhead:
    """The letterhead in a file; PolicyError names the file and the key where something is wrong."""
    content, _ = toml(path)
    plan = Section(str(path), content)
    plan.allow(*_PLAN, "address", "state")
    state = Section(f"{path}: state", content.get("state"))
    state.allow(*_STATE, "hearing_address")
    return Letterhead(
        **{key: plan.text(key) for key in _PLAN},
        **{key: state.text(key) for key in _STATE},
        address=plan.texts("address"),
        hearing_address=state.texts("hearing_address"),
    )
