"""The plan's time frames: read from its file, typed, refused with file and key where something is wrong."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from second_opinion.cases.calendar import BusinessDays, holiday_names
from second_opinion.errors import SecondOpinionError


class WrongTimeFrames(SecondOpinionError):
    """The plan's file of time frames cannot be used; the service does not start."""


class AtExpiry(StrEnum):
    """What happens to a case no person has decided in time."""

    NOTICE = "notice"  # the notice is prepared and a medical director releases it
    APPROVE = "approve"


@dataclass(frozen=True)
class TimeFrames:
    """Every number the clocks count; each name ends in its unit. ``sources`` says where each comes from."""

    version: str
    business_days: BusinessDays
    sources: Mapping[str, str]

    standard_business_days: int
    standard_hours: int
    urgent_hours: int
    serious_hours: int
    retrospective_days: int
    render_hours: int
    extension_days: int
    at_expiry: AtExpiry
    expiry_notice_hours: int

    information_business_days: int
    network_search_business_days: int
    availability_proof_hours: int
    finding_out_ends_hours_before_due: int

    notify_provider_hours: int
    notify_written_business_days: int
    publish_business_days: int

    authorization_days: int
    visit_business_days: int
    report_business_days: int
    report_urgent_hours: int
    report_reminder_before_days: int
    report_reminder_days: tuple[int, ...]

    appeal_days: int
    appeal_answer_days: int
    appeal_answer_urgent_hours: int
    hearing_days: int
    imr_months: int
    retention_years: int


_NOT_FRAMES = ("version", "business_days", "sources")
_FRAMES = {each.name: each.type for each in fields(TimeFrames) if each.name not in _NOT_FRAMES}
_CALENDAR = ("version", "zone", "country", "subdivision", "not_observed", "additional")


def load(path: Path) -> TimeFrames:
    """The time frames in ``path``; WrongTimeFrames names the file, the key and what would be right."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise WrongTimeFrames(f"{path}: cannot be read as TOML: {problem}") from problem
    try:
        return _read(document)
    except _Wrong as wrong:
        raise WrongTimeFrames(f"{path}: {wrong}") from wrong


class _Wrong(Exception):
    """A key and what would be right there."""


def _read(document: dict[str, Any]) -> TimeFrames:
    _same_keys("", document, ("version", "calendar", "frames"))
    frames = _table("frames", document["frames"])
    _same_keys("frames.", frames, tuple(_FRAMES))
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for name, kind in _FRAMES.items():
        entry = _table(f"frames.{name}", frames[name])
        _same_keys(f"frames.{name}.", entry, ("value", "source"))
        values[name] = _typed(f"frames.{name}.value", entry["value"], kind)
        sources[name] = _text(f"frames.{name}.source", entry["source"])
    return TimeFrames(
        version=_text("version", document["version"]),
        business_days=_business_days(_table("calendar", document["calendar"])),
        sources=sources,
        **values,
    )


def _business_days(table: dict[str, Any]) -> BusinessDays:
    _same_keys("calendar.", table, _CALENDAR)
    version, zone, country, subdivision = (_text(f"calendar.{key}", table[key]) for key in _CALENDAR[:4])
    not_observed = tuple(
        _text("calendar.not_observed", name) for name in _array("calendar.not_observed", table["not_observed"])
    )
    additional = tuple(_array("calendar.additional", table["additional"]))
    if any(type(day) is not date for day in additional):
        raise _Wrong("calendar.additional: must hold dates without a time, such as 2026-12-24")
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError) as problem:
        raise _Wrong("calendar.zone: must be a time zone of the IANA database") from problem
    business_days = BusinessDays(version, zone, country, subdivision, not_observed, additional)
    _check_names(business_days)
    return business_days


def _check_names(business_days: BusinessDays) -> None:
    """A holiday misspelt under ``not_observed`` would silently stay a closure."""
    if not business_days.version[:4].isdigit():
        raise _Wrong("calendar.version: must begin with the year the calendar applies from")
    year = int(business_days.version[:4])
    try:
        known = holiday_names(business_days, year) | holiday_names(business_days, year + 1)
    except NotImplementedError as problem:
        raise _Wrong("calendar.country, calendar.subdivision: must be a place the holidays library knows") from problem
    for name in business_days.not_observed:
        if name not in known:
            raise _Wrong(f"calendar.not_observed: '{name}' is no holiday there; known are {', '.join(sorted(known))}")


def _typed(key: str, value: Any, kind: Any) -> object:
    """The value as its field's type: a whole number from 1, a rising list of whole numbers, or what expiry does."""
    if kind is AtExpiry:
        if value not in list(AtExpiry):
            raise _Wrong(f"{key}: must be one of {', '.join(AtExpiry)}")
        return AtExpiry(value)
    if kind is int:
        if type(value) is not int or value < 1:
            raise _Wrong(f"{key}: must be a whole number from 1")
        return value
    days = _array(key, value)
    if not days or any(type(day) is not int or day < 0 for day in days) or days != sorted(set(days)):
        raise _Wrong(f"{key}: must be a list of whole numbers from 0, each larger than the one before")
    return tuple(days)


def _same_keys(prefix: str, table: Mapping[str, Any], wanted: tuple[str, ...]) -> None:
    for key in table:
        if key not in wanted:
            raise _Wrong(f"{prefix}{key}: there is no such key; known are {', '.join(wanted)}")
    for key in wanted:
        if key not in table:
            raise _Wrong(f"{prefix}{key}: is missing")


def _table(key: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong(f"{key}: must be a table")
    return value


def _array(key: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _Wrong(f"{key}: must be a list")
    return value


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Wrong(f"{key}: must be text")
    return value
