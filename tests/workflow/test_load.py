"""Loading a directory: every kind of file, every wrong line named, all of it in force or none."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

import directory_resources as made
from second_opinion.fhir.codes import NPI
from second_opinion.store.keeping import Store
from second_opinion.workflow.load import Loaded, load_directory
from second_opinion.workflow.survey import MOST_LINES, LoadError

NOW = datetime(2026, 3, 2, 17, 5, tzinfo=UTC)
BASE = "https://plan.example/fhir"
DEEP = b'[{"x":' * 500 + b'{"reference":"https://far.example/Patient/a"}' + b"}]" * 500
SMALL = (
    made.patient(),
    made.coverage(),
    made.practitioner(),
    made.role(),
    made.organization("practice"),
    made.organization("net", "ntwk"),
    made.organization("payer", "payer"),
)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'directory.db'}")
    store.upgrade()
    yield store
    store.close()


def load(store: Store, *paths: Path, replace: bool = False) -> Loaded:
    return load_directory(store, paths, replace=replace, base=BASE, now=NOW)


def lines(*resources: Any) -> bytes:
    return b"".join(orjson.dumps(each) + b"\n" for each in resources)


def written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def refused(store: Store, *paths: Path) -> list[str]:
    with pytest.raises(LoadError) as raised:
        load(store, *paths)
    return raised.value.lines


def body(store: Store, kind: str, key: str) -> dict[str, Any]:
    found = store.body(kind, key)
    assert found is not None
    loaded: dict[str, Any] = orjson.loads(found)
    return loaded


def bundle(*entries: dict[str, Any]) -> bytes:
    return orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": list(entries)})


def test_folder_of_every_kind_of_file_is_loaded(kept: Store, tmp_path: Path) -> None:
    folder = tmp_path / "plan"
    written(folder / "members" / "Patient.ndjson", lines(SMALL[0]))
    written(folder / "Coverage.ndjson.gz", gzip.compress(lines(SMALL[1])))
    written(folder / "providers.json", bundle({"resource": SMALL[2]}, {"resource": SMALL[3]}))
    written(folder / "practice.json", orjson.dumps(SMALL[4]))
    written(folder / "more.jsonl", b"\n" + lines(SMALL[5]) + b"  \n" + lines(SMALL[6]).rstrip())
    written(folder / "README.txt", b"no resource")

    loaded = load(kept, folder)

    assert loaded.counts == {"Patient": 1, "Coverage": 1, "Practitioner": 1, "PractitionerRole": 1, "Organization": 3}
    assert loaded.warnings == []
    assert loaded.snapshot == kept.active_snapshot() == 1
    assert body(kept, "Coverage", "c1")["beneficiary"] == {"reference": "Patient/m1"}


def test_entries_of_one_bundle_are_found_by_their_urn_from_another(kept: Store, tmp_path: Path) -> None:
    urn = "urn:uuid:5b4c1f0e-3d6a-4d58-9a0e-0f6b6a4b0001"
    covered = made.coverage() | {"beneficiary": {"reference": urn}}
    written(tmp_path / "plan" / "Coverage.json", bundle({"resource": covered}))
    written(tmp_path / "plan" / "Patient.json", bundle({"fullUrl": urn, "resource": SMALL[0]}))
    written(tmp_path / "plan" / "rest.ndjson", lines(*SMALL[2:]))

    loaded = load(kept, tmp_path / "plan")

    assert loaded.warnings == []
    assert body(kept, "Coverage", "c1")["beneficiary"] == {"reference": "Patient/m1"}


def by_number(system: str, value: str) -> dict[str, Any]:
    return {"identifier": {"system": system, "value": value}}


def test_references_by_identifier_alone_are_found_in_other_files_and_in_the_directory_in_force(
    kept: Store, tmp_path: Path
) -> None:
    covered = made.coverage() | {"beneficiary": by_number(made.NUMBERS, "M1")}
    here = made.role() | {"practitioner": by_number(NPI, "npi-p1")}
    written(tmp_path / "plan" / "Coverage.ndjson", lines(covered))
    written(tmp_path / "plan" / "rest.ndjson", lines(SMALL[0], *SMALL[2:3], here, *SMALL[4:]))

    loaded = load(kept, tmp_path / "plan")
    later = made.coverage("c2") | {"beneficiary": by_number(made.NUMBERS, "M1")}
    again = load(kept, written(tmp_path / "more.ndjson", lines(later)))

    assert (loaded.warnings, again.warnings) == ([], [])
    assert body(kept, "PractitionerRole", "r1")["practitioner"]["reference"] == "Practitioner/p1"
    for key in ("c1", "c2"):
        named = body(kept, "Coverage", key)["beneficiary"]
        assert named == by_number(made.NUMBERS, "M1") | {"reference": "Patient/m1"}


@pytest.mark.parametrize(
    "beneficiary",
    [by_number(made.NUMBERS, "M9"), by_number("https://other.example", "M1"), by_number(made.NUMBERS, "TWO")],
)
def test_an_identifier_of_nobody_or_of_two_names_nobody_and_is_told(
    kept: Store, tmp_path: Path, beneficiary: dict[str, Any]
) -> None:
    two = [made.patient(key, identifier=[{"system": made.NUMBERS, "value": "TWO"}]) for key in ("m2", "m3")]
    covered = made.coverage() | {"beneficiary": beneficiary}

    loaded = load(kept, written(tmp_path / "all.ndjson", lines(covered, SMALL[0], *SMALL[2:], *two)))

    assert loaded.warnings[0] == "1 Coverage: an identifier of Patient to nothing in the directory"
    assert "reference" not in body(kept, "Coverage", "c1")["beneficiary"]


def test_resource_is_kept_with_its_own_meta_and_our_version_and_time(kept: Store, tmp_path: Path) -> None:
    sent = made.patient(
        meta={"versionId": "77", "profile": ["https://x.example/p"], "lastUpdated": "2001-01-01T00:00:00Z"}
    )

    load(kept, written(tmp_path / "Patient.ndjson", lines(sent)))

    assert body(kept, "Patient", "m1") == sent | {
        "meta": {"profile": ["https://x.example/p"], "versionId": "1", "lastUpdated": "2026-03-02T17:05:00.000Z"}
    }


def test_consent_and_flag_are_loaded_and_other_types_are_skipped_with_a_word(kept: Store, tmp_path: Path) -> None:
    consent = {"resourceType": "Consent", "id": "k1", "status": "active", "patient": {"reference": "Patient/m1"}}
    flag = {"resourceType": "Flag", "id": "f1", "status": "active", "subject": {"reference": "Patient/m1"}}
    observation = {"resourceType": "Observation", "id": "o1"}

    loaded = load(kept, written(tmp_path / "all.ndjson", lines(*SMALL, consent, flag, observation, observation)))

    assert (loaded.counts["Consent"], loaded.counts["Flag"]) == (1, 1)
    assert loaded.warnings == ["2 Observation skipped: no part of the directory"]
    assert kept.body("Observation", "o1") is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"resourceType":"Patient"', "is not JSON"),
        (b'{"resourceType":"Patient","id":"a","x":NaN}', "is not JSON"),
        (b"[]", "must be a FHIR resource: a JSON object with resourceType"),
        (b'{"id":"a"}', "must be a FHIR resource: a JSON object with resourceType"),
        (lines(made.patient("m_1")), "Patient.id must be 1 to 64 letters, digits, hyphens and dots"),
        (lines(made.patient("m" * 65)), "Patient.id must be 1 to 64 letters, digits, hyphens and dots"),
        (b'{"resourceType":"Patient"}', "Patient.id must be 1 to 64 letters, digits, hyphens and dots"),
        (lines(made.patient(birthDate="6 May 1980")), "Patient.birthDate must be a date: YYYY, YYYY-MM or YYYY-MM-DD"),
        (lines(made.patient(birthDate="1981-02-29")), "Patient.birthDate must be a date: YYYY, YYYY-MM or YYYY-MM-DD"),
        (lines(made.patient(identifier="M1")), "Patient.identifier must be a list of objects"),
        (lines(made.patient(identifier=[{"value": 1}])), "Patient.identifier must have text as value and system"),
        (lines(made.patient(name=[{"family": ["A"]}])), "Patient.name must have text as family"),
        (lines(made.patient(active="yes")), "Patient.active must be true or false"),
        (lines(made.patient(generalPractitioner={})), "Patient.generalPractitioner must be a list of References"),
        (lines(made.coverage(beneficiary=[])), "Coverage.beneficiary must be a Reference"),
        (lines({k: v for k, v in made.coverage().items() if k != "payor"}), "Coverage.payor is missing"),
        (lines({k: v for k, v in made.coverage().items() if k != "beneficiary"}), "Coverage.beneficiary is missing"),
        (lines(made.coverage(period={"end": "2026-02-30"})), "Coverage.period must have a date that exists as end"),
        (lines(made.coverage(period={"start": 2026})), "Coverage.period must have a date that exists as start"),
        (lines(made.coverage(order=0)), "Coverage.order must be a whole number above 0"),
        (lines(made.role(practitioner="p1")), "PractitionerRole.practitioner must be a Reference"),
        (lines(made.role(practitioner={"reference": 1})), "PractitionerRole.practitioner must have text as reference"),
        (lines(made.role(specialty=["207X"])), "PractitionerRole.specialty must be a list of objects"),
        (
            lines(made.role(specialty=[{"coding": [{"code": 1}]}])),
            "PractitionerRole.specialty must have a list of codings with text as code",
        ),
        (lines(made.role(extension=[made.network("net") | {"valueReference": 1}])), "shaped"),
        (b'{"resourceType":"Patient","id":"a","name":' + DEEP + b"}", "shaped"),
        (lines(made.organization("o1", type={})), "Organization.type must be a list of objects"),
        (bundle({"resource": 1}), "Bundle.entry[0].resource must be a FHIR resource"),
        (b'{"resourceType":"Bundle","entry":{}}', "Bundle.entry must be a list of objects"),
    ],
)
def test_wrong_line_is_named_with_file_line_and_reason_and_nothing_is_loaded(
    kept: Store, tmp_path: Path, line: bytes, said: str
) -> None:
    path = written(tmp_path / "wrong.ndjson", lines(made.patient("before")) + b"\n" + line.rstrip() + b"\n")

    (named,) = refused(kept, path)

    assert named.startswith("wrong.ndjson:3")
    assert said in named
    assert kept.active_snapshot() == 0
    assert kept.body("Patient", "before") is None


def test_wrong_lines_never_repeat_what_they_hold(kept: Store, tmp_path: Path) -> None:
    path = written(
        tmp_path / "wrong.ndjson", lines(made.patient(birthDate="SECRET"), made.patient("SECRET_ID")) + b"SECRET"
    )

    assert "SECRET" not in " ".join(refused(kept, path))


def test_first_wrong_lines_are_named_and_all_are_counted(kept: Store, tmp_path: Path) -> None:
    path = written(tmp_path / "wrong.ndjson", b"{\n" * (MOST_LINES + 10))

    with pytest.raises(LoadError, match=f"{MOST_LINES + 10} wrong") as raised:
        load(kept, path)

    assert len(raised.value.lines) == MOST_LINES


def test_id_that_stands_twice_in_a_load_is_refused(kept: Store, tmp_path: Path) -> None:
    first = written(tmp_path / "a.ndjson", lines(made.patient()))
    second = written(tmp_path / "b.ndjson", lines(made.patient("m2"), made.patient()))

    assert refused(kept, first, second) == ["b.ndjson:2: Patient.id stands twice in this load"]


def damaged(archive: bytes) -> bytes:
    """One whose compressed part has been overwritten: it begins like gzip and is none."""
    return archive[:12] + b"\xff" * 8 + archive[20:]


ARCHIVE = gzip.compress(lines(made.patient()))


@pytest.mark.parametrize("content", [b"no gzip at all", ARCHIVE[:-4], damaged(ARCHIVE)])
def test_archive_that_is_not_whole_is_refused(kept: Store, tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path / "Patient.ndjson.gz", content)

    assert refused(kept, path) == ["Patient.ndjson.gz: cannot be read to its end; is it whole?"]


def test_paths_that_hold_nothing_to_load_are_refused(kept: Store, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    text = written(tmp_path / "members.txt", b"")

    assert refused(kept, empty, text, tmp_path / "missing") == [
        f"{empty}: holds no .ndjson, .ndjson.gz or .json file",
        f"{text}: must end in .ndjson, .ndjson.gz or .json",
        f"{tmp_path / 'missing'}: is no file and no folder",
    ]


def test_refused_load_leaves_the_directory_in_force(kept: Store, tmp_path: Path) -> None:
    load(kept, written(tmp_path / "good.ndjson", lines(*SMALL)))

    refused(kept, written(tmp_path / "wrong.ndjson", lines(made.patient(birthDate="1999-09-09")) + b"{"))

    assert kept.active_snapshot() == 1
    assert body(kept, "Patient", "m1")["birthDate"] == "1980-05-06"


def test_second_load_adds_and_changes_and_keeps_the_rest(kept: Store, tmp_path: Path) -> None:
    load(kept, written(tmp_path / "first.ndjson", lines(*SMALL)))

    load(kept, written(tmp_path / "second.ndjson", lines(made.patient(birthDate="1980-05-07"), made.patient("m2"))))

    assert body(kept, "Patient", "m1")["birthDate"] == "1980-05-07"
    assert body(kept, "Patient", "m1")["meta"]["versionId"] == "2"
    assert kept.body("Patient", "m2") is not None
    assert kept.body("Coverage", "c1") is not None


def test_replacing_load_ends_what_it_does_not_hold(kept: Store, tmp_path: Path) -> None:
    load(kept, written(tmp_path / "first.ndjson", lines(*SMALL)))

    loaded = load(kept, written(tmp_path / "second.ndjson", lines(made.patient())), replace=True)

    assert kept.body("Coverage", "c1") is None
    assert kept.body("Patient", "m1") is not None
    assert loaded.warnings == [
        "1 Patient.generalPractitioner to nothing in the directory",
        "second.ndjson:1: Patient.generalPractitioner points to nothing in the directory",
    ]


def test_reference_to_what_an_earlier_load_brought_is_no_dangling_one(kept: Store, tmp_path: Path) -> None:
    load(kept, written(tmp_path / "first.ndjson", lines(*SMALL)))

    assert load(kept, written(tmp_path / "second.ndjson", lines(made.coverage("c2")))).warnings == []


def test_dangling_references_are_warned_of_and_counted(kept: Store, tmp_path: Path) -> None:
    role = made.role(
        extension=[made.network("missing")], practitioner={"reference": "https://far.example/Practitioner/9"}
    )

    warnings = load(kept, written(tmp_path / "r.ndjson", lines(role, made.organization("practice")))).warnings

    assert warnings[:2] == [
        "1 PractitionerRole.extension(network-reference) to nothing in the directory",
        "1 PractitionerRole.practitioner to nothing in the directory",
    ]
    assert "r.ndjson:1: PractitionerRole.practitioner points to nothing in the directory" in warnings


def test_absolute_references_to_what_is_loaded_become_our_own(kept: Store, tmp_path: Path) -> None:
    role = made.role(
        extension=[made.network("net", f"{BASE}/")],
        practitioner={"reference": "https://source.example/r4/Practitioner/p1/_history/3"},
        organization={"reference": "https://source.example/r4/Organization/not-loaded"},
    )

    load(kept, written(tmp_path / "r.ndjson", lines(role, made.practitioner(), made.organization("net"))))

    stored = body(kept, "PractitionerRole", "r1")
    assert stored["practitioner"] == {"reference": "Practitioner/p1"}
    assert stored["organization"] == {"reference": "https://source.example/r4/Organization/not-loaded"}
    assert stored["extension"][0]["valueReference"] == {"reference": "Organization/net"}
    assert kept.bodies("PractitionerRole", "practitioner", "Practitioner/p1")


def test_bundle_entries_find_each_other_by_full_url(kept: Store, tmp_path: Path) -> None:
    member = {key: value for key, value in made.patient().items() if key != "id"}
    cover = made.coverage(beneficiary={"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"})
    practice = {"fullUrl": "https://source.example/r4/Organization/payer", "resource": made.organization("payer")}

    load(
        kept,
        written(
            tmp_path / "b.json",
            bundle(
                {"fullUrl": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "resource": member},
                {"resource": cover},
                practice,
                {"fullUrl": "https://source.example/r4/Practitioner/p1", "resource": made.practitioner()},
            ),
        ),
    )

    assert body(kept, "Coverage", "c1")["beneficiary"] == {"reference": "Patient/0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}


def test_progress_runs_from_nothing_to_everything_read_twice(kept: Store, tmp_path: Path) -> None:
    path = written(tmp_path / "Patient.ndjson", lines(*(made.patient(f"m{n}") for n in range(1000))))
    told: list[tuple[int, int]] = []

    load_directory(
        kept, [path], replace=False, base=BASE, now=NOW, progress=lambda done, total: told.append((done, total))
    )

    total = 2 * path.stat().st_size
    assert told[-1] == (total, total)
    assert told == sorted(told)
    assert len(told) > 2


def test_same_files_have_the_same_digest(kept: Store, tmp_path: Path) -> None:
    path = written(tmp_path / "Patient.ndjson", lines(made.patient()))

    assert load(kept, path).digest == load(kept, path).digest
