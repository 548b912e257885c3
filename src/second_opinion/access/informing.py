"""Who may say what of a case after its request came. Every refusal is Forbidden 403."""

from collections.abc import Collection
from dataclasses import dataclass

from second_opinion.access.caller import Caller
from second_opinion.access.registry import REVIEWER
from second_opinion.directory.learned import LearnedName
from second_opinion.errors import Forbidden


@dataclass(frozen=True)
class TakingPart:
    """Who takes part in a case, as far as it decides who may say what."""

    submitters: Collection[str]  # registry ids
    requesters: Collection[str]  # NPIs
    initial_provider: str | None  # NPI
    second_doctor: str | None  # NPI


def require_word(caller: Caller, name: LearnedName, case: TakingPart) -> None:
    """Forbidden unless the caller may say this of the case. What only reviewers may say is attested besides."""
    if name is LearnedName.REQUESTER_KIND:
        allowed, who = _submitted(caller, case), "the plan, its staff and the submitter"
    elif name is LearnedName.VISIT:
        allowed, who = _visits(caller, case), "the requester, the second doctor and the plan"
    else:
        asking = _acts_for(caller, (*case.requesters, case.initial_provider))
        allowed, who = _submitted(caller, case) or asking, "those who asked, the initial provider and the plan"
    if not allowed and not _is_plan(caller):
        raise Forbidden(f"This may be said by {who}")


def _visits(caller: Caller, case: TakingPart) -> bool:
    return _submitted(caller, case) or _acts_for(caller, (*case.requesters, case.second_doctor))


def _submitted(caller: Caller, case: TakingPart) -> bool:
    return caller.id in case.submitters


def _acts_for(caller: Caller, npis: Collection[str | None]) -> bool:
    return any(npi in npis for npi in (caller.organization, *caller.npis) if npi)


def _is_plan(caller: Caller) -> bool:
    return caller.kind == REVIEWER or caller.partner_class == "plan"
