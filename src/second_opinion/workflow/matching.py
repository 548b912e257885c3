"""Which case a message belongs to, and who of that case its recipients are."""

import re
from dataclasses import dataclass

from second_opinion.access.caller import Caller
from second_opinion.access.visibility import visibility
from second_opinion.errors import NotFound, RequiredMissing, Unresolved
from second_opinion.fhir import incoming
from second_opinion.fhir.case_view import CaseView, report_recipients
from second_opinion.fhir.case_view import Reference as Party
from second_opinion.fhir.codes import NPI
from second_opinion.fhir.incoming import Incoming
from second_opinion.workflow import recipients, tracking
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.repeats import kept_case

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
OF_A_CASE = ("Task", "ServiceRequest", "CommunicationRequest", "ClaimResponse", "Claim", "Communication")
UNKNOWN = (
    "It must name its case: by reference to our Task, ServiceRequest or CommunicationRequest, or by one of their "
    "identifiers"
)


@dataclass(frozen=True)
class Sides:
    """Who takes part in a case, each with the numbers that stand for it."""

    parties: tuple[tuple[Party, frozenset[str]], ...]
    base: str

    def of(self, named: incoming.Reference, numbers: frozenset[str]) -> Party | None:
        """The party meant; None for somebody outside the case. ``numbers`` are NPIs the literal reference leads to."""
        literal = (named.literal or "").removeprefix(f"{self.base}/")
        said = numbers | {each.value for each in named.numbers if each.system in {None, NPI}}
        for party, known in self.parties:
            if (literal and literal == party.get("reference")) or said & known:
                return party
        return None


def the_case(desk: Desk, caller: Caller, message: Incoming) -> CaseFile:
    """The one case the message names; Unresolved 422, or for a message to be forwarded NotFound where it is others'."""
    numbers = {number for each in message.about for number in _numbers(desk, caller, each)}
    if len(numbers) == 1:
        return kept_case(desk, numbers.pop())
    path = next((each.path for each in message.about), message.type)
    if message.type == "CommunicationRequest" and any(_may_be_here(desk, each) for each in message.about):
        raise NotFound("There is no such case, or none you may see", path)
    if not message.about:
        raise RequiredMissing(UNKNOWN, path)
    raise Unresolved(UNKNOWN, path)


def sides(desk: Desk, view: CaseView) -> Sides:
    """The member, and every provider of the case."""
    found = [*report_recipients(view), *(each for each in (view.requester, view.opinion_doctor) if each)]
    distinct = {str(each): each for each in found}
    known = tuple((each, recipients.numbers(desk, each) | _own_numbers(desk, each)) for each in distinct.values())
    return Sides(known, desk.settings.fhir_base)


def is_second_doctor(desk: Desk, caller: Caller, view: CaseView) -> bool:
    """Whether the caller stands for the doctor who gives the opinion; its class decides nothing, its numbers do."""
    doctor = view.opinion_doctor
    if doctor is None:
        return False
    known = recipients.numbers(desk, doctor) | {str(doctor.get("identifier", {}).get("value"))}
    return not known.isdisjoint({caller.organization, *caller.npis})


def _own_numbers(desk: Desk, party: Party) -> frozenset[str]:
    """The member's own numbers; a provider's identifier as the case has it."""
    kind, _, key = str(party.get("reference", "")).partition("/")
    stated = {str(party["identifier"]["value"])} if "value" in party.get("identifier", {}) else set()
    if kind != "Patient":
        return frozenset(stated)
    with desk.directory.snapshot() as lookup:
        member = lookup.member(key)
    return frozenset(stated | ({each.value for each in member.identifiers} if member else set()))


def _numbers(desk: Desk, caller: Caller, named: incoming.Reference) -> set[int]:
    """Numbers of the cases one reference leads to, among what the caller may see."""
    kind, _, key = _own(desk, named).partition("/")
    stored = desk.store.read(kind, key, visibility(caller)) if kind in OF_A_CASE and key else None
    if stored is not None and stored.case_number is not None:
        return {stored.case_number}
    found = (tracking.resolve(desk, caller, number) for number in named.numbers)
    return {each.case.number for each in found if each is not None}


def _may_be_here(desk: Desk, named: incoming.Reference) -> bool:
    """Whether an id here looks so, and not whether anything has it: the answer must not tell."""
    kind, _, key = _own(desk, named).partition("/")
    return kind in OF_A_CASE and _ID.fullmatch(key) is not None


def _own(desk: Desk, named: incoming.Reference) -> str:
    literal = (named.literal or "").removeprefix(f"{desk.settings.fhir_base}/")
    return literal.partition("/_history/")[0]
