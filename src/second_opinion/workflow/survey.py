"""The first reading of a load: every resource checked, none stored; what it finds is all the second reading needs."""

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import orjson

from second_opinion.errors import SecondOpinionError
from second_opinion.fhir import directory_checks
from second_opinion.fhir.directory_names import by_identifier
from second_opinion.workflow.sources import Meter, Source

Json = dict[str, Any]
Entry = tuple[str, Json, dict[str, str]]  # place in the file, the resource, a Bundle's full URLs → Type/id

MOST_LINES = 50  # of wrong lines kept in words; the rest is counted


class LoadError(SecondOpinionError):
    """Nothing was loaded; ``lines`` say why, each with its file and line."""

    status = 422
    issue = "invalid"

    def __init__(self, lines: list[str], count: int) -> None:
        more = f" (the first {len(lines)} are named)" if count > len(lines) else ""
        super().__init__(f"nothing was loaded: {count:,} wrong{more}; the directory in force stays")
        self.lines = lines


@dataclass
class Faults:
    """Wrong lines, the first ones in words, all of them counted."""

    lines: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, line: str) -> None:
        """Note one."""
        self.count += 1
        if len(self.lines) < MOST_LINES:
            self.lines.append(line)

    def refuse(self) -> None:
        """Raise LoadError if anything is wrong."""
        if self.count:
            raise LoadError(self.lines, self.count)


@dataclass
class Survey:
    """What the sources hold."""

    ids: dict[str, set[str]] = field(default_factory=lambda: {kind: set() for kind in directory_checks.TYPES})
    skipped: Counter[str] = field(default_factory=Counter)  # types that are no part of a directory
    names: dict[str, str] = field(default_factory=dict)  # urn of a Bundle's entry → Type/id, for other files too
    wanted: set[tuple[str, str]] = field(default_factory=set)  # type and identifier of what is named by it alone
    digest: str = ""  # SHA-256 of everything read

    @property
    def counts(self) -> dict[str, int]:
        """Resources of each type, those of which there are none left out."""
        return {kind: len(ids) for kind, ids in self.ids.items() if ids}


def survey(sources: Sequence[Source], meter: Meter) -> Survey:
    """Check every resource of the sources; LoadError naming the wrong ones."""
    found, faults, digest = Survey(), Faults(), sha256()
    for source in sources:
        try:
            for number, piece in meter.pieces(source):
                digest.update(piece)
                _look(f"{source.name}:{number}", piece, found, faults)
        except (OSError, EOFError, zlib.error):
            faults.add(f"{source.name}: cannot be read to its end; is it whole?")
    if not faults.count and not found.counts:
        faults.add(f"{', '.join(each.name for each in sources)}: holds no resource of a directory")
    faults.refuse()
    found.digest = digest.hexdigest()
    return found


def entries(place: str, document: Any) -> Iterator[Entry]:
    """The resources of a document, a Bundle's unpacked; ValueError naming what is wrong with its frame."""
    if type(document) is not dict or type(document.get("resourceType")) is not str:
        raise ValueError("must be a FHIR resource: a JSON object with resourceType")
    if document["resourceType"] != "Bundle":
        yield place, document, {}
        return
    listed = document.get("entry", [])
    if type(listed) is not list or any(type(each) is not dict for each in listed):
        raise ValueError("Bundle.entry must be a list of objects")
    held = [(index, each) for index, each in enumerate(listed) if "resource" in each]
    inside = {}
    for index, each in held:
        resource = each["resource"]
        if type(resource) is not dict or type(resource.get("resourceType")) is not str:
            raise ValueError(f"Bundle.entry[{index}].resource must be a FHIR resource")
        full_url = each.get("fullUrl")
        if type(full_url) is str:
            resource.setdefault("id", full_url.removeprefix("urn:uuid:").rpartition("/")[2])
            inside[full_url] = f"{resource['resourceType']}/{resource['id']}"
    for index, each in held:
        yield f"{place} Bundle.entry[{index}]", each["resource"], inside


def _look(place: str, piece: bytes, found: Survey, faults: Faults) -> None:
    """Check the resources of one line or file."""
    try:
        unpacked = list(entries(place, orjson.loads(piece)))
        for url, name in unpacked[0][2].items() if unpacked else ():
            if url.startswith("urn:"):
                found.names[url] = name
        for where, resource, _ in unpacked:
            kind = resource["resourceType"]
            if kind not in directory_checks.TYPES:
                found.skipped[kind if kind.isalpha() else "unnamed"] += 1
            elif fault := directory_checks.fault(resource):
                faults.add(f"{where}: {fault}")
            elif resource["id"] in found.ids[kind]:
                faults.add(f"{where}: {kind}.id stands twice in this load")
            else:
                found.ids[kind].add(resource["id"])
                found.wanted.update((named, identifier.value) for named, _, identifier in by_identifier(resource))
    except orjson.JSONDecodeError:
        faults.add(f"{place}: is not JSON")
    except ValueError as wrong:
        faults.add(f"{place}: {wrong}")
