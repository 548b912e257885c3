"""The generated directory loads as it is, and is the same every time."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks import generate_directory as generated
from second_opinion.fhir.directory import StoredDirectory
from second_opinion.store.keeping import Store
from second_opinion.workflow.load import load_directory


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_same_numbers_make_the_same_files(tmp_path: Path) -> None:
    generated.write(tmp_path / "one", 5, 40)
    generated.write(tmp_path / "two", 5, 40)

    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize("compress", [False, True])
def test_generated_directory_loads_without_a_warning(tmp_path: Path, compress: bool) -> None:  # noqa: FBT001 - both kinds of file
    generated.write(tmp_path / "plan", 20, 300, compress=compress)
    store = Store(f"sqlite:///{tmp_path / 'directory.db'}")
    store.upgrade()

    loaded = load_directory(
        store,
        [tmp_path / "plan"],
        replace=False,
        base="https://plan.example/fhir",
        now=datetime(2026, 3, 2, tzinfo=UTC),
    )

    lookup = StoredDirectory(store).snapshot()
    assert loaded.warnings == []
    assert (loaded.counts["Patient"], loaded.counts["PractitionerRole"]) == (20, 300)
    assert [each.id for each in lookup.practitioners(generated.npi(7))] == ["provider-7"]
    assert [each.families for each in lookup.members("SYN000000003")] == [(generated.family(3),)]
    store.close()
