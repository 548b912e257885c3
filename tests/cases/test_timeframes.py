from pathlib import Path

import pytest

from cases.hpsj import FILE, FRAMES
from second_opinion.cases import timeframes
from second_opinion.cases.timeframes import AtExpiry, WrongTimeFrames


def test_hpsj_counts_what_law_handbook_and_policy_say() -> None:
    assert (FRAMES.standard_business_days, FRAMES.standard_hours, FRAMES.urgent_hours) == (5, 168, 72)
    assert (FRAMES.serious_hours, FRAMES.retrospective_days, FRAMES.render_hours) == (72, 30, 72)
    assert (FRAMES.notify_provider_hours, FRAMES.notify_written_business_days) == (24, 2)
    assert (FRAMES.network_search_business_days, FRAMES.availability_proof_hours) == (1, 24)
    assert (FRAMES.report_business_days, FRAMES.report_urgent_hours) == (10, 24)
    assert FRAMES.report_reminder_days == (0, 5, 10)
    assert (FRAMES.appeal_days, FRAMES.hearing_days, FRAMES.imr_months, FRAMES.retention_years) == (60, 120, 6, 10)
    assert FRAMES.extension_days == 14
    assert FRAMES.at_expiry is AtExpiry.NOTICE


def test_every_number_names_its_source() -> None:
    assert "1367.01(h)(1)" in FRAMES.sources["standard_business_days"]
    assert all(FRAMES.sources.values())
    assert len(FRAMES.sources) == 28


@pytest.mark.parametrize(
    ("line", "instead", "message"),
    [
        (
            "urgent_hours = { value = 72",
            "urgent_hours = { value = 0",
            "hours.value: must be a whole number from 1",
        ),
        ("urgent_hours = { value = 72", "urgent_hours = { value = true", "urgent_hours.value: must be a whole number"),
        ("urgent_hours = { value = 72", "urgent_hours = { value = 1.5", "urgent_hours.value: must be a whole number"),
        (
            "urgent_hours = { value",
            "urgent_hours = { valeu",
            "valeu: there is no such key; known are value, source",
        ),
        ("urgent_hours = {", "urgent_ours = {", "frames.urgent_ours: there is no such key"),
        ("appeal_days = {", "# appeal_days = {", "frames.appeal_days: is missing"),
        ('value = "notice"', 'value = "deny"', "frames.at_expiry.value: must be one of notice, approve"),
        ('value = "notice"', "value = []", "frames.at_expiry.value: must be one of notice, approve"),
        ("value = [0, 5, 10]", "value = [0, 10, 5]", "frames.report_reminder_days.value: must be a list"),
        ("value = [0, 5, 10]", "value = [-1, 5]", "frames.report_reminder_days.value: must be a list"),
        ("value = [0, 5, 10]", "value = []", "frames.report_reminder_days.value: must be a list"),
        ("value = [0, 5, 10]", "value = 5", "frames.report_reminder_days.value: must be a list"),
        ('source = "H&S 1367.01(h)(3)"', 'source = " "', "frames.notify_provider_hours.source: must be text"),
        ("America/Los_Angeles", "America/Stockton", "calendar.zone: must be a time zone of the IANA database"),
        ('subdivision = "CA"', 'subdivision = "Stockton"', "calendar.country, calendar.subdivision: must be a place"),
        ('"Diwali", ', '"Divali", ', "calendar.not_observed: 'Divali' is no holiday there"),
        ("additional = []", 'additional = ["2026-12-24"]', "calendar.additional: must hold dates"),
        ("additional = []", "additional = 2026-12-24", "calendar.additional: must be a list"),
        ("additional = []", "", "calendar.additional: is missing"),
        ('version = "2026-01-01"\n\n[calendar]', "\n[calendar]", "version: is missing"),
        ("[calendar]", "[kalendar]", "kalendar: there is no such key"),
        ("[frames]", "[frames", "cannot be read as TOML"),
    ],
)
def test_wrong_file_is_refused_with_file_and_key(tmp_path: Path, line: str, instead: str, message: str) -> None:
    whole = FILE.read_text()
    assert line in whole
    wrong = tmp_path / "timeframes.toml"
    wrong.write_text(whole.replace(line, instead, 1))

    with pytest.raises(WrongTimeFrames) as refused:
        timeframes.load(wrong)

    assert str(wrong) in refused.value.message
    assert message in refused.value.message


def test_calendar_version_begins_with_its_year(tmp_path: Path) -> None:
    wrong = tmp_path / "timeframes.toml"
    calendar = FILE.read_text().split("[calendar]")
    wrong.write_text("[calendar]".join([calendar[0], calendar[1].replace('"2026-01-01"', '"first"', 1)]))

    with pytest.raises(WrongTimeFrames, match=r"calendar\.version: must begin with the year"):
        timeframes.load(wrong)


def test_file_that_holds_no_table_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "timeframes.toml"
    wrong.write_text('version = "2026"\ncalendar = 1\nframes = 2\n')

    with pytest.raises(WrongTimeFrames, match="frames: must be a table"):
        timeframes.load(wrong)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongTimeFrames, match="cannot be read"):
        timeframes.load(tmp_path / "absent.toml")
