"""The small directory with members whose letters differ, and the enclosures a plan supplies. All synthetic."""

from pathlib import Path
from typing import Any

import orjson

import small_directory
from second_opinion.cases.notices import ENCLOSURES

Json = dict[str, Any]

CONFIDENTIAL = "https://second-opinion.example/fhir/StructureDefinition/confidential-communication"
PLAIN, SPANISH, CONFIDENTIAL_ADDRESS, DIED, KLINGON = small_directory.MEMBERS[:5]
PDF = b"%PDF-1.4\n% made up for a test: "


def _speaks(code: str) -> list[Json]:
    return [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": code}]}, "preferred": True}]


def _chosen() -> Json:
    return {
        "extension": [{"url": CONFIDENTIAL, "valueBoolean": True}],
        "line": ["c/o Test Shelter, 9 Quiet Way"],
        "city": "Lodi",
        "state": "CA",
        "postalCode": "95240",
    }


def write(folder: Path) -> Path:
    """The directory as one NDJSON file."""
    changes: dict[str, Json] = {
        "member-1": {"communication": _speaks("es-MX")},
        "member-3": {"deceasedDateTime": "2026-01-02"},
        "member-4": {"communication": _speaks("tlh")},
    }
    resources = [each | changes.get(each["id"], {}) for each in small_directory.resources()]
    for each in resources:
        if each["id"] == "member-2":
            each["birthDate"] = "2012-05-05"
            each["address"] = [*each["address"], _chosen()]
    file = folder / "letters.ndjson"
    file.write_bytes(b"\n".join(map(orjson.dumps, resources)))
    return file


def enclosures(folder: Path, *languages: str) -> Path:
    """Every enclosure in these languages."""
    folder.mkdir(exist_ok=True)
    for language in languages:
        for name in ENCLOSURES:
            (folder / f"{name}.{language}.pdf").write_bytes(PDF + f"{name} {language}".encode())
    return folder
