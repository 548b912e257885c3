"""What a Claim must not be: one that leads nowhere, or another plan's."""

from second_opinion.directory.coverage import payers
from second_opinion.directory.stated import Identifier
from second_opinion.errors import Unresolved
from second_opinion.fhir.pas.request import PasRequest, bare
from second_opinion.fhir.pas.unanswered import Refusal
from second_opinion.fhir.resolving import identifiers
from second_opinion.workflow.claim_updates import Refused
from second_opinion.workflow.desk import Desk

OTHER_PAYER = "The insurer of this Claim is not this plan; send the request to the member's own plan."


def refuse_bare(desk: Desk, request: PasRequest) -> None:
    """Unresolved where a reference looks like one of ours and leads to nothing."""
    for reference, path in bare(request):
        kind, _, ident = reference.partition("/")
        if desk.store.body(kind, ident) is None:
            raise Unresolved("The reference leads nowhere: put the resource into the Bundle", path)


def refuse_other_payer(desk: Desk, request: PasRequest) -> None:
    """Refused where the insurer is another plan."""
    if is_other_payer(desk, request):
        entry = request.target(request.claim["insurer"]).entry
        path = entry.path if entry else f"{request.claim_at.path}.insurer"
        raise Refused(Refusal("payer-unknown", OTHER_PAYER, f"{path}.identifier", "2010A-NM109", identity=True))


def is_other_payer(desk: Desk, request: PasRequest) -> bool:
    """Whether the insurer carries numbers and none of them is one of ours."""
    target = request.target(request.claim["insurer"])
    given = (*identifiers((target.resource or {}).get("identifier", ())), *target.identifiers)
    with desk.directory.snapshot() as lookup:
        groups = [group for each in payers(lookup) if (group := lookup.organization(each)) is not None]
    ours = [each for group in groups for each in group.identifiers]
    return bool(given and ours) and not any(_equal(one, own) for one in given for own in ours)


def _equal(one: Identifier, own: Identifier) -> bool:
    """Values match, and systems where both are known."""
    return one.value == own.value and (one.system == own.system or None in {one.system, own.system})
