"""Searches of a real store against a naive reading of the same JSON."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from second_opinion.fhir import dates
from second_opinion.fhir.search import extract, read
from second_opinion.store.changes import Changes, ResourceWrite
from second_opinion.store.keeping import Store
from second_opinion.store.query import Visibility

BASE = "https://plan.example/fhir"
NOW = datetime(2026, 3, 5, 20, 0, tzinfo=UTC)
EVERYTHING = Visibility(everything=True)

Json = dict[str, Any]

codes = st.sampled_from(["a", "A", "ab", "b|", "c,d", "ß"])
SYSTEMS = ("s", "s2", "https://x.example/s|t")

systems = st.sampled_from([None, *SYSTEMS])
words = st.sampled_from(["Muñoz", "munoz", "Mun", "MUÑOZ Ñandú", "o'Hara", "Ω", "a,b"])
instants = st.sampled_from(
    ["2026-03-04T10:00:00Z", "2026-03-04T10:00:00.500Z", "2026-03-04T12:00:00+02:00", "2026-03-04", "2026-03", "2026"]
)
references = st.sampled_from(
    ["Patient/p1", "Patient/p2", f"{BASE}/Patient/p1", "https://ehr.example/Patient/p1", "#p1"]
)


def optional(elements: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({}, optional=elements)


identifiers = st.builds(lambda code, system: {"value": code} | ({"system": system} if system else {}), codes, systems)
codings = st.builds(lambda code, system: {"code": code} | ({"system": system} if system else {}), codes, systems)
tasks = optional(
    {
        "status": st.sampled_from(["requested", "received", "accepted"]),
        "code": st.lists(codings, min_size=1, max_size=2).map(lambda several: {"coding": several}),
        "identifier": st.lists(
            codings.map(
                lambda each: {"value": each["code"], **({"system": each["system"]} if "system" in each else {})}
            ),
            min_size=1,
            max_size=2,
        ),
        "for": references.map(lambda text: {"reference": text}),
        "authoredOn": instants,
        "executionPeriod": optional({"start": instants, "end": instants}).filter(bool),
    }
)
patients = optional(
    {"name": st.lists(optional({"family": words, "given": st.lists(words, min_size=1, max_size=2)}), max_size=2)}
)


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(",", "\\,").replace("|", "\\|")


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    kept = Store(":memory:")
    kept.upgrade()
    yield kept
    kept.close()


_numbers = count()


class Shelf:
    """Resources put into a store under ids no other example has."""

    def __init__(self, store: Store, type_name: str, resources: list[Json]) -> None:
        self._store, self._type = store, type_name
        self.resources = {f"x{next(_numbers)}": each for each in resources}
        store.save(Changes(resources=[self._write(ident, each) for ident, each in self.resources.items()]))

    def _write(self, ident: str, resource: Json) -> ResourceWrite:
        body = {"resourceType": self._type, "id": ident, **resource}
        terms, spans = extract(body, BASE)
        return ResourceWrite(self._type, ident, 1, NOW, orjson.dumps(body), terms, spans)

    def found(self, name: str, text: str) -> set[str]:
        """Ids the store finds."""
        ours = ("_id", ",".join(self.resources))
        asked = read(self._type, [ours, (name, text), ("_count", "100")], base=BASE, now=NOW)
        page = self._store.search(asked.query, EVERYTHING)
        assert page.total == len(page.rows)
        return {each.id for each in page.rows}

    def expected(self, holds: Callable[[Json], bool]) -> set[str]:
        """Ids of which the naive reading says so."""
        return {ident for ident, each in self.resources.items() if holds(each)}


once = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("negated", ["", ":not"])
@pytest.mark.parametrize("form", ["code", "system|code", "|code"])
@once
@given(st.lists(tasks, min_size=1, max_size=5), codes, systems.filter(bool))
def test_token(store: Store, form: str, negated: str, resources: list[Json], code: str, system: str) -> None:
    shelf = Shelf(store, "Task", resources)
    wanted: tuple[str | None, ...] = {"code": (None, *SYSTEMS), "system|code": (system,), "|code": (None,)}[form]
    text = f"{escaped(system)}|{escaped(code)}" if form == "system|code" else form.replace("code", escaped(code))

    def holds(resource: Json) -> bool:
        held = resource.get("code", {}).get("coding", [])
        return any(each["code"] == code and each.get("system") in wanted for each in held) is not bool(negated)

    assert shelf.found(f"code{negated}", text) == shelf.expected(holds)


@once
@given(st.lists(tasks, min_size=1, max_size=5), systems.filter(bool))
def test_any_identifier_of_a_system(store: Store, resources: list[Json], system: str) -> None:
    shelf = Shelf(store, "Task", resources)

    found = shelf.found("identifier", f"{escaped(system)}|")

    assert found == shelf.expected(lambda each: any(i.get("system") == system for i in each.get("identifier", [])))


@once
@given(st.lists(tasks, min_size=1, max_size=5), st.sampled_from(["p1", "Patient/p1", f"{BASE}/Patient/p1"]))
def test_reference(store: Store, resources: list[Json], text: str) -> None:
    shelf = Shelf(store, "Task", resources)

    found = shelf.found("patient", text)

    here = {"Patient/p1", f"{BASE}/Patient/p1"}
    assert found == shelf.expected(lambda each: each.get("for", {}).get("reference") in here)


@once
@given(
    st.lists(tasks, min_size=1, max_size=5),
    st.sampled_from(["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"]),
    instants,
    st.sampled_from(["authored-on", "period"]),
)
def test_date(store: Store, resources: list[Json], prefix: str, text: str, name: str) -> None:
    shelf = Shelf(store, "Task", resources)
    first, last = dates.span(text)

    def holds(resource: Json) -> bool:
        held = resource.get("authoredOn") if name == "authored-on" else resource.get("executionPeriod")
        if held is None:
            return False
        low, high = dates.span(held) if isinstance(held, str) else _bounds(held)
        inside = first <= low and high <= last
        return {
            "": inside,
            "eq": inside,
            "ne": not inside,
            "gt": high > last,
            "lt": low < first,
            "ge": high > last or inside,
            "le": low < first or inside,
            "sa": low > last,
            "eb": high < first,
        }[prefix]

    assert shelf.found(name, prefix + text) == shelf.expected(holds)


def _bounds(period: Json) -> tuple[datetime, datetime]:
    low = dates.span(period["start"])[0] if "start" in period else dates.EARLIEST
    high = dates.span(period["end"])[1] if "end" in period else dates.LATEST
    return low, high


@once
@given(st.lists(patients, min_size=1, max_size=5), words, st.sampled_from(["", ":exact", ":contains"]))
def test_string(store: Store, resources: list[Json], text: str, modifier: str) -> None:
    shelf = Shelf(store, "Patient", resources)

    def plain(value: str) -> str:
        return value.lower().replace("ñ", "n").replace("ú", "u").replace("ω", "ω")

    def holds(resource: Json) -> bool:
        held = [
            part for name in resource.get("name", []) for part in [name.get("family"), *name.get("given", [])] if part
        ]
        if modifier == ":exact":
            return text in held
        if modifier == ":contains":
            return any(plain(text) in plain(each) for each in held)
        return any(plain(each).startswith(plain(text)) for each in held)

    assert shelf.found(f"name{modifier}", escaped(text)) == shelf.expected(holds)


@pytest.mark.parametrize("missing", ["true", "false"])
@once
@given(
    st.lists(tasks, min_size=1, max_size=5),
    st.sampled_from([("status", "status"), ("patient", "for"), ("authored-on", "authoredOn"), ("code", "code")]),
)
def test_missing(store: Store, missing: str, resources: list[Json], named: tuple[str, str]) -> None:
    shelf = Shelf(store, "Task", [{k: v for k, v in each.items() if v != {"reference": "#p1"}} for each in resources])
    name, element = named

    found = shelf.found(f"{name}:missing", missing)

    assert found == shelf.expected(lambda each: (element not in each) is (missing == "true"))
