"""One request against one snapshot of the directory: everything that has to be looked up, each thing once.

Every property may fail by itself; what rests on it fails with it, and the rest of the request stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from second_opinion.directory import coverage, providers
from second_opinion.directory.alternatives import Alternatives, Exclusions, choose
from second_opinion.directory.coverage import Days, Standing
from second_opinion.directory.evidence import Proven, proven_candidates
from second_opinion.directory.lookup import Lookup, SpecialtyTables
from second_opinion.directory.members import is_member, matches
from second_opinion.directory.model import CoverageRecord, Member
from second_opinion.directory.providers import PROVIDERS, FoundProvider
from second_opinion.directory.stated import Stated, StatedParty


@dataclass
class Question:
    """A request of an identified member. The properties are looked up when first asked for."""

    stated: Stated
    member: Member
    days: Days
    lookup: Lookup
    tables: SpecialtyTables

    @cached_property
    def standing(self) -> Standing:
        """The member's coverage on the days."""
        return coverage.standing(self.member, self.days, self.lookup)

    @cached_property
    def coverage(self) -> CoverageRecord | None:
        """The coverage to use: the one the request names if it is in force, else the first."""
        named = [each for each in self.standing.ours if self._is_named(each)]
        return next(iter(named or self.standing.ours), None)

    @cached_property
    def networks(self) -> tuple[tuple[str, ...], str]:
        """Organization ids of the member's networks, and where that is said."""
        return coverage.networks_of(self.standing.ours, self.lookup)

    @cached_property
    def asked_by_member(self) -> bool:
        """Whether the member asks in person, under whichever of the numbers the plan keeps."""
        requester = self.stated.requester
        return requester is not None and is_member(requester, self.member, self.lookup)

    @cached_property
    def requester(self) -> FoundProvider | None:
        """The requester in the directory, if a provider asks."""
        return self._found(self.stated.requester)

    @cached_property
    def initial_party(self) -> StatedParty | None:
        """Whose opinion is questioned: as stated, else the requester if a provider."""
        if self.stated.initial_provider:
            return self.stated.initial_provider
        requester = self.stated.requester
        return requester if requester and requester.kind in PROVIDERS else None

    @cached_property
    def initial(self) -> FoundProvider | None:
        """The initial provider in the directory."""
        if self.initial_party is self.stated.requester:
            return self.requester
        return self._found(self.initial_party)

    @cached_property
    def requested(self) -> FoundProvider | None:
        """The provider asked to give the opinion, in the directory."""
        return self._found(self.stated.requested_provider)

    @cached_property
    def specialties(self) -> tuple[tuple[str, ...], str]:
        """NUCC codes of the specialty needed, and where they come from; empty if nothing says."""
        if self.stated.specialties_needed:
            return self.stated.specialties_needed, "ServiceRequest.performerType"
        if codes := self._practised(self.stated.requested_provider, self.requested):
            return codes, "the provider requested"
        if codes := self._practised(self.initial_party, self.initial):
            return codes, "the initial provider"
        return (), "nothing states a specialty"

    @cached_property
    def proven(self) -> Proven | None:
        """Every candidate of the specialty in the member's networks; None where either is not known."""
        networks, codes = self.networks[0], self.specialties[0]
        if not networks or not codes:
            return None
        accepted = frozenset(each for code in codes for each in (code, *self.tables.accepted(code)))
        return proven_candidates(networks, accepted, self.days.judged, self.lookup)

    @cached_property
    def alternatives(self) -> Alternatives:
        """Whether somebody in the network can give the opinion, and who."""
        if self.proven is None:
            unknown = "the specialty needed" if not self.specialties[0] else "the member's network"
            return Alternatives(available=None, why=f"{unknown} is not known")
        return choose(self.proven.found, self._exclusions())

    def practises_primary_care(self, party: StatedParty, found: FoundProvider) -> bool:
        """Whether the provider practises a specialty the plan counts as primary care."""
        return any(self.tables.is_primary_care(code) for code in self._practised(party, found))

    def _found(self, party: StatedParty | None) -> FoundProvider | None:
        if party is None or party.kind not in PROVIDERS:
            return None
        return providers.find(party, self.lookup)

    def _practised(self, party: StatedParty | None, found: FoundProvider | None) -> tuple[str, ...]:
        if party and party.specialties:
            return party.specialties
        return providers.specialties(found, self.lookup) if found else ()

    def _is_named(self, each: CoverageRecord) -> bool:
        stated = self.stated.member
        return each.reference in stated.coverage_own_references or any(
            matches(number, each.numbers) for number in stated.coverage_numbers
        )

    def _exclusions(self) -> Exclusions:
        initial, requested = self.initial or FoundProvider(), self.requested or FoundProvider()
        return Exclusions(
            initial=initial.practitioner_ids,
            practices=frozenset((*initial.practices, *self._practices(initial))),
            requested=requested.practitioner_ids,
            requested_organizations=frozenset(each.id for each in requested.organizations),
            own=providers.general_practitioner_ids(self.member, self.lookup),
        )

    def _practices(self, initial: FoundProvider) -> Sequence[str]:
        """Organizations the initial provider practises in on the day of receipt; one it has left is no tie."""
        day = self.days.receipt
        roles = [role for person in initial.practitioners for role in self.lookup.roles_of_practitioner(person.id)]
        current = (role for role in roles if role.active and role.period.covers(day))
        return [role.organization for role in current if role.organization]
