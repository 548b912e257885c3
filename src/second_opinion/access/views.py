"""What each class of caller may see, as one table: which rows, for which purposes, and how much of each.

The rows become the store's filter before any query (``visibility``); what is left out of a resource is left out after.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from second_opinion.access.caller import Caller
from second_opinion.access.registry import REVIEWER
from second_opinion.store.changes import EVERYBODY, MEMBER, PROVIDER, STAFF, STATUS

TREATMENT_OR_PAYMENT = frozenset({"TREAT", "HPAYMT"})  # v3-ActReason


@dataclass(frozen=True)
class View:
    """One class of callers. ``types`` beyond the provider directory, which is open to all; None: every type."""

    types: frozenset[str] | None = None
    audiences: tuple[str, ...] | None = None
    hidden: tuple[str, ...] = ()
    sealed_from: int = 3  # rows sealed so far or further are not there: 1 sensitive, 2 very restricted
    granted: bool = False  # nothing of cases that were denied, withdrawn or not ours
    purposes: frozenset[str] | None = None  # the caller must state one of these
    history: bool = True  # earlier versions too
    searched_by: frozenset[str] | None = None  # parameters that may be searched and sorted by; None: all there are
    shown: Mapping[str, str] = field(default_factory=dict)  # type → projection of fhir.projections


WHOLE = View()
# A member's hidden address stays with the plan and with her.
_NO_HIDDEN_ADDRESS = MappingProxyType({"Patient": "without-confidential-address", "Task": "without-pickup"})

VIEWS: Mapping[str, View] = MappingProxyType(
    {
        REVIEWER: WHOLE,
        "plan": View(sealed_from=2),  # the very restricted by break-glass alone
        "ehr": View(hidden=(MEMBER, STAFF), shown=_NO_HIDDEN_ADDRESS),
        "member-app": View(hidden=(PROVIDER, STAFF)),
        "vendor": View(types=frozenset({"Task", "ServiceRequest"})),  # its rides: see visibility
        "payer": View(
            types=frozenset({"Task", "Claim", "ClaimResponse", "ServiceRequest", "Patient", "Coverage", "Provenance"}),
            audiences=(STATUS, EVERYBODY),
            sealed_from=1,
            granted=True,
            shown=_NO_HIDDEN_ADDRESS,
        ),
        "hie": View(
            types=frozenset({"Task"}),
            audiences=(STATUS,),
            sealed_from=1,
            purposes=TREATMENT_OR_PAYMENT,
            history=False,
            searched_by=frozenset(
                {
                    "_id",
                    "_lastUpdated",
                    "authored-on",
                    "business-status",
                    "identifier",
                    "modified",
                    "patient",
                    "status",
                    "subject",
                }
            ),
            shown=MappingProxyType({"Task": "status-alone"}),
        ),
    }
)


def of(caller: Caller) -> View:
    """The view of the caller's class."""
    return VIEWS[caller.partner_class or caller.kind]
