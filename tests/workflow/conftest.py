"""A service on the small directory, with a practice's system as its first caller."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import small_directory
from desks import Caller, Service, service


@pytest.fixture
def harbor(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path, directory=[small_directory.write(tmp_path)]) as running:
        yield running


@pytest.fixture
def ehr(harbor: Service) -> Caller:
    return harbor.partner("ehr")
