"""The named person behind what no computer may decide (H&S 1367.01(e), 42 CFR 438.210(b)(3)); who may decide what."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from second_opinion.errors import Forbidden

CALIFORNIA = "CA"  # H&S 1367.01(c): the licence behind an adverse determination is this state's


class NotAttested(Forbidden):
    """Something only a registered reviewer may decide, without that reviewer's attestation."""


class Act(StrEnum):
    """What a reviewer does, in words that end 'may not …'."""

    DENY = "deny"
    MODIFY = "modify"
    DOWNGRADE_URGENCY = "call an urgent request standard"
    DECIDE_APPEAL = "decide an appeal"
    RELEASE_ADVERSE = "release a denial or expiry notice"
    APPROVE = "approve"
    EXTEND = "extend the time to decide"
    RELEASE = "release a letter"
    RECORD_NETWORK_SEARCH = "record what the network search found"
    FIND_NOT_ELIGIBLE = "close a case as not eligible"


_PHYSICIAN = frozenset({"physician"})
_CLINICIAN = _PHYSICIAN | {"nurse"}

MAY: Mapping[Act, frozenset[str]] = MappingProxyType(
    {  # act → kinds of reviewer
        Act.DENY: _PHYSICIAN,
        Act.MODIFY: _PHYSICIAN,
        Act.DOWNGRADE_URGENCY: _PHYSICIAN,
        Act.DECIDE_APPEAL: _PHYSICIAN,
        Act.RELEASE_ADVERSE: _PHYSICIAN,
        Act.APPROVE: _CLINICIAN,
        Act.EXTEND: _CLINICIAN,
        Act.RELEASE: _CLINICIAN,
        Act.RECORD_NETWORK_SEARCH: _CLINICIAN | {"network-staff"},
        Act.FIND_NOT_ELIGIBLE: _PHYSICIAN | {"eligibility-staff"},
    }
)
# A modification refuses what was asked for, and the release of an expiry notice is the denial.
_NEEDS_CALIFORNIA = frozenset({Act.DENY, Act.MODIFY, Act.RELEASE_ADVERSE})


@dataclass(frozen=True)
class Attestation:
    """A reviewer's statement that a determination is theirs; taken from the registry by the acting token, never typed.

    Made only by ``access.rights.attest``.
    """

    reviewer: str  # registry id
    name: str
    kind: str  # physician, nurse, network-staff, eligibility-staff
    at: datetime
    licence: str | None = None
    state: str | None = None  # that issued the licence
    specialty: str | None = None  # NUCC
    phone: str | None = None  # direct line, for the provider's copy of a letter
    organization: str | None = None  # NPI
    medical_director: bool = False

    def __post_init__(self) -> None:
        if not self.reviewer.strip() or not self.name.strip():
            raise NotAttested("An attestation names the reviewer")


def refusal(kind: str, state: str | None, act: Act) -> str | None:
    """Why a reviewer of this kind, licensed in this state, may not do it; None where it is allowed."""
    if kind not in MAY[act]:
        return f"A reviewer of kind {kind} may not {act}; it takes a {' or '.join(sorted(MAY[act]))}"
    if act in _NEEDS_CALIFORNIA and state != CALIFORNIA:
        return f"A reviewer licensed in another state may not {act}; it takes a California licence"
    return None


def attested(attestation: object, act: Act) -> Attestation:
    """The attestation, if it is one and carries the act; else NotAttested."""
    if not isinstance(attestation, Attestation):
        raise NotAttested(f"Nobody may {act} without the attestation of a registered reviewer")
    if (reason := refusal(attestation.kind, attestation.state, act)) is not None:
        raise NotAttested(reason)
    return attestation
