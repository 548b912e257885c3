from pathlib import Path

import pytest

from access.shelf import Shelf
from second_opinion.access import registry
from second_opinion.access.issuer import Issuer

ROOT = "https://plan.example"


class RealTime:
    """Seconds since 1970, moved on by a test."""

    def __init__(self) -> None:
        self.seconds = 1_790_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def seconds() -> RealTime:
    return RealTime()


@pytest.fixture
def issuer(tmp_path: Path, seconds: RealTime) -> Issuer:
    return Issuer(ROOT, f"{ROOT}/fhir", tmp_path, seconds)


@pytest.fixture
def store() -> Shelf:
    """One partner of each class and a reviewer, all synthetic."""
    shelf = Shelf()
    for partner_class in registry.CLASSES:
        registry.add_partner(shelf, partner_class, partner_class=partner_class, organization="1234567893")
    registry.add_reviewer(
        shelf,
        "dr-test",
        name="Testreviewer Birch",
        kind="physician",
        licence="A00000",
        state="CA",
        specialty="207R00000X",
        phone="+1 209 555 0100",
    )
    return shelf
