"""X12 codes: the few that HL7's own examples show, and whatever an operator with a licence adds in a file of its own.

X12's tables belong to X12; nothing of them is shipped but these literals, and no code is ever checked against them.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from second_opinion.errors import SecondOpinionError

Json = dict[str, Any]

SYSTEMS: Mapping[str, str] = MappingProxyType(
    {
        **{
            element: f"https://codesystem.x12.org/005010/{element}"
            for element in ("98", "306", "673", "755", "756", "889", "901", "1322", "1338", "1365", "1525")
        },
        "886": "https://codesystem.x12.org/external/886",
    }
)
COLUMNS = ["element", "use", "code"]
IDENTITY, BUSINESS, CORRECT = "identity", "business", "correct"
SHIPPED: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("901", IDENTITY): "T4",  # PAS ErrorResponseExample
        ("901", BUSINESS): "04",  # PAS ErrorResponseExample
        ("889", CORRECT): "C",  # PAS ErrorResponseExample
    }
)


class WrongTable(SecondOpinionError):
    """The operator's file of X12 codes cannot be used; the service does not start."""


@dataclass(frozen=True)
class X12:
    """Codes by data element and by what they are used for here."""

    further: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def coding(self, element: str, *uses: str) -> Json | None:
        """The coding for the first of the uses that has one; the operator's before the shipped. None: no code."""
        for use in uses:
            code = self.further.get((element, use)) or SHIPPED.get((element, use))
            if code:
                return {"system": SYSTEMS[element], "code": code}
        return None


def load(path: Path | None) -> X12:
    """The codes of the file: CSV with the columns element, use, code. WrongTable names file and line."""
    if path is None:
        return X12()
    further: dict[tuple[str, str], str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if rows.fieldnames != COLUMNS:
                raise WrongTable(f"{path}: the first line must be {','.join(COLUMNS)}")
            for row in rows:
                element, use, code = (str(row.get(name) or "").strip() for name in COLUMNS)
                if element not in SYSTEMS or not use or not code:
                    known = ", ".join(sorted(SYSTEMS, key=int))
                    raise WrongTable(f"{path}, line {rows.line_num}: element (one of {known}), use and code are needed")
                further[element, use] = code
    except (OSError, UnicodeDecodeError) as wrong:
        raise WrongTable(f"{path}: cannot be read as UTF-8 text") from wrong
    return X12(further)
