"""openapi.yaml as data, for the tests that hold it to the service."""

from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig

Json = dict[str, Any]

FILE = Path(__file__).parents[2] / "openapi.yaml"
METHODS = frozenset({"get", "post", "put", "patch", "delete"})
SCHEMA = schemathesis.openapi.from_path(
    FILE,
    config=SchemathesisConfig.from_dict(
        {
            "generation": {"deterministic": True, "with-security-parameters": False},
            "phases": {"coverage": {"enabled": False}},  # thousands of near misses; the bounded ones below do
        }
    ),
)
DESCRIPTION: Json = SCHEMA.raw_schema


def operations() -> dict[tuple[str, str], Json]:
    """Every operation by method and path."""
    return {
        (method.upper(), path): operation
        for path, described in DESCRIPTION["paths"].items()
        for method, operation in described.items()
        if method in METHODS
    }


def resolved(part: Json) -> Json:
    """What a $ref inside the description names, or the part itself."""
    if "$ref" not in part:
        return part
    found: Any = DESCRIPTION
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    named: Json = found
    return named
