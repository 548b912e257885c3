"""The history of one resource, or of all of a type: newest first, paged."""

from datetime import datetime
from typing import Any

from second_opinion.store.database import Database
from second_opinion.store.matches import Matcher
from second_opinion.store.query import Visibility
from second_opinion.store.stored import Page, microseconds, stored
from second_opinion.store.visibility import DIRECTORY_TYPES, IN_FORCE, NOTHING, Part

# Bodies are fetched for the page alone: the sort must not carry them.
_BODY = (
    "COALESCE((SELECT body FROM resource b WHERE b.pk = q.pk AND b.version = q.version),"
    " (SELECT body FROM resource_history b WHERE b.resource = q.pk AND b.version = q.version))"
)


def history(
    database: Database,
    kind: str,
    identity: str | None,
    visibility: Visibility,
    count: int,
    after: tuple[Any, ...] | None,
    since: datetime | None,
) -> Page:
    """One page of versions; ``since`` leaves out what was last changed before."""
    seen = Matcher(database.dialect, visibility).seen("r", kind)
    if seen is NOTHING:
        return Page(0, [], None)
    earlier = not visibility.alternatives(kind)  # what was replaced is indexed no more
    versions = _versions(kind, identity, seen, microseconds(since) if since else None, earlier=earlier)
    beyond = Part("1 = 1")
    if after is not None:
        updated, version, pk = after
        text = "(last_updated < ? OR (last_updated = ? AND (version < ? OR (version = ? AND pk < ?))))"
        beyond = Part(text, (updated, updated, version, version, pk))
    statement = (
        f"SELECT q.type, q.id, q.version, q.last_updated, {_BODY}, q.case_number, q.pk, q.member FROM"  # noqa: S608 - constants
        f" (SELECT * FROM ({versions.text}) v WHERE {beyond.text}"
        " ORDER BY last_updated DESC, version DESC, pk DESC LIMIT ?) q"
        " ORDER BY q.last_updated DESC, q.version DESC, q.pk DESC"
    )
    rows = database.fetch(statement, (*versions.values, *beyond.values, count + 1))
    total = database.fetch(f"SELECT count(*) FROM ({versions.text}) v", versions.values)[0][0]  # noqa: S608 - constants
    more = len(rows) > count
    del rows[count:]
    position = (rows[-1][3], rows[-1][2], rows[-1][6]) if more and rows else None
    return Page(total, [stored(row) for row in rows], position)


def _versions(kind: str, identity: str | None, seen: Part, since: int | None, *, earlier: bool) -> Part:
    """Every version to be seen: those that stand, and those that another has replaced."""
    named = Part("r.type = ?", (kind,)) if identity is None else Part("r.type = ? AND r.id = ?", (kind, identity))
    loaded = f" AND r.since <= {IN_FORCE}" if kind in DIRECTORY_TYPES else ""
    where = f"{named.text}{loaded} AND {seen.text}"
    values = (*named.values, *seen.values)
    late, at = ("", ()) if since is None else (" AND {alias}.last_updated >= ?", (since,))
    columns = "r.type, r.id, {alias}.version, {alias}.last_updated, r.case_number, r.pk, r.member"
    standing = f"SELECT {columns.format(alias='r')} FROM resource r WHERE {where}{late.format(alias='r')}"  # noqa: S608 - constants
    if not earlier:
        return Part(standing, (*values, *at))
    text = (
        f"{standing} UNION ALL SELECT {columns.format(alias='h')} FROM resource r CROSS JOIN resource_history h"  # noqa: S608 - as above
        f" WHERE {where}{late.format(alias='h')} AND h.resource = r.pk"
    )
    return Part(text, (*values, *at, *values, *at))
