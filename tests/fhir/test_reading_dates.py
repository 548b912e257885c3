"""Dates are spans of time where the plan is, and impossible ones are none."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from second_opinion.fhir import dates


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]  # parts are the constructor's own


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", utc(2026, 1, 1, 8), utc(2027, 1, 1, 7, 59, 59, 999999)),
        ("2026-02", utc(2026, 2, 1, 8), utc(2026, 3, 1, 7, 59, 59, 999999)),
        ("2026-12", utc(2026, 12, 1, 8), utc(2027, 1, 1, 7, 59, 59, 999999)),
        ("2026-07-04", utc(2026, 7, 4, 7), utc(2026, 7, 5, 6, 59, 59, 999999)),
        ("2026-03-08", utc(2026, 3, 8, 8), utc(2026, 3, 9, 6, 59, 59, 999999)),  # 23 hours
        ("2026-11-01", utc(2026, 11, 1, 7), utc(2026, 11, 2, 7, 59, 59, 999999)),  # 25 hours
        ("2026-03-02T09:04:00-08:00", utc(2026, 3, 2, 17, 4), utc(2026, 3, 2, 17, 4, 0, 999999)),
        ("2026-03-02T09:04Z", utc(2026, 3, 2, 9, 4), utc(2026, 3, 2, 9, 4, 59, 999999)),
        ("2026-03-02T09:04:00.5Z", utc(2026, 3, 2, 9, 4, 0, 500000), utc(2026, 3, 2, 9, 4, 0, 599999)),
        ("2026-03-02T09:04:00.1234567Z", utc(2026, 3, 2, 9, 4, 0, 123456), utc(2026, 3, 2, 9, 4, 0, 123456)),
        ("2026-07-04T09:00:00", utc(2026, 7, 4, 16), utc(2026, 7, 4, 16, 0, 0, 999999)),
        ("2016-12-31T23:59:60Z", utc(2017, 1, 1), utc(2017, 1, 1, 0, 0, 0, 999999)),
    ],
)
def test_a_date_spans_what_it_may_mean(text: str, first: datetime, last: datetime) -> None:
    assert dates.span(text) == (first, last)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "26",
        "2026-2",
        "2026-13",
        "2026-00",
        "2026-02-30",
        "2025-02-29",
        "0000",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00+14:01",
        "2026-01-01T00:00:00+0800",
        "2026-01-01T00Z",
        "2026-01-01 00:00:00Z",
        "2026-01-01\n",
        "20260101",
        "\uff12\uff10\uff12\uff16",  # digits, though not of ASCII
    ],
)
def test_what_names_no_day_or_moment_is_no_date(text: str) -> None:
    with pytest.raises(dates.NotADate) as refused:
        dates.span(text)

    assert not text.strip() or text.strip() not in str(refused.value)


def test_dates_at_the_ends_of_the_calendar_are_cut_there() -> None:
    assert dates.span("9999-12-31")[1] == dates.LATEST
    assert dates.span("9999")[1] == dates.LATEST
    assert dates.span("9999-12-31T23:59:59-14:00") == (dates.LATEST, dates.LATEST)
    assert dates.span("0001-01-01T00:00:00+14:00") == (dates.EARLIEST, dates.EARLIEST)
    assert dates.last_day("9999-12-31") == date(9999, 12, 31)
    assert dates.first_day("0001-01-01T00:00:00+14:00") == date(1, 1, 1)


def test_days_are_pacific_days() -> None:
    assert dates.first_day("2026-03-03T07:59:59Z") == date(2026, 3, 2)
    assert dates.first_day("2026-03-03T08:00:00Z") == date(2026, 3, 3)
    assert (dates.first_day("2026-02"), dates.last_day("2026-02")) == (date(2026, 2, 1), date(2026, 2, 28))


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2999, 1, 1)))  # noqa: DTZ001  # made aware below
def test_an_instant_comes_back_as_it_was(moment: datetime) -> None:
    at = moment.replace(tzinfo=UTC)

    assert dates.span(at.isoformat(timespec="microseconds")) == (at, at)


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2999, 1, 1)))
def test_a_day_begins_and_ends_on_itself(day: date) -> None:
    first, last = dates.span(day.isoformat())

    assert first < last
    assert dates.first_day(day.isoformat()) == dates.last_day(day.isoformat()) == day


@given(st.text(max_size=40))
def test_any_text_is_a_date_or_is_refused(text: str) -> None:
    try:
        first, last = dates.span(text)
    except dates.NotADate:
        return
    assert first <= last
