"""What one match of a search asks of one resource, as SQL."""

from collections.abc import Sequence
from itertools import count

from second_opinion.store.database import Dialect
from second_opinion.store.found_by import LONGEST, key, word
from second_opinion.store.parameters import param
from second_opinion.store.query import (
    Clause,
    Contains,
    EndsWith,
    Exactly,
    HasId,
    Linked,
    LinkedBy,
    Match,
    Present,
    StartsWith,
    Updated,
    Visibility,
    Within,
)
from second_opinion.store.visibility import NOTHING, Part, all_of, any_of, current, visible

# {first} and {last} bound what the resource says, the question marks what is asked (FHIR R4 search, 3.1.1.4.4).
_SPANS = {
    "eq": ("{first} >= ? AND {last} <= ?", "FL"),
    "ne": ("({first} < ? OR {last} > ?)", "FL"),
    "gt": ("{last} > ?", "L"),
    "lt": ("{first} < ?", "F"),
    "ge": ("({last} > ? OR ({first} >= ? AND {last} <= ?))", "LFL"),
    "le": ("({first} < ? OR ({first} >= ? AND {last} <= ?))", "FFL"),
    "sa": ("{first} > ?", "L"),
    "eb": ("{last} < ?", "F"),
    "ap": ("{last} >= ? AND {first} <= ?", "FL"),  # overlaps; the reader of the search widens the range it asks for
}


def compared(prefix: str, first: str, last: str, asked: tuple[int, int]) -> Part:
    """The span between two columns compared with [first, last] by FHIR prefix."""
    text, order = _SPANS[prefix]
    values = tuple(asked[0] if bound == "F" else asked[1] for bound in order)
    return Part(text.format(first=first, last=last), values)


class Matcher:
    """Conditions on rows of table resource, for one caller on one database."""

    def __init__(self, dialect: Dialect, visibility: Visibility) -> None:
        self._dialect = dialect
        self._visibility = visibility
        self._names = count()

    def seen(self, alias: str, kind: str) -> Part:
        """The caller may see the row of this type, and its scopes name it; NOTHING where it may see none."""
        seen = visible(self._visibility, alias, kind)
        alternatives = self._visibility.alternatives(kind)
        if seen is NOTHING or not alternatives:
            return seen
        named = [all_of([self.demanded(clause, kind, alias) for clause in clauses]) for clauses in alternatives]
        return all_of([seen, any_of(named)])

    def demanded(self, clause: Clause, kind: str, alias: str) -> Part:
        """The clause holds for the resource of this type."""
        condition = self.condition(clause.matches, kind, alias)
        return Part(f"{'NOT ' if clause.negated else ''}({condition.text})", condition.values)

    def condition(self, matches: Sequence[Match], kind: str, alias: str) -> Part:
        """Any of the matches holds for the resource of this type."""
        return any_of([self._condition(match, kind, alias) for match in matches])

    def _condition(self, match: Match, kind: str, alias: str) -> Part:  # noqa: PLR0911 - one way for each kind of match
        if isinstance(match, Exactly):
            return _exactly(match, kind, alias)
        if isinstance(match, Within):
            return _within(match, kind, alias)
        if isinstance(match, HasId):
            return Part(f"{alias}.id = ?", (match.id,))
        if isinstance(match, Updated):
            updated = f"{alias}.last_updated"
            return compared(match.prefix, updated, updated, (match.first, match.last))
        if isinstance(match, Present):
            return self._present(match, kind, alias)
        if isinstance(match, Linked):
            return self._linked(match, kind, alias)
        if isinstance(match, LinkedBy):
            return self._linked_by(match, kind, alias)
        return self._words(match, kind, alias)

    def _words(self, match: StartsWith | Contains | EndsWith, kind: str, alias: str) -> Part:
        """Compared with the values packed in the row itself: they are few, the index has no order by resource."""
        asked = match.value.replace("\0", "")[:LONGEST]
        if not asked:
            return self._present(Present(match.parameter, missing=False), kind, alias)
        if isinstance(match, StartsWith):
            test = Part(f"substr(j.value, 1, {len(asked)}) = ?", (asked,))
        elif isinstance(match, EndsWith):
            test = Part(f"{self._dialect.ending.format(value='j.value', length=len(asked))} = ?", (asked,))
        else:
            test = Part(f"{self._dialect.inside}(j.value, ?) > 0", (asked,))
        values = self.each(alias, kind, match.parameter, "j")
        return Part(f"EXISTS (SELECT 1 FROM {values} WHERE {test.text})", test.values)  # noqa: S608 - constants and aliases

    def each(self, alias: str, kind: str, parameter: str, name: str) -> str:
        """The values of a parameter as rows of ``name``, column ``value``."""
        return self._dialect.each.format(a=alias, key=key(kind, parameter), j=name)

    def _present(self, match: Present, kind: str, alias: str) -> Part:
        # A quote inside a value is escaped in JSON, so only a parameter's name can stand before ":[.
        found = f"{self._dialect.inside}({alias}.found_by, ?)"
        return Part(f"{found} {'=' if match.missing else '>'} 0", (f'{key(kind, match.parameter)}":[',))

    def _linked(self, match: Linked, kind: str, alias: str) -> Part:
        number = next(self._names)
        target, link = f"x{number}", f"j{number}"
        start = f"{match.type}/"
        conditions = all_of(
            [
                Part(f"{target}.type = ? AND {target}.id = substr({link}.value, {len(start) + 1})", (match.type,)),
                Part(f"substr({link}.value, 1, {len(start)}) = ?", (start,)),
                current(target, match.type),
                self.seen(target, match.type),
                self.condition(match.inner, match.type, target),
            ]
        )
        links = self.each(alias, kind, match.parameter, link)
        text = f"EXISTS (SELECT 1 FROM {links} CROSS JOIN resource {target} WHERE {conditions.text})"  # noqa: S608 - as above
        return Part(text, conditions.values)

    def _linked_by(self, match: LinkedBy, kind: str, alias: str) -> Part:
        number = next(self._names)
        source, link = f"x{number}", f"l{number}"
        conditions = all_of(
            [
                Part(
                    f"{link}.param = ? AND {link}.value = ? || {alias}.id AND {source}.pk = {link}.resource",
                    (param(match.type, match.parameter), f"{kind}/"),
                ),
                current(source, match.type),
                self.seen(source, match.type),
                self.condition(match.inner, match.type, source),
            ]
        )
        tables = f"search_term {link} CROSS JOIN resource {source}"
        return Part(f"EXISTS (SELECT 1 FROM {tables} WHERE {conditions.text})", conditions.values)  # noqa: S608 - as above

    def candidates(self, match: Match, kind: str) -> Part | None:
        """A query for the row numbers of every resource the match can hold for, by an index; None if there is none."""
        if isinstance(match, Exactly):
            text = "SELECT resource AS pk FROM search_term WHERE param = ? AND value = ?"
            return Part(text, (param(kind, match.parameter), word(match.value)))
        if isinstance(match, StartsWith) and (asked := match.value.replace("\0", "")[:LONGEST]):
            text = "SELECT DISTINCT resource AS pk FROM search_term WHERE param = ? AND value >= ? AND value < ?"
            return Part(text, (param(kind, match.parameter), asked, after(asked)))
        if isinstance(match, HasId):
            return Part("SELECT pk FROM resource WHERE type = ? AND id = ?", (kind, match.id))
        if isinstance(match, Linked):
            return self._linked_candidates(match, kind)
        return None

    def _linked_candidates(self, match: Linked, kind: str) -> Part | None:
        inner = [self.candidates(each, match.type) for each in match.inner]
        targets = [each for each in inner if each is not None]
        if not targets or len(targets) < len(inner):
            return None
        chosen = Part(" UNION ".join(each.text for each in targets), tuple(v for each in targets for v in each.values))
        seen = all_of([current("x", match.type), self.seen("x", match.type)])
        text = (
            f"SELECT DISTINCT l.resource AS pk FROM resource x CROSS JOIN search_term l"  # noqa: S608 - as above
            f" WHERE x.pk IN ({chosen.text}) AND {seen.text} AND l.param = ? AND l.value = ? || x.id"
        )
        return Part(text, (*chosen.values, *seen.values, param(kind, match.parameter), f"{match.type}/"))


def after(prefix: str) -> str:
    """The first text, by code point, behind every text that starts with ``prefix``."""
    while prefix and prefix[-1] == "\U0010ffff":
        prefix = prefix[:-1]
    if not prefix:
        return "\U0010ffff" * (LONGEST + 1)
    last = ord(prefix[-1]) + 1
    return prefix[:-1] + chr(0xE000 if last == 0xD800 else last)  # the surrogates between are no text  # noqa: PLR2004


def _exactly(match: Exactly, kind: str, alias: str) -> Part:
    text = f"EXISTS (SELECT 1 FROM search_term t WHERE t.param = ? AND t.value = ? AND t.resource = {alias}.pk)"  # noqa: S608 - an alias
    return Part(text, (param(kind, match.parameter), word(match.value)))


def _within(match: Within, kind: str, alias: str) -> Part:
    bounds = compared(match.prefix, "s.first", "s.last", (match.first, match.last))
    text = f"EXISTS (SELECT 1 FROM search_span s WHERE s.param = ? AND s.resource = {alias}.pk AND {bounds.text})"  # noqa: S608 - an alias
    return Part(text, (param(kind, match.parameter), *bounds.values))
