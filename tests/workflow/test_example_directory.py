"""The example directory reaches every row of the policy's table; this file is the list of who to ask for which."""

import gzip
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from second_opinion.directory.resolve import Resolution, resolve
from second_opinion.directory.stated import NPI, Identifier, PartyKind, Stated, StatedMember, StatedParty
from second_opinion.fhir.directory import StoredDirectory
from second_opinion.review import policy as policies
from second_opinion.review.engine import determine
from second_opinion.review.tables import Tables
from second_opinion.store.keeping import Store
from second_opinion.workflow.load import load_directory

FOLDER = Path(__file__).parents[2] / "fhir_examples" / "directory"
NUMBERS = "https://synthetic-health-plan.example/member-number"
NOW = datetime(2026, 10, 5, 16, tzinfo=UTC)
PACIFIC = ZoneInfo("America/Los_Angeles")
POLICY = policies.load(policies.folder("hpsj"))
TABLES = Tables.load(policies.folder("hpsj"))

CARDIOLOGY, NEUROSURGERY, GASTROENTEROLOGY, GYNECOLOGIC_ONCOLOGY = (
    "207RC0000X",
    "207T00000X",
    "207RG0100X",
    "207VX0201X",
)
DERMATOLOGY, DENTIST = "207N00000X", "122300000X"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredDirectory]:
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('example') / 'directory.db'}")
    store.upgrade()
    loaded = load_directory(store, [FOLDER], replace=False, base="https://plan.example/fhir", now=NOW)
    assert loaded.warnings == []
    yield StoredDirectory(store)
    store.close()


def provider(directory: StoredDirectory, name: str, path: str) -> StatedParty:
    """A provider of the example directory, by the NPI a request would name."""
    person = directory.snapshot().practitioner(name)
    assert person is not None
    assert person.npi is not None
    return StatedParty(PartyKind.PRACTITIONER, path, npis=(person.npi,))


def asked(
    directory: StoredDirectory,
    *,
    member: int = 1,
    by: str | None = None,
    about: str | None = None,
    of: str | None = None,
    **changes: object,
) -> Resolution:
    """A request of the member numbered so: by herself or a provider, about whose opinion, of which second doctor."""
    subject = StatedMember("ServiceRequest.subject", (Identifier(f"SYN{member:06d}", NUMBERS),))
    herself = StatedParty(PartyKind.PATIENT, "ServiceRequest.requester", is_subject=True)
    stated = Stated(
        subject,
        requester=provider(directory, by, "ServiceRequest.requester") if by else herself,
        initial_provider=provider(directory, about, "ServiceRequest.extension") if about else None,
        requested_provider=provider(directory, of, "ServiceRequest.performer[0]") if of else None,
        reason_codes=("surgery-necessity",),
    )
    stated = replace(stated, **changes)  # type: ignore[arg-type]  # fields by name
    return resolve(stated, directory.snapshot(), TABLES, NOW, PACIFIC)


NO_REASON: tuple[str, ...] = ()

ROWS: list[tuple[str, dict[str, object]]] = [
    ("G1", {"member": 9, "of": "opal"}),
    ("G1", {"member": 10, "of": "opal"}),
    ("G1", {"member": 15, "of": "opal"}),
    ("G2", {"of": "silver"}),
    ("G2", {"specialties_needed": (DENTIST,)}),
    ("R1", {"by": "quartz", "of": "opal"}),
    ("R1", {"of": "onyx"}),
    ("R1", {"by": "flint", "of": "gold"}),
    ("R2", {"by": "quartz", "specialties_needed": (CARDIOLOGY,)}),
    ("R3", {"by": "flint", "of": "pearl", "urgent": True}),
    ("R4", {"by": "flint", "of": "pearl"}),
    ("R5", {"specialties_needed": (NEUROSURGERY,)}),
    ("R5", {"specialties_needed": (GYNECOLOGIC_ONCOLOGY,)}),
    ("R6", {"of": "marble"}),
    ("R6", {"of": "sapphire"}),
    ("R6a", {"of": "chalk", "specialties_needed": (NEUROSURGERY,)}),
    ("R6a", {"of": "gypsum"}),
    ("R7", {"of": "marble", "urgent": True, "reason_codes": NO_REASON}),
    ("R8", {"of": "marble", "reason_codes": NO_REASON}),
    ("R9", {"of": "zircon", "urgent": True}),
    ("R10", {"of": "zircon"}),
    ("R11", {"by": "quartz", "of": "pearl"}),
]


@pytest.mark.parametrize(("rule", "request_"), ROWS, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(ROWS)])
def test_example_directory_reaches_the_row(directory: StoredDirectory, rule: str, request_: dict[str, object]) -> None:
    resolution = asked(directory, **request_)  # type: ignore[arg-type]  # fields by name

    assert determine(resolution.facts, POLICY, resolution.days.receipt).rule == rule


def test_every_row_is_reached() -> None:
    assert {rule for rule, _ in ROWS} >= {f"R{number}" for number in range(1, 12)}


def test_choice_list_leaves_out_the_initial_providers_practice(directory: StoredDirectory) -> None:
    offered = asked(directory, about="opal", specialties_needed=(CARDIOLOGY,)).alternatives

    assert [role for role, _ in offered] == ["PractitionerRole/lapis-orchard", "PractitionerRole/onyx-orchard"]


def test_networks_follow_the_members_product(directory: StoredDirectory) -> None:
    products = {member: asked(directory, member=member).networks for member in (1, 13, 14, 23)}

    medi_cal, advantage = "Organization/network-medi-cal", "Organization/network-advantage"
    assert products == {1: (medi_cal,), 13: (advantage,), 14: (advantage, medi_cal), 23: (advantage, medi_cal)}


def test_members_are_as_described(directory: StoredDirectory) -> None:
    member = directory.snapshot().member

    assert {n for n in range(1, 41) if (found := member(f"member-{n:02d}")) and found.confidential_address} == {6, 8}
    assert {n for n in range(1, 41) if (found := member(f"member-{n:02d}")) and found.language == "es"} == {
        2,
        7,
        19,
        21,
    }
    assert asked(directory, member=12).facts.other_coverage is True
    assert asked(directory, member=1, by="quartz").facts.care_source == "pcp"


def test_twins_are_told_apart_only_by_their_own_number(directory: StoredDirectory) -> None:
    shared = StatedMember("ServiceRequest.subject", coverage_numbers=(Identifier("SYN-FAMILY-17"),), family="Quince")

    assert asked(directory, member=17).member is not None
    assert resolve(Stated(shared), directory.snapshot(), TABLES, NOW, PACIFIC).member is None


def test_transport_vendor_is_in_the_network(directory: StoredDirectory) -> None:
    lookup = directory.snapshot()
    vendor = lookup.organization("valley-rides")

    assert vendor is not None
    assert vendor.npi is not None
    assert lookup.organizations(vendor.npi) == (vendor,)
    assert [each.networks for each in lookup.affiliations(vendor.id)] == [("network-medi-cal",)]


def test_every_resource_says_that_it_is_test_data_and_every_npi_has_its_check_digit() -> None:
    for path in FOLDER.iterdir():
        text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text(encoding="utf-8")
        for line in text.splitlines():
            assert '"HTEST"' in line
            for part in line.split(f'"{NPI}","value":"')[1:]:
                assert is_npi(part[:10]), path.name


def is_npi(number: str) -> bool:
    """Ten digits whose Luhn sum with prefix 80840 ends in 0."""
    doubled = [int(each) * (1 + place % 2) for place, each in enumerate(reversed("80840" + number))]
    return len(number) == 10 and sum(each // 10 + each % 10 for each in doubled) % 10 == 0
