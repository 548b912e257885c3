"""The policy as people read it."""

from datetime import date

from policies.plans import A_DAY, HARBOR, HPSJ
from second_opinion.review.table import as_text, combinations, show


def test_printed_table_has_a_line_for_every_gate_and_every_combination() -> None:
    lines = as_text(HPSJ, A_DAY).splitlines()

    rows = [line for line in lines if line.startswith(("yes ", "no ", "not-stated "))]
    gates = [line for line in lines if line.startswith("G")]
    assert len(rows) == len(list(combinations(HPSJ, A_DAY))) == 729
    assert len(gates) == 1 + sum(card.is_gate for card in HPSJ.cards)


def test_printed_row_says_rule_and_outcome() -> None:
    assert "no          no          yes         yes         yes         yes         R6a   to-clinician" in as_text(
        HPSJ, A_DAY
    )


def test_counts_add_up_to_every_combination() -> None:
    counts = as_text(HPSJ, A_DAY).split("Combinations by outcome and rule")[1].split("\n")

    assert sum(int(line.split()[0]) for line in counts if line.strip()) == 729


def test_clause_stands_left_of_its_rule() -> None:
    text = show(HPSJ, A_DAY, width=140)

    assert "| R11  Out of network chosen though an alternative is available" in text
    assert "UM 01: Authorization and Referral Review." in text
    assert all(len(line) <= 140 for line in text.splitlines())


def test_wording_and_limit_shown_are_those_of_the_day() -> None:
    before, after = show(HARBOR, date(2025, 6, 30)), show(HARBOR, date(2025, 7, 1))

    assert "One further opinion per question is covered." in before
    assert "limit opinions = 3" in before
    assert "limit opinions = 4" in after


def test_ask_and_reason_are_shown_with_their_rule() -> None:
    text = show(HPSJ, A_DAY, width=200)

    assert "reason: no-in-network-equivalent" in text
    assert "missing: requester_kind" in text


def test_day_without_wording_says_that_a_clinician_decides() -> None:
    for text in (show(HPSJ, date(2020, 1, 1)), as_text(HPSJ, date(2020, 1, 1))):
        assert "No wording is in force on 2020-01-01: every request goes to a clinician" in text
