"""What one letter tells, as data: nothing in it is looked up, and what the law wants in it cannot be left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from second_opinion.cases.notices import Addressee, NoticeKind, RideChange


class IncompleteLetter(Exception):
    """A letter without something it must say: a fault of the story that made it, never something to send."""


@dataclass(frozen=True)
class Party:
    """A name with the lines of an address; no lines where the address is not to be printed."""

    name: str
    address: tuple[str, ...] = ()


@dataclass(frozen=True)
class Doctor:
    """A provider the member may see; ``first_visit`` is local time."""

    name: str
    specialty: str | None = None  # NUCC code
    specialty_words: str | None = None  # in English
    phone: str | None = None
    first_visit: datetime | None = None


@dataclass(frozen=True)
class Decider:
    """Who decided, and the number that reaches this person."""

    name: str
    phone: str


@dataclass(frozen=True)
class Decision:
    """A reviewer's reasons, or none where the time ran out and the law calls that a denial (42 CFR 438.404(c)(5))."""

    reasons: tuple[str, ...] = ()  # determination-reason codes
    rationale: Mapping[str, str] = field(default_factory=dict)  # language → plain words for this member
    clauses: tuple[str, ...] = ()
    offered: tuple[Doctor, ...] = ()
    expired: bool = False


@dataclass(frozen=True)
class Grant:
    """What was approved: its number and days, and for a modification the doctor and how many visits."""

    number: str
    first_day: date
    last_day: date
    doctor: Doctor | None = None
    visits: str | None = None


@dataclass(frozen=True)
class Extension:
    """More time to decide: what is missing, on which lawful ground, until when."""

    until: date
    missing: tuple[str, ...]
    justification: str  # member-asked, provider-asked, member-interest


@dataclass(frozen=True)
class Asked:
    """What the plan asks, (fact, question in English), and by when it hopes for the answer."""

    questions: tuple[tuple[str, str], ...]
    answer_by: date


@dataclass(frozen=True)
class RideTold:
    """What became of the ride; modes are codes of transport-mode, ``visit`` is local time."""

    change: RideChange
    asked: str | None = None
    offered: str | None = None
    visit: datetime | None = None


@dataclass(frozen=True)
class Letter:
    """One letter to one addressee. Dates are the plan's local ones; ``mailed_on`` None is a draft."""

    kind: NoticeKind
    addressee: Addressee
    number: str
    case_number: str
    received_on: date
    decided_on: date
    member: Party
    provider: Party | None  # the treating provider, where there is one
    service: Doctor | None  # whom the opinion was asked of, or only the specialty (name empty)
    mailed_on: date | None = None
    decision: Decision | None = None
    decider: Decider | None = None
    grant: Grant | None = None
    extension: Extension | None = None
    asked: Asked | None = None
    ride: RideTold | None = None
    choices: tuple[Doctor, ...] = ()  # in-network doctors the member may choose without asking
    depends_on_eligibility: bool = False
    appeal_by: date | None = None
    answers_appeal: bool = False  # the decision was made on an appeal: the next step is a State Hearing
    due_on: date | None = None  # of a decision that is no longer urgent

    def __post_init__(self) -> None:
        if missing := tuple(self._missing()):
            raise IncompleteLetter(f"A letter of kind {self.kind} to the {self.addressee} needs {', '.join(missing)}")

    @property
    def to(self) -> Party:
        """Whose name and address stand on the envelope."""
        if self.addressee is Addressee.MEMBER:
            return self.member
        assert self.provider is not None  # noqa: S101 - a provider's copy without one is refused above
        return self.provider

    def _missing(self) -> list[str]:
        """H&S 1367.01(h)(4), 1383.15(i), 42 CFR 438.404(b): what each kind must say."""
        decision = self.decision or Decision()
        decided = self.kind in {NoticeKind.DENIAL, NoticeKind.MODIFICATION} and not decision.expired
        needs_decider = self.kind.is_adverse and self.mailed_on is not None
        needed = {
            "a provider": self.addressee is Addressee.PROVIDER and self.provider is None,
            "a decision": self.kind in {NoticeKind.DENIAL, NoticeKind.MODIFICATION} and self.decision is None,
            "a coded reason": decided and not decision.reasons,
            "a rationale in plain words": decided and not decision.rationale,
            "a clause": decided and not decision.clauses,
            "the day the appeal ends": self.kind in {NoticeKind.DENIAL, NoticeKind.MODIFICATION} and not self.appeal_by,
            "the decider with a direct phone": needs_decider and not (self.decider and self.decider.phone.strip()),
            "what was approved": self.kind is NoticeKind.MODIFICATION and not (self.grant and self.grant.doctor),
            "what is missing": self.kind is NoticeKind.DELAY and not (self.extension and self.extension.missing),
            "a question": self.kind is NoticeKind.INFORMATION and not (self.asked and self.asked.questions),
            "the new due day": self.kind is NoticeKind.URGENCY_CHANGED and self.due_on is None,
            "what became of the ride": self.kind is NoticeKind.RIDE_CHANGED and self.ride is None,
        }
        return [what for what, lacking in needed.items() if lacking]
