"""The loaded directory, looked up from the store and remembered for as long as its snapshot is in force."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

import directory_resources as made
from second_opinion.directory.lookup import DirectoryMoved, Lookup
from second_opinion.fhir.directory import StoredDirectory
from second_opinion.fhir.directory_terms import directory_terms
from second_opinion.fhir.search_extract import extract
from second_opinion.store.changes import ResourceWrite
from second_opinion.store.keeping import Store

NOW = datetime(2026, 3, 2, tzinfo=UTC)

SMALL = (
    made.patient(),
    made.coverage(),
    made.practitioner(),
    made.role(),
    made.organization("practice", partOf={"reference": "Organization/ipa"}),
    made.organization("ipa"),
    made.organization("net", "ntwk"),
    made.organization("payer", "payer"),
    made.affiliation(),
    made.product(),
)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'directory.db'}")
    store.upgrade()
    yield store
    store.close()


def load(store: Store, *resources: dict[str, Any]) -> None:
    with store.load_snapshot(["test"], replace=True) as loading:
        loading.put([_written(each) for each in resources])
        loading.activate({}, "")


def _written(resource: dict[str, Any]) -> ResourceWrite:
    terms, spans = extract(resource)
    body = orjson.dumps(resource)
    kind, key = resource["resourceType"], resource["id"]
    return ResourceWrite(kind, key, 1, NOW, body, [*terms, *directory_terms(resource)], spans)


def ids(records: Sequence[Any]) -> list[str]:
    return [each.id for each in records]


def test_every_look_up_finds_what_was_loaded(kept: Store) -> None:
    load(kept, *SMALL)
    lookup: Lookup = StoredDirectory(kept).snapshot()

    assert ids(lookup.members("M1")) == ["m1"]
    assert ids(lookup.coverages("m1")) == ["c1"]
    assert ids(lookup.coverages_numbered("S-m1")) == ["c1"]
    assert ids(lookup.practitioners("npi-p1")) == ["p1"]
    assert ids(lookup.organizations("npi-practice")) == ["practice"]
    assert ids(lookup.roles_of_practitioner("p1")) == ["r1"]
    assert ids(lookup.roles_of_organization("practice")) == ["r1"]
    assert ids(lookup.affiliations("practice")) == ["a1"]
    assert ids(lookup.products()) == ["product"]
    assert ids(lookup.networks()) == ["net"]
    assert ids(lookup.payers()) == ["payer"]
    assert lookup.role("r1") == lookup.roles_of_practitioner("p1")[0]
    assert lookup.organization("practice") is not None


def test_look_ups_that_find_nothing_say_so(kept: Store) -> None:
    load(kept, *SMALL)
    lookup = StoredDirectory(kept).snapshot()

    assert lookup.member("m9") is None
    assert lookup.members("M") == ()
    assert lookup.practitioners("npi-p") == ()
    assert lookup.roles_of_specialty("207T00000X") == ()


def test_roles_of_a_specialty_are_found_by_themselves_their_services_and_their_qualifications(kept: Store) -> None:
    service = {"resourceType": "HealthcareService", "id": "s1", "specialty": [made.nucc(made.CARDIOLOGY)]}
    by_service = made.role("r2", "p2", specialty=[], healthcareService=[{"reference": "HealthcareService/s1"}])
    by_person = made.role("r3", "p3", specialty=[])
    qualified = made.practitioner("p3", qualification=[made.qualification("active")])
    load(kept, *SMALL, service, by_service, by_person, qualified)

    assert ids(StoredDirectory(kept).snapshot().roles_of_specialty(made.CARDIOLOGY)) == ["r1", "r2", "r3"]


def test_number_found_as_identifier_and_as_subscriber_is_one_coverage(kept: Store) -> None:
    load(kept, made.patient(), made.coverage(identifier=[{"value": "S-m1"}]))

    assert ids(StoredDirectory(kept).snapshot().coverages_numbered("S-m1")) == ["c1"]


def test_without_typed_networks_those_that_contracts_name_count(kept: Store) -> None:
    load(kept, made.role(), made.affiliation(), made.organization("net"), made.organization("practice"))

    assert ids(StoredDirectory(kept).snapshot().networks()) == ["net"]


def test_snapshot_is_remembered_until_another_is_in_force(kept: Store) -> None:
    load(kept, *SMALL)
    directory = StoredDirectory(kept)
    first = directory.snapshot()
    assert first.member("m1") is first.member("m1")
    assert directory.snapshot() is first

    load(kept, *SMALL[1:])

    assert directory.snapshot() is not first
    assert directory.snapshot().member("m1") is None


def test_old_snapshot_never_answers_from_the_new_one(kept: Store) -> None:
    load(kept, *SMALL)
    old = StoredDirectory(kept).snapshot()
    remembered = old.member("m1")
    load(kept, made.patient("m2"))

    assert old.member("m1") is remembered
    with pytest.raises(DirectoryMoved):
        old.member("m2")
    with pytest.raises(DirectoryMoved):
        old.members("M2")


def test_snapshot_can_be_read_in_a_with_block(kept: Store) -> None:
    load(kept, *SMALL)

    with StoredDirectory(kept).snapshot() as lookup:
        assert lookup.member("m1") is not None


def test_longest_unused_is_forgotten(kept: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("second_opinion.fhir.directory.REMEMBERED", 2)
    lookup = StoredDirectory(kept).snapshot()
    first: list[int] = lookup.remember("a", list)

    lookup.remember("b", list)
    assert lookup.remember("a", list) is first
    lookup.remember("c", list)
    lookup.remember("d", list)

    assert lookup.remember("a", list) is not first
