"""Which rows there are for a caller, as conditions every query carries.

A part of a query is its text and its values; texts hold no value, so that each is compiled once.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from second_opinion.store.query import Visibility

PROVIDER_TYPES = frozenset(
    {
        "Organization",
        "Practitioner",
        "PractitionerRole",
        "OrganizationAffiliation",
        "HealthcareService",
        "Location",
        "Endpoint",
        "InsurancePlan",
    }
)
DIRECTORY_TYPES = PROVIDER_TYPES | {"Patient", "Coverage", "Consent", "Flag"}

SEALED = 2  # the furthest
UNGRANTED = ("denied", "not-eligible", "withdrawn")  # 42 CFR 438.242(b)(7): denied ones go to no other payer

IN_FORCE = "(SELECT value FROM counter WHERE name = 'snapshot')"
EVERYTHING = Visibility(everything=True)


class Part(NamedTuple):
    """A piece of SQL and the values for its question marks."""

    text: str
    values: tuple[object, ...] = ()


NOTHING = Part("1 = 0")
ALL = Part("1 = 1")


def questions(values: Sequence[object]) -> str:
    """As many question marks as there are values."""
    return ", ".join("?" * len(values))


def any_of(parts: Sequence[Part]) -> Part:
    """The parts joined by OR; nothing when there are none."""
    return _joined(parts, " OR ") if parts else NOTHING


def all_of(parts: Sequence[Part]) -> Part:
    """The parts joined by AND; nothing where one of them is."""
    if any(part is NOTHING for part in parts):
        return NOTHING
    parts = [part for part in parts if part is not ALL]
    return _joined(parts, " AND ") if parts else ALL


def _joined(parts: Sequence[Part], word: str) -> Part:
    if len(parts) == 1:
        return parts[0]
    values = tuple(value for part in parts for value in part.values)
    return Part(f"({word.join(part.text for part in parts)})", values)


def current(alias: str, kind: str) -> Part:
    """The row is the one in force: of the directory's snapshot, or of a case and not deleted."""
    if kind in DIRECTORY_TYPES:
        return Part(f"{alias}.since <= {IN_FORCE} AND {alias}.until > {IN_FORCE}")
    return Part(f"{alias}.until > 0")


@lru_cache(maxsize=1024)
def visible(visibility: Visibility, alias: str, kind: str) -> Part:
    """The caller may see the row of this type."""
    if visibility.types is not None and kind not in visibility.types:
        return NOTHING
    if kind in PROVIDER_TYPES:
        return ALL
    return all_of([_whose(visibility, alias, kind), *_for_whom(visibility, alias)])


def _for_whom(visibility: Visibility, alias: str) -> Iterator[Part]:
    """Of what there is about those members: what is meant for the caller, and not sealed from it."""
    if visibility.audiences is not None:
        yield Part(f"{alias}.audience IN ({questions(visibility.audiences)})", visibility.audiences)
    if visibility.hidden:
        yield Part(f"{alias}.audience NOT IN ({questions(visibility.hidden)})", visibility.hidden)
    if visibility.sealed_from <= SEALED:
        yield Part(f"{alias}.sealed < {visibility.sealed_from}")
    if visibility.granted:
        refused = ", ".join(f"'{each}'" for each in UNGRANTED)
        yield Part(
            f"NOT EXISTS (SELECT 1 FROM case_file g WHERE g.number = {alias}.case_number"  # noqa: S608 - constants
            f" AND g.status IN ({refused}))"
        )


def _whose(visibility: Visibility, alias: str, kind: str) -> Part:
    """The members and cases the caller has to do with."""
    if visibility.everything:
        return ALL
    member = f"{alias}.id" if kind == "Patient" else f"{alias}.member"
    parts = []
    if visibility.partner is not None:  # told by the row itself: asked first
        parts.append(Part(f"{alias}.partner = ?", (visibility.partner,)))
    if visibility.members:
        parts.append(Part(f"{member} IN ({questions(visibility.members)})", visibility.members))
    if visibility.parties:
        parts.append(_taking_part(visibility.parties, alias, kind, member))
    return any_of(parts)


def _taking_part(parties: tuple[str, ...], alias: str, kind: str, member: str) -> Part:
    """One of the parties takes part in the row's case, or in a case of the row's member."""
    keys = questions(parties)
    if kind in {"Patient", "Coverage"}:
        text = (
            f"EXISTS (SELECT 1 FROM case_file c CROSS JOIN case_party p"  # noqa: S608 - built of constants and aliases
            f" WHERE c.member = {member} AND p.key IN ({keys}) AND p.case_number = c.number)"
        )
    else:
        text = (
            f"EXISTS (SELECT 1 FROM case_party p"  # noqa: S608 - built of constants and aliases
            f" WHERE p.key IN ({keys}) AND p.case_number = {alias}.case_number)"
        )
    return Part(text, parties)
