"""A Claim comes in: each item that asks for a second opinion becomes a case like any other; all are answered at once.

The PAS door differs from the others only in how the request is read and how the answer is wrapped.
"""

from dataclasses import replace
from datetime import datetime

from second_opinion.directory.coverage import payers
from second_opinion.directory.stated import Identifier
from second_opinion.errors import MemberUnknown, Unresolved
from second_opinion.fhir.pas import bundle, orders, sent, unanswered
from second_opinion.fhir.pas.bundle import Edition
from second_opinion.fhir.pas.orders import Line
from second_opinion.fhir.pas.request import PasRequest, bare
from second_opinion.fhir.pas.unanswered import Refusal
from second_opinion.fhir.resolving import identifiers
from second_opinion.fhir.sent_claim import SentClaim
from second_opinion.store.changes import AuditRow, Changes, ResourceWrite, Submission
from second_opinion.store.stored import StoredSubmission
from second_opinion.workflow import claim_answers, claim_cases, opening, projection
from second_opinion.workflow.arrival import Arrival, told_anew
from second_opinion.workflow.claim_answers import ClaimAnswer
from second_opinion.workflow.claim_cases import Opened
from second_opinion.workflow.deciding import Request, milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.repeats import kept_case
from second_opinion.workflow.submit import understand

NO_MEMBER = (
    "The member could not be identified: the member number, the birth date and the family name must agree with the "
    "plan's records."
)
OTHER_PAYER = "The insurer of this Claim is not this plan; send the request to the member's own plan."


def submit(desk: Desk, arrival: Arrival, request: PasRequest, edition: Edition = Edition.CURRENT) -> ClaimAnswer:
    """Answer the Claim: decide each item, or say what the Claim is answered with already."""
    return told_anew(lambda: _submit(desk, arrival, request, edition))


def _submit(desk: Desk, arrival: Arrival, request: PasRequest, edition: Edition) -> ClaimAnswer:
    _refuse_bare(desk, request)
    earlier = desk.store.submission(arrival.caller.id, request.key)
    if earlier is not None and earlier.case is not None:
        return _again(desk, earlier, request, edition)
    return _decide(desk, arrival, request, earlier, edition)


def _again(desk: Desk, earlier: StoredSubmission, request: PasRequest, edition: Edition) -> ClaimAnswer:
    """The current answer to a Claim sent before."""
    case = projection.with_siblings(desk, kept_case(desk, earlier.case or 0))
    known = next(each for each in case.view.sent_claims if each.key == request.key)
    answer = claim_answers.to_claim(desk, case, known, edition, request.bundle["entry"])
    return ClaimAnswer(answer, claim_answers.behind(case.view, known))


def _decide(
    desk: Desk, arrival: Arrival, request: PasRequest, earlier: StoredSubmission | None, edition: Edition
) -> ClaimAnswer:
    lines = orders.lines(request)
    ident = earlier.resource.partition("/")[2] if earlier else opening.new_id()
    place = sent.Place(ident, ident, ident)
    if refusals := _other_payer(desk, request):
        return _unanswered(desk, arrival, request, lines, place, refusals, edition)
    try:
        asked = _understood(desk, arrival, lines)
    except MemberUnknown:
        refusals = [Refusal("member-unknown", NO_MEMBER, _patient_path(request), "2010C-NM109", identity=True)]
        return _unanswered(desk, arrival, request, lines, place, refusals, edition)
    if not asked:
        return _unanswered(desk, arrival, request, lines, place, [], edition)
    opened = claim_cases.open_all(desk, arrival, asked)
    known = sent.read(request, lines, place, arrival.caller.id, {each.line.sequence: each.number for each in opened})
    return _kept(desk, arrival, request, known, opened, edition)


def _kept(
    desk: Desk, arrival: Arrival, request: PasRequest, known: SentClaim, opened: list[Opened], edition: Edition
) -> ClaimAnswer:
    """Everything saved in one transaction, then told."""
    before = desk.store.found("ClaimResponse", known.response_id)  # an answer that opened no case, to the same Claim
    opened = claim_cases.answering(desk, opened, known, before.version + 1 if before else 1)
    changes = claim_cases.changes(desk, arrival, opened)
    first = opened[0].case
    at = first.view.updated_at
    changes.resources.insert(0, claim_cases.kept_claim(desk, arrival, request, known, opened))
    submission = _submission(arrival, known, request, first.number, first.view.received_at)
    changes.submissions.append(replace(submission, replaces=before is not None))
    changes.audit.append(_audited(arrival, at, f"Claim/{known.claim_id}", first.member))
    desk.store.save(changes)
    answer = claim_answers.to_claim(desk, first, known, edition, request.bundle["entry"])
    return ClaimAnswer(answer, claim_answers.behind(first.view, known))


def _understood(desk: Desk, arrival: Arrival, lines: tuple[Line, ...]) -> list[tuple[Line, Request]]:
    """What each order means; MemberUnknown where no one member is meant."""
    return [(line, understand(desk, arrival, line.order)) for line in lines if line.order is not None]


def _refuse_bare(desk: Desk, request: PasRequest) -> None:
    """Unresolved where a reference looks like one of ours and leads to nothing."""
    for reference, path in bare(request):
        kind, _, ident = reference.partition("/")
        if desk.store.body(kind, ident) is None:
            raise Unresolved("The reference leads nowhere: put the resource into the Bundle", path)


def _other_payer(desk: Desk, request: PasRequest) -> list[Refusal]:
    """The Claim is another plan's, where its insurer carries numbers and none of them is one of ours."""
    target = request.target(request.claim["insurer"])
    given = (*identifiers((target.resource or {}).get("identifier", ())), *target.identifiers)
    with desk.directory.snapshot() as lookup:
        groups = [group for each in payers(lookup) if (group := lookup.organization(each)) is not None]
    ours = [each for group in groups for each in group.identifiers]
    same = any(_equal(one, own) for one in given for own in ours)
    if not given or not ours or same:
        return []
    path = target.entry.path if target.entry else f"{request.claim_at.path}.insurer"
    return [Refusal("payer-unknown", OTHER_PAYER, f"{path}.identifier", "2010A-NM109", identity=True)]


def _equal(one: Identifier, own: Identifier) -> bool:
    """Values match, and systems where both are known."""
    return one.value == own.value and (one.system == own.system or None in {one.system, own.system})


def _patient_path(request: PasRequest) -> str:
    entry = request.target(request.claim["patient"]).entry
    return f"{entry.path}.identifier" if entry else f"{request.claim_at.path}.patient"


def _unanswered(
    desk: Desk,
    arrival: Arrival,
    request: PasRequest,
    lines: tuple[Line, ...],
    place: sent.Place,
    refusals: list[Refusal],
    edition: Edition,
) -> ClaimAnswer:
    """An answer that opens no case; it is kept and readable all the same."""
    known = unanswered.as_unanswered(sent.read(request, lines, place, arrival.caller.id, {}))
    at = milliseconds(desk.now())
    before = desk.store.found("ClaimResponse", known.response_id)
    version = before.version + 1 if before else 1
    response = unanswered.write(known, refusals, desk.vocabulary, {"display": desk.policy.title}, at, version)
    submission = replace(_submission(arrival, known, request, None, at), replaces=before is not None)
    desk.store.save(
        Changes(
            resources=[_response(desk, arrival, response, at)],
            submissions=[submission],
            audit=[_audited(arrival, at, f"ClaimResponse/{known.response_id}", None)],
        )
    )
    entries, words = request.bundle["entry"], desk.vocabulary
    return ClaimAnswer(bundle.write(response, known, entries, lambda _: None, words, desk.now(), edition))


def _response(desk: Desk, arrival: Arrival, response: dict[str, object], at: datetime) -> ResourceWrite:
    return projection.apart(desk, response, partner=arrival.caller.id, at=at)


def _submission(
    arrival: Arrival, known: SentClaim, request: PasRequest, case: int | None, received_at: datetime
) -> Submission:
    """The Bundle as it was received, byte for byte."""
    return Submission(
        partner=arrival.caller.id,
        key=request.key,
        digest=request.digest,
        case=case,
        resource=f"Claim/{known.claim_id}",
        received_at=received_at,
        body=arrival.body,
    )


def _audited(arrival: Arrival, at: datetime, resource: str, member: str | None) -> AuditRow:
    return AuditRow(
        at=at,
        actor=arrival.caller.id,
        action="operation",
        resource=resource,
        patient=member,
        outcome="0",
        request=arrival.request_id,
    )
