"""The clocks act: whatever a case's time calls for is done, once, however often and on however many workers it runs."""

import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType

from second_opinion.cases.status import CaseStatus
from second_opinion.store.changes import Event
from second_opinion.workflow import agenda, clock_acts, notices
from second_opinion.workflow.agenda import Act, Appointment
from second_opinion.workflow.arrival import told_anew
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.clock_acts import Acted
from second_opinion.workflow.deciding import milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.inform import reconsider
from second_opinion.workflow.repeats import kept_case
from second_opinion.workflow.saving import save_next
from second_opinion.workflow.submit import COMPUTER, determined

log = logging.getLogger(__name__)

MOST_CASES = 10_000  # of one sweep; the next takes the rest
MOST_ACTS = 20  # of one case in one sweep, when much time passed at once

ACTS: Mapping[Act, Callable[[Desk, CaseFile, Appointment], Acted]] = MappingProxyType(
    {
        Act.UNANSWERED: clock_acts.unanswered,
        Act.UNPROVEN: clock_acts.unproven,
        Act.DUE_SOON: clock_acts.due_soon,
        Act.EXPIRED: clock_acts.expired,
        Act.REMIND: clock_acts.remind,
        Act.REPORT_OVERDUE: clock_acts.report_overdue,
        Act.PROVIDER_UNTOLD: clock_acts.untold,
        Act.MEMBER_UNTOLD: clock_acts.untold,
    }
)


def sweep(desk: Desk) -> int:
    """Do all that the clocks of all cases call for by now; how many acts it took. Safe to run at any time."""
    acts = 0
    for number in desk.store.cases_to_act(desk.now(), MOST_CASES):
        try:
            acts += _catch_up(desk, number)
        except Exception as fault:  # noqa: BLE001 - one case that fails must not keep the others from their time
            log.error("case %d could not be acted upon: %s", number, type(fault).__name__)  # noqa: TRY400 - a traceback may hold health data
    return acts


def _catch_up(desk: Desk, number: int) -> int:
    """One act after the other, each saved by itself, until nothing more is due."""
    acts = 0
    while acts < MOST_ACTS and told_anew(lambda: _act(desk, number)):
        acts += 1
    return acts


def _act(desk: Desk, number: int) -> bool:
    """Do what the case's time calls for first; whether there was anything."""
    case = kept_case(desk, number)
    appointment = agenda.next_appointment(case)
    called = appointment is not None and appointment.at <= desk.now()
    undecided = CaseStatus(case.view.status).is_open and agenda.may_be_asked_again(case)
    outdated = undecided and case.snapshot != desk.store.active_snapshot()
    if outdated and (called or agenda.waits_for_coverage(case)):
        _ask_the_new_directory(desk, case)
        return True
    if appointment is None or not called:
        desk.store.look_again(number, case.version, appointment.at if appointment else None)
        return False
    _save(desk, case, ACTS[appointment.act](desk, case, appointment), appointment)
    return True


def _ask_the_new_directory(desk: Desk, case: CaseFile) -> None:
    """Another directory is in force than the case was judged by: before time acts, the table is asked again."""
    anew, determination, resolution = reconsider(desk, case)
    events = []
    if anew.view.status != case.view.status:
        at = milliseconds(desk.now())
        events = [
            Event(case.number, at, "reconsidered", COMPUTER, {"note": "another directory is in force"}),
            determined(anew, determination, resolution, at),
        ]
    save_next(desk, anew, events, evidence=resolution.evidence)


def _save(desk: Desk, before: CaseFile, acted: Acted, appointment: Appointment) -> None:
    at = milliseconds(desk.now())
    case, asked = acted.case, acted.asked
    events = [Event(case.number, at, appointment.act.value, COMPUTER, {"note": acted.note})]
    if asked is not None:
        events.append(determined(case, asked.determination, asked.resolution, at))
    evidence = asked.resolution.evidence if asked else {}
    told = notices.rendered(desk, clock_acts.marked(before, case, appointment))
    save_next(desk, told.case, [*events, *told.events], further=told.binaries, evidence=evidence, work=told.work)
