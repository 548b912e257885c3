"""Every question, on both sides of what it asks."""

from collections.abc import Callable

import pytest

from second_opinion.review import criteria
from second_opinion.review.criteria import CRITERIA
from second_opinion.review.facts import CareSource, Reason, RequestedProvider, RequesterKind, Urgency


@pytest.mark.parametrize(
    "question",
    [
        criteria.member_is_identified,
        criteria.member_is_covered,
        criteria.service_belongs_elsewhere,
        criteria.an_open_case_is_repeated,
        criteria.service_was_rendered,
        criteria.answers_are_confidential,
        criteria.other_coverage_exists,
        criteria.provider_is_disqualified,
        criteria.alternative_is_available,
        criteria.condition_is_serious,
    ],
)
def test_question_about_a_plain_fact_repeats_it(question: Callable[[bool], bool]) -> None:
    assert [question(fact) for fact in (True, False)] == [True, False]


@pytest.mark.parametrize(("number", "reached"), [(2, False), (3, True), (4, True)])
def test_opinions_reach_counts_from_the_limit_on(number: int, reached: bool) -> None:  # noqa: FBT001  # a table
    assert criteria.opinions_reach(number, opinions=3) is reached


def test_member_and_treating_provider_are_entitled_and_nobody_else() -> None:
    entitled = [kind for kind in RequesterKind if criteria.requester_is_entitled(kind)]

    assert entitled == [RequesterKind.MEMBER, RequesterKind.TREATING]


def test_only_the_pcps_care_is_primary() -> None:
    assert [source for source in CareSource if criteria.care_is_primary(source)] == [CareSource.PCP]


def test_only_a_provider_in_the_network_is_in_the_network() -> None:
    inside = [each for each in RequestedProvider if criteria.provider_is_in_network(each)]

    assert inside == [RequestedProvider.IN_NETWORK]


def test_only_urgent_is_urgent() -> None:
    assert [each for each in Urgency if criteria.request_is_urgent(each)] == [Urgency.URGENT]


def test_a_listed_and_any_other_reason_are_stated_and_an_empty_one_is_not() -> None:
    assert [each for each in Reason if criteria.reason_is_stated(each)] == [Reason.LISTED, Reason.OTHER]


def test_question_about_something_that_is_no_fact_is_refused() -> None:
    def moon_is_full(moon: bool) -> bool:  # noqa: FBT001  # as every question
        return moon

    with pytest.raises(TypeError, match="moon_is_full: 'moon' must be a fact"):
        criteria.described(moon_is_full)


def test_question_about_a_fact_of_another_type_is_refused() -> None:
    def covered_twice(covered: int) -> bool:
        return covered == 2

    with pytest.raises(TypeError, match="'covered' must be a fact, with the type it has in Facts"):
        criteria.described(covered_twice)


def test_every_question_says_in_one_line_what_a_yes_means() -> None:
    for each in CRITERIA.values():
        assert each.sentence.endswith(".")
        assert "\n" not in each.sentence
