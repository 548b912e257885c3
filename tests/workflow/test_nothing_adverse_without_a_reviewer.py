"""A denial, modification or ineligibility nobody attests: tried at every level, and it can be made at none."""

import ast
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

import determinations as given
import second_opinion
from case_views import (
    VOCABULARY,
    a_decision,
    a_physician,
    approved,
    denied,
    forced,
    modified,
    not_eligible,
    pended,
)
from desks import Caller, Service, status_of
from second_opinion.access import registry
from second_opinion.cases.attestation import Attestation, NotAttested
from second_opinion.cases.decision import Decision
from second_opinion.cases.status import CaseStatus, move
from second_opinion.errors import Forbidden
from second_opinion.fhir import case_resources, claim_response, task
from second_opinion.fhir.case_view import CaseView
from second_opinion.store.changes import Changes
from second_opinion.store.keeping import Store
from second_opinion.workflow import case_file
from second_opinion.workflow.ruling import ruled
from small_orders import PENDED, an_order
from store.entries import a_case

Json = dict[str, Any]

ADVERSE = ("denied", "modified", "not-eligible")
SOURCE = Path(second_opinion.__file__).parent


@pytest.mark.parametrize("outcome", ADVERSE)
@pytest.mark.parametrize("attestation", [None, "doctor", {"reviewer": "doctor"}, object()])
def test_no_decision_is_constructed_without_one(outcome: str, attestation: Any) -> None:
    with pytest.raises(NotAttested):
        a_decision(outcome, attestation=attestation)


@pytest.mark.parametrize(
    ("outcome", "changes"),
    [
        ("denied", {"kind": "nurse"}),
        ("modified", {"kind": "nurse"}),
        ("denied", {"kind": "eligibility-staff"}),
        ("denied", {"kind": "network-staff"}),
        ("not-eligible", {"kind": "nurse"}),
        ("denied", {"state": "NV"}),
        ("denied", {"state": None}),
        ("modified", {"state": "NV"}),
        ("approved", {"kind": "network-staff"}),
    ],
)
def test_no_decision_is_constructed_on_the_attestation_of_one_who_may_not(outcome: str, changes: Json) -> None:
    with pytest.raises(NotAttested):
        a_decision(outcome, attestation=a_physician(**changes))


@pytest.mark.parametrize("changes", [{"reviewer": " "}, {"name": ""}])
def test_no_attestation_is_nobodys(changes: Json) -> None:
    with pytest.raises(NotAttested):
        a_physician(**changes)


def test_attestations_are_made_in_one_place_only() -> None:
    makers = {
        str(file.relative_to(SOURCE))
        for file in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == Attestation.__name__
    }
    assert makers == {"access/rights.py"}


@pytest.mark.parametrize("status", ADVERSE)
@pytest.mark.parametrize("attestation", [None, "doctor", a_physician(kind="network-staff")])
def test_no_case_moves_there_without_one(status: str, attestation: Any) -> None:
    with pytest.raises(NotAttested):
        move(CaseStatus.PENDED_ELIGIBILITY, CaseStatus(status), attestation)


@pytest.mark.parametrize("status", ADVERSE)
def test_with_one_the_case_moves(status: str) -> None:
    assert move(CaseStatus.PENDED_ELIGIBILITY, CaseStatus(status), a_physician()) == status


@pytest.mark.parametrize(
    "changes",
    [{"status": "denied"}, {"status": "modified"}, {"status": "not-eligible"}, {"action": "A3"}, {"action": "A6"}],
)
@pytest.mark.parametrize("decision", [None, a_decision("approved")])
def test_no_view_is_constructed_that_shows_it_without_its_decision(changes: Json, decision: Decision | None) -> None:
    with pytest.raises(NotAttested):
        approved(decision=decision, **changes)


@pytest.mark.parametrize("view", [denied(), modified(), not_eligible()], ids=ADVERSE)
def test_no_view_loses_its_decision_and_stays_what_it_is(view: CaseView) -> None:
    with pytest.raises(NotAttested):
        replace(view, decision=None)


@pytest.mark.parametrize("view", [denied(), modified(), not_eligible()], ids=ADVERSE)
def test_no_writer_writes_it_however_the_view_was_forged(view: CaseView) -> None:
    forged = forced(view, decision=None)
    for write in (task.write, claim_response.write, case_resources.write):
        with pytest.raises(NotAttested):
            write(forged, VOCABULARY)


@pytest.mark.parametrize(("action", "outcome"), [("A3", "modified"), ("A6", "denied"), ("A3", "approved")])
def test_no_writer_takes_one_decision_for_another(action: str, outcome: str) -> None:
    with pytest.raises(NotAttested):
        claim_response.write(forced(pended(), action=action, decision=a_decision(outcome)), VOCABULARY)


@pytest.mark.parametrize("status", ADVERSE)
def test_no_row_is_stored_without_its_reviewer(store: Store, status: str) -> None:
    store.save(Changes(case=a_case(7)))
    for version, number in ((2, 7), (1, 8)):
        with pytest.raises(NotAttested):
            store.save(Changes(case=a_case(number, version, status=status)))
    kept = store.case(7)
    assert kept is not None
    assert kept.status != status
    assert store.case(8) is None


@pytest.mark.parametrize("status", ADVERSE)
def test_the_database_itself_refuses_the_row(store: Store, status: str) -> None:
    store.save(Changes(case=a_case(7)))

    with pytest.raises(Exception, match="case_file_attested"), store._database.migrating() as connection:
        connection.exec_driver_sql(f"UPDATE case_file SET status = '{status}' WHERE number = 7")  # noqa: S608 - our own word


@pytest.mark.parametrize("view", [denied(), modified()], ids=ADVERSE[:2])
def test_no_case_is_read_back_whose_decision_was_taken_out(harbor: Service, ehr: Caller, view: CaseView) -> None:
    number = _number(harbor, ehr)
    stored = harbor.desk.store.case(number)
    assert stored is not None
    kept = case_file.row(replace(case_file.load(stored.body), view=view))
    body = orjson.loads(kept.body)
    del body["view"]["decision"]

    with pytest.raises((NotAttested, ValidationError)):
        case_file.load(orjson.dumps(body))


def test_the_story_that_decides_takes_no_forged_decision(harbor: Service, ehr: Caller) -> None:
    stored = harbor.desk.store.case(_number(harbor, ehr))
    assert stored is not None
    forged = a_decision("denied")
    object.__setattr__(forged, "attestation", None)

    with pytest.raises((NotAttested, AttributeError)):
        ruled(harbor.desk, case_file.load(stored.body), forged)


@pytest.mark.parametrize("kind", ["plan", "hie", "payer", "vendor", "member-app", "ehr"])
def test_the_door_opens_to_no_partner(harbor: Service, ehr: Caller, kind: str) -> None:
    pended_case = ehr.task(ehr.submit(an_order(**PENDED)))
    partner = harbor.partner("partner", kind=kind, npi="1234567893")

    for body in (given.denied(), given.modified(), given.not_eligible(), given.approved()):
        assert partner.record(pended_case["id"], body).status_code in {403, 404}
    assert status_of(ehr.read(f"Task/{pended_case['id']}")) == "pended-clinician"


@pytest.mark.parametrize("name", ["reviewer", "attestation", "decider", "performer"])
def test_the_body_names_no_reviewer(harbor: Service, ehr: Caller, name: str) -> None:
    task_id = ehr.task(ehr.submit(an_order(**PENDED)))["id"]
    body = given.having(given.denied(), given.words(name, "doctor"))

    assert harbor.reviewer("doctor").record(task_id, body).status_code == 422


def test_a_disabled_reviewers_token_decides_nothing(harbor: Service, ehr: Caller) -> None:
    task_id = ehr.task(ehr.submit(an_order(**PENDED)))["id"]
    doctor = harbor.reviewer("doctor")
    registry.set_active(harbor.desk.store, "reviewer", "doctor", active=False)

    assert doctor.record(task_id, given.denied()).status_code == 401


def test_a_refusal_is_answered_as_a_matter_of_rights() -> None:
    assert issubclass(NotAttested, Forbidden)


def _number(harbor: Service, ehr: Caller) -> int:
    """The running number of a case with a clinician."""
    stored = harbor.desk.store.case_by_task(ehr.task(ehr.submit(an_order(**PENDED)))["id"])
    assert stored is not None
    return stored.number
