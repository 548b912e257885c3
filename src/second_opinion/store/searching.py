"""A Query as SQL: the fewest rows drive, the other clauses are looked up for each of them, one page comes out.

Texts are put together by hand: composing a statement of SQLAlchemy anew for each search costs more than the search.
"""

from collections.abc import Sequence
from typing import Any

from second_opinion.store.database import Database
from second_opinion.store.matches import Matcher
from second_opinion.store.parameters import param
from second_opinion.store.query import Clause, Query, Sort, Visibility
from second_opinion.store.stored import Page, stored
from second_opinion.store.tables import ALWAYS
from second_opinion.store.visibility import (
    ALL,
    NOTHING,
    PROVIDER_TYPES,
    Part,
    all_of,
    any_of,
    current,
    questions,
)

MANY = 1000  # rows; a driver with more than these is no help to a page in the order of an index

_COLUMNS = "x.type, x.id, x.version, x.last_updated, x.body, x.case_number, q.pk, x.member"
_FOUND = "r.type, r.id, r.version, r.last_updated, r.body, r.case_number, d.pk, r.member"
_EARLIEST = -(2**63)  # sorts before every instant
_NEWEST = Sort("_lastUpdated", "updated", descending=True)
# What has changed since the paging began keeps its place in it; what is new since then has none.
_BEFORE = "(SELECT max(h.last_updated) FROM resource_history h WHERE h.resource = r.pk AND h.last_updated <= ?)"
_LAST_WORD = "\U0010ffff"  # sorts behind every word


class Search:
    """One query of one caller, on its way to SQL; it may be kept, and asked for its page again."""

    def __init__(self, database: Database, query: Query, visibility: Visibility) -> None:
        self._database = database
        self._query = query
        self._visibility = visibility
        self._matcher = Matcher(database.dialect, visibility)
        self._seen = self._matcher.seen("r", query.type)
        self._open = visibility.everything or query.type in PROVIDER_TYPES
        self._starts_from_few = False  # whatever the database holds: what is composed once stands
        self._composed: tuple[Part, Part] | None = None

    def page(self) -> Page:
        """The page asked for, with the exact number of all matches."""
        query = self._query
        if self._seen is NOTHING:
            return Page(0, [], None)
        rows_wanted, statement = self._composed or self._compose_anew()
        if query.total_only:
            return Page(self._total(rows_wanted), [], None)
        found = self._database.recall(statement.text, statement.values)
        more = len(found) > query.count
        found = found[: query.count] if more else found
        total = self._total(rows_wanted) if more or query.after is not None else len(found)
        position = (*found[-1][8:], found[-1][6], *self._began(found[0][8:])) if more and found else None
        return Page(total, [stored(row) for row in found], position)

    def _compose_anew(self) -> tuple[Part, Part]:
        """What is wanted, and the statement of its page; names in it are numbered from the start each time."""
        fresh = Search(self._database, self._query, self._visibility)
        rows_wanted = fresh.matching()
        composed = rows_wanted, fresh.statement(rows_wanted)
        if fresh._starts_from_few:
            self._composed = composed
        return composed

    def _total(self, rows_wanted: Part) -> int:
        statement = f"SELECT count(*) FROM {rows_wanted.text}"  # noqa: S608 - built of constants and aliases
        total: int = self._database.fetch(statement, rows_wanted.values)[0][0]
        return total

    def statement(self, rows_wanted: Part) -> Part:
        """The page's statement: first the numbers and sort keys of its rows, then their bodies."""
        if rows_wanted.text.startswith("(") and not self._query.sort:
            return self._in_order_found(rows_wanted)
        keys = [self._sort_key(sort) for sort in self._query.sort]
        names = [f"k{place}" for place in range(len(keys))]
        ways = ["DESC" if sort.descending else "ASC" for sort in self._query.sort]
        order = ", ".join([*(f"{name} {way}" for name, way in zip(names, ways, strict=True)), "pk ASC"])
        beyond = _beyond([*names, "pk"], [*ways, "ASC"], self._query.after)
        chosen = self._listed(rows_wanted, keys, beyond, order)
        if self._query.after is not None and self._newest_first():
            (began,) = self._began(())
            moved = Part(f"{rows_wanted.text} AND r.last_updated > ?", (*rows_wanted.values, began))
            before = self._listed(moved, [Part(_BEFORE, (began,)), *keys[1:]], beyond, order)
            both = f"SELECT * FROM ({chosen.text}) a UNION ALL SELECT * FROM ({before.text}) b"  # noqa: S608 - built of constants and aliases
            chosen = Part(f"{both} ORDER BY {order} LIMIT ?", (*chosen.values, *before.values, self._query.count + 1))
        shown = ", ".join([_COLUMNS, *(f"q.{name}" for name in names)])
        outer = order.replace("pk ", "q.pk ")
        text = f"SELECT {shown} FROM ({chosen.text}) q CROSS JOIN resource x WHERE x.pk = q.pk ORDER BY {outer}"  # noqa: S608 - as above
        return Part(text, chosen.values)

    def _in_order_found(self, rows_wanted: Part) -> Part:
        """Without a sort the candidates come in the order of their numbers, and few are looked at: one pass does."""
        beyond = _beyond(["d.pk"], ["ASC"], self._query.after)
        onward = Part("", ()) if beyond is ALL else Part(f" AND {beyond.text}", beyond.values)
        text = f"SELECT {_FOUND} FROM {rows_wanted.text}{onward.text} ORDER BY d.pk LIMIT ?"  # noqa: S608 - as above
        return Part(text, (*rows_wanted.values, *onward.values, self._query.count + 1))

    def _listed(self, rows_wanted: Part, keys: Sequence[Part], beyond: Part, order: str) -> Part:
        """Numbers and sort keys of the page's rows among these."""
        named = "".join(f", {key.text} AS k{place}" for place, key in enumerate(keys))
        pk = "d.pk" if rows_wanted.text.startswith("(") else "r.pk"
        listed = f"SELECT {pk} AS pk{named} FROM {rows_wanted.text}"  # noqa: S608 - built of constants and aliases
        text = f"SELECT * FROM ({listed}) f WHERE {beyond.text} ORDER BY {order} LIMIT ?"  # noqa: S608 - as above
        values = (*(v for key in keys for v in key.values), *rows_wanted.values, *beyond.values, self._query.count + 1)
        return Part(text, values)

    def _newest_first(self) -> bool:
        """Whether what changes while somebody turns the pages moves to those turned already, and would be missed."""
        return self._query.sort[:1] == (_NEWEST,)

    def _began(self, first: Sequence[Any]) -> tuple[int, ...]:
        """When the paging began, for an order in which rows move: the change of the first row of its first page."""
        if not self._newest_first():
            return ()
        return (self._query.after[-1] if self._query.after is not None else first[0],)

    def matching(self) -> Part:
        """FROM and WHERE of every row that matches, as ``r``."""
        kind = self._query.type
        place, driver = self._driver()
        parts = [current("r", kind), self._seen]
        parts += [
            self._matcher.demanded(clause, kind, "r")
            for number, clause in enumerate(self._query.clauses)
            if number != place
        ]
        if driver is None:
            where = all_of([Part("r.type = ?", (kind,)), *parts])
            return Part(f"resource r WHERE {where.text}", where.values)
        where = all_of(parts)
        text = f"({driver.text}) d CROSS JOIN resource r WHERE r.pk = d.pk AND {where.text}"
        return Part(text, (*driver.values, *where.values))

    def _driver(self) -> tuple[int | None, Part | None]:
        """The clause that drives, by place, and its candidates; no place: who may see; neither: all of the type."""
        drivers = [
            (place, driver) for place, clause in enumerate(self._query.clauses) if (driver := self._drives(clause))
        ]
        for place, driver in drivers:
            if self._query.clauses[place].selective:
                self._starts_from_few = True
                return place, driver
        own = self._own_rows()
        choices: list[tuple[int | None, Part]] = [*drivers, *([(None, own)] if own else [])]
        if not choices:
            return None, None
        if len(choices) == 1 and not self._in_order_of_index():
            return choices[0]
        counted = [(self._bounded_count(driver), number) for number, (_, driver) in enumerate(choices)]
        fewest, number = min(counted)
        best, driver = choices[number]
        # Index rows of one value are in the order of row numbers already: without a sort they need no other driver.
        if fewest >= MANY and self._in_order_of_index() and (self._query.sort or best is None):
            return None, None
        return best, driver

    def _drives(self, clause: Clause) -> Part | None:
        """The candidates of a clause by an index, if each of its matches has one."""
        if clause.negated:
            return None
        parts = [self._matcher.candidates(match, self._query.type) for match in clause.matches]
        found = [part for part in parts if part is not None]
        if not found or len(found) < len(parts):
            return None
        return Part(" UNION ".join(part.text for part in found), tuple(v for part in found for v in part.values))

    def _own_rows(self) -> Part | None:
        """Rows of the caller's own cases and those it submitted, when that is all it may see of this type."""
        visibility = self._visibility
        if self._open or visibility.members or self._query.type in {"Patient", "Coverage"}:
            return None
        # Who submitted a resource of a case takes part in the case (writing.py); without one only the partner is known.
        submitter = () if visibility.partner is None else (f"partner:{visibility.partner}",)
        parties = (*visibility.parties, *submitter)
        parts = []
        if parties:
            text = (
                "SELECT DISTINCT o.pk FROM case_party p CROSS JOIN resource o"  # noqa: S608 - question marks
                f" WHERE p.key IN ({questions(parties)}) AND o.case_number = p.case_number AND o.type = ?"
            )
            parts.append(Part(text, (*parties, self._query.type)))
        if visibility.partner is not None:
            text = "SELECT pk FROM resource WHERE partner = ? AND type = ? AND case_number IS NULL"
            parts.append(Part(text, (visibility.partner, self._query.type)))
        return Part(" UNION ".join(part.text for part in parts), tuple(v for part in parts for v in part.values))

    def _bounded_count(self, driver: Part) -> int:
        statement = f"SELECT count(*) FROM (SELECT 1 FROM ({driver.text}) c LIMIT {MANY}) b"  # noqa: S608 - as above
        number: int = self._database.fetch(statement, driver.values)[0][0]
        return number

    def _in_order_of_index(self) -> bool:
        return all(sort.kind in {"updated", "id"} for sort in self._query.sort)

    def _sort_key(self, sort: Sort) -> Part:
        """What rows are sorted by; a row without the parameter comes last either way."""
        kind = self._query.type
        if sort.kind == "id":
            return Part("r.id")
        if sort.kind == "updated":
            return Part("r.last_updated")
        if sort.kind == "date":
            bound, lacking = ("max(s.last)", _EARLIEST) if sort.descending else ("min(s.first)", ALWAYS)
            text = f"COALESCE((SELECT {bound} FROM search_span s WHERE s.param = ? AND s.resource = r.pk), ?)"  # noqa: S608 - constants
            return Part(text, (param(kind, sort.parameter), lacking))
        bound, nothing = ("max", "") if sort.descending else ("min", _LAST_WORD)
        values = self._matcher.each("r", kind, sort.parameter, "j")
        by = self._database.dialect.by_code_point
        return Part(f"COALESCE((SELECT {bound}(j.value{by}) FROM {values}), ?){by}", (nothing,))  # noqa: S608 - constants


def _beyond(names: Sequence[str], ways: Sequence[str], after: tuple[Any, ...] | None) -> Part:
    """The row comes after the position, key by key."""
    if after is None:
        return ALL
    choices = []
    for place, (name, way) in enumerate(zip(names, ways, strict=True)):
        equal = [Part(f"{names[before]} = ?", (after[before],)) for before in range(place)]
        choices.append(all_of([*equal, Part(f"{name} {'<' if way == 'DESC' else '>'} ?", (after[place],))]))
    return any_of(choices)
