"""Which rows a caller may see: the one place where a caller becomes the store's filter."""

from dataclasses import replace
from functools import lru_cache

from second_opinion.access import views
from second_opinion.access.caller import Caller
from second_opinion.access.registry import REVIEWER
from second_opinion.access.scopes import Scope
from second_opinion.store.changes import RIDE
from second_opinion.store.query import Narrowed, Visibility

PROVIDERS = frozenset({"Practitioner", "PractitionerRole", "Organization"})  # the directory, open to every caller
NOTHING = Visibility(types=PROVIDERS)


@lru_cache(maxsize=1024)
def visibility(caller: Caller, letter: str | None = None) -> Visibility:
    """The filter every read and search of the caller runs with; the provider directory stays open to all.

    With ``letter``, of cruds, it is the filter of that interaction: only types the scopes open, and of these only
    what the scopes' queries name. Without, it is what the caller may know of at all, whatever its token is for.
    """
    whole = _of(caller)
    if letter is None:
        return whole
    types, narrowed = _within(caller.scopes, letter)
    if whole.types is not None:
        types = whole.types if types is None else types & whole.types
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
    """Whose data the caller may see, and of it what its class may."""
    view = views.of(caller)
    registered = frozenset(caller.purposes) or view.purposes or frozenset()
    if view.purposes is not None and caller.purpose not in view.purposes & registered:
        return NOTHING
    sealed_from = views.WHOLE.sealed_from if caller.break_glass and caller.partner_class == "plan" else view.sealed_from
    return replace(
        _whose(caller),
        types=view.types and view.types | PROVIDERS,
        audiences=_rides(caller) if caller.partner_class == "vendor" else view.audiences,
        hidden=view.hidden,
        sealed_from=sealed_from,
        granted=view.granted,
    )


def _whose(caller: Caller) -> Visibility:
    if caller.kind == REVIEWER or caller.partner_class in {"plan", "hie", "vendor"}:
        return Visibility(everything=True)  # hie and vendor: of everybody what their view lets through
    if caller.partner_class == "ehr":
        return Visibility(parties=_parties(caller), partner=caller.id)
    if caller.partner_class == "payer":
        return Visibility(members=caller.members)
    return Visibility(members=(caller.patient,) if caller.patient else ())


def _rides(caller: Caller) -> tuple[str, ...]:
    """The vendor's own rides."""
    return tuple(f"{RIDE}{npi}" for npi in (caller.organization, *caller.npis) if npi)


def own(caller: Caller) -> Visibility:
    """The caller's own resources and nobody else's, whoever asks: a subscription's headers may be secrets."""
    return Visibility(partner=caller.id)


def _parties(caller: Caller) -> tuple[str, ...]:
    """How the caller is named among those who take part in a case."""
    npis = dict.fromkeys(npi for npi in (caller.organization, *caller.npis) if npi)
    return (f"partner:{caller.id}", *(f"npi:{npi}" for npi in npis))
