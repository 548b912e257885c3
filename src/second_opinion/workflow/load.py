"""Loading the plan's directory: read twice, checked before anything is stored, in force all at once or not at all."""

from collections import ChainMap, Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from second_opinion.cases.status import CaseStatus
from second_opinion.fhir.directory import StoredDirectory
from second_opinion.fhir.directory_checks import TYPES
from second_opinion.fhir.directory_names import by_identifier
from second_opinion.fhir.directory_references import ELSEWHERE, made_local, pointed
from second_opinion.fhir.directory_terms import directory_terms
from second_opinion.fhir.elements import instant
from second_opinion.fhir.search_extract import extract
from second_opinion.store.changes import ResourceWrite
from second_opinion.store.keeping import Store
from second_opinion.workflow.named import Named
from second_opinion.workflow.sources import Meter, Source, sources
from second_opinion.workflow.survey import Faults, LoadError, Survey, entries, survey

__all__ = ["LoadError", "Loaded", "load_directory"]

Json = dict[str, Any]

BATCH = 2000  # resources handed to the store at once
MOST_WARNINGS = 50  # of dangling references named; the rest is counted


@dataclass(frozen=True)
class Loaded:
    """What a load brought."""

    counts: dict[str, int]  # resources by type
    warnings: list[str]
    snapshot: int  # now in force
    digest: str  # SHA-256 of everything read


def load_directory(
    store: Store,
    paths: Sequence[Path],
    *,
    replace: bool,
    base: str,
    now: datetime,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Loaded:
    """Load every directory resource of the paths; LoadError, and nothing changed, where one is wrong.

    With ``replace`` what is not loaded leaves the directory. ``base`` is our own FHIR base, ``progress`` is told
    bytes read and bytes to read.
    """
    files, wrong = sources(paths)
    if wrong:
        raise LoadError(wrong, len(wrong))
    meter = Meter(files, progress)
    found = survey(files, meter)
    in_force = None if replace else StoredDirectory(store).snapshot()
    named = Named(found.wanted, files, in_force)
    reading = SecondReading(store, found, named, now=now, base=base, replace=replace)
    with store.load_snapshot([each.name for each in files], replace) as load:
        resources = reading.resources(files, meter)
        while batch := list(islice(resources, BATCH)):
            load.put(batch)
        reading.faults.refuse()
        load.activate(found.counts, found.digest)
    store.look_at_once(CaseStatus.PENDED_ELIGIBILITY)  # the coverage nobody found may be there now
    return Loaded(found.counts, reading.warnings(), store.active_snapshot(), found.digest)


@dataclass
class SecondReading:
    """The checked resources once more, now as they are stored; what no search can read is a fault here."""

    store: Store
    found: Survey
    named_ones: Named
    now: datetime
    base: str
    replace: bool
    faults: Faults = field(default_factory=Faults)
    dangling: Counter[str] = field(default_factory=Counter)
    named: list[str] = field(default_factory=list)

    def resources(self, files: Sequence[Source], meter: Meter) -> Iterator[ResourceWrite]:
        """Every resource of the directory; after the first fault the rest is only read for more faults."""
        for source in files:
            for number, piece in meter.pieces(source):
                far = ELSEWHERE.search(piece) is not None
                for place, resource, inside in entries(f"{source.name}:{number}", orjson.loads(piece)):
                    if resource["resourceType"] in TYPES:
                        written = self._written(place, resource, inside, far=far)
                        if written and not self.faults.count:
                            yield written

    def warnings(self) -> list[str]:
        """What was left out, and what points to nothing."""
        skipped = [f"{count:,} {kind} skipped: no part of the directory" for kind, count in self.found.skipped.items()]
        counted = [f"{count:,} {element} to nothing in the directory" for element, count in self.dangling.items()]
        return [*sorted(skipped), *sorted(counted), *self.named]

    def _written(self, place: str, resource: Json, inside: dict[str, str], *, far: bool) -> ResourceWrite | None:
        """The resource as it is stored; None, and a fault, where something inside it is not shaped as FHIR says."""
        try:
            if far:
                made_local(resource, self._is_known, ChainMap(inside, self.found.names))
            self._note_named(place, resource)
            self._note_dangling(place, resource)
            terms, spans = extract(resource, self.base)
            terms += directory_terms(resource)
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
            self.faults.add(f"{place}: {resource['resourceType']}: an element inside is not shaped as FHIR R4 says")
            return None
        kind, key = resource["resourceType"], resource["id"]
        resource["meta"] = {**resource.get("meta", {}), "versionId": "1", "lastUpdated": self._stamp}
        body = orjson.dumps(resource)
        return ResourceWrite(kind, key, 1, self.now, body, terms, spans, member=_member(resource))

    @cached_property
    def _stamp(self) -> str:
        return instant(self.now)

    def _note_named(self, place: str, resource: Json) -> None:
        """Make references by identifier alone literal, where exactly one is meant."""
        for kind, reference, identifier in by_identifier(resource):
            if literal := self.named_ones.find(kind, identifier):
                reference["reference"] = literal
            else:
                self._warn(place, f"{resource['resourceType']}: an identifier of {kind}")

    def _note_dangling(self, place: str, resource: Json) -> None:
        for element, target in pointed(resource):
            if not self._is_known(target):
                self._warn(place, f"{resource['resourceType']}.{element}")

    def _warn(self, place: str, name: str) -> None:
        self.dangling[name] += 1
        if len(self.named) < MOST_WARNINGS:
            self.named.append(f"{place}: {name} points to nothing in the directory")

    def _is_known(self, reference: str) -> bool:
        kind, _, key = reference.partition("/")
        return key in self.found.ids.get(kind, ()) or (not self.replace and self._is_stored(reference))

    @cached_property
    def _is_stored(self) -> Callable[[str], bool]:
        def ask(reference: str) -> bool:
            kind, _, key = reference.partition("/")
            return kind in TYPES and self.store.body(kind, key) is not None

        return lru_cache(maxsize=100_000)(ask)


def _member(resource: Json) -> str | None:
    """The Patient id of what is about one member."""
    kind = resource["resourceType"]
    if kind == "Patient":
        return str(resource["id"])
    about = {"Coverage": "beneficiary", "Consent": "patient", "Flag": "subject"}.get(kind)
    literal = resource[about].get("reference", "") if about else ""
    return literal.removeprefix("Patient/") if literal.startswith("Patient/") else None
