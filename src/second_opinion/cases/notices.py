"""The letters a case owes: which kinds there are, to whom each goes, and what must lie in the envelope."""

from enum import StrEnum


class NoticeKind(StrEnum):
    """What a letter tells; the values are the codes of our notice-kind system."""

    DENIAL = "denial"
    MODIFICATION = "modification"
    DELAY = "delay"
    APPROVAL = "approval"
    INFORMATION = "information"
    WITHDRAWAL = "withdrawal"
    URGENCY_CHANGED = "urgency-changed"

    @property
    def is_adverse(self) -> bool:
        """A Notice of Action (42 CFR 438.404): it carries every right of redress and the plan's enclosures."""
        return self in ADVERSE


class Addressee(StrEnum):
    """Who gets a copy; only the provider's names the decider and a direct phone (H&S 1367.01(h)(4))."""

    MEMBER = "member"
    PROVIDER = "provider"


ADVERSE = frozenset({NoticeKind.DENIAL, NoticeKind.MODIFICATION, NoticeKind.DELAY})
ENCLOSURES = ("your-rights", "nondiscrimination", "language-notice")  # APL 21-011, APL 25-005, 45 CFR 92.11
