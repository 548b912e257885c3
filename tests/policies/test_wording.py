"""What the cards quote is what the policy says, and what they cite can be found."""

from pathlib import Path

import pytest

from policies.plans import HPSJ
from second_opinion.review import reasons
from second_opinion.review.card import Card, Wording
from second_opinion.review.policy import folder

POLICY_TEXT = Path(__file__).parents[3] / "shared" / "policy" / "second-medical-opinion.txt"
WORDINGS = [pytest.param(card, each, id=card.rule) for card in HPSJ.cards for each in card.wording]


QUOTED = [
    pytest.param(each, id=card.rule) for card in HPSJ.cards for each in card.wording if each.source.startswith("Policy")
]


@pytest.mark.parametrize("wording", QUOTED)
def test_quoted_clause_stands_in_the_policy_word_for_word(wording: Wording) -> None:
    if not POLICY_TEXT.is_file():
        pytest.skip("the plan's policy document is not here; its words cannot be compared")
    document = " ".join(POLICY_TEXT.read_text().split())

    for paragraph in wording.text.split("\n\n"):
        assert " ".join(paragraph.split()) in document


@pytest.mark.parametrize(("card", "wording"), WORDINGS)
def test_wording_quotes_the_policy_or_says_that_the_words_are_ours(card: Card, wording: Wording) -> None:
    if wording.source.startswith("Policy"):
        assert all(clause in wording.source for clause in card.clause.split(", "))
    else:
        assert card.is_gate
        assert wording.source.endswith(", in our words")


@pytest.mark.parametrize("card", HPSJ.cards, ids=lambda card: card.rule)
def test_plain_sentence_has_no_abbreviation_and_short_sentences(card: Card) -> None:
    for sentence in card.plain.replace(":", ".").replace(";", ".").split("."):
        words = sentence.split()
        assert len(words) <= 26
        assert not [word for word in words if word.isupper() and len(word.strip(",")) > 1]


def test_determination_reasons_are_the_published_ones() -> None:
    found = {each.code: (each.outcomes, each.kind, each.clause) for each in reasons.load(folder("hpsj") / reasons.FILE)}

    assert found == {
        "no-in-network-equivalent": (("approved",), "administrative", "II.D"),
        "criteria-met": (("approved",), "administrative", "II.C"),
        "in-network-equivalent-available": (("denied", "modified"), "clinical", "II.D"),
        "further-opinion-not-warranted": (("denied",), "clinical", "II.G"),
        "more-time-needed": (("extended",), "clinical", None),
        "not-enrolled": (("not-eligible",), "administrative", None),
        "other-system-responsible": (("not-eligible",), "administrative", None),
    }


def test_both_approving_rules_give_the_reason_that_nobody_in_the_network_is_available() -> None:
    given = {card.rule: card.reason for card in HPSJ.cards if card.reason}

    assert given == {"R5": "no-in-network-equivalent", "R6": "no-in-network-equivalent"}
