"""Where do the member's authorizations stand? Told to those who take part, and narrowly to others who may ask."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from uuid_utils import uuid7

from second_opinion.access.caller import Caller
from second_opinion.access.visibility import visibility
from second_opinion.directory.members import identify
from second_opinion.fhir import json_body, outcome
from second_opinion.fhir.case_view import CaseView
from second_opinion.fhir.codes import CONSULTATION, SECOND_OPINION, Json
from second_opinion.fhir.pas import answer, inquiry, narrow, sent
from second_opinion.fhir.pas.bundle import Edition
from second_opinion.fhir.pas.inquiry import Code
from second_opinion.fhir.pas.request import PasRequest
from second_opinion.fhir.sent_claim import SentClaim, SentItem
from second_opinion.workflow import case_file, claim_answers, claim_lineage, projection
from second_opinion.workflow.arrival import Arrival
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.claim_gates import is_other_payer
from second_opinion.workflow.desk import Desk

MOST = 25  # answers at once, the newest; PAS gives no way to page
MORE = (
    f"More authorizations fit than are told at once; these are the newest {MOST}. Name a service, a date or a number."
)
OWN_CODES: tuple[Code, ...] = tuple((each["system"], each["code"]) for each in (CONSULTATION, SECOND_OPINION))


@dataclass(frozen=True)
class Found:
    """One authorization that fits: its case, the client's Claim it answers, and how much of it may be told."""

    case: CaseFile
    claim: SentClaim | None
    whole: bool

    @property
    def answer(self) -> str:
        """ClaimResponse id."""
        return self.claim.response_id if self.claim else self.case.view.claim_response_id


def inquire(desk: Desk, arrival: Arrival, request: PasRequest, edition: Edition = Edition.CURRENT) -> list[Json]:
    """A response Bundle for each authorization that fits, the newest first; none where nothing may be known."""
    found = _found(desk, arrival.caller, request)
    told = list(found.values())[:MOST]
    looks: list[tuple[str, str | None, bool]]
    looks = [(f"ClaimResponse/{each.answer}", each.case.member, each.whole) for each in told]
    desk.store.note(
        [
            arrival.record(desk.now(), answer, member, interaction="inquire", whole=whole)
            for answer, member, whole in looks or [("Claim/$inquire", None, False)]
        ]
    )
    answers = [_told(desk, arrival.caller, request, each, edition) for each in told]
    if len(found) > MOST:
        warning = outcome.warnings([("incomplete", MORE, request.claim_at.path)])
        answers[-1]["entry"].append({"fullUrl": f"urn:uuid:{uuid7()}", "resource": warning})
    return answers


def _found(desk: Desk, caller: Caller, request: PasRequest) -> dict[str, Found]:
    """What fits, by the ClaimResponse that tells it."""
    with desk.directory.snapshot() as lookup:
        member = identify(inquiry.member(request), lookup).member
    found: dict[str, Found] = {}
    if member is None or is_other_payer(desk, request):
        return found
    for case in _cases(desk, member.id, request):
        if (each := _known(desk, caller, request, case)) is not None and _fits(each, request):
            found.setdefault(each.answer, each)
    return found


def _cases(desk: Desk, member: str, request: PasRequest) -> Iterator[CaseFile]:
    """The member's cases, the newest first; those of the numbers given, if any are."""
    numbers = set(claim_lineage.numbers_in(request))
    stored = reversed(desk.store.cases_of_member(member))
    return (case_file.load(each.body) for each in stored if not numbers or each.number in numbers)


def _known(desk: Desk, caller: Caller, request: PasRequest, case: CaseFile) -> Found | None:
    """What the caller may know of the case: PAS spec-53 asks for a provider of the case, besides the member."""
    mine = [each for each in case.view.sent_claims if not each.replaced and each.partner == caller.id]
    current = [each for each in case.view.sent_claims if not each.replaced]
    claim = next(iter(reversed(mine or current)), None)
    if claim is not None:
        standing, newest = claim_lineage.newest(desk, case, claim)
        if newest.claim_id != claim.claim_id:
            return _known(desk, caller, request, standing)
    named = {f"npi:{npi}" for npi in inquiry.npis(request)}
    if caller.partner_class == "hie":  # what is sensitive is not there for it, by whatever number it asks
        return Found(case, claim, whole=False) if named & set(case.parties) and not projection.sealed(case) else None
    seen = visibility(caller)
    if desk.store.read("Task", case.view.task_id, seen) is None:
        return None
    if seen.everything or f"partner:{caller.id}" in case.parties:
        return Found(case, claim, whole=True)
    registered = {f"npi:{npi}" for npi in (caller.organization, *caller.npis) if npi}
    takes_part = named & registered & set(case.parties)
    if not takes_part:
        return None
    return Found(case, claim, whole=bool(takes_part & _involved(case.view)))


def _involved(view: CaseView) -> set[str]:
    """The requester and the performer; other parties learn codes, numbers and periods."""
    both = (view.requester, view.opinion_doctor)
    return {f"npi:{each['identifier']['value']}" for each in both if each and "identifier" in each}


def _fits(found: Found, request: PasRequest) -> bool:
    view, claim = found.case.view, found.claim
    asked = inquiry.diagnoses(request)
    about = {(each.get("system"), each.get("code")) for each in view.conditions}
    if asked and not asked & about:
        return False
    items: list[SentItem | None] = [each for each in claim.items if each.case == view.number] if claim else []
    filters = inquiry.filters(request)
    return any(each.fits(view, item, OWN_CODES) for each in filters for item in (items or [None]))


def _told(desk: Desk, caller: Caller, request: PasRequest, found: Found, edition: Edition) -> Json:
    """The Bundle in the inquirer's terms; who sent the Claim gets it in the terms of the Claim."""
    case = projection.with_siblings(desk, found.case)
    response = _response(desk, case, found)
    if found.claim is not None and found.claim.partner == caller.id:
        claim: SentClaim | None = found.claim
        own = {each["fullUrl"]: each for each in request.bundle["entry"]}  # what comes back is what came (spec-33)
        entries = [own.get(each["fullUrl"], each) for each in claim_answers.kept_entries(desk, found.claim)]
    else:
        claim, entries = _in_terms_of(request, response, found.claim), request.bundle["entry"]
    told = claim_answers.around(
        desk,
        case,
        response if found.whole else narrow.write(response),
        claim,
        entries,
        edition,
        inquiry=True,
        questions=found.whole,
    )
    return told | {"identifier": request.bundle["identifier"]}


def _response(desk: Desk, case: CaseFile, found: Found) -> Json:
    if found.claim is not None:
        return answer.write(case.view, found.claim, desk.vocabulary)
    stored = desk.store.found("ClaimResponse", case.view.claim_response_id)
    if stored is None:
        raise LookupError("the case's ClaimResponse is not in the store")
    return json_body.read(stored.body)


def _in_terms_of(request: PasRequest, response: Json, claim: SentClaim | None) -> SentClaim:
    """What the answer repeats, taken from the inquiry: member and insurer as the inquirer names them, nothing else."""
    place = sent.Place(response["id"], response["id"], response["id"])
    asked = sent.read(request, (), place, "", {})
    references = {role: each for role, each in asked.references.items() if role in {"patient", "insurer", "coverage"}}
    references["request"] = {"type": "Claim", "identifier": response["identifier"][0]}
    urls = {each.get("reference") for each in references.values()}
    echoed = tuple(each for each in asked.echoed if each in urls)
    items = tuple(replace(each, provider=None) for each in claim.items) if claim else ()
    return replace(asked, references=references, echoed=echoed, items=items)
