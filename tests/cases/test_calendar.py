from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.hpsj import CALENDAR, FRAMES, pacific, shown
from second_opinion.cases.calendar import BusinessDays, Calendar


@pytest.mark.parametrize(
    "closed",
    [
        date(2026, 1, 1),
        date(2026, 3, 31),  # Cesar Chavez Day
        date(2026, 11, 26),  # Thanksgiving
        date(2026, 11, 27),  # and the day after
        date(2026, 7, 3),  # Independence Day falls on a Saturday
        date(2027, 1, 18),  # Martin Luther King Jr. Day
        date(2027, 2, 15),  # Presidents' Day shares its date with a day that is not observed
        date(2027, 12, 31),  # New Year's Day 2028 observed in the year before
        date(2026, 10, 10),  # a Saturday
        date(2026, 10, 11),  # a Sunday
    ],
)
def test_plan_is_closed_on_weekends_and_california_holidays(closed: date) -> None:
    assert not CALENDAR.is_business_day(closed)


@pytest.mark.parametrize(
    "open_day",
    [
        date(2027, 10, 29),  # Diwali, a Friday
        date(2028, 2, 15),  # Susan B. Anthony Day, a Tuesday
        date(2026, 10, 12),  # Columbus Day is federal, not Californian
        date(2026, 11, 25),
        date(2026, 11, 30),
    ],
)
def test_plan_is_open_on_days_california_names_and_does_not_close_for(open_day: date) -> None:
    assert CALENDAR.is_business_day(open_day)


def test_plans_own_closure_counts_in_its_year_only() -> None:
    spec = BusinessDays("2026", "America/Los_Angeles", "US", "CA", additional=(date(2026, 12, 24),))
    calendar = Calendar(spec)

    assert CALENDAR.is_business_day(date(2026, 12, 24))
    assert not calendar.is_business_day(date(2026, 12, 24))
    assert calendar.is_business_day(date(2029, 12, 24))


def test_holiday_the_plan_does_not_observe_is_open_on_its_observed_day_too() -> None:
    spec = BusinessDays("2026", "America/Los_Angeles", "US", "CA", not_observed=("Independence Day",))

    assert Calendar(spec).is_business_day(date(2026, 7, 3))


@pytest.mark.parametrize(
    ("received", "count", "expected"),
    [
        ("2026-10-05 09:00", 1, "2026-10-06 09:00"),
        ("2026-10-09 18:00", 1, "2026-10-12 18:00"),  # Friday evening
        ("2026-10-09 23:59", 1, "2026-10-12 23:59"),
        ("2026-10-10 00:00", 1, "2026-10-12 00:00"),  # Saturday
        ("2026-10-11 23:59", 1, "2026-10-12 23:59"),  # Sunday
        ("2026-12-31 16:30", 1, "2027-01-04 16:30"),  # over New Year and a weekend
        ("2026-11-25 09:00", 1, "2026-11-30 09:00"),  # over Thanksgiving
        ("2026-10-30 09:00", 1, "2026-11-02 09:00"),  # clocks go back on Sunday
        ("2026-03-06 09:00", 1, "2026-03-09 09:00"),  # clocks go forward on Sunday
        ("2026-11-01 01:30", 1, "2026-11-02 01:30"),  # received in the hour that comes twice
        ("2026-10-05 09:00", 0, "2026-10-05 09:00"),
    ],
)
def test_business_day_is_the_same_wall_time_on_the_next_open_day(received: str, count: int, expected: str) -> None:
    assert shown(CALENDAR.add_business_days(pacific(received), count)) == expected


def test_receipt_late_in_the_evening_utc_counts_by_the_plans_own_day() -> None:
    friday_evening = datetime(2026, 10, 10, 1, 0, tzinfo=UTC)  # Saturday in London, Friday 18:00 in Stockton

    assert CALENDAR.day(friday_evening) == date(2026, 10, 9)
    assert shown(CALENDAR.add_business_days(friday_evening, 1)) == "2026-10-12 18:00"


def test_wall_time_that_does_not_exist_reads_as_its_earliest() -> None:
    assert CALENDAR.at(date(2026, 3, 8), time(2, 30)) == datetime(2026, 3, 8, 9, 30, tzinfo=UTC)
    assert CALENDAR.at(date(2026, 3, 8), time(1, 59)) == datetime(2026, 3, 8, 9, 59, tzinfo=UTC)
    assert CALENDAR.at(date(2026, 3, 8), time(3, 0)) == datetime(2026, 3, 8, 10, 0, tzinfo=UTC)


def test_wall_time_that_comes_twice_reads_as_its_first() -> None:
    assert CALENDAR.at(date(2026, 11, 1), time(1, 30)) == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
    assert CALENDAR.at(date(2026, 11, 1), time(2, 0)) == datetime(2026, 11, 1, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "months", "last"),
    [
        ("2026-08-31 10:00", 6, "2027-02-28 23:59"),
        ("2026-12-15 10:00", 1, "2027-01-15 23:59"),
        ("2026-11-30 10:00", 1, "2026-12-30 23:59"),
        ("2024-02-29 10:00", 120, "2034-02-28 23:59"),
        ("2024-02-29 10:00", 48, "2028-02-29 23:59"),
    ],
)
def test_months_end_with_the_same_day_or_the_months_last(start: str, months: int, last: str) -> None:
    assert shown(CALENDAR.add_months(pacific(start), months)) == last


def test_calendar_days_end_with_the_whole_last_day() -> None:
    assert shown(CALENDAR.add_days(pacific("2026-10-05 00:00"), 60)) == "2026-12-04 23:59"
    assert shown(CALENDAR.add_days(pacific("2026-10-05 23:59"), 60)) == "2026-12-04 23:59"


def test_instant_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        CALENDAR.add_business_days(datetime(2026, 10, 5, 9, 0), 1)  # noqa: DTZ001 - the mistake under test


def test_version_names_the_calendar_and_the_library() -> None:
    assert CALENDAR.version.startswith(f"{FRAMES.business_days.version} (holidays ")


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds are naive there
    st.integers(1, 20),
)
def test_due_day_is_open_and_exactly_that_many_open_days_away(instant: datetime, count: int) -> None:
    due = CALENDAR.add_business_days(instant, count)

    day, last = CALENDAR.day(instant), CALENDAR.day(due)
    assert CALENDAR.is_business_day(last)
    days = [day + timedelta(days=n) for n in range(1, (last - day).days + 1)]
    assert sum(map(CALENDAR.is_business_day, days)) == count
    assert CALENDAR.local(due).time() == CALENDAR.local(instant).time()
