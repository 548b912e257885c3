from datetime import UTC, datetime

import pytest

from cases.hpsj import CALENDAR
from second_opinion.cases.numbers import authorization_number, case_number, running_number


def test_case_number_carries_the_plans_year_of_receipt() -> None:
    assert case_number(123, datetime(2027, 1, 1, 7, 59, tzinfo=UTC), CALENDAR) == "SMO-2026-000123"
    assert case_number(123, datetime(2027, 1, 1, 8, 0, tzinfo=UTC), CALENDAR) == "SMO-2027-000123"


def test_numbers_keep_growing_past_six_digits() -> None:
    assert case_number(1_000_000, datetime(2026, 6, 1, tzinfo=UTC), CALENDAR) == "SMO-2026-1000000"
    assert authorization_number(999_999) == "AUTH-999999"
    assert authorization_number(1_000_000) == "AUTH-1000000"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("SMO-2026-000123", 123),
        (" smo-2026-1000000 ", 1_000_000),
        ("SMO-2026-123", None),
        ("SMO-26-000123", None),
        ("AUTH-000123", None),
        ("SMO-2026-00012x", None),
        ("SMO-2026-٠٠٠١٢٣", None),
        ("", None),
    ],
)
def test_running_number_is_read_back_from_what_people_type(text: str, number: int | None) -> None:
    assert running_number(text) == number
