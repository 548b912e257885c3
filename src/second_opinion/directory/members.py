"""Who the member is: stated numbers, birth date and family name against the member file."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from second_opinion.directory.lookup import Lookup
from second_opinion.directory.model import Member
from second_opinion.directory.stated import Identifier, PartyKind, StatedMember, StatedParty


@dataclass(frozen=True)
class Identification:
    """The one member the statement leads to, or None; ``why`` says so without repeating anything received."""

    member: Member | None
    why: str


def identify(stated: StatedMember, lookup: Lookup) -> Identification:
    """The member all stated numbers lead to, if birth date and family name agree where they are given."""
    covered = [_led_to(number, lookup) for number in stated.coverage_numbers]
    numbered = [_led_to(number, lookup) for number in stated.identifiers]
    if _leads_nowhere(stated, lookup):
        return Identification(None, "a reference to this server leads to no member")
    found = [ids for ids in (*_by_reference(stated, lookup), *numbered, *covered) if ids]
    if not found:
        return Identification(None, "no number leads to a member")
    common = reduce(frozenset.intersection, found)
    if not common:
        return Identification(None, "the numbers lead to different members")
    numbers = (*stated.coverage_numbers, *stated.identifiers)
    seen = {member.id: member for number in numbers for member in lookup.members(number.value)}
    led_to = [member for key in sorted(common) if (member := seen.get(key) or lookup.member(key))]
    members = _narrowed(led_to, stated)
    if len(members) != 1:
        return Identification(None, "the numbers lead to several members, or birth date or family name do not agree")
    if _contradicted(members[0], stated, lookup, unknown_coverage=not any(covered)):
        return Identification(None, "a number is not this member's")
    return Identification(members[0], f"{stated.path}: numbers{_agreeing(stated)} lead to one member")


def matches(stated: Identifier, known: Iterable[Identifier]) -> bool:
    """Whether the stated identifier is one of those known: values equal, systems too where both are known."""
    return any(
        stated.value == each.value and (stated.system is None or each.system is None or stated.system == each.system)
        for each in known
    )


def is_member(party: StatedParty, member: Member, lookup: Lookup) -> bool:
    """Whether a patient is this member: the request's own, of our own file, or by numbers that lead to nobody else."""
    if party.is_subject or party.own_reference == member.reference:
        return True
    if party.kind is not PartyKind.PATIENT or (party.own_reference and lookup.member(_id(party.own_reference))):
        return False
    led = {ids for number in party.identifiers if (ids := _led_to(number, lookup))}
    return led == {frozenset({member.id})}


def folded(name: str) -> str:
    """The name without case, diacritics, spaces and punctuation."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", name).casefold() if letter.isalnum())


def _led_to(number: Identifier, lookup: Lookup) -> frozenset[str]:
    """Ids of the members a number of a Patient or a Coverage leads to."""
    own = {member.id for member in lookup.members(number.value) if matches(number, member.identifiers)}
    covered = {
        coverage.member
        for coverage in lookup.coverages_numbered(number.value)
        if coverage.member and matches(number, coverage.numbers)
    }
    return frozenset(own | covered)


def _by_reference(stated: StatedMember, lookup: Lookup) -> list[frozenset[str]]:
    traces = []
    if stated.own_reference and (member := lookup.member(_id(stated.own_reference))):
        traces.append(frozenset({member.id}))
    for reference in stated.coverage_own_references:
        coverage = lookup.coverage(_id(reference))
        if coverage and coverage.member:
            traces.append(frozenset({coverage.member}))
    return traces


def _leads_nowhere(stated: StatedMember, lookup: Lookup) -> bool:
    """Whether a reference to this server names nothing here, and no number beside it says what was meant."""
    own = stated.own_reference
    return bool(
        (own and not stated.identifiers and lookup.member(_id(own)) is None)
        or (
            not stated.coverage_numbers
            and any(lookup.coverage(_id(each)) is None for each in stated.coverage_own_references)
        )
    )


def _narrowed(members: list[Member], stated: StatedMember) -> list[Member]:
    """Those whose birth date and family name agree; records no longer in use only where no other is left."""
    agreeing = [member for member in members if _agrees(member, stated)]
    return [member for member in agreeing if member.active] or agreeing


def _agrees(member: Member, stated: StatedMember) -> bool:
    return _same_birth_date(member.birth_date, stated.birth_date) and _same_family(member.families, stated.family)


def _same_birth_date(known: str | None, stated: str | None) -> bool:
    """Whether the two can be the same day; either may be partial or absent."""
    return not known or not stated or known.startswith(stated) or stated.startswith(known)


def _same_family(known: tuple[str, ...], stated: str | None) -> bool:
    return not known or not stated or folded(stated) in {folded(each) for each in known}


def _contradicted(member: Member, stated: StatedMember, lookup: Lookup, *, unknown_coverage: bool) -> bool:
    """Whether a stated number of a kind the plan keeps for this member is another than the plan keeps.

    Numbers of foreign systems (a sender's own record number) say nothing about the plan's member file.
    """
    coverages = lookup.coverages(member.id)
    known = (*member.identifiers, *(number for coverage in coverages for number in coverage.numbers))
    systems = {each.system for each in known if each.system}
    if any(each.system in systems and not matches(each, known) for each in stated.identifiers):
        return True
    return unknown_coverage and any(
        (each.system is None or each.system in systems) and not matches(each, known) for each in stated.coverage_numbers
    )


def _agreeing(stated: StatedMember) -> str:
    given = [word for word, value in (("birth date", stated.birth_date), ("family name", stated.family)) if value]
    return f", {' and '.join(given)}" if given else ""


def _id(reference: str) -> str:
    return reference.rpartition("/")[2]
