"""Facts learned later: the table is asked again from all of them, with the first receipt and the clocks running on."""

from dataclasses import replace
from functools import reduce
from typing import Any, NamedTuple

from second_opinion.cases import clocks as running
from second_opinion.directory.coverage import Days, standing
from second_opinion.directory.learned import LearnedFact, LearnedName, remembered, told
from second_opinion.directory.lookup import Lookup
from second_opinion.directory.resolve import Resolution, resolve
from second_opinion.directory.stated import Stated, StatedMember
from second_opinion.fhir.case_view import CaseView
from second_opinion.review.determination import Determination
from second_opinion.review.facts import Facts, Urgency, from_recorded, recorded
from second_opinion.store.changes import Event
from second_opinion.workflow import agenda, merging, timing
from second_opinion.workflow.asking import asked_again, searched_for
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.deciding import Request, decided, milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.parties import doctor, parties, reference

MEDICAL_DIRECTOR = "medical-director"  # the queue an expired case stays on until it is decided


class Reconsidered(NamedTuple):
    """The undecided case decided anew, not yet saved, and how it came to it."""

    case: CaseFile
    determination: Determination
    resolution: Resolution


def reconsider(desk: Desk, case: CaseFile, learned: tuple[LearnedFact, ...] = ()) -> Reconsidered:
    """The table asked again from all facts: what was stated, what was learned, what the directory says today."""
    before = from_recorded(case.facts)
    case = with_facts(case, learned)
    stated, resolution = understood(desk, case)
    if not any(fact.name is LearnedName.ALTERNATIVE for fact in learned):
        case = searched_for(case, resolution.specialty)
    determination = asked_again(desk, case, _facts(before, resolution))
    facts = determination.facts
    request = Request(stated, replace(resolution, facts=facts), case.view.received_at, (), ())
    anew = decided(desk, case, request, determination)
    taking_part = {*case.parties, *parties(case.partner, stated, resolution)}
    view = replace(anew.view, requester=case.view.requester)
    anew = replace(anew, parties=tuple(sorted(taking_part)), view=as_late_as_before(anew, view))
    return Reconsidered(anew, determination, resolution)


def told_on_appeal(desk: Desk, case: CaseFile, learned: tuple[LearnedFact, ...]) -> CaseFile:
    """The appeal with the facts, for the clinician who decides it; the table is not asked."""
    before = from_recorded(case.facts)
    case = with_facts(case, learned)
    _, resolution = understood(desk, case)
    facts = _facts(before, resolution)
    view = replace(case.view, second_doctor=reference(resolution.second_doctor), updated_at=milliseconds(desk.now()))
    if facts.urgency is Urgency.URGENT and before.urgency is not Urgency.URGENT:
        soon = running.appeal_clocks(view.received_at, expedited=True, frames=desk.frames, calendar=desk.calendar)
        view = timing.clocked(replace(view, priority="urgent"), running.never_later(timing.ran(view), soon))
    return replace(case, facts=recorded(facts), doctor=doctor(resolution) or case.doctor, view=view)


def with_facts(case: CaseFile, learned: tuple[LearnedFact, ...]) -> CaseFile:
    """The case with the facts among what it rests on, the table not yet asked."""
    stated = reduce(told, learned, all_stated(case))
    named = {fact.name: fact for fact in learned}
    certified = named.get(LearnedName.PHYSICIAN_CERTIFICATION)
    case = replace(
        case,
        stated=stated,
        learned=remembered(case.learned, learned),
        transportation=stated.transportation or case.transportation,
        certified=certified.value == "true" if certified else case.certified,
    )
    if LearnedName.REQUESTED_PROVIDER in named:  # another doctor, or nobody, takes the place of the one named before
        case = replace(case, doctor=None, view=replace(case.view, second_doctor=None))
    return case


def all_stated(case: CaseFile) -> Stated:
    """What the orders of the case and the facts told since state together."""
    return case.stated or Stated(member=StatedMember("ServiceRequest.subject"))


def understood(desk: Desk, case: CaseFile) -> tuple[Stated, Resolution]:
    """What the case states against the directory of today; who the member is was settled at the first receipt."""
    stated = all_stated(case)
    with desk.directory.snapshot() as lookup:
        named = (case.view.coverage or {}).get("reference", "")
        known = lookup.coverage(named.rpartition("/")[2]) is not None
        member = StatedMember(
            path=stated.member.path,
            own_reference=f"Patient/{case.member}",
            coverage_own_references=(named,) if known else (),
        )
        meant = replace(stated, member=member)
        resolution = resolve(meant, lookup, desk.tables, case.view.received_at, desk.calendar.zone)
        if resolution.covered_on_service is None and not _covered_today(desk, resolution, lookup):
            resolution = replace(resolution, covered_on_service=False)
    number = merging.opinion_number(desk, stated, resolution)
    return stated, replace(resolution, facts=replace(resolution.facts, opinion_number=number))


def _covered_today(desk: Desk, resolution: Resolution, lookup: Lookup) -> bool:
    """Coverage that ended since the receipt decides nothing; an approval says that it depends on the visit's day."""
    if resolution.member is None:
        return True
    return standing(resolution.member, Days(desk.calendar.day(desk.now())), lookup).covered_on_receipt


def told_event(case: CaseFile, facts: tuple[LearnedFact, ...]) -> Event:
    """Who said what, with what proves it, as a line of the case's story."""
    first = facts[0]
    return Event(case.number, first.at, "informed", first.by, {"facts": [_as_json(fact) for fact in facts]})


def _facts(before: Facts, resolution: Resolution) -> Facts:
    """The directory's answer of today; what was known stays where the member is in no directory any more."""
    if resolution.member is None:
        return replace(before, covered=None)
    return merging.restated(before, resolution.facts)


def as_late_as_before(case: CaseFile, view: CaseView) -> CaseView:
    """New facts do not take an expired case off the medical director's list while it is undecided."""
    expired = view.queue is not None and agenda.has_expired(case)
    return replace(view, queue=MEDICAL_DIRECTOR) if expired else view


def _as_json(fact: LearnedFact) -> dict[str, Any]:
    said: dict[str, Any] = {"name": fact.name.value, "value": fact.value, "evidence": list(fact.evidence)}
    if fact.party is not None:
        said["provider"] = [*fact.party.npis, *fact.party.organization_npis] or fact.party.display
    if fact.day is not None:
        said["day"] = fact.day.isoformat()
    return said
