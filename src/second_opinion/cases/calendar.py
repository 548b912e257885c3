"""The plan's business days, and its local time. Knows no clock: every instant is given."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from importlib.metadata import version
from zoneinfo import ZoneInfo

import holidays

SATURDAY = 5
LAST_SECOND = time(23, 59, 59)


@dataclass(frozen=True)
class BusinessDays:
    """Which days the plan is open: no weekend, no holiday of the state it observes, no closure of its own."""

    version: str
    zone: str  # IANA time zone the plan lives in
    country: str  # ISO 3166-1
    subdivision: str  # ISO 3166-2 without the country
    not_observed: tuple[str, ...] = ()  # holidays by name on which the plan is open
    additional: tuple[date, ...] = ()  # the plan's own closures


class Calendar:
    """Business-day arithmetic in the plan's local time; every instant handed out is UTC."""

    def __init__(self, business_days: BusinessDays) -> None:
        self.business_days = business_days
        self.zone = ZoneInfo(business_days.zone)
        # What a later replay must use to reach the same days.
        self.version = f"{business_days.version} (holidays {version('holidays')})"

    def is_business_day(self, day: date) -> bool:
        """The plan is open on ``day``."""
        return _is_business_day(self.business_days, day)

    def add_business_days(self, instant: datetime, count: int) -> datetime:
        """The same local wall time on the ``count``-th business day after the local day of ``instant``."""
        local = self.local(instant)
        return self.at(_business_day(self.business_days, local.date(), count), local.time())

    def add_days(self, instant: datetime, count: int) -> datetime:
        """The last second of the local day ``count`` calendar days after the local day of ``instant``."""
        return self.at(self.day(instant) + timedelta(days=count), LAST_SECOND)

    def add_months(self, instant: datetime, count: int) -> datetime:
        """The last second of the same day of the month ``count`` months on, or of that month's last day."""
        day = self.day(instant)
        years, month = divmod(day.month - 1 + count, 12)
        first = date(day.year + years, month + 1, 1)
        following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        return self.at(min(first + timedelta(days=day.day - 1), following - timedelta(days=1)), LAST_SECOND)

    def local(self, instant: datetime) -> datetime:
        """``instant`` as the plan's wall clock shows it."""
        if instant.tzinfo is None:
            # astimezone would read it in the machine's zone, and every due time would be hours off.
            raise ValueError("an instant must carry its time zone")
        return instant.astimezone(self.zone)

    def day(self, instant: datetime) -> date:
        """The plan's local day of ``instant``."""
        return self.local(instant).date()

    def age(self, birth_date: str | None, instant: datetime) -> int | None:
        """Whole years since a birth date, YYYY-MM-DD, on the local day of ``instant``; None where it is not whole."""
        try:
            born = date.fromisoformat(birth_date or "")
        except ValueError:
            return None
        day = self.day(instant)
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))

    def at(self, day: date, wall_time: time) -> datetime:
        """The instant, UTC, at which the plan's wall clock shows this; the earliest reading of it.

        In spring one hour does not exist, in autumn one happens twice; both readings are tried and the earlier counts.
        """
        shown = datetime.combine(day, wall_time.replace(tzinfo=None), self.zone)
        return min(shown.replace(fold=fold).astimezone(UTC) for fold in (0, 1))


def holiday_names(business_days: BusinessDays, year: int) -> frozenset[str]:
    """Every holiday name the state's calendar knows in ``year``."""
    return frozenset(name for names in _holidays(business_days, year).values() for name in names)


@lru_cache(maxsize=4096)
def _business_day(business_days: BusinessDays, day: date, count: int) -> date:
    """The ``count``-th business day after ``day``."""
    for _ in range(count):
        day += timedelta(days=1)
        while not _is_business_day(business_days, day):
            day += timedelta(days=1)
    return day


def _is_business_day(business_days: BusinessDays, day: date) -> bool:
    return day.weekday() < SATURDAY and day not in _closures(business_days, day.year)


@lru_cache(maxsize=256)
def _closures(business_days: BusinessDays, year: int) -> frozenset[date]:
    """The plan's closures in ``year``, kept because the library's own look-up is slow."""
    observed = {
        day
        for day, names in _holidays(business_days, year).items()
        if any(name.removesuffix(" (observed)") not in business_days.not_observed for name in names)
    }
    return frozenset(observed.union(day for day in business_days.additional if day.year == year))


def _holidays(business_days: BusinessDays, year: int) -> dict[date, list[str]]:
    """The state's holidays in ``year`` with all their names: two may fall on one day."""
    known = holidays.country_holidays(
        business_days.country, subdiv=business_days.subdivision, years=year, language="en_US"
    )
    return {day: known.get_list(day) for day in known}
