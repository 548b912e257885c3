"""FHIR dates and instants as spans of time. A date without a zone is the plan's local day, America/Los_Angeles."""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")
EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)

MICROSECOND = timedelta(microseconds=1)
FORM = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]+))?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?",
    re.ASCII,
)


class NotADate(ValueError):
    """The text is no FHIR date, dateTime or instant, or names a day or time that does not exist."""

    def __init__(self) -> None:
        super().__init__("must be a date that exists: YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a zone")


@lru_cache(maxsize=8192)
def span(text: str) -> tuple[datetime, datetime]:
    """First and last microsecond, in UTC, of the year, month, day, minute, second or fraction; NotADate.

    A time without zone or seconds is read too, as searches may give one. What lies outside the years 1 to 9999 in
    UTC is cut there: ``9999-12-31`` is how some systems say that a period stays open.
    """
    form = FORM.fullmatch(text)
    if form is None:
        raise NotADate
    try:
        return _moment(form) if form["hour"] else _days(form)
    except ValueError as wrong:
        raise NotADate from wrong


def first_day(text: str) -> date:
    """The first Pacific day of the span; of a partial date, the first it may mean."""
    return local_day(span(text)[0])


def last_day(text: str) -> date:
    """The last Pacific day of the span; of a partial date, the last it may mean."""
    return local_day(span(text)[1])


def local_day(at: datetime) -> date:
    """The Pacific day of an instant."""
    try:
        return at.astimezone(PACIFIC).date()
    except OverflowError:
        return at.date()


def _days(form: re.Match[str]) -> tuple[datetime, datetime]:
    """A year, month or day, from midnight to midnight where the plan is."""
    year, month = int(form["year"]), int(form["month"] or 1)
    first = date(year, month, int(form["day"] or 1))
    return _utc(first), _last(first, day=bool(form["day"]), month=bool(form["month"]))


def _last(first: date, *, day: bool, month: bool) -> datetime:
    try:
        if day:
            return _utc(first + timedelta(days=1), MICROSECOND)
        if month and first.month < 12:  # noqa: PLR2004  # December's next month is in the next year
            return _utc(first.replace(month=first.month + 1), MICROSECOND)
        return _utc(date(first.year + 1, 1, 1), MICROSECOND)
    except (ValueError, OverflowError):  # the calendar ends with 9999
        return LATEST


def _utc(midnight: date, before: timedelta = timedelta()) -> datetime:
    """Midnight of the Pacific day in UTC, or a moment before it."""
    try:
        return datetime(midnight.year, midnight.month, midnight.day, tzinfo=PACIFIC).astimezone(UTC) - before
    except OverflowError:
        return EARLIEST if midnight.year == 1 else LATEST


def _moment(form: re.Match[str]) -> tuple[datetime, datetime]:
    """A minute, a second or a fraction of one. A leap second is the first of the next minute."""
    leap = form["second"] == "60"
    fraction = form["fraction"] or ""
    local = datetime(  # noqa: DTZ001  # its zone is applied below, where it may leave the calendar
        int(form["year"]),
        int(form["month"]),
        int(form["day"]),
        int(form["hour"]),
        int(form["minute"]),
        59 if leap else int(form["second"] or 0),
        int(fraction[:6].ljust(6, "0")),
    )
    try:
        first = local - _offset(form["zone"], local) + timedelta(seconds=leap)
        return first.replace(tzinfo=UTC), (first + _length(form, fraction) - MICROSECOND).replace(tzinfo=UTC)
    except OverflowError:
        edge = EARLIEST if local.year == 1 else LATEST
        return edge, edge


def _length(form: re.Match[str], fraction: str) -> timedelta:
    if fraction:
        return timedelta(microseconds=max(1, 10 ** (6 - len(fraction)) if len(fraction) < 6 else 1))  # noqa: PLR2004
    return timedelta(seconds=1) if form["second"] else timedelta(minutes=1)


def _offset(zone: str | None, local: datetime) -> timedelta:
    """Hours and minutes ahead of UTC; where none are given, the plan's on that day."""
    if zone == "Z":
        return timedelta()
    if zone is None:
        return local.replace(tzinfo=PACIFIC).utcoffset() or timedelta()
    hours, minutes = int(zone[1:3]), int(zone[4:])
    if hours > 14 or minutes > 59 or (hours == 14 and minutes):  # noqa: PLR2004  # R4 dateTime's own grammar
        raise ValueError
    ahead = timedelta(hours=hours, minutes=minutes)
    return -ahead if zone[0] == "-" else ahead
