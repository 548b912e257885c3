"""Resources by id, by reference and by case, and their versions."""

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

from second_opinion.store.database import Database, Dialect, Row
from second_opinion.store.found_by import word
from second_opinion.store.matches import Matcher
from second_opinion.store.parameters import param
from second_opinion.store.query import Visibility
from second_opinion.store.stored import Stored, instant, stored
from second_opinion.store.visibility import (
    DIRECTORY_TYPES,
    IN_FORCE,
    NOTHING,
    Part,
    current,
    questions,
)

Found = tuple[int, list[tuple[str, bytes]]]  # the number of a snapshot; id and body of each resource found

_SHOWN = "r.type, r.id, r.version, r.last_updated, r.body, r.case_number, r.pk, r.member"


@lru_cache(maxsize=512)
def _newest(dialect: Dialect, kind: str, visibility: Visibility) -> Part:
    """The row of one id that is, or was last, in force."""
    seen = Matcher(dialect, visibility).seen("r", kind)
    if seen is NOTHING:
        return NOTHING
    # A directory row that a later snapshot ended is no longer there; a deleted resource is, as deleted.
    ended = f"r.until > {IN_FORCE} AND r.since <= {IN_FORCE}" if kind in DIRECTORY_TYPES else "r.since = 0"
    text = f"SELECT {_SHOWN} FROM resource r WHERE r.type = ? AND r.id = ? AND {ended} AND {seen.text}"  # noqa: S608 - constants
    return Part(text, seen.values)


def read(database: Database, kind: str, identity: str, visibility: Visibility, version: int | None) -> Stored | None:
    """The current version of a resource, or the one asked for; None where the caller may see none."""
    newest = _newest(database.dialect, kind, visibility)
    if newest is NOTHING or "\0" in identity:  # PostgreSQL's text holds no NUL: nothing is called so
        return None
    rows = database.recall(newest.text, (kind, identity, *newest.values))
    if not rows:
        return None
    if version is None or rows[0][2] == version:
        return stored(rows[0])
    if visibility.alternatives(kind):  # an earlier version is indexed no more: nobody knows whether it was named
        return None
    return _earlier(database, stored(rows[0]), rows[0][6], version)


def _earlier(database: Database, newest: Stored, pk: int, version: int) -> Stored | None:
    """A version that another has replaced."""
    statement = "SELECT last_updated, body FROM resource_history WHERE resource = ? AND version = ?"
    rows = database.fetch(statement, (pk, version))
    if not rows and newest.type in DIRECTORY_TYPES:
        statement = (
            "SELECT last_updated, body FROM resource WHERE type = ? AND id = ? AND version = ?"  # noqa: S608 - a constant
            f" AND since <= {IN_FORCE}"
        )
        rows = database.fetch(statement, (newest.type, newest.id, version))
    if not rows:
        return None
    updated, body = rows[0]
    return Stored(newest.type, newest.id, version, instant(updated), body, newest.case_number, not body, newest.member)


def body(database: Database, kind: str, identity: str) -> bytes | None:
    """The current body of one resource, for our own work."""
    rows = database.fetch(_body_statement(kind), (kind, identity))
    return rows[0][0] if rows else None


def bodies(database: Database, kind: str, parameter: str, value: str, *, below: str | None) -> list[tuple[str, bytes]]:
    """(id, body) of current resources with this value, or, given ``below``, one from ``value`` up to there."""
    if below is None:
        return database.fetch(_bodies_statement(kind, prefix=False), (param(kind, parameter), word(value)))
    return database.fetch(_bodies_statement(kind, prefix=True), (param(kind, parameter), value, below))


def in_force(database: Database, kind: str, parameters: Sequence[str], value: str, *, below: str | None) -> Found:
    """What ``bodies`` finds of the directory by any of the parameters, and the number of the snapshot it is of."""
    numbers = [param(kind, each) for each in parameters]
    values = (*numbers, word(value)) if below is None else (*numbers, value, below)
    statement = _in_force_statement(kind, len(numbers), prefix=below is not None)
    return _with_snapshot(database, database.fetch(statement, values))


def one_in_force(database: Database, kind: str, identity: str) -> Found:
    """The resource of the directory with this id, if there is one, and the number of the snapshot it is of."""
    return _with_snapshot(database, database.fetch(_one_in_force_statement(kind), (kind, identity)))


def snapshot(database: Database) -> int:
    """The number of the directory in force, 0 before the first load."""
    number: int = database.fetch(f"SELECT {IN_FORCE}")[0][0]
    return number


def _with_snapshot(database: Database, rows: list[Row]) -> Found:
    return (rows[0][2] if rows else snapshot(database)), [(row[0], row[1]) for row in rows]


@lru_cache
def _in_force_statement(kind: str, parameters: int, *, prefix: bool) -> str:
    bodies = _bodies_statement(kind, prefix=prefix).replace("param = ?", f"param IN ({', '.join('?' * parameters)})", 1)
    return bodies.replace("SELECT r.id, r.body", f"SELECT r.id, r.body, {IN_FORCE}", 1)


@lru_cache
def _one_in_force_statement(kind: str) -> str:
    current_row = current("r", kind).text
    return f"SELECT r.id, r.body, {IN_FORCE} FROM resource r WHERE r.type = ? AND r.id = ? AND {current_row}"  # noqa: S608 - constants


@lru_cache
def _body_statement(kind: str) -> str:
    in_force = current("r", kind).text
    return f"SELECT r.body FROM resource r WHERE r.type = ? AND r.id = ? AND {in_force}"  # noqa: S608 - constants


@lru_cache
def _bodies_statement(kind: str, *, prefix: bool) -> str:
    in_force = current("r", kind).text
    if prefix:
        found = "(SELECT DISTINCT resource FROM search_term WHERE param = ? AND value >= ? AND value < ?)"
    else:
        found = "(SELECT resource FROM search_term WHERE param = ? AND value = ?)"
    return f"SELECT r.id, r.body FROM {found} t CROSS JOIN resource r WHERE r.pk = t.resource AND {in_force}"  # noqa: S608 - constants


def of_case(database: Database, number: int) -> list[Stored]:
    """Every current resource of a case, in the order they were made, but not the files."""
    statement = (
        f"SELECT {_SHOWN} FROM resource r WHERE r.case_number = ? AND r.until > 0"  # noqa: S608 - constants
        " AND r.type <> 'Binary' ORDER BY r.pk"
    )
    return [stored(row) for row in database.fetch(statement, (number,))]


def by_reference(database: Database, references: Sequence[str], visibility: Visibility) -> list[Stored]:
    """The resources that "Type/id" name, each once; what is not there or not to be seen is left out."""
    by_type: dict[str, dict[str, None]] = defaultdict(dict)
    for reference in references:
        kind, _, identity = reference.partition("/")
        by_type[kind][identity] = None
    found = []
    for kind, wanted in by_type.items():
        seen = Matcher(database.dialect, visibility).seen("r", kind)
        if seen is not NOTHING:
            conditions = f"r.id IN ({questions(list(wanted))}) AND {current('r', kind).text} AND {seen.text}"
            statement = f"SELECT {_SHOWN} FROM resource r WHERE r.type = ? AND {conditions}"  # noqa: S608 - constants
            found += [stored(row) for row in database.fetch(statement, (kind, *wanted, *seen.values))]
    return found


def referring(
    database: Database, kind: str, parameter: str, references: Sequence[str], visibility: Visibility
) -> list[Stored]:
    """The resources of a type whose reference parameter points at one of "Type/id", each once."""
    seen = Matcher(database.dialect, visibility).seen("r", kind)
    if seen is NOTHING or not references:
        return []
    found = f"SELECT DISTINCT resource FROM search_term WHERE param = ? AND value IN ({questions(references)})"  # noqa: S608 - marks
    statement = (
        f"SELECT {_SHOWN} FROM ({found}) t CROSS JOIN resource r"  # noqa: S608 - constants
        f" WHERE r.pk = t.resource AND {current('r', kind).text} AND {seen.text} ORDER BY r.pk"
    )
    values = (param(kind, parameter), *(word(reference) for reference in references), *seen.values)
    return [stored(row) for row in database.fetch(statement, values)]
