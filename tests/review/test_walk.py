"""The walk through the tree of answers finds exactly what trying every combination finds."""

from datetime import date
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from second_opinion.review.card import Card, Wording
from second_opinion.review.criteria import ACCEPTABLE, Answer
from second_opinion.review.determination import Outcome
from second_opinion.review.table import holds
from second_opinion.review.walk import walk

QUESTIONS = ("request_is_urgent", "reason_is_stated", "alternative_is_available", "provider_is_in_network")
A_DAY = date(2026, 1, 1)


def card(rule: str, when: dict[str, tuple[Answer, ...]], then: Outcome = Outcome.TO_CLINICIAN) -> Card:
    wording = Wording(A_DAY, "invented", "invented", A_DAY, {})
    return Card(rule, then is Outcome.GO_ON, "1", "A card", when, then, "Plain.", None, None, (wording,))


ANSWERS = st.sets(st.sampled_from(ACCEPTABLE), min_size=1).map(lambda each: tuple(sorted(each)))
WHENS = st.dictionaries(st.sampled_from(QUESTIONS), ANSWERS, max_size=3)
DECKS = st.lists(st.tuples(WHENS, st.sampled_from([Outcome.TO_CLINICIAN, Outcome.GO_ON])), max_size=7).map(
    lambda cards: [card(f"C{number}", when, then) for number, (when, then) in enumerate(cards)]
)


def tried_one_by_one(cards: list[Card]) -> tuple[set[str], set[tuple[Answer, ...]]]:
    reached: set[str] = set()
    undecided: set[tuple[Answer, ...]] = set()
    for each in product(ACCEPTABLE, repeat=len(QUESTIONS)):
        met = [one for one in cards if holds(one, dict(zip(QUESTIONS, each, strict=True)))]
        deciding = next((one for one in met if one.then is not Outcome.GO_ON), None)
        reached |= {one.rule for one in (met[: met.index(deciding) + 1] if deciding else met)}
        if deciding is None:
            undecided.add(each)
    return reached, undecided


@given(cards=DECKS)
def test_walk_agrees_with_trying_every_combination(cards: list[Card]) -> None:
    reached, undecided = tried_one_by_one(cards)

    found = walk(cards)

    in_gaps = [
        each for gap in found.gaps for each in product(*(gap.get(question, ACCEPTABLE) for question in QUESTIONS))
    ]
    assert found.reached == reached
    assert set(in_gaps) == undecided
    assert len(in_gaps) == len(undecided)


def test_gap_names_the_answers_nobody_decides() -> None:
    found = walk([card("C", {"reason_is_stated": (Answer.YES, Answer.NOT_STATED)})])

    assert found.gaps == [{"reason_is_stated": (Answer.NO,)}]


def test_mark_decides_nothing() -> None:
    found = walk([card("C", {}, Outcome.GO_ON)])

    assert found.reached == {"C"}
    assert found.gaps == [{}]
