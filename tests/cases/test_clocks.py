from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.hpsj import CALENDAR, FRAMES, pacific, shown
from second_opinion.cases.clocks import (
    Clock,
    ClockName,
    after_decision,
    authorization_period,
    case_clocks,
    decision_due,
    due,
    information_due,
    network_search_due,
    never_later,
    run_on,
)
from second_opinion.cases.status import CaseStatus
from second_opinion.review.facts import Urgency

INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive there


def opened(received: str, *, urgent: bool = False, serious: bool = False, late: bool = False) -> tuple[Clock, ...]:
    return case_clocks(
        pacific(received),
        urgency=Urgency.URGENT if urgent else Urgency.STANDARD,
        serious=serious,
        retrospective=late,
        frames=FRAMES,
        calendar=CALENDAR,
    )


def answer_due(
    received_at: datetime, *, urgency: Urgency | None = None, serious: bool = False, late: bool = False
) -> datetime:
    return decision_due(
        received_at, urgency=urgency, serious=serious, retrospective=late, frames=FRAMES, calendar=CALENDAR
    )


def decided(
    at: str, status: CaseStatus, clocks: tuple[Clock, ...], visit_at: datetime | None = None
) -> tuple[Clock, ...]:
    return after_decision(pacific(at), status, clocks, visit_at=visit_at, frames=FRAMES, calendar=CALENDAR)


def as_shown(clocks: tuple[Clock, ...]) -> dict[str, str]:
    return {str(clock.name): shown(clock.due) for clock in clocks}


@pytest.mark.parametrize(
    ("received", "state", "federal", "earlier"),
    [
        ("2026-10-05 10:15", "2026-10-12 10:15", "2026-10-12 10:15", "2026-10-12 10:15"),
        ("2026-11-24 10:15", "2026-12-03 10:15", "2026-12-01 10:15", "2026-12-01 10:15"),  # Thanksgiving
        ("2026-12-22 10:15", "2026-12-30 10:15", "2026-12-29 10:15", "2026-12-29 10:15"),  # Christmas
        ("2027-01-14 10:15", "2027-01-22 10:15", "2027-01-21 10:15", "2027-01-21 10:15"),  # Martin Luther King
        ("2026-10-10 10:15", "2026-10-16 10:15", "2026-10-17 10:15", "2026-10-16 10:15"),  # a Saturday
    ],
)
def test_standard_case_is_due_at_the_earlier_of_state_and_federal_time(
    received: str, state: str, federal: str, earlier: str
) -> None:
    received_at = pacific(received)

    assert shown(CALENDAR.add_business_days(received_at, FRAMES.standard_business_days)) == state
    assert shown(received_at + timedelta(hours=FRAMES.standard_hours)) == federal
    assert shown(answer_due(received_at)) == earlier


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ("2026-10-09 18:00", "2026-10-16 18:00"),  # Friday after office hours
        ("2026-10-09 23:59", "2026-10-16 23:59"),
        ("2026-12-31 23:59", "2027-01-07 23:59"),  # federal: New Year's Day lies inside
        ("2026-03-04 09:00", "2026-03-11 09:00"),  # clocks go forward: five business days come first
        ("2026-10-28 09:00", "2026-11-04 08:00"),  # clocks go back: 168 hours end an hour earlier by the wall
        ("2026-03-08 03:00", "2026-03-13 03:00"),
        ("2026-11-01 01:30", "2026-11-06 01:30"),
    ],
)
def test_standard_due_time_over_evenings_year_end_and_daylight_saving(received: str, expected: str) -> None:
    assert shown(answer_due(pacific(received))) == expected


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ("2026-11-25 18:30", "2026-11-28 18:30"),  # holidays do not stop it
        ("2026-10-30 18:00", "2026-11-02 17:00"),  # clocks go back
        ("2026-03-06 18:00", "2026-03-09 19:00"),  # clocks go forward
        ("2026-12-30 23:59", "2027-01-02 23:59"),
    ],
)
def test_urgent_and_serious_cases_are_due_72_hours_after_receipt(received: str, expected: str) -> None:
    assert shown(answer_due(pacific(received), urgency=Urgency.URGENT)) == expected
    assert shown(answer_due(pacific(received), serious=True)) == expected


def test_retrospective_case_is_due_after_30_days_whatever_else_is_said() -> None:
    received_at = pacific("2026-09-01 09:00")

    assert answer_due(received_at, late=True) == received_at + timedelta(days=30)
    assert answer_due(received_at, late=True, urgency=Urgency.URGENT, serious=True) == received_at + timedelta(days=30)


def test_standard_case_opens_with_four_clocks() -> None:
    assert as_shown(opened("2026-11-24 09:00")) == {
        "decide": "2026-12-01 09:00",
        "delayNoticeLatest": "2026-12-01 09:00",
        "patientAccessPublish": "2026-11-25 09:00",
        "retentionEnd": "2036-11-24 23:59",
    }


def test_urgent_case_also_counts_to_the_opinion_itself() -> None:
    clocks = as_shown(opened("2026-11-24 09:00", urgent=True))

    assert clocks["decide"] == clocks["renderOpinion"] == clocks["delayNoticeLatest"] == "2026-11-27 09:00"


def test_serious_condition_adds_the_handbooks_written_answer_and_leaves_the_legal_clock() -> None:
    clocks = as_shown(opened("2026-11-24 09:00", serious=True))

    assert clocks["decide"] == "2026-12-01 09:00"
    assert clocks["handbook72h"] == clocks["delayNoticeLatest"] == "2026-11-27 09:00"
    assert "renderOpinion" not in clocks


def test_retrospective_case_has_no_opinion_left_to_render() -> None:
    clocks = as_shown(opened("2026-11-24 09:00", urgent=True, serious=True, late=True))

    assert clocks["decide"] == clocks["delayNoticeLatest"] == "2026-12-24 09:00"
    assert not {"renderOpinion", "handbook72h"} & set(clocks)


def test_approval_adds_notices_ride_and_report() -> None:
    clocks = as_shown(decided("2026-10-06 15:00", CaseStatus.APPROVED, opened("2026-10-05 10:00")))

    assert clocks == {
        "decide": "2026-10-12 10:00",
        "notifyProvider": "2026-10-07 15:00",
        "notifyMemberWritten": "2026-10-08 15:00",
        "delayNoticeLatest": "2026-10-12 10:00",
        "transportReady": "2026-10-27 15:00",  # 15 business days assumed
        "consultReport": "2026-11-10 15:00",  # and ten more
        "patientAccessPublish": "2026-10-07 15:00",
        "retentionEnd": "2036-10-06 23:59",
    }


def test_no_authorization_required_owes_ride_and_report_but_no_notice() -> None:
    clocks = as_shown(decided("2026-10-05 10:00", CaseStatus.NO_AUTHORIZATION_REQUIRED, opened("2026-10-05 10:00")))

    assert {"transportReady", "consultReport"} <= set(clocks)
    assert not {"notifyProvider", "notifyMemberWritten", "appealWindow"} & set(clocks)


def test_urgent_report_is_due_a_day_after_the_opinion_had_to_be_rendered() -> None:
    clocks = as_shown(decided("2026-10-05 11:00", CaseStatus.APPROVED, opened("2026-10-05 10:00", urgent=True)))

    assert clocks["transportReady"] == "2026-10-08 10:00"
    assert clocks["consultReport"] == "2026-10-09 10:00"


def test_known_visit_replaces_the_assumed_one() -> None:
    visit_at = pacific("2026-10-20 14:00")
    clocks = as_shown(decided("2026-10-06 15:00", CaseStatus.APPROVED, opened("2026-10-05 10:00"), visit_at))

    assert clocks["transportReady"] == "2026-10-20 14:00"
    assert clocks["consultReport"] == "2026-11-03 14:00"


def test_visit_already_over_needs_no_ride_and_its_report_counts_from_the_decision() -> None:
    visit_at = pacific("2026-09-20 14:00")
    clocks = as_shown(decided("2026-10-06 15:00", CaseStatus.APPROVED, opened("2026-10-05 10:00", late=True), visit_at))

    assert "transportReady" not in clocks
    assert clocks["consultReport"] == "2026-10-20 15:00"


def test_written_notice_may_not_leave_after_the_time_to_decide() -> None:
    clocks = as_shown(decided("2026-10-09 16:00", CaseStatus.DENIED, opened("2026-10-05 10:00")))

    assert clocks["notifyMemberWritten"] == "2026-10-12 10:00"


def test_denial_opens_the_appeal_window_and_owes_no_visit() -> None:
    clocks = as_shown(decided("2026-10-06 15:00", CaseStatus.DENIED, opened("2026-10-05 10:00")))

    assert clocks["appealWindow"] == "2026-12-05 23:59"
    assert not {"transportReady", "consultReport"} & set(clocks)


def test_pended_case_only_publishes_anew() -> None:
    first = opened("2026-10-05 10:00")
    clocks = decided("2026-10-06 15:00", CaseStatus.PENDED_CLINICIAN, first)

    assert set(as_shown(clocks)) == set(as_shown(first))
    assert due(clocks, ClockName.DECIDE) == due(first, ClockName.DECIDE)
    assert as_shown(clocks)["patientAccessPublish"] == "2026-10-07 15:00"


def test_clocks_run_on_in_their_order_each_name_once() -> None:
    first = opened("2026-10-05 10:00")
    again = Clock(ClockName.DECIDE, pacific("2026-10-26 10:00"))
    report = Clock(ClockName.CONSULT_REPORT, pacific("2026-11-20 10:00"))

    clocks = run_on(first, (report, again))

    assert [clock.name for clock in clocks] == [
        ClockName.DECIDE,
        ClockName.DELAY_NOTICE_LATEST,
        ClockName.CONSULT_REPORT,
        ClockName.PATIENT_ACCESS_PUBLISH,
        ClockName.RETENTION_END,
    ]
    assert due(clocks, ClockName.DECIDE) == again.due
    assert due(clocks, ClockName.APPEAL_WINDOW) is None


@pytest.mark.parametrize(
    ("asked", "decide_by", "expected"),
    [
        ("2026-10-05 10:00", "2026-10-12 10:00", "2026-10-06 10:00"),
        ("2026-10-09 10:00", "2026-10-13 10:00", "2026-10-12 10:00"),  # exactly a day before due
        ("2026-10-09 10:00", "2026-10-12 10:00", "2026-10-11 10:00"),  # a day before due comes first
        ("2026-10-09 10:00", "2026-10-09 12:00", "2026-10-09 10:00"),  # never before it was asked
    ],
)
def test_finding_out_leaves_the_reviewer_a_day(asked: str, decide_by: str, expected: str) -> None:
    asked_at, decide_at = pacific(asked), pacific(decide_by)

    assert shown(information_due(asked_at, decide_at, FRAMES, CALENDAR)) == expected
    assert shown(network_search_due(asked_at, decide_at, Urgency.STANDARD, FRAMES, CALENDAR)) == expected


def test_urgent_availability_must_be_proved_in_24_hours_also_over_a_weekend() -> None:
    asked_at = pacific("2026-10-09 18:00")

    proof = network_search_due(asked_at, asked_at + timedelta(hours=72), Urgency.URGENT, FRAMES, CALENDAR)

    assert shown(proof) == "2026-10-10 18:00"


def test_authorization_runs_from_the_plans_day_of_decision() -> None:
    evening = datetime(2026, 3, 5, 3, 0, tzinfo=UTC)  # still 4 March in California

    assert authorization_period(evening, FRAMES, CALENDAR) == (date(2026, 3, 4), date(2026, 6, 2))


def test_clock_names_are_those_of_the_interface() -> None:
    assert list(ClockName) == [
        "decide",
        "renderOpinion",
        "notifyProvider",
        "notifyMemberWritten",
        "handbook72h",
        "delayNoticeLatest",
        "transportReady",
        "consultReport",
        "patientAccessPublish",
        "appealWindow",
        "hearingWindow",
        "IMRWindow",
        "retentionEnd",
    ]


@given(INSTANTS)
def test_standard_is_due_within_168_hours_and_after_five_days_by_the_wall_clock(received_at: datetime) -> None:
    until = answer_due(received_at) - received_at

    # Received on a Sunday it is due on Friday; the Sunday in spring is an hour short.
    assert timedelta(days=5, hours=-1) <= until <= timedelta(hours=168)


@given(INSTANTS)
def test_standard_due_on_a_business_day_unless_the_federal_limit_comes_first(received_at: datetime) -> None:
    due_at = answer_due(received_at)

    assert CALENDAR.is_business_day(CALENDAR.day(due_at)) or due_at == received_at + timedelta(hours=168)


@given(INSTANTS)
def test_urgent_and_serious_are_never_due_after_standard(received_at: datetime) -> None:
    standard = answer_due(received_at)

    assert answer_due(received_at, urgency=Urgency.URGENT) <= standard
    assert answer_due(received_at, serious=True) <= standard
    assert standard <= answer_due(received_at, late=True)


@given(INSTANTS, st.timedeltas(timedelta(0), timedelta(days=40)))
def test_later_receipt_is_never_due_on_an_earlier_day(received_at: datetime, later: timedelta) -> None:
    # By day, not by hour: Saturday 18:00 and Sunday 09:00 keep their wall time on the same Friday.
    first, second = answer_due(received_at), answer_due(received_at + later)

    assert CALENDAR.day(first) <= CALENDAR.day(second)


@given(INSTANTS, st.sampled_from([None, *Urgency]), st.booleans(), st.booleans())
def test_due_time_depends_on_the_instant_not_on_how_its_zone_is_written(
    received_at: datetime,
    urgency: Urgency | None,
    serious: bool,  # noqa: FBT001 - hypothesis draws it
    late: bool,  # noqa: FBT001 - hypothesis draws it
) -> None:
    utc = answer_due(received_at, urgency=urgency, serious=serious, late=late)
    local = answer_due(CALENDAR.local(received_at), urgency=urgency, serious=serious, late=late)

    assert utc == local
    assert local.tzinfo is UTC


ANSWER_CLOCKS = st.lists(
    st.builds(Clock, st.sampled_from(list(ClockName)[:6]), INSTANTS), unique_by=lambda clock: clock.name
).map(tuple)


@given(before=ANSWER_CLOCKS, after=ANSWER_CLOCKS)
def test_clocks_set_again_are_never_later_and_none_of_the_answer_is_lost(
    before: tuple[Clock, ...], after: tuple[Clock, ...]
) -> None:
    kept = {clock.name: clock.due for clock in never_later(before, after)}

    for clock in after:
        assert kept[clock.name] <= clock.due
    for clock in before:
        if clock.name in {ClockName.DECIDE, ClockName.RENDER_OPINION, ClockName.HANDBOOK}:
            assert kept[clock.name] <= clock.due
