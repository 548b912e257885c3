from datetime import UTC, datetime
from typing import Any

import pytest

from case_views import VOCABULARY, approved, asked, forced, not_required, pended, uncovered, withdrawn
from second_opinion.cases.attestation import NotAttested
from second_opinion.cases.status import CaseStatus
from second_opinion.fhir import task
from second_opinion.fhir.task import NEEDS_DECISION, TASK_STATUS

CANONICAL = VOCABULARY.canonical


def outputs(written: dict[str, Any]) -> dict[str, list[Any]]:
    """Output values by code."""
    found: dict[str, list[Any]] = {}
    for each in written.get("output", []):
        value = next(value for name, value in each.items() if name.startswith("value"))
        found.setdefault(each["type"]["coding"][0]["code"], []).append(value)
    return found


@pytest.mark.parametrize("status", ["denied", "modified", "not-eligible"])
def test_status_that_needs_a_reviewer_is_never_written_without_one(status: str) -> None:
    with pytest.raises(NotAttested):
        task.write(forced(approved(), status=status), VOCABULARY)


def test_every_status_of_the_case_has_its_task_status() -> None:
    assert {status: status.task_status for status in CaseStatus} == TASK_STATUS


@pytest.mark.parametrize(("status", "shown"), [each for each in TASK_STATUS.items() if each[0] not in NEEDS_DECISION])
def test_business_status_is_ours_first_then_bser(status: str, shown: str) -> None:
    written = task.write(approved(status=status), VOCABULARY)

    own, bser = written["businessStatus"]["coding"]
    assert written["status"] == shown
    assert (own["system"], own["code"]) == (f"{CANONICAL}/CodeSystem/case-status", status)
    assert bser["system"].endswith("TaskBusinessStatusCS")


def test_case_number_is_first_and_the_orders_number_is_the_placers() -> None:
    first, second = task.write(approved(), VOCABULARY)["identifier"]

    assert (first["use"], first["system"]) == ("official", f"{CANONICAL}/NamingSystem/case")
    assert first["type"]["coding"][0]["code"] == "FILL"
    assert second["type"]["coding"][0]["code"] == "PLAC"


def test_type_the_order_gave_its_number_stays() -> None:
    typed = {"type": {"text": "requisition"}, "system": "https://ehr.clinic.example/orders", "value": "R-1"}

    written = task.write(approved(order_identifiers=(typed,)), VOCABULARY)

    assert written["identifier"][1] == typed


def test_approval_shows_code_reason_number_and_period() -> None:
    found = outputs(task.write(approved(), VOCABULARY))

    assert found["determination"] == [{"reference": "ClaimResponse/cr-1"}]
    assert found["determination-code"][0]["coding"][0]["code"] == "A1"
    assert found["determination-reason"][0]["coding"][0]["code"] == "no-in-network-equivalent"
    assert found["authorization-number"][0]["value"] == "AUTH-000123"
    assert found["authorization-period"] == [{"start": "2026-03-02", "end": "2026-05-31"}]


def test_pended_case_shows_code_a4_and_neither_number_nor_period() -> None:
    found = outputs(task.write(pended(), VOCABULARY))

    assert found["determination-code"][0]["coding"][0]["code"] == "A4"
    assert not {"authorization-number", "authorization-period"} & found.keys()


def test_reason_without_a_code_is_given_in_words_with_its_clause() -> None:
    found = outputs(task.write(not_required(), VOCABULARY))

    assert found["determination-reason"][0].keys() == {"text"}
    assert "Policy II.A" in found["determination-reason"][0]["text"]


@pytest.mark.parametrize(("offered", "listed"), [(0, 0), (20, 20), (21, 20)])
def test_at_most_twenty_alternatives_are_listed(offered: int, listed: int) -> None:
    choices = tuple((f"PractitionerRole/{number}", "Choice") for number in range(offered))

    found = outputs(task.write(not_required(alternatives=choices), VOCABULARY))

    assert len(found.get("alternative-provider", [])) == listed


def test_decision_due_is_the_end_of_the_restriction() -> None:
    period = task.write(approved(), VOCABULARY)["restriction"]["period"]

    assert period == {"start": "2026-03-02T17:05:11.120Z", "end": "2026-03-09T17:05:11.000Z"}


def test_every_clock_is_an_extension_with_name_and_due() -> None:
    first = task.write(approved(), VOCABULARY)["extension"][0]

    assert first == {
        "url": f"{CANONICAL}/StructureDefinition/clock",
        "extension": [
            {"url": "name", "valueCode": "decide"},
            {"url": "due", "valueDateTime": "2026-03-09T17:05:11.000Z"},
        ],
    }


def test_withdrawn_case_is_cancelled_with_its_reason_in_words() -> None:
    written = task.write(withdrawn(), VOCABULARY)

    assert (written["status"], written["statusReason"]) == ("cancelled", {"text": "Withdrawn by the submitter"})


def test_execution_ends_when_the_case_is_closed_and_not_before() -> None:
    closed = datetime(2026, 3, 5, 1, 0, tzinfo=UTC)

    assert "end" not in task.write(approved(), VOCABULARY)["executionPeriod"]
    assert task.write(withdrawn(closed_at=closed), VOCABULARY)["executionPeriod"]["end"] == "2026-03-05T01:00:00.000Z"


def test_question_asked_is_the_status_reason_while_it_is_open() -> None:
    assert "second opinion?" in task.write(asked(), VOCABULARY)["statusReason"]["text"]
    assert "statusReason" not in task.write(asked(status="pended-clinician"), VOCABULARY)


def test_case_of_which_little_is_known_leaves_out_what_is_not() -> None:
    written = task.write(uncovered(), VOCABULARY)

    assert not {"requester", "input", "extension", "note"} & written.keys()
    assert written["insurance"] == [{"reference": "ClaimResponse/cr-1"}]
    assert "end" not in written["restriction"]["period"]


def test_work_list_is_the_performer_type() -> None:
    written = task.write(pended(queue="network"), VOCABULARY)

    assert written["performerType"][0]["coding"][0]["code"] == "network"


def test_inputs_are_reason_care_source_and_requested_provider() -> None:
    written = task.write(approved(), VOCABULARY)

    assert [each["type"]["coding"][0]["code"] for each in written["input"]] == [
        "request-reason",
        "care-source",
        "requested-provider",
    ]


def test_later_orders_on_the_same_question_are_on_the_same_task() -> None:
    written = task.write(approved(further_orders=("sr-2",)), VOCABULARY)

    assert written["basedOn"] == [{"reference": "ServiceRequest/sr-1"}, {"reference": "ServiceRequest/sr-2"}]
    assert written["focus"] == {"reference": "ServiceRequest/sr-1"}


def test_version_and_last_update_come_from_the_view() -> None:
    meta = task.write(approved(versions={"Task/case-1": 4}), VOCABULARY)["meta"]

    assert meta == {"versionId": "4", "lastUpdated": "2026-03-02T17:05:11.163Z"}
