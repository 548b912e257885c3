"""A plan's determination reasons: the codes that say why, and what each may stand for."""

from dataclasses import dataclass
from pathlib import Path

from second_opinion.review.determination import Outcome
from second_opinion.review.reading import Section, did_you_mean, toml

FILE = "reasons.toml"
KINDS = ("administrative", "clinical")
DETERMINED = ("approved", "denied", "modified", "extended", "not-eligible")
"""What a reason may stand for: outcomes a case can be given, by the table (approved only) or by a reviewer."""

_BY_THE_TABLE = {Outcome.APPROVE: "approved"}


@dataclass(frozen=True)
class DeterminationReason:
    """One code of determination-reason."""

    code: str
    display: str
    plain: str  # a sentence for the member
    outcomes: tuple[str, ...]
    kind: str
    clause: str | None  # the policy's clause it rests on; a denial cites it

    def stands_for(self, outcome: Outcome) -> bool:
        """Whether the table may give this reason with the outcome."""
        return _BY_THE_TABLE.get(outcome) in self.outcomes


def load(path: Path) -> tuple[DeterminationReason, ...]:
    """The reasons in a file, in its order; ``PolicyError`` if one is wrong."""
    content, _ = toml(path)
    document = Section(str(path), content)
    document.allow("reasons")
    found = tuple(_reason(str(path), each) for each in document.tables("reasons"))
    for reason in found:
        if sum(each.code == reason.code for each in found) > 1:
            raise document.wrong(f"reason {reason.code}: there are two of this code; each reason needs its own")
    return found


def _reason(file: str, content: object) -> DeterminationReason:
    name = content.get("code") if isinstance(content, dict) else None
    reason = Section(f"{file}: reason {name or '(without code)'}", content)
    reason.allow("code", "display", "plain", "outcomes", "kind", "clause")
    outcomes, kind = reason.texts("outcomes"), reason.text("kind")
    clause = reason.text("clause") if "clause" in reason.content else None
    for outcome in outcomes:
        if outcome not in DETERMINED:
            raise reason.wrong(f"there is no outcome '{outcome}'{did_you_mean(outcome, DETERMINED)}")
    if kind not in KINDS:
        raise reason.wrong(f"there is no kind '{kind}'{did_you_mean(kind, KINDS)}")
    # H&S 1383.15(i), 42 CFR 438.404(b): a denial states its reason and the rule behind it.
    if clause is None and {"denied", "modified"} & set(outcomes):
        raise reason.wrong("'clause' is missing; a reason for a denial or modification cites the clause it rests on")
    return DeterminationReason(
        reason.text("code"), reason.text("display"), reason.text("plain"), outcomes, kind, clause
    )
