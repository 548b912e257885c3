"""Each queue's list by a Task search, the next due first; reviewers and plan need ask for nothing else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import determinations as given
import small_directory
from desks import Service, service
from small_directory import MEMBERS, OUTSIDE, UNSTATED
from small_orders import PENDED, an_order, provider

Json = dict[str, Any]

QUEUES = f"{given.OWN}/CodeSystem/work-queue"
STATUSES = f"{given.OWN}/CodeSystem/case-status"


@pytest.fixture(scope="module")
def harbor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = Path(tmp_path_factory.mktemp("lists"))
    directory = folder / "directory"
    directory.mkdir()
    with service(folder, directory=[small_directory.write(directory)]) as running:
        _fill(running)
        yield running


def _fill(harbor: Service) -> None:
    """Cases with a clinician in another order than they are due, one with network staff, one without coverage."""
    ehr = harbor.partner("ehr")
    harbor.partner("plan", kind="plan", npi="1999999984")
    harbor.reviewer("doctor")
    harbor.reviewer("staff", kind="network-staff", licence=None, state=None, specialty=None, phone=None)
    clinician = [("standard", 0, {}), ("urgent", 1, {"priority": "urgent"}), ("later", 2, {})]
    for number, member, changes in clinician:
        assert ehr.submit(an_order(number, member=MEMBERS[member], **PENDED, **changes)).status_code == 200
        harbor.clock.move(hours=1)
    unproven = {"coding": [{"system": small_directory.NUCC, "code": UNSTATED[0]}]}
    network = an_order("network", member=MEMBERS[3], performer=[provider(OUTSIDE)], performerType=unproven)
    assert ehr.submit(network).status_code == 200
    harbor.load([each for each in small_directory.resources() if each["id"] != "coverage-4"])
    assert ehr.submit(an_order("uncovered", member=MEMBERS[4])).status_code == 200


def numbers(tasks: list[Json]) -> list[str]:
    """The orders' numbers, in order."""
    return [each["identifier"][1]["value"] for each in tasks]


@pytest.mark.parametrize("who", ["doctor", "staff", "plan"])
@pytest.mark.parametrize(
    ("queue", "listed"),
    [
        ("clinician", ["urgent", "standard", "later"]),
        ("network", ["network"]),
        ("eligibility", ["uncovered"]),
        ("release", []),
        ("undeliverable", []),
        ("medical-director", []),
    ],
)
def test_each_queue_has_its_list_with_the_next_due_first(
    harbor: Service, who: str, queue: str, listed: list[str]
) -> None:
    assert numbers(harbor.caller(who).found(f"Task?performer={QUEUES}|{queue}&_sort=due")) == listed


def test_the_whole_of_what_is_with_people_is_one_list(harbor: Service) -> None:
    found = numbers(harbor.caller("doctor").found(f"Task?performer={QUEUES}|&_sort=due"))

    assert sorted(found) == ["later", "network", "standard", "uncovered", "urgent"]
    assert found[0] == "urgent"


@pytest.mark.parametrize("strict", [False, True])
def test_a_status_is_a_list_too(harbor: Service, *, strict: bool) -> None:
    client = harbor.caller("doctor").client
    headers = [("Prefer", "handling=strict")] if strict else []

    answered = client.get(f"/fhir/Task?business-status={STATUSES}|pended-clinician&_sort=due", headers=headers)

    assert [each["resource"]["identifier"][1]["value"] for each in answered.get_json()["entry"]] == [
        "urgent",
        "standard",
        "later",
    ]


def test_latest_first_and_by_the_page(harbor: Service) -> None:
    doctor = harbor.caller("doctor")

    assert numbers(doctor.found(f"Task?performer={QUEUES}|clinician&_sort=-due")) == ["later", "standard", "urgent"]
    first = doctor.read(f"Task?performer={QUEUES}|clinician&_sort=due&_count=2")
    assert first["total"] == 3
    (following,) = [each["url"] for each in first["link"] if each["relation"] == "next"]
    assert numbers([each["resource"] for each in doctor.read(following)["entry"]]) == ["later"]


def test_what_is_due_before_an_instant_is_found(harbor: Service) -> None:
    found = harbor.caller("doctor").found(f"Task?performer={QUEUES}|clinician&due=lt2026-10-10&_sort=due")

    assert numbers(found) == ["urgent"]


def test_the_parameter_is_published(harbor: Service) -> None:
    published = harbor.caller("doctor").read("SearchParameter/due")

    assert published["url"] == f"{given.OWN}/SearchParameter/due"
    assert published["expression"] == "Task.restriction.period.end"


def test_a_practice_sees_of_a_list_only_its_own_cases(harbor: Service) -> None:
    elsewhere = harbor.partner("elsewhere", npi="1003000126")

    assert elsewhere.found(f"Task?performer={QUEUES}|clinician&_sort=due") == []
    assert harbor.caller("ehr").found(f"Task?performer={QUEUES}|clinician&_sort=due") != []


def test_what_is_decided_leaves_its_list(harbor: Service) -> None:
    doctor = harbor.caller("doctor")
    (task,) = [each for each in doctor.found(f"Task?performer={QUEUES}|network") if numbers([each]) == ["network"]]

    assert doctor.record(task["id"], given.approved()).status_code == 200

    assert doctor.found(f"Task?performer={QUEUES}|network") == []
