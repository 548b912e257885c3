"""Applying a policy to a request's facts. Knows no plan, no FHIR, no database, and no clock."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from second_opinion.review.card import PolicyError
from second_opinion.review.criteria import Answer
from second_opinion.review.determination import Determination, Evidence, Finding, Outcome, Verdict
from second_opinion.review.facts import Facts
from second_opinion.review.policy import Line, Policy, Question

# Looked up once: reading an enumeration's member costs more than everything else a question does.
_YES, _NO, _NOT_STATED, _FAILED = Answer.YES, Answer.NO, Answer.NOT_STATED, Answer.FAILED
_MET, _NOT_MET, _COULD_NOT_BE_TRIED = Verdict.MET, Verdict.NOT_MET, Verdict.FAILED

_TO_A_PERSON = "The request goes to a clinician, who decides."


def determine(facts: Facts, policy: Policy, on: date) -> Determination:
    """What the policy answers on the day; the first card that is met decides, and whatever fails goes to a person."""
    lines = policy.in_force(on)
    asked = _Asked(facts)
    findings: list[Finding] = []
    for line in lines:
        finding = asked.about(line)
        findings.append(finding)
        if finding.verdict is _MET:
            return _decided(line, facts, policy, on, findings)
        if finding.verdict is _COULD_NOT_BE_TRIED:
            return _referred(_fault(finding, asked), facts, policy, on, findings)
    fault = "no rule is met by these answers" if lines else "no wording of the policy is in force on this day"
    return _referred(fault, facts, policy, on, findings)


def replay(trace: Mapping[str, Any], policy: Policy) -> Determination:
    """Make a recorded determination again, from its facts and day; the policy must be the version it was made under."""
    made = Determination.from_json(trace)
    if made.policy != policy.digest:
        raise PolicyError(
            f"{policy.file}: is not the version this determination was made under; "
            f"replay it with the file whose SHA-256 is {made.policy}"
        )
    return determine(made.facts, policy, made.on)


class _Asked:
    """The questions asked so far about one request, each at most once."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.answers: dict[int, tuple[str, Answer]] = {}  # by slot: the question's name and its answer
        self.evidence: dict[str, Evidence] = {}
        self.faults: dict[str, str] = {}

    def about(self, line: Line) -> Finding:
        """How the card fares: all its questions are asked, so that a failed one is never passed over."""
        verdict = line.verdict
        answers: list[tuple[str, Answer]] = []
        for question, wanted in line.questions:
            answered = self.answers.get(question.slot) or self._ask(question)
            answers.append(answered)
            if answered[1] is _FAILED:
                verdict = _COULD_NOT_BE_TRIED
            elif answered[1] not in wanted and verdict is not _COULD_NOT_BE_TRIED:
                verdict = _NOT_MET
        card, wording, read = line.card, line.wording, self.evidence
        evidence = tuple([read[fact] for fact in line.facts])
        return Finding(
            card.rule, card.clause, wording.source, wording.since, verdict, tuple(answers), evidence, wording.limits
        )

    def _ask(self, question: Question) -> tuple[str, Answer]:
        for name, _ in question.facts:
            if name not in self.evidence:
                self.evidence[name] = Evidence(name, getattr(self.facts, name), self.facts.sources.get(name))
        answered = self.answers[question.slot] = (question.name, self._answer(question))
        return answered

    def _answer(self, question: Question) -> Answer:
        values = [self.evidence[name].value for name, _ in question.facts]
        for (name, kind), value in zip(question.facts, values, strict=True):
            if value is not None and type(value) is not kind:
                return self._failed(question, f"the fact {name} could not be read ({value})")
        if None in values:
            return _NOT_STATED
        try:
            answer = question.holds(*values, **question.limits)
        except Exception as fault:  # noqa: BLE001  # whatever goes wrong in a question, a person decides
            return self._failed(question, type(fault).__name__)
        if answer is True:
            return _YES
        if answer is False:
            return _NO
        # A stray value that happens to be truthy must not earn an approval.
        return self._failed(question, f"answered with {type(answer).__name__} instead of yes or no")

    def _failed(self, question: Question, why: str) -> Answer:
        self.faults[question.name] = why
        return _FAILED


def _fault(finding: Finding, asked: _Asked) -> str:
    failed = (question for question, answer in finding.answers if answer is _FAILED)
    return "; ".join(f"{finding.rule}: {question} failed: {asked.faults[question]}" for question in failed)


def _decided(line: Line, facts: Facts, policy: Policy, on: date, findings: list[Finding]) -> Determination:
    card = line.card
    return Determination(
        outcome=card.then,
        rule=card.rule,
        clause=card.clause,
        heading=card.heading,
        plain=card.plain,
        reason=card.reason,
        ask=card.ask,
        fault=None,
        plan=policy.plan,
        policy=policy.digest,
        on=on,
        facts=facts,
        findings=tuple(findings),
    )


def _referred(fault: str, facts: Facts, policy: Policy, on: date, findings: list[Finding]) -> Determination:
    return Determination(
        outcome=Outcome.TO_CLINICIAN,
        rule=None,
        clause=None,
        heading="Decided by a person",
        plain=_TO_A_PERSON,
        reason=None,
        ask=None,
        fault=fault,
        plan=policy.plan,
        policy=policy.digest,
        on=on,
        facts=facts,
        findings=tuple(findings),
    )
