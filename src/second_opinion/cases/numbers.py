"""The numbers a case and its authorization are known by."""

import re
from datetime import datetime

from second_opinion.cases.calendar import Calendar

_CASE = re.compile(r"SMO-[0-9]{4}-([0-9]{6,18})", re.ASCII)
_AUTHORIZATION = re.compile(r"AUTH-([0-9]{6,18})", re.ASCII)


def case_number(number: int, received_at: datetime, calendar: Calendar) -> str:
    """``SMO-2026-000123``: the plan's local year of receipt, and the running number."""
    return f"SMO-{calendar.day(received_at).year}-{number:06d}"


def authorization_number(number: int) -> str:
    """``AUTH-000123``: the running number of the case it was granted to."""
    return f"AUTH-{number:06d}"


def running_number(case: str) -> int | None:
    """The running number in a case number as people type it, or None where it is none."""
    found = _CASE.fullmatch(case.strip().upper())
    return int(found.group(1)) if found else None


def authorization_case(authorization: str) -> int | None:
    """The running number of the case an authorization number was granted to, or None where it is none."""
    found = _AUTHORIZATION.fullmatch(authorization.strip().upper())
    return int(found.group(1)) if found else None
