"""Walking the tree of answers, to prove that every combination is decided and every rule reached.

Each question splits the answers still possible into those a card waits for and the rest, so the walk is exact without
ever listing the combinations, which gates included run into the millions. Answers count as independent of each other,
also those of one question asked with two limits: a rule for a combination that cannot happen does no harm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from second_opinion.review.card import Card
from second_opinion.review.criteria import ACCEPTABLE, Answer
from second_opinion.review.determination import Outcome

Possible = Mapping[str, tuple[Answer, ...]]
"""The answers still possible to each question split so far; any other question may have every answer."""


@dataclass
class Walk:
    """What a walk found."""

    reached: set[str] = field(default_factory=set)
    gaps: list[Possible] = field(default_factory=list)


def walk(cards: Sequence[Card]) -> Walk:
    """Walk the cards in order, first match deciding, through every combination of answers."""
    found = Walk()
    _walk(cards, 0, {}, found)
    return found


def _walk(cards: Sequence[Card], at: int, possible: Possible, found: Walk) -> None:
    if at == len(cards):
        found.gaps.append(possible)
        return
    card, agreeing = cards[at], dict(possible)
    passing: list[Possible] = []  # the parts of what is possible in which one answer disagrees, each part once
    for question, wanted in card.when.items():
        open_answers = agreeing.get(question, ACCEPTABLE)
        agree = tuple(answer for answer in open_answers if answer in wanted)
        disagree = tuple(answer for answer in open_answers if answer not in wanted)
        if disagree:
            passing.append({**agreeing, question: disagree})
        if not agree:
            break
        agreeing[question] = agree
    else:
        found.reached.add(card.rule)
    if card.then is Outcome.GO_ON:
        passing = [possible]  # a mark changes nothing for the cards after it
    for part in passing:
        _walk(cards, at + 1, part, found)
