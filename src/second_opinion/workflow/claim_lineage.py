"""Which Claim an update follows: by the client's address of it, by its numbers, or by a number we gave."""

from collections.abc import Iterator

from second_opinion.cases.numbers import authorization_case, running_number
from second_opinion.fhir.pas import terms
from second_opinion.fhir.pas.request import PasRequest
from second_opinion.fhir.resolving import Target
from second_opinion.fhir.search_terms import bounded, token
from second_opinion.fhir.sent_claim import SentClaim
from second_opinion.store.changes import ResourceWrite
from second_opinion.workflow import case_file
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.desk import Desk

SENT_AS = "sent-as"  # index term of a kept Claim: the address its sender gives it
WAITS_AS = "waits-as"  # of an answer not decided yet: its sender, and what an update may name its Claim by
NUMBERS = ("administrationReferenceNumber", "authorizationNumber")


def sent_as(request: PasRequest) -> tuple[str, str]:
    """The index term a kept Claim is found by when an update names it."""
    return SENT_AS, bounded(request.claim_at.full_url or "")


def findable(kept: ResourceWrite, request: PasRequest) -> ResourceWrite:
    """The kept Claim, found by its sender's address too."""
    return ResourceWrite(**{**vars(kept), "terms": [*kept.terms, sent_as(request)]})


def waits_as(partner: str, request: PasRequest) -> list[tuple[str, str]]:
    """Index terms by which an update finds that the Claim it follows is not decided yet."""
    numbers = (token(each["value"], each.get("system")) for each in request.claim["identifier"])
    return [_waits_as(partner, each) for each in (sent_as(request)[1], *numbers)]


def undecided(desk: Desk, partner: str, request: PasRequest) -> list[str]:
    """Ids of the answers, not decided yet, to Claims the update may follow; the oldest first."""
    named = (_waits_as(partner, value) for _, value in _names(request))
    return sorted({ident for term in named for ident, _ in desk.store.bodies("ClaimResponse", *term)})


def _waits_as(partner: str, value: str) -> tuple[str, str]:
    return WAITS_AS, bounded(f"{partner}|{value}")


def predecessor(desk: Desk, partner: str, request: PasRequest) -> tuple[CaseFile, SentClaim] | None:
    """The newest Claim of the partner in the line the update follows, with a case that answers it."""
    for ident in _named_claims(desk, request):
        if desk.store.submitter("Claim", ident) == partner and (found := _of_claim(desk, ident)) is not None:
            return newest(desk, *found)
    for number in numbers_in(request):
        stored = desk.store.case(number)
        case = case_file.load(stored.body) if stored else None
        own = [each for each in case.view.sent_claims if each.partner == partner] if case else []
        if case is not None and own:
            return newest(desk, case, own[-1])
    return None


def newest(desk: Desk, case: CaseFile, known: SentClaim) -> tuple[CaseFile, SentClaim]:
    """The Claim that stands now in the line of this one, with a case that answers it.

    A case that was withdrawn, and another opened in its place, knows nothing of later Claims; the other does.
    """
    current = _newest_here(case, known)
    for number in dict.fromkeys(each.case for each in current.items if each.case and each.case != case.view.number):
        stored = desk.store.case(running_number(number) or 0)
        beside = case_file.load(stored.body) if stored else None
        if beside is not None and _newest_here(beside, known).claim_id != current.claim_id:
            return newest(desk, beside, known)
    return case, current


def _newest_here(case: CaseFile, known: SentClaim) -> SentClaim:
    """The Claim that stands as far as the case knows."""
    line = [each for each in case.view.sent_claims if each.lineage == known.lineage]
    return next((each for each in reversed(line) if not each.replaced), line[-1])


def numbers_in(request: PasRequest) -> Iterator[int]:
    """Running numbers of the cases whose numbers the Claim or its items carry."""
    for element in (request.claim, *request.claim.get("item", ())):
        for name in NUMBERS:
            given = terms.value(element, name)
            number = (running_number(given) or authorization_case(given)) if isinstance(given, str) else None
            if number is not None:
                yield number


def _named_claims(desk: Desk, request: PasRequest) -> Iterator[str]:
    """Ids of kept Claims the update may mean, the likeliest first."""
    own = _target(request)
    if own is not None and own.entry is None and own.own_reference:
        yield own.own_reference.partition("/")[2]
    for parameter, value in _names(request):
        yield from _kept(desk, parameter, value)


def _names(request: PasRequest) -> Iterator[tuple[str, str]]:
    """Index terms of the Claim the update follows: its sender's address of it, then its identifiers."""
    claim, target = (request.related or {}).get("claim", {}), _target(request)
    if target is not None:
        yield SENT_AS, bounded((target.entry.full_url if target.entry else None) or claim["reference"])
    given = [claim["identifier"]] if "identifier" in claim else []
    prior = request.prior_at.resource if request.prior_at else {}
    for each in (*given, *prior.get("identifier", ())):
        if "value" in each:
            yield "identifier", token(each["value"], each.get("system"))


def _target(request: PasRequest) -> Target | None:
    claim = (request.related or {}).get("claim", {})
    return request.target(claim) if "reference" in claim else None


def _kept(desk: Desk, parameter: str, value: str) -> list[str]:
    """The Claims found by a term, the newest first: ids rise with time."""
    return sorted((ident for ident, _ in desk.store.bodies("Claim", parameter, value)), reverse=True)


def _of_claim(desk: Desk, ident: str) -> tuple[CaseFile, SentClaim] | None:
    """The case a kept Claim belongs to, and what is known of the Claim."""
    kept = desk.store.found("Claim", ident)
    stored = desk.store.case(kept.case_number) if kept and kept.case_number is not None else None
    case = case_file.load(stored.body) if stored else None
    known = next((each for each in case.view.sent_claims if each.claim_id == ident), None) if case else None
    return (case, known) if case and known else None
