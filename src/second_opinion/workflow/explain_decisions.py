"""What a person decided, for an auditor: on whose attestation, for which reasons, on which clause, what was offered."""

from collections.abc import Iterator

from second_opinion.cases.attestation import Attestation
from second_opinion.cases.decision import Decision, Extension
from second_opinion.fhir.decisions import attestation_number, in_words
from second_opinion.store.changes import Event
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.ruling import replayed


def lines(desk: Desk, case: str, event: Event) -> Iterator[str]:
    """The decision in this line of the case's story (its number); nothing where it holds none."""
    detail = event.detail
    if appealed := detail.get("appeal_of"):
        yield f"    an appeal of case {appealed}"
    if appeal := detail.get("appeal"):
        yield f"    taken up as case {appeal}"
    decision = replayed(detail)
    if decision is None:
        return
    yield from _attested(decision.attestation)
    yield f"    reasons: {', '.join(decision.reasons) or 'none coded'}"
    yield f"    in plain words: {decision.rationale}"
    if decision.translations:
        yield f"    translated into {', '.join(language for language, _ in decision.translations)}"
    if isinstance(decision, Decision):
        yield f"    shown as attestation {attestation_number(case)}"
    yield from _extended(desk, decision) if isinstance(decision, Extension) else _decided(decision)
    yield f"    routed to a person by {detail['rule']}; directory snapshot {detail['snapshot']}"
    yield f"    policy {detail['policy']}"


def _attested(attestation: Attestation) -> Iterator[str]:
    licence = f", licence {attestation.licence} ({attestation.state})" if attestation.licence else ""
    director = ", medical director" if attestation.medical_director else ""
    yield f"    attested by {attestation.name} ({attestation.reviewer}), {attestation.kind}{licence}{director}"
    further = {
        "specialty": attestation.specialty,
        "direct line": attestation.phone,
        "organization": attestation.organization,
    }
    if said := ", ".join(f"{name} {value}" for name, value in further.items() if value):
        yield f"      {said}"


def _decided(decision: Decision) -> Iterator[str]:
    yield f"    {decision.outcome}{f', by clause {decision.cited}' if decision.clauses else ''}"
    for offer in decision.alternatives:
        where = "in the network" if offer.in_network else "not in the network"
        yield f"    offered: {offer.reference} ({in_words(offer)}), {where}"
    if (changed := decision.modification) is not None:
        days = f" from {changed.period[0]} to {changed.period[1]}" if changed.period else ""
        yield f"    authorized instead: {changed.provider.get('reference')} ({changed.provider.get('display')}){days}"


def _extended(desk: Desk, extension: Extension) -> Iterator[str]:
    moved, until = (desk.calendar.local(each) for each in (extension.moved_from, extension.until))
    yield f"    time to decide moved from {moved:%a %Y-%m-%d %H:%M:%S %Z} to {until:%a %Y-%m-%d %H:%M:%S %Z}"
    yield f"    ground: {extension.justification}; still needed: {'; '.join(extension.missing)}"
