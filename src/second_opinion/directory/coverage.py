"""What covers the member on a day, whose coverage it is, and which networks it opens."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from second_opinion.directory.lookup import Lookup
from second_opinion.directory.members import matches
from second_opinion.directory.model import CoverageRecord, Group, Member, Pointer
from second_opinion.directory.network import ancestors


@dataclass(frozen=True)
class Days:
    """The days that matter: receipt, and the service asked for (first and last, both None where not stated)."""

    receipt: date
    service_from: date | None = None
    service_to: date | None = None

    @property
    def judged(self) -> date:
        """The day networks and alternatives are judged on: the service's first where it is later, else the receipt."""
        return max(self.receipt, self.service_from or self.receipt)


@dataclass(frozen=True)
class Standing:
    """The member's coverage as found: with this plan, and with others."""

    covered_on_receipt: bool
    covered_on_service: bool | None  # None: no day stated
    ours: tuple[CoverageRecord, ...]  # in force on one of the days, the one to use first
    others: tuple[CoverageRecord, ...]  # another payer's, in force on one of the days
    insurer: str | None  # Organization id of the payor that is this plan

    @property
    def covered(self) -> bool:
        """In force on the day of receipt or of the service."""
        return bool(self.ours)


def standing(member: Member, days: Days, lookup: Lookup) -> Standing:
    """Coverage of the member on the day of receipt or of the service."""
    in_force = [each for each in lookup.coverages(member.id) if each.active and _on_a_day(each, days)]
    others = tuple(each for each in in_force if _is_anothers(each, lookup))
    # An unknown payor in the plan's own member file is the plan.
    ours = [each for each in in_force if each not in others and not _is_self_pay(each)]
    ours.sort(key=lambda each: _rank(each, days))
    return Standing(
        covered_on_receipt=any(each.period.covers(days.receipt) for each in ours),
        covered_on_service=any(_on_service(each, days) for each in ours) if _service(days) else None,
        ours=tuple(ours),
        others=others,
        insurer=_insurer(ours, lookup),
    )


def networks_of(coverages: Sequence[CoverageRecord], lookup: Lookup) -> tuple[tuple[str, ...], str]:
    """Organization ids of the networks the coverages open, and where that is said."""
    for find, where in (
        (_named_by_class, "Coverage.class names the product"),
        (_named_by_network, "Coverage.network names it"),
        (_of_the_payor, "the payor's products"),
    ):
        found = {each for coverage in coverages for each in find(coverage, lookup)}
        if living := _living(found, lookup):
            return living, where
    return _living((each.id for each in lookup.networks()), lookup), "every network of the directory"


def payers(lookup: Lookup) -> frozenset[str]:
    """Organization ids of this plan: owners and administrators of its products, else those typed payer."""
    return lookup.remember("this plan", lambda: _payers(lookup))


def _payers(lookup: Lookup) -> frozenset[str]:
    owners = frozenset(owner for product in lookup.products() for owner in product.owners)
    return owners or frozenset(each.id for each in lookup.payers())


def _service(days: Days) -> tuple[date, date] | None:
    first = days.service_from or days.service_to
    last = days.service_to or days.service_from
    return (first, max(first, last)) if first and last else None


def _on_service(coverage: CoverageRecord, days: Days) -> bool:
    service = _service(days)
    return service is not None and coverage.period.meets(*service)


def _on_a_day(coverage: CoverageRecord, days: Days) -> bool:
    return coverage.period.covers(days.receipt) or _on_service(coverage, days)


def _rank(coverage: CoverageRecord, days: Days) -> tuple[bool, bool, int, str]:
    """In force on both days first, then on receipt, then as ordered."""
    on_receipt = coverage.period.covers(days.receipt)
    return (not on_receipt, not _on_service(coverage, days), coverage.order or 1, coverage.id)


def _organization(payor: Pointer, lookup: Lookup) -> Group | None:
    """The payor in the directory, by reference or identifier."""
    if payor.reference and payor.reference.startswith("Organization/"):
        return lookup.organization(payor.reference.removeprefix("Organization/"))
    for identifier in payor.identifiers:
        for group in lookup.organizations(identifier.value):
            if matches(identifier, group.identifiers):
                return group
    return None


def _is_self_pay(coverage: CoverageRecord) -> bool:
    """The member pays, or a relative: nobody's insurance."""
    persons = ("Patient/", "RelatedPerson/")
    return bool(coverage.payors) and all((each.reference or "").startswith(persons) for each in coverage.payors)


def _is_anothers(coverage: CoverageRecord, lookup: Lookup) -> bool:
    """Every payor is an organization of the directory that is neither this plan nor part of it."""
    own = payers(lookup)
    known = [group for payor in coverage.payors if (group := _organization(payor, lookup))]
    if not own or not known or len(known) < len(coverage.payors):
        return False
    return not any(own.intersection(ancestors(group.id, lookup)) for group in known)


def _insurer(ours: Sequence[CoverageRecord], lookup: Lookup) -> str | None:
    for coverage in ours:
        for payor in coverage.payors:
            if group := _organization(payor, lookup):
                return group.id
    return min(payers(lookup), default=None)


def _named_by_class(coverage: CoverageRecord, lookup: Lookup) -> set[str]:
    called = {_word(each) for pair in coverage.classes for each in pair if each}
    found: set[str] = set()
    for product in lookup.products() if called else ():
        if not product.active:
            continue
        inner = [networks for names, networks in product.variants if called.intersection(map(_word, names))]
        if inner:
            found.update(*inner, () if any(inner) else product.networks)
        elif called.intersection(map(_word, product.names)):
            found.update(product.networks, *(networks for _, networks in product.variants))
    return found


def _named_by_network(coverage: CoverageRecord, lookup: Lookup) -> set[str]:
    if not coverage.network:
        return set()
    called = _word(coverage.network.removeprefix("Organization/"))
    return {
        each.id
        for each in lookup.networks()
        if called in {_word(name) for name in (each.id, each.name or "", *each.aliases, *_values(each))}
    }


def _of_the_payor(coverage: CoverageRecord, lookup: Lookup) -> set[str]:
    lines = {
        key
        for payor in coverage.payors
        if (group := _organization(payor, lookup))
        for key in ancestors(group.id, lookup)
    }
    return {
        network
        for product in lookup.products()
        if product.active and lines.intersection(product.owners)
        for network in (*product.networks, *(each for _, networks in product.variants for each in networks))
    }


def _living(networks: Iterable[str], lookup: Lookup) -> tuple[str, ...]:
    """Those not known to be inactive, in order."""
    return tuple(sorted({each for each in networks if (group := lookup.organization(each)) is None or group.active}))


def _values(group: Group) -> list[str]:
    return [each.value for each in group.identifiers]


def _word(text: str) -> str:
    return " ".join(text.casefold().split())
