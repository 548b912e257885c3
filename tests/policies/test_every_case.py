"""Every combination is decided, every rule is reached, and none denies."""

from collections import Counter
from itertools import product

import pytest

from policies.plans import A_DAY, HARBOR, HPSJ, asked
from second_opinion.review.criteria import ACCEPTABLE, Answer
from second_opinion.review.determination import Outcome
from second_opinion.review.engine import determine
from second_opinion.review.facts import CareSource, Facts, Reason, RequestedProvider, RequesterKind, Urgency
from second_opinion.review.policy import Policy
from second_opinion.review.table import combinations
from second_opinion.review.walk import walk

REQUESTERS = (RequesterKind.MEMBER, RequesterKind.TREATING, RequesterKind.OTHER)
CARE_SOURCES = (CareSource.PCP, CareSource.SPECIALIST, None)
PROVIDERS = (RequestedProvider.IN_NETWORK, RequestedProvider.OUT_OF_NETWORK, None)
ALTERNATIVES = (True, False, None)
REASONS = (Reason.LISTED, Reason.OTHER, None)
INPUTS = list(product(REQUESTERS, CARE_SOURCES, PROVIDERS, ALTERNATIVES, Urgency, REASONS))

ANY = None
ENTITLED = {RequesterKind.MEMBER, RequesterKind.TREATING}
OUTSIDE = {RequestedProvider.OUT_OF_NETWORK}
NOBODY_NAMED = {None}
NOT_INSIDE = OUTSIDE | NOBODY_NAMED
URGENT, STANDARD = {Urgency.URGENT}, {Urgency.STANDARD}
A_REASON, NO_REASON = {Reason.LISTED, Reason.OTHER}, {None}

# The plan's decision table as its analysts wrote it: requester, care source, requested provider, in-network
# alternative, urgency, reason. Written out a second time on purpose; the cards must agree with it.
ROWS = (
    ("R1", ANY, ANY, {RequestedProvider.IN_NETWORK}, ANY, ANY, ANY),
    ("R2", ANY, ANY, NOBODY_NAMED, {True}, ANY, ANY),
    ("R3", {RequesterKind.OTHER}, ANY, NOT_INSIDE, ANY, URGENT, ANY),
    ("R4", {RequesterKind.OTHER}, ANY, NOT_INSIDE, ANY, STANDARD, ANY),
    ("R5", ENTITLED, ANY, NOBODY_NAMED, {False}, ANY, A_REASON),
    ("R6", ENTITLED, ANY, OUTSIDE, {False}, ANY, A_REASON),
    ("R7", ENTITLED, ANY, NOT_INSIDE, {False}, URGENT, NO_REASON),
    ("R8", ENTITLED, ANY, NOT_INSIDE, {False}, STANDARD, NO_REASON),
    ("R9", ENTITLED, ANY, NOT_INSIDE, {None}, URGENT, ANY),
    ("R10", ENTITLED, ANY, NOT_INSIDE, {None}, STANDARD, ANY),
    ("R11", ENTITLED, ANY, OUTSIDE, {True}, ANY, ANY),
)


def facts_of(values: tuple[object, ...]) -> Facts:
    names = ("requester_kind", "care_source", "requested_provider", "alternative_available", "urgency", "reason")
    return asked(**dict(zip(names, values, strict=True)))


def row_of(values: tuple[object, ...]) -> str:
    return next(
        rule
        for rule, *wanted in ROWS
        if all(each is ANY or value in each for each, value in zip(wanted, values, strict=True))
    )


def test_all_486_combinations_of_the_inputs_meet_their_row_of_the_table() -> None:
    met = {values: determine(facts_of(values), HPSJ, A_DAY).rule for values in INPUTS}

    assert len(met) == 486
    assert [values for values in INPUTS if met[values] != row_of(values)] == []


def test_the_486_combinations_come_to_the_counts_of_the_table() -> None:
    outcomes = Counter(determine(facts_of(values), HPSJ, A_DAY).outcome for values in INPUTS)

    assert outcomes == {
        Outcome.NO_AUTHORIZATION_REQUIRED: 216,
        Outcome.APPROVE: 48,
        Outcome.TO_CLINICIAN: 129,
        Outcome.TO_NETWORK_STAFF: 36,
        Outcome.ASK_FOR_INFORMATION: 57,
    }


STATED = {
    "provider_is_in_network": ("requested_provider", RequestedProvider.IN_NETWORK, RequestedProvider.OUT_OF_NETWORK),
    "alternative_is_available": ("alternative_available", True, False),
    "requester_is_entitled": ("requester_kind", RequesterKind.MEMBER, RequesterKind.OTHER),
    "request_is_urgent": ("urgency", Urgency.URGENT, Urgency.STANDARD),
    "reason_is_stated": ("reason", Reason.OTHER, Reason.EMPTY),
    "provider_is_disqualified": ("provider_disqualified", True, False),
}


def test_every_combination_of_answers_in_the_printed_table_is_what_the_engine_decides() -> None:
    rows = list(combinations(HPSJ, A_DAY))

    assert len(rows) == 3 ** len(STATED)
    for row in rows:
        facts = {STATED[question][0]: value_for(question, answer) for question, answer in row.answers.items()}
        made = determine(asked(**facts), HPSJ, A_DAY)
        assert (made.rule, made.outcome) == (row.rule, row.outcome)


def value_for(question: str, answer: Answer) -> object:
    _, if_yes, if_no = STATED[question]
    return {Answer.YES: if_yes, Answer.NO: if_no, Answer.NOT_STATED: None}[answer]


def test_requester_not_stated_is_handled_as_other() -> None:
    for values in INPUTS:
        if values[0] is RequesterKind.OTHER:
            unstated = (None, *values[1:])
            assert determine(facts_of(unstated), HPSJ, A_DAY).rule == determine(facts_of(values), HPSJ, A_DAY).rule


def test_reason_that_says_nothing_is_handled_as_none() -> None:
    for values in INPUTS:
        if values[5] is None:
            empty = (*values[:5], Reason.EMPTY)
            assert determine(facts_of(empty), HPSJ, A_DAY).rule == determine(facts_of(values), HPSJ, A_DAY).rule


def test_urgency_not_stated_is_handled_as_standard() -> None:
    for values in INPUTS:
        if values[4] is Urgency.STANDARD:
            unstated = (*values[:4], None, values[5])
            assert determine(facts_of(unstated), HPSJ, A_DAY).rule == determine(facts_of(values), HPSJ, A_DAY).rule


def test_serious_condition_never_changes_the_outcome() -> None:
    for values in INPUTS:
        serious = facts_of(values)
        object.__setattr__(serious, "serious_condition", True)
        assert determine(serious, HPSJ, A_DAY).rule == determine(facts_of(values), HPSJ, A_DAY).rule


GATES = ("member_identified", "covered", "belongs_elsewhere", "repeats_open_case", "already_rendered")
MARKS = ("confidential", "other_coverage")


def gate_of(answers: tuple[bool | None, ...]) -> str | None:
    identified, covered, elsewhere, repeats, rendered = answers
    if not identified:
        return "G0"
    if not covered:
        return "G1"
    if elsewhere:
        return "G2"
    if repeats:
        return "G3"
    return "G4" if rendered else None


def test_every_combination_at_the_gates_is_routed_by_the_first_gate_it_meets() -> None:
    for answers in product((True, False, None), repeat=len(GATES)):
        for opinion, provider in product((2, 3, 4, None), PROVIDERS):
            further = opinion in {3, 4} and provider is not RequestedProvider.IN_NETWORK
            expected = gate_of(answers) or ("G5" if further else None)
            facts = asked(**dict(zip(GATES, answers, strict=True)), opinion_number=opinion, requested_provider=provider)

            rule = determine(facts, HPSJ, A_DAY).rule

            assert rule == expected if expected else rule is not None and rule.startswith("R")


def test_marks_are_noted_whatever_decides_and_change_nothing() -> None:
    for answers in product((True, False, None), repeat=len(GATES)):
        plain = asked(**dict(zip(GATES, answers, strict=True)))
        marked = asked(**dict(zip(GATES, answers, strict=True)), **dict.fromkeys(MARKS, True))

        made = determine(marked, HPSJ, A_DAY)

        assert made.rule == determine(plain, HPSJ, A_DAY).rule
        assert made.notes == (() if made.rule == "G0" else ("G6", "G7"))


@pytest.mark.parametrize("policy", [HPSJ, HARBOR], ids=lambda policy: policy.plan)
def test_gates_and_rules_together_leave_no_gap_and_no_rule_unreached(policy: Policy) -> None:
    for _, lines in policy.periods():
        cards = [line.card for line in lines]
        found = walk(cards)
        assert found.gaps == []
        assert found.reached == {card.rule for card in cards}


@pytest.mark.parametrize("policy", [HPSJ, HARBOR], ids=lambda policy: policy.plan)
def test_every_combination_of_answers_meets_a_rule(policy: Policy) -> None:
    rows = list(combinations(policy, A_DAY))

    assert all(row.rule for row in rows)
    assert {answer for row in rows for answer in row.answers.values()} == set(ACCEPTABLE)
    assert {row.rule for row in rows} == {card.rule for card in policy.cards if not card.is_gate}


def test_no_outcome_has_a_word_for_denial() -> None:
    stems = ("den", "reject", "refus", "modif", "declin", "delay", "shorten", "redirect", "eligible")

    assert [each for each in Outcome if any(word.startswith(stems) for word in each.split("-"))] == []
