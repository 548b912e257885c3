"""Who is meant where a resource of a load names another by identifier: one of the load, else one in force."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson

from second_opinion.directory.members import matches
from second_opinion.directory.stated import Identifier
from second_opinion.fhir import directory_elements as elements
from second_opinion.fhir.directory import Snapshot
from second_opinion.workflow.sources import Source
from second_opinion.workflow.survey import entries

Json = dict[str, Any]
Wanted = set[tuple[str, str]]  # type and value of an identifier


class Named:
    """The resources wanted by identifier. The files are read for them only where some are wanted."""

    def __init__(self, wanted: Wanted, files: Sequence[Source], in_force: Snapshot | None) -> None:
        self._in_force = in_force
        self._loaded: dict[tuple[str, str], list[tuple[Identifier, str]]] = defaultdict(list)
        for resource in _resources(files) if wanted else ():
            kind = resource["resourceType"]
            for identifier in elements.identifiers(resource) if "identifier" in resource else ():
                if (kind, identifier.value) in wanted:
                    self._loaded[kind, identifier.value].append((identifier, resource["id"]))

    def find(self, kind: str, stated: Identifier) -> str | None:
        """``Type/id`` of the one resource that has the identifier; None where there is none, or more than one."""
        found = {key for known, key in self._loaded.get((kind, stated.value), ()) if matches(stated, [known])}
        found = found or self._stored(kind, stated)
        return f"{kind}/{found.pop()}" if len(found) == 1 else None

    def _stored(self, kind: str, stated: Identifier) -> set[str]:
        if self._in_force is None:
            return set()
        asked: dict[str, Callable[[str], Sequence[Any]]] = {
            "Patient": self._in_force.members,
            "Practitioner": self._in_force.practitioners,
            "Organization": self._in_force.organizations,
        }
        known = asked[kind](stated.value) if kind in asked else ()
        return {each.id for each in known if matches(stated, each.identifiers)}


def _resources(files: Sequence[Source]) -> Iterator[Json]:
    for source in files:
        for number, piece, _ in source.pieces():
            for _, resource, _ in entries(f"{source.name}:{number}", orjson.loads(piece)):
                yield resource
