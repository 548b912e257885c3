"""The determination: an outcome that *is* its trace. Everything needed to make it again years later is in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple, Self

from second_opinion.review.criteria import Answer
from second_opinion.review.facts import Facts, from_recorded, recorded


class Outcome(StrEnum):
    """What the policy's table may answer. There is no word for a denial: only an attested reviewer denies."""

    NO_AUTHORIZATION_REQUIRED = "no-authorization-required"
    APPROVE = "approve"
    ASK_FOR_INFORMATION = "ask-for-information"
    TO_NETWORK_STAFF = "to-network-staff"
    TO_CLINICIAN = "to-clinician"
    TO_ELIGIBILITY_STAFF = "to-eligibility-staff"
    NOT_IDENTIFIED = "not-identified"
    ATTACH = "attach"
    GO_ON = "go-on"


RULE_OUTCOMES = (
    Outcome.NO_AUTHORIZATION_REQUIRED,
    Outcome.APPROVE,
    Outcome.ASK_FOR_INFORMATION,
    Outcome.TO_NETWORK_STAFF,
    Outcome.TO_CLINICIAN,
    Outcome.TO_ELIGIBILITY_STAFF,
)
"""What a rule may come to."""

GATE_OUTCOMES = (
    Outcome.NOT_IDENTIFIED,
    Outcome.ATTACH,
    Outcome.GO_ON,
    Outcome.TO_NETWORK_STAFF,
    Outcome.TO_CLINICIAN,
    Outcome.TO_ELIGIBILITY_STAFF,
)
"""What a gate may come to: it routes or marks; approving is the table's."""


class Verdict(StrEnum):
    """How one rule fared when it was tried."""

    MET = "met"
    NOT_MET = "not-met"
    NOTED = "noted"  # a gate that marks and lets the table go on
    FAILED = "failed"  # one of its questions could not be answered


class Ask(NamedTuple):
    """What to ask the requester: the words to send, and the facts they are about."""

    words: str
    missing: tuple[str, ...]


class Evidence(NamedTuple):
    """A fact as it was read: its value (None: not stated) and where it came from, when that is known."""

    fact: str
    value: object
    source: str | None


class Finding(NamedTuple):
    """One rule as tried: the wording in force, each question's answer, the facts read, the limits used."""

    rule: str
    clause: str
    source: str
    since: date
    verdict: Verdict
    answers: tuple[tuple[str, Answer], ...]
    evidence: tuple[Evidence, ...]
    limits: Mapping[str, int]


@dataclass(frozen=True)
class Determination:
    """What the policy answers to the facts on a day. ``rule`` and ``clause`` are None when no rule decided."""

    outcome: Outcome
    rule: str | None
    clause: str | None
    heading: str
    plain: str  # the outcome in a sentence for member and nurse
    reason: str | None  # code of determination-reason
    ask: Ask | None  # with ask-for-information, and only then
    fault: str | None  # why a person decides although no rule says so
    plan: str
    policy: str  # SHA-256 of the policy file, hexadecimal
    on: date  # the wording in force on this day was used
    facts: Facts
    findings: tuple[Finding, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """The gates that marked the case and let the table go on."""
        return tuple(each.rule for each in self.findings if each.verdict is Verdict.NOTED)

    def as_json(self) -> dict[str, Any]:
        """The whole trace as plain JSON; facts are written once, findings name those they read."""
        return {
            "outcome": self.outcome.value,
            "rule": self.rule,
            "clause": self.clause,
            "heading": self.heading,
            "plain": self.plain,
            "reason": self.reason,
            "ask": self.ask and {"words": self.ask.words, "missing": list(self.ask.missing)},
            "fault": self.fault,
            "plan": self.plan,
            "policy": self.policy,
            "on": self.on.isoformat(),
            "facts": recorded(self.facts),
            "findings": [_finding_as_json(each) for each in self.findings],
        }

    @classmethod
    def from_json(cls, trace: Mapping[str, Any]) -> Self:
        """The determination whose trace this is."""
        facts, ask = from_recorded(trace["facts"]), trace["ask"]
        words = ("rule", "clause", "heading", "plain", "reason", "fault", "plan", "policy")
        return cls(
            outcome=Outcome(trace["outcome"]),
            ask=ask and Ask(ask["words"], tuple(ask["missing"])),
            on=date.fromisoformat(trace["on"]),
            facts=facts,
            findings=tuple(_finding_from_json(each, facts) for each in trace["findings"]),
            **{word: trace[word] for word in words},
        )


def _finding_as_json(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "clause": finding.clause,
        "source": finding.source,
        "since": finding.since.isoformat(),
        "verdict": finding.verdict.value,
        "answers": {question: answer.value for question, answer in finding.answers},
        "facts": [each.fact for each in finding.evidence],
        "limits": dict(finding.limits),
    }


def _finding_from_json(trace: Mapping[str, Any], facts: Facts) -> Finding:
    return Finding(
        rule=trace["rule"],
        clause=trace["clause"],
        source=trace["source"],
        since=date.fromisoformat(trace["since"]),
        verdict=Verdict(trace["verdict"]),
        answers=tuple((question, Answer(answer)) for question, answer in trace["answers"].items()),
        evidence=tuple(Evidence(name, getattr(facts, name), facts.sources.get(name)) for name in trace["facts"]),
        limits=trace["limits"],
    )
