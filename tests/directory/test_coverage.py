"""What covers the member, whose it is, and which networks it opens."""

from dataclasses import replace
from datetime import date

import pytest

from directory.worked import Worked, directory
from second_opinion.directory.coverage import Days, Standing, networks_of, standing
from second_opinion.directory.model import CoverageRecord, Group, Period, Pointer, Product
from second_opinion.directory.stated import Identifier

RECEIPT = date(2026, 3, 2)
COVERAGE = CoverageRecord("c1", "m1")


def covered(
    *coverages: CoverageRecord, service: tuple[date, date] | None = None, lookup: Worked | None = None
) -> Standing:
    lookup = lookup or directory()
    lookup.coverages_ = list(coverages)
    days = Days(RECEIPT, *(service or ()))
    return standing(lookup.members_[0], days, lookup)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, True),
        (RECEIPT, RECEIPT, True),
        (date(2026, 3, 3), None, False),
        (None, date(2026, 3, 1), False),
        (date(2026, 3, 1), date(2026, 3, 3), True),
    ],
)
def test_coverage_counts_from_its_first_to_its_last_day(
    start: date | None,
    end: date | None,
    expected: bool,  # noqa: FBT001 - a case's expected answer
) -> None:
    assert covered(replace(COVERAGE, period=Period(start, end))).covered is expected


def test_coverage_that_is_not_active_does_not_count() -> None:
    assert not covered(replace(COVERAGE, active=False)).covered


def test_member_without_coverage_is_not_covered() -> None:
    assert not covered().covered


@pytest.mark.parametrize(("start", "expected"), [(date(2026, 4, 9), True), (date(2026, 4, 10), False)])
def test_coverage_on_the_day_of_service_alone_counts(start: date, expected: bool) -> None:  # noqa: FBT001 - a case's expected answer
    found = covered(replace(COVERAGE, period=Period(start)), service=(date(2026, 4, 1), date(2026, 4, 9)))

    assert found.covered is expected
    assert found.covered_on_service is expected
    assert not found.covered_on_receipt


def test_without_a_day_of_service_nothing_is_said_of_it() -> None:
    assert covered(COVERAGE).covered_on_service is None


def test_coverage_in_force_on_both_days_is_used_first() -> None:
    later = replace(COVERAGE, id="a", period=Period(date(2026, 4, 1)))
    both = replace(COVERAGE, id="z", period=Period(date(2026, 1, 1)))

    assert [each.id for each in covered(later, both, service=(date(2026, 4, 9), date(2026, 4, 9))).ours] == ["z", "a"]


def payers(**changes: object) -> Worked:
    lookup = directory(
        groups=[
            Group("payer", types=("payer",)),
            Group("branch", part_of="payer"),
            Group("elsewhere", (Identifier("77"),), types=("payer",)),
        ]
    )
    for name, value in changes.items():
        setattr(lookup, name, value)
    return lookup


@pytest.mark.parametrize(
    ("payors", "ours"),
    [
        ((), True),
        ((Pointer("Organization/payer"),), True),
        ((Pointer("Organization/branch"),), True),
        ((Pointer("Organization/not-loaded"),), True),
        ((Pointer(None, (Identifier("unknown"),)),), True),
        ((Pointer("Organization/elsewhere"), Pointer("Organization/payer")), True),
        ((Pointer("Organization/elsewhere"),), False),
        ((Pointer(None, (Identifier("77"),)),), False),
        ((Pointer("Patient/m1"),), False),
    ],
)
def test_coverage_is_ours_unless_its_payor_is_clearly_another(payors: tuple[Pointer, ...], ours: bool) -> None:  # noqa: FBT001 - a case's expected answer
    assert covered(replace(COVERAGE, payors=payors), lookup=payers()).covered is ours


def test_without_products_every_typed_payer_is_the_plan() -> None:
    coverage = replace(COVERAGE, payors=(Pointer("Organization/elsewhere"),))

    assert covered(coverage, lookup=payers(products_=[])).covered


def test_another_payers_coverage_is_other_coverage_and_self_pay_is_none() -> None:
    other = replace(COVERAGE, id="c2", payors=(Pointer("Organization/elsewhere"),))
    own_pocket = replace(COVERAGE, id="c3", payors=(Pointer("Patient/m1"),))

    found = covered(COVERAGE, other, own_pocket, lookup=payers())

    assert [each.id for each in found.others] == ["c2"]
    assert [each.id for each in found.ours] == ["c1"]


def test_insurer_is_the_payor_of_the_coverage_used() -> None:
    coverage = replace(COVERAGE, payors=(Pointer("Organization/branch"),))

    assert covered(coverage, lookup=payers()).insurer == "branch"
    assert covered(COVERAGE, lookup=payers()).insurer == "payer"


def products(**changes: object) -> Worked:
    """Two products of one payer: one names its network, the other has a plan within that does."""
    lookup = directory(
        groups=[
            Group("payer", types=("payer",)),
            Group("one", (Identifier("NET-1"),), name="Network One", types=("ntwk",)),
            Group("two", types=("ntwk",)),
            Group("three", types=("ntwk",)),
        ],
        products_=[
            Product("p1", names=("p1", "HMO", "Health HMO"), networks=("one",), owners=("payer",)),
            Product("p2", names=("p2", "PPO"), variants=((("PPO-GOLD",), ("two",)),), owners=("payer",)),
        ],
    )
    for name, value in changes.items():
        setattr(lookup, name, value)
    return lookup


@pytest.mark.parametrize(
    ("coverage", "networks"),
    [
        (replace(COVERAGE, classes=(("HMO", None),)), ("one",)),
        (replace(COVERAGE, classes=(("anything", "health  hmo"),)), ("one",)),
        (replace(COVERAGE, classes=(("PPO-GOLD", None),)), ("two",)),
        (replace(COVERAGE, classes=(("ppo", None),)), ("two",)),
        (replace(COVERAGE, network="NET-1"), ("one",)),
        (replace(COVERAGE, network="network one"), ("one",)),
        (replace(COVERAGE, network="Organization/three"), ("three",)),
        (replace(COVERAGE, classes=(("HMO", None),), network="three"), ("one",)),
        (replace(COVERAGE, payors=(Pointer("Organization/payer"),)), ("one", "two")),
        (COVERAGE, ("one", "three", "two")),
    ],
)
def test_networks_are_the_products_then_the_named_one_then_the_payors_then_every_one(
    coverage: CoverageRecord, networks: tuple[str, ...]
) -> None:
    assert networks_of([coverage], products())[0] == networks


def test_networks_of_two_coverages_are_those_of_both() -> None:
    coverages = [replace(COVERAGE, classes=(("HMO", None),)), replace(COVERAGE, classes=(("PPO", None),))]

    assert networks_of(coverages, products())[0] == ("one", "two")


def test_network_no_longer_active_is_none_of_the_members() -> None:
    lookup = products()
    lookup.groups = [replace(each, active=each.id != "one") for each in lookup.groups]

    assert networks_of([replace(COVERAGE, classes=(("HMO", None),))], lookup)[0] == ("two", "three")[::-1]


def test_product_no_longer_active_opens_nothing() -> None:
    lookup = products()
    lookup.products_ = [replace(each, active=each.id != "p1") for each in lookup.products_]

    assert networks_of([replace(COVERAGE, classes=(("HMO", None),), network="two")], lookup)[0] == ("two",)


@pytest.mark.parametrize(
    ("service", "day"),
    [(None, RECEIPT), (date(2026, 2, 1), RECEIPT), (RECEIPT, RECEIPT), (date(2026, 4, 9), date(2026, 4, 9))],
)
def test_networks_are_judged_on_the_service_day_where_it_is_later(service: date | None, day: date) -> None:
    assert Days(RECEIPT, service, service).judged == day
