"""The plan's own time frames and calendar, as the service loads them."""

from datetime import UTC, datetime
from pathlib import Path

import second_opinion
from second_opinion.cases import timeframes
from second_opinion.cases.calendar import Calendar

FILE = Path(second_opinion.__file__).parent / "policies" / "hpsj" / "timeframes.toml"
FRAMES = timeframes.load(FILE)
CALENDAR = Calendar(FRAMES.business_days)


def pacific(text: str) -> datetime:
    """``2026-10-05 09:00`` on the plan's wall clock, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=CALENDAR.zone).astimezone(UTC)


def shown(instant: datetime) -> str:
    """An instant as the plan's wall clock shows it, to the minute."""
    assert instant.tzinfo is UTC
    return f"{CALENDAR.local(instant):%Y-%m-%d %H:%M}"
