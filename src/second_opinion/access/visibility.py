"""Which rows a caller may see: the one place where a caller becomes the store's filter."""

from second_opinion.access.caller import Caller
from second_opinion.access.registry import REVIEWER
from second_opinion.store.query import Visibility


def visibility(caller: Caller) -> Visibility:
    """The filter every read and search of the caller runs with; the provider directory stays open to all.

    An hie, a payer and a vendor see nothing else: purpose, consent and ownership are not yet part of the filter, and
    without them the narrowest view is the right one.
    """
    if caller.kind == REVIEWER or caller.partner_class == "plan":
        return Visibility(everything=True)
    if caller.partner_class == "ehr":
        return Visibility(parties=_parties(caller), partner=caller.id)
    if caller.partner_class == "member-app" and caller.patient:
        return Visibility(members=(caller.patient,))
    return Visibility()


def _parties(caller: Caller) -> tuple[str, ...]:
    """How the caller is named among those who take part in a case."""
    npis = dict.fromkeys(npi for npi in (caller.organization, *caller.npis) if npi)
    return (f"partner:{caller.id}", *(f"npi:{npi}" for npi in npis))
