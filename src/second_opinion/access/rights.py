"""Who may decide what: the acting token's reviewer against the act and the case. Every refusal is Forbidden 403."""

from collections.abc import Collection, Sequence
from datetime import datetime

from second_opinion.access.caller import Caller
from second_opinion.access.registry import Reviewer
from second_opinion.cases.attestation import Act, Attestation, refusal
from second_opinion.errors import Forbidden


def reviewer(caller: Caller) -> Reviewer:
    """The registered reviewer who calls; a partner of whatever class never decides."""
    if caller.reviewer is None:
        raise Forbidden("Only a registered reviewer may do this, each with a token of their own; a partner never may")
    return caller.reviewer


def attest(
    caller: Caller,
    act: Act,
    at: datetime,
    *,
    own: Collection[str] = (),
    decided_before: Collection[str] = (),
) -> Attestation:
    """The acting reviewer's attestation, made from the registry entry behind the token.

    ``own`` are the NPIs of who brought the case: a reviewer of one of them decides nothing about it.
    ``decided_before`` are the reviewers an appeal is against, and who therefore may not decide it.
    """
    acting = reviewer(caller)
    if acting.organization is not None and acting.organization in own:
        raise Forbidden("Nobody decides a request of their own organization")
    if acting.id in decided_before:
        raise Forbidden("Nobody decides an appeal of their own decision; another clinician must")
    if (reason := refusal(acting.kind, acting.state, act)) is not None:
        raise Forbidden(reason)
    return Attestation(
        reviewer=acting.id,
        name=acting.name,
        kind=acting.kind,
        at=at,
        licence=acting.licence,
        state=acting.state,
        specialty=acting.specialty,
        phone=acting.phone,
        organization=acting.organization,
        medical_director=acting.medical_director,
    )


def attest_any(
    caller: Caller,
    acts: Sequence[Act],
    at: datetime,
    *,
    own: Collection[str] = (),
    decided_before: Collection[str] = (),
) -> Attestation:
    """As ``attest``, where any one of the acts is enough; the first that is refused says why."""
    acting = reviewer(caller)
    allowed = (act for act in acts if refusal(acting.kind, acting.state, act) is None)
    return attest(caller, next(allowed, acts[0]), at, own=own, decided_before=decided_before)
