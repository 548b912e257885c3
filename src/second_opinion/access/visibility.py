"""Which rows a caller may see: the one place where a caller becomes the store's filter."""

from dataclasses import replace
from functools import lru_cache

from second_opinion.access.caller import Caller
from second_opinion.access.registry import REVIEWER
from second_opinion.access.scopes import Scope
from second_opinion.store.query import Narrowed, Visibility


def visibility(caller: Caller, letter: str | None = None) -> Visibility:
    """The filter every read and search of the caller runs with; the provider directory stays open to all.

    With ``letter``, of cruds, it is the filter of that interaction: only types the scopes open, and of these only
    what the scopes' queries name. Without, it is what the caller may know of at all, whatever its token is for.
    """
    whole = _of(caller)
    if letter is None:
        return whole
    types, narrowed = _within(caller.scopes, letter)
    return replace(whole, types=types, narrowed=narrowed)


@lru_cache(maxsize=1024)
def _within(scopes: tuple[Scope, ...], letter: str) -> tuple[frozenset[str] | None, tuple[Narrowed, ...]]:
    """The types the scopes open for the interaction, None for every type; and of which only a part."""
    opened = [scope for scope in scopes if letter in scope.letters]
    whole = {scope.type for scope in opened if not scope.query}
    if "*" in whole:
        return None, ()
    parts = dict.fromkeys(scope.type for scope in opened if scope.type not in whole)
    narrowed = [Narrowed(name, tuple(each.clauses for each in opened if each.type == name)) for name in parts]
    return frozenset(whole) | frozenset(parts), tuple(narrowed)


def _of(caller: Caller) -> Visibility:
    """Whose data the caller may see.

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


def own(caller: Caller) -> Visibility:
    """The caller's own resources and nobody else's, whoever asks: a subscription's headers may be secrets."""
    return Visibility(partner=caller.id)


def _parties(caller: Caller) -> tuple[str, ...]:
    """How the caller is named among those who take part in a case."""
    npis = dict.fromkeys(npi for npi in (caller.organization, *caller.npis) if npi)
    return (f"partner:{caller.id}", *(f"npi:{npi}" for npi in npis))
