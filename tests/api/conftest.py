from collections.abc import Iterator
from pathlib import Path

import pytest

from api.front import Front


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    built = Front(tmp_path)
    yield built
    built.store.close()
