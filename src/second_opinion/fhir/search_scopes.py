"""The query of a SMART scope as clauses: which of the resources of a type it opens."""

from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import parse_qsl

from second_opinion.errors import InvalidSearch
from second_opinion.fhir.search import PARAMETERS, read
from second_opinion.store.query import Clause, Linked, LinkedBy, Within

_NO_DATE = datetime.fromtimestamp(0, UTC)  # a scope means the same on every day: ap is not understood


@lru_cache(maxsize=4096)
def understood(base: str, type_name: str, query: str) -> tuple[Clause, ...] | None:
    """The clauses of a scope's query; None where it says anything but which of the type's own parameters must hold."""
    if type_name not in PARAMETERS:
        return None
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=10)
        if not all(value and _of_the_resource_itself(name) for name, value in pairs):
            return None
        clauses = read(type_name, pairs, base=base, now=_NO_DATE, strict=True).query.clauses
    except (InvalidSearch, ValueError):
        return None
    plain = len(clauses) == len(pairs) and all(_lasting(clause) for clause in clauses)
    return clauses if plain else None


def _of_the_resource_itself(name: str) -> bool:
    return name == "_id" or not (name.startswith("_") or "." in name or ":" in name)


def _lasting(clause: Clause) -> bool:
    """It looks at nothing but the resource, and at no date relative to now."""
    return not any(
        isinstance(match, Linked | LinkedBy) or (isinstance(match, Within) and match.prefix == "ap")
        for match in clause.matches
    )
