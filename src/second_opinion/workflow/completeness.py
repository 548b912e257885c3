"""What a reviewer states against what the law makes part of a decision: all of it said, or each missing part named."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from second_opinion.cases import clocks as running
from second_opinion.cases.attestation import Attestation
from second_opinion.cases.clocks import Clock, ClockName
from second_opinion.cases.decision import ADVERSE, Decision, Extension, Modification, Offer, ReviewOutcome
from second_opinion.directory import offering
from second_opinion.directory.lookup import Lookup
from second_opinion.directory.offering import KnownProvider
from second_opinion.directory.stated import StatedParty
from second_opinion.errors import BusinessRule, CodeInvalid, RequiredMissing, Unprocessable, Unresolved
from second_opinion.fhir.codes import NPI
from second_opinion.fhir.determination import StatedDetermination, StatedModification
from second_opinion.review.reasons import DeterminationReason
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.desk import Desk

Missing = tuple[str, str]  # (FHIRPath, what should stand there)

_ONLY_FOR = {
    "modification": ReviewOutcome.MODIFIED,
    "until": ReviewOutcome.EXTENDED,
    "missing": ReviewOutcome.EXTENDED,
    "justification": ReviewOutcome.EXTENDED,
}


def completed(
    desk: Desk, case: CaseFile, stated: StatedDetermination, attestation: Attestation
) -> Decision | Extension:
    """The decision, whole; 422 naming every part that is missing, before anything is kept."""
    _refuse_misplaced(stated)
    reasons = _reasons(desk, stated)
    clauses = stated.clauses or tuple(dict.fromkeys(each.clause for each in reasons if each.clause))
    with desk.directory.snapshot() as lookup:
        offers, instead = _resolved(desk, case, stated, attestation.at, lookup)
    if lacking := list(_lacking(stated, clauses, offers, attestation)):
        raise _incomplete(lacking)
    assert stated.outcome is not None  # noqa: S101 - named as missing otherwise
    if stated.outcome is ReviewOutcome.EXTENDED:
        return _extension(desk, case, stated, attestation)
    return Decision(
        outcome=stated.outcome,
        reasons=tuple(dict.fromkeys(each.code for each in reasons)),
        rationale=stated.rationale,
        clauses=clauses,
        attestation=attestation,
        translations=stated.translations,
        alternatives=offers,
        modification=_modification(desk, stated.modification, instead, attestation.at),
    )


def _refuse_misplaced(stated: StatedDetermination) -> None:
    """Parameters that belong to another outcome are unknown to this one."""
    for name, outcome in _ONLY_FOR.items():
        if name in stated.names and stated.outcome not in {outcome, None}:
            raise Unprocessable(f"The parameter {name} belongs to the outcome {outcome}", _named(name))


def _reasons(desk: Desk, stated: StatedDetermination) -> tuple[DeterminationReason, ...]:
    """The plan's reasons; CodeInvalid for a code that is none, or stands for another outcome."""
    known = {each.code: each for each in desk.reasons}
    for each in stated.reasons:
        if each.code not in known:
            raise CodeInvalid(f"The reason must be one of {', '.join(known)}", each.path)
        if stated.outcome is not None and stated.outcome not in known[each.code].outcomes:
            fitting = ", ".join(code for code, reason in known.items() if stated.outcome in reason.outcomes)
            raise CodeInvalid(
                f"This reason stands for another outcome; for {stated.outcome} there are {fitting}", each.path
            )
    return tuple(known[each.code] for each in stated.reasons)


def _resolved(
    desk: Desk, case: CaseFile, stated: StatedDetermination, at: datetime, lookup: Lookup
) -> tuple[tuple[Offer, ...], KnownProvider | None]:
    """Everyone the reviewer names, in the directory of today; Unresolved 422 where somebody is not there."""
    today, member = desk.calendar.day(at), lookup.member(case.member)
    networks = offering.networks(member, desk.calendar.day(case.view.received_at), today, lookup) if member else ()

    def find(party: StatedParty) -> KnownProvider:
        known = offering.known(party, networks, today, lookup)
        if known is None:
            raise Unresolved("The directory knows no such provider", party.path)
        if {known.reference, known.party_reference, known.npi} & _initial(case):
            raise BusinessRule("The provider whose care is questioned cannot give the second opinion", party.path)
        return known

    offers = []
    for each in stated.alternatives:
        known = find(each.party)
        specialty = known.specialty or next(filter(None, map(desk.tables.name, known.codes)), None)
        first = each.first_appointment
        offers.append(Offer(known.reference, known.name, specialty, known.phone, first, known.in_network))
    instead = stated.modification.provider if stated.modification else None
    return tuple(offers), find(instead) if instead else None


def _initial(case: CaseFile) -> set[str | None]:
    """How the provider of the first opinion may be called."""
    named = case.view.initial_provider or {}
    return {named.get("reference"), named.get("identifier", {}).get("value")} - {None}


def _lacking(
    stated: StatedDetermination, clauses: tuple[str, ...], offers: tuple[Offer, ...], attestation: Attestation
) -> Iterator[Missing]:
    outcome = stated.outcome
    if outcome is None:
        yield _named("outcome"), f"the outcome ({', '.join(ReviewOutcome)})"
    if not stated.reasons:
        yield _named("reason"), "at least one reason, coded"
    if not stated.rationale:
        yield _named("rationale"), "the reason in plain words for the member"
    if outcome in ADVERSE:
        yield from _adverse_lacking(clauses, offers, attestation)
    if outcome is ReviewOutcome.MODIFIED and (stated.modification is None or stated.modification.provider is None):
        yield f"{_named('modification')}.part.where(name='provider')", "the provider authorized instead"
    if outcome is ReviewOutcome.EXTENDED:
        for name, given, words in (
            ("until", stated.until, "until when"),
            ("missing", stated.missing, "what exactly is missing"),
            ("justification", stated.justification, "on which ground of 42 CFR 438.210(d)(1)(ii)"),
        ):
            if not given:
                yield _named(name), words


def _adverse_lacking(
    clauses: tuple[str, ...], offers: tuple[Offer, ...], attestation: Attestation
) -> Iterator[Missing]:
    if not clauses:
        yield _named("clause"), "the clause it rests on"
    if not any(each.in_network for each in offers):
        yield _named("alternative"), "at least one alternative considered that is in the member's network"
    if not (attestation.phone or "").strip():
        yield "Parameters", "the reviewer's direct telephone number in the registry"


def _incomplete(lacking: list[Missing]) -> RequiredMissing:
    parts = "; ".join(words for _, words in lacking)
    return RequiredMissing(f"The determination cannot be recorded without {parts}", *(path for path, _ in lacking))


def _modification(
    desk: Desk, stated: StatedModification | None, instead: KnownProvider | None, at: datetime
) -> Modification | None:
    if stated is None or instead is None:
        return None
    if stated.period is not None and stated.period[1] < desk.calendar.day(at):
        raise BusinessRule("The period must not lie in the past", f"{stated.path}.part.where(name='period').value")
    provider = {"reference": instead.party_reference or instead.reference, "display": instead.name}
    if instead.npi:
        provider = {**provider, "identifier": {"system": NPI, "value": instead.npi}}  # type: ignore[dict-item]  # FHIR
    return Modification(provider, instead.npi, instead.phone, stated.period, stated.quantity)


def _extension(desk: Desk, case: CaseFile, stated: StatedDetermination, attestation: Attestation) -> Extension:
    """At most 14 days after the decision was due, and more time than there was."""
    clocks = tuple(Clock(ClockName(name), due) for name, due in case.view.clocks)
    due = running.due(clocks, ClockName.DECIDE)
    assert due is not None  # noqa: S101 - every case has its time to decide
    assert stated.until is not None and stated.justification is not None  # noqa: S101, PT018 - named as missing otherwise
    latest = due + timedelta(days=desk.frames.extension_days)
    if not due < stated.until <= latest:
        days = desk.frames.extension_days
        raise BusinessRule(
            f"The new time must lie after the decision is due, and at most {days} days after", _named("until")
        )
    return Extension(
        until=stated.until,
        moved_from=due,
        missing=stated.missing,
        justification=stated.justification,
        reasons=tuple(dict.fromkeys(each.code for each in stated.reasons)),
        rationale=stated.rationale,
        attestation=attestation,
        translations=stated.translations,
    )


def _named(parameter: str) -> str:
    return f"Parameters.parameter.where(name='{parameter}')"
