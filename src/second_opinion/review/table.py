"""The policy as people read it: clause beside rule, and every combination of answers with its outcome."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import product, zip_longest
from typing import NamedTuple

from second_opinion.review.card import Card
from second_opinion.review.criteria import ACCEPTABLE, CRITERIA, Answer
from second_opinion.review.determination import Outcome
from second_opinion.review.policy import Line, Policy


class Combination(NamedTuple):
    """One combination of answers with the rule it meets (None: no rule, so a clinician) and what comes of it."""

    answers: Mapping[str, Answer]
    rule: str | None
    outcome: Outcome


def questions(lines: Iterable[Line]) -> tuple[str, ...]:
    """The questions the lines ask, in the order they come up."""
    return tuple(dict.fromkeys(question for line in lines for question in line.card.when))


def combinations(policy: Policy, on: date) -> Iterator[Combination]:
    """Every combination of answers to the table's questions, the gates being passed."""
    rules = [line for line in policy.in_force(on) if not line.card.is_gate]
    asked = questions(rules)
    for each in product(ACCEPTABLE, repeat=len(asked)):
        answers = dict(zip(asked, each, strict=True))
        met = next((line.card for line in rules if holds(line.card, answers)), None)
        yield Combination(answers, met.rule, met.then) if met else Combination(answers, None, Outcome.TO_CLINICIAN)


def holds(card: Card, answers: Mapping[str, Answer]) -> bool:
    """Whether every answer the card waits for is given."""
    return all(answers[question] in wanted for question, wanted in card.when.items())


def as_text(policy: Policy, on: date) -> str:
    """The table compliance signs: gates, then every combination, then how many come to what."""
    lines = policy.in_force(on)
    rows = list(combinations(policy, on))
    asked = questions(line for line in lines if not line.card.is_gate)
    return "\n".join(
        [
            *_title(policy, on),
            *(["Gates, tried first", ""] if any(line.card.is_gate for line in lines) else []),
            *(
                f"{line.card.rule:<5} {line.card.then:<22} {'; '.join(conditions(line))}"
                for line in lines
                if line.card.is_gate
            ),
            "",
            "Questions of the table",
            "",
            *(f"{number:>3}  {name}: {CRITERIA[name].sentence}" for number, name in enumerate(asked, 1)),
            "",
            f"Every combination of their answers ({len(rows)})",
            "",
            "".join(f"{number:<12}" for number in range(1, len(asked) + 1)) + f"{'rule':<6}outcome",
            *(_row(row) for row in rows),
            "",
            *_counts(rows),
        ]
    )


def show(policy: Policy, on: date, *, width: int = 110) -> str:
    """Clause left, rule right, for every card in force on the day; ``width`` in characters."""
    half = (width - 3) // 2
    blocks = ["\n".join(_title(policy, on))]
    for line in policy.in_force(on):
        left = [f"{line.card.clause}  ({line.wording.source})", *line.wording.text.split("\n"), *_dates(line)]
        pairs = zip_longest(_wrapped(left, half), _wrapped(_rule(line), half), fillvalue="")
        blocks.append("\n".join(f"{clause:<{half}} | {rule}".rstrip() for clause, rule in pairs))
    return f"\n{'-' * width}\n".join(blocks)


def conditions(line: Line) -> list[str]:
    """What the card waits for, one text an answer or limit."""
    answers = [f"{question} = {' or '.join(wanted)}" for question, wanted in line.card.when.items()]
    limits = [f"limit {limit} = {value}" for limit, value in line.wording.limits.items()]
    return [*answers, *limits] or ["always"]


def _title(policy: Policy, on: date) -> list[str]:
    in_force = policy.in_force(on)
    state = f"In force on {on}" if in_force else f"No wording is in force on {on}: every request goes to a clinician"
    return [policy.title, f"{state}. File {policy.digest}.", ""]


def _rule(line: Line) -> list[str]:
    card = line.card
    reason = [f"reason: {card.reason}"] if card.reason else []
    ask = [f"ask: {card.ask.words}", f"missing: {', '.join(card.ask.missing)}"] if card.ask else []
    when = [f"when {each}" if number == 0 else f"and  {each}" for number, each in enumerate(conditions(line))]
    return [f"{card.rule}  {card.heading}", *when, f"then {card.then}", *reason, *ask, card.plain]


def _dates(line: Line) -> list[str]:
    return [f"Since {line.wording.since}, compared with its source on {line.wording.confirmed}."]


def _wrapped(lines: Iterable[str], width: int) -> Iterator[str]:
    for line in lines:
        yield from textwrap.wrap(line, width) or [""]


def _row(row: Combination) -> str:
    return "".join(f"{answer:<12}" for answer in row.answers.values()) + f"{row.rule or '-':<6}{row.outcome}"


def _counts(rows: Iterable[Combination]) -> Iterator[str]:
    yield "Combinations by outcome and rule"
    yield ""
    counted = Counter((row.outcome, row.rule or "-") for row in rows)
    for outcome in Outcome:
        rules = {rule: count for (known, rule), count in counted.items() if known is outcome}
        if rules:
            yield f"{sum(rules.values()):>5}  {outcome:<26} " + ", ".join(f"{rule} {n}" for rule, n in rules.items())
