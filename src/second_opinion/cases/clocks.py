"""The clocks of a case: every due time, from receipt or decision on. None is ever paused."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from second_opinion.cases.calendar import Calendar
from second_opinion.cases.status import FAVOURABLE, CaseStatus
from second_opinion.cases.timeframes import TimeFrames
from second_opinion.review.facts import Urgency


class ClockName(StrEnum):
    """What a clock counts towards, in the order they are shown."""

    DECIDE = "decide"
    RENDER_OPINION = "renderOpinion"  # H&S 1383.15(c): the opinion itself, not its approval
    NOTIFY_PROVIDER = "notifyProvider"
    NOTIFY_MEMBER_WRITTEN = "notifyMemberWritten"
    HANDBOOK = "handbook72h"  # the written answer the handbook promises for a serious condition
    DELAY_NOTICE_LATEST = "delayNoticeLatest"
    TRANSPORT_READY = "transportReady"
    CONSULT_REPORT = "consultReport"
    PATIENT_ACCESS_PUBLISH = "patientAccessPublish"
    APPEAL_WINDOW = "appealWindow"
    HEARING_WINDOW = "hearingWindow"
    IMR_WINDOW = "IMRWindow"
    RETENTION_END = "retentionEnd"


_OF_THE_ANSWER = frozenset(
    {ClockName.DECIDE, ClockName.RENDER_OPINION, ClockName.HANDBOOK, ClockName.DELAY_NOTICE_LATEST}
)
_SHOWN_AT = {name: place for place, name in enumerate(ClockName)}


@dataclass(frozen=True)
class Clock:
    """One due time; ``due`` is UTC."""

    name: ClockName
    due: datetime


def decision_due(
    received_at: datetime,
    *,
    urgency: Urgency | None,
    serious: bool,
    retrospective: bool,
    frames: TimeFrames,
    calendar: Calendar,
) -> datetime:
    """When the case must be answered: the earliest of what law and handbook set. UTC."""
    return answer_due(
        case_clocks(
            received_at,
            urgency=urgency,
            serious=serious,
            retrospective=retrospective,
            frames=frames,
            calendar=calendar,
        )
    )


def case_clocks(
    received_at: datetime,
    *,
    urgency: Urgency | None,
    serious: bool,
    retrospective: bool,
    frames: TimeFrames,
    calendar: Calendar,
) -> tuple[Clock, ...]:
    """The clocks that run from receipt. A retrospective case has its 30 days only: its opinion was already given."""
    received_at = calendar.local(received_at).astimezone(UTC)
    decide = _decide(received_at, urgency=urgency, retrospective=retrospective, frames=frames, calendar=calendar)
    clocks = [Clock(ClockName.DECIDE, decide)]
    if urgency is Urgency.URGENT and not retrospective:
        clocks.append(Clock(ClockName.RENDER_OPINION, received_at + timedelta(hours=frames.render_hours)))
    if serious and not retrospective:
        clocks.append(Clock(ClockName.HANDBOOK, received_at + timedelta(hours=frames.serious_hours)))
    clocks.append(Clock(ClockName.DELAY_NOTICE_LATEST, answer_due(tuple(clocks))))
    return _in_order([*clocks, *_record_clocks(received_at, frames, calendar)])


def appeal_clocks(
    received_at: datetime, *, expedited: bool, frames: TimeFrames, calendar: Calendar
) -> tuple[Clock, ...]:
    """The clocks that run from receipt of an appeal: its answer, and the record's."""
    received_at = calendar.local(received_at).astimezone(UTC)
    time = (
        timedelta(hours=frames.appeal_answer_urgent_hours) if expedited else timedelta(days=frames.appeal_answer_days)
    )
    answer = Clock(ClockName.DECIDE, received_at + time)
    return _in_order([answer, *_record_clocks(received_at, frames, calendar)])


def after_decision(
    decided_at: datetime,
    status: CaseStatus,
    opened: tuple[Clock, ...],
    *,
    visit_at: datetime | None,
    frames: TimeFrames,
    calendar: Calendar,
    on_appeal: bool = False,
) -> tuple[Clock, ...]:
    """All clocks of a decided case: those it was opened with run on, the outcome adds its own.

    ``visit_at`` is the visit as far as it is known; until then the latest lawful one is assumed.
    """
    decided_at = calendar.local(decided_at).astimezone(UTC)
    clocks = _record_clocks(decided_at, frames, calendar)
    if status in {CaseStatus.APPROVED, CaseStatus.MODIFIED, CaseStatus.DENIED, CaseStatus.NOT_ELIGIBLE}:
        written = calendar.add_business_days(decided_at, frames.notify_written_business_days)
        clocks.append(Clock(ClockName.NOTIFY_PROVIDER, decided_at + timedelta(hours=frames.notify_provider_hours)))
        clocks.append(Clock(ClockName.NOTIFY_MEMBER_WRITTEN, min(written, answer_due(opened))))
    if status in FAVOURABLE | {CaseStatus.MODIFIED}:
        clocks += _visit_clocks(decided_at, opened, visit_at, frames, calendar)
    if status in {CaseStatus.MODIFIED, CaseStatus.DENIED}:
        clocks += _redress_clocks(decided_at, frames, calendar, on_appeal=on_appeal)
    return run_on(opened, tuple(clocks))


def after_visit(
    clocks: tuple[Clock, ...],
    changed_at: datetime,
    *,
    counts_from: datetime,
    visit_at: datetime | None,
    frames: TimeFrames,
    calendar: Calendar,
) -> tuple[Clock, ...]:
    """The clocks once the appointment is made, missed or kept: ride and report follow it, whatever was assumed.

    Nothing is due before ``counts_from``; without a ``visit_at`` the latest lawful visit from then is assumed.
    """
    visit = _visit_clocks(counts_from.astimezone(UTC), clocks, visit_at, frames, calendar)
    return run_on(clocks, (*visit, *_record_clocks(changed_at.astimezone(UTC), frames, calendar)))


def run_on(clocks: tuple[Clock, ...], renewed: tuple[Clock, ...]) -> tuple[Clock, ...]:
    """``clocks`` with those of ``renewed`` added, or put in the place of one of the same name."""
    return _in_order({clock.name: clock for clock in (*clocks, *renewed)}.values())


def never_later(before: tuple[Clock, ...], clocks: tuple[Clock, ...]) -> tuple[Clock, ...]:
    """``clocks`` with each clock of the answer that already ran kept, at the earlier of its two due times."""
    running = {clock.name: clock.due for clock in before if clock.name in _OF_THE_ANSWER}
    earlier = {clock.name: min(clock.due, running.get(clock.name, clock.due)) for clock in clocks}
    return _in_order(Clock(name, due) for name, due in (running | earlier).items())


def due(clocks: tuple[Clock, ...], name: ClockName) -> datetime | None:
    """When the clock ``name`` is due, if it runs."""
    return next((clock.due for clock in clocks if clock.name is name), None)


def information_due(asked_at: datetime, decide_by: datetime, frames: TimeFrames, calendar: Calendar) -> datetime:
    """When a question to the requester counts as unanswered and a clinician takes over (R4, R8). UTC."""
    asked = calendar.add_business_days(asked_at, frames.information_business_days)
    return _leaving_a_day(asked_at, asked, decide_by, frames)


def network_search_due(
    asked_at: datetime, decide_by: datetime, urgency: Urgency | None, frames: TimeFrames, calendar: Calendar
) -> datetime:
    """When an alternative nobody has proved counts as not there (R9, R10). UTC."""
    if urgency is Urgency.URGENT:
        search = asked_at.astimezone(UTC) + timedelta(hours=frames.availability_proof_hours)
    else:
        search = calendar.add_business_days(asked_at, frames.network_search_business_days)
    return _leaving_a_day(asked_at, search, decide_by, frames)


def authorization_period(decided_at: datetime, frames: TimeFrames, calendar: Calendar) -> tuple[date, date]:
    """First and last day, in the plan's local time, on which an approval may be used."""
    first = calendar.day(decided_at)
    return first, first + timedelta(days=frames.authorization_days)


def _decide(
    received_at: datetime,
    *,
    urgency: Urgency | None,
    retrospective: bool,
    frames: TimeFrames,
    calendar: Calendar,
) -> datetime:
    """Two rules, state and federal; a holiday inside flips which one comes first."""
    if retrospective:
        return received_at + timedelta(days=frames.retrospective_days)
    state = calendar.add_business_days(received_at, frames.standard_business_days)
    standard = min(state, received_at + timedelta(hours=frames.standard_hours))
    if urgency is Urgency.URGENT:
        return min(standard, received_at + timedelta(hours=frames.urgent_hours))
    return standard


def answer_due(clocks: tuple[Clock, ...]) -> datetime:
    """The earliest clock by which there must be an answer."""
    return min(clock.due for clock in clocks if clock.name in {ClockName.DECIDE, ClockName.HANDBOOK})


def _redress_clocks(decided_at: datetime, frames: TimeFrames, calendar: Calendar, *, on_appeal: bool) -> list[Clock]:
    """How long an adverse decision can be appealed; after an appeal a hearing or a medical review asked for."""
    if not on_appeal:
        return [Clock(ClockName.APPEAL_WINDOW, calendar.add_days(decided_at, frames.appeal_days))]
    return [
        Clock(ClockName.HEARING_WINDOW, calendar.add_days(decided_at, frames.hearing_days)),
        Clock(ClockName.IMR_WINDOW, calendar.add_months(decided_at, frames.imr_months)),
    ]


def _record_clocks(changed_at: datetime, frames: TimeFrames, calendar: Calendar) -> list[Clock]:
    """Publishing and keeping count from the last change of status."""
    return [
        Clock(ClockName.PATIENT_ACCESS_PUBLISH, calendar.add_business_days(changed_at, frames.publish_business_days)),
        Clock(ClockName.RETENTION_END, calendar.add_months(changed_at, 12 * frames.retention_years)),
    ]


def _visit_clocks(
    decided_at: datetime,
    opened: tuple[Clock, ...],
    visit_at: datetime | None,
    frames: TimeFrames,
    calendar: Calendar,
) -> list[Clock]:
    """The ride must be there at the visit, the report follows it; nothing is due before the decision."""
    render_by = due(opened, ClockName.RENDER_OPINION)
    assumed = render_by or calendar.add_business_days(decided_at, frames.visit_business_days)
    visit = max(visit_at.astimezone(UTC) if visit_at else assumed, decided_at)
    if render_by:
        report = visit + timedelta(hours=frames.report_urgent_hours)
    else:
        report = calendar.add_business_days(visit, frames.report_business_days)
    ride = [Clock(ClockName.TRANSPORT_READY, visit)] if visit > decided_at else []
    return [*ride, Clock(ClockName.CONSULT_REPORT, report)]


def _leaving_a_day(asked_at: datetime, latest: datetime, decide_by: datetime, frames: TimeFrames) -> datetime:
    """``latest``, or earlier so that a reviewer has a day left to decide; never before it was asked."""
    ends = decide_by.astimezone(UTC) - timedelta(hours=frames.finding_out_ends_hours_before_due)
    return max(min(latest, ends), asked_at.astimezone(UTC))


def _in_order(clocks: Iterable[Clock]) -> tuple[Clock, ...]:
    return tuple(sorted(clocks, key=lambda clock: _SHOWN_AT[clock.name]))
