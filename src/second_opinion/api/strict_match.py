"""One named member by strict match: the number, the whole birth date and the family name, all three exact."""

import re
from collections.abc import Sequence

from second_opinion.api.shelf import Shelf
from second_opinion.errors import InvalidSearch
from second_opinion.fhir.search import read
from second_opinion.store.query import Visibility

Pairs = Sequence[tuple[str, str]]

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_NAMED = {
    f"{patient}.{name}": asked
    for patient in ("patient", "patient:Patient")
    for name, asked in (("identifier", "identifier"), ("birthdate", "birthdate"), ("family", "family:exact"))
} | {f"{patient}.family:exact": "family:exact" for patient in ("patient", "patient:Patient")}
_ALL = frozenset(_NAMED.values())
_NOBODY = "nobody"
_EVERYBODY = Visibility(everything=True)


def named(desk: Shelf, pairs: Pairs) -> Pairs | None:
    """The parameters with the member they name in the place of what names her; None where less than all is given.

    Where nobody or several are meant the search is done all the same, for nobody, so that it takes as long.
    """
    given = [(_NAMED[name], text) for name, text in pairs if name in _NAMED]
    rest = [pair for pair in pairs if pair[0] not in _NAMED]
    if {name for name, _ in given} != _ALL or len(given) != len(_ALL):
        return None
    if not all(_DAY.fullmatch(text) for name, text in given if name == "birthdate"):
        return None
    return [("patient", f"Patient/{_member(desk, given)}"), *rest]


def _member(desk: Shelf, given: Pairs) -> str:
    try:
        query = read("Patient", given, base=desk.settings.fhir_base, now=desk.now(), strict=True).query
    except InvalidSearch:
        return _NOBODY
    found = desk.store.search(query, _EVERYBODY).rows
    return found[0].id if len(found) == 1 else _NOBODY
