"""The table asked again about a case: with what was learned since, and without asking twice for one thing."""

from dataclasses import fields, replace

from second_opinion.directory import learned
from second_opinion.directory.learned import LearnedName
from second_opinion.directory.stated import Stated
from second_opinion.review.determination import Determination, Outcome
from second_opinion.review.engine import determine
from second_opinion.review.facts import Facts
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.desk import Desk

NO_LONGER_ASKED = "We asked for information. A clinician decides now with what is known."


def asked_again(desk: Desk, case: CaseFile, facts: Facts) -> Determination:
    """The policy's answer on the day of receipt; what was asked before is not asked twice, a clinician decides."""
    facts = learned.known(facts, case.learned)
    determination = determine(facts, desk.policy, desk.calendar.day(case.view.received_at))
    if determination.ask is None or not case.past_asking.keys() & set(determination.ask.missing):
        return determination
    why = "; ".join(
        f"{fact}: {case.past_asking[fact]}" for fact in determination.ask.missing if fact in case.past_asking
    )
    return replace(determination, outcome=Outcome.TO_CLINICIAN, ask=None, plain=NO_LONGER_ASKED, fault=why)


def searched_for(case: CaseFile, specialty: str | None) -> CaseFile:
    """The case without what a search found for another specialty than the one now needed."""
    if specialty == case.view.specialty:
        return case
    still = tuple(fact for fact in case.learned if fact.name is not LearnedName.ALTERNATIVE)
    return replace(case, learned=still, proof_due_at=None)


def stated_together(before: Stated | None, after: Stated) -> Stated:
    """All that two orders on one question state: the later one's words where it has any, the higher urgency."""
    if before is None:
        return after
    empty = Stated(member=after.member)
    said = {each.name for each in fields(Stated) if getattr(after, each.name) != getattr(empty, each.name)}
    kept = {each.name: getattr(before, each.name) for each in fields(Stated) if each.name not in said}
    return replace(
        replace(after, **kept),
        reason_codes=tuple(dict.fromkeys((*before.reason_codes, *after.reason_codes))),
        reason_words=before.reason_words or after.reason_words,
        urgent=before.urgent or after.urgent,
        priority=before.priority if before.urgent else after.priority or before.priority,
        sensitive=tuple(dict.fromkeys((*before.sensitive, *after.sensitive))),
    )
