"""Explain tells who decided, on which attestation and for which reasons; the record can be told again."""

from typing import Any

import pytest

import determinations as given
from desks import Caller, Service, json
from second_opinion.workflow import case_file
from second_opinion.workflow.explain import explain
from second_opinion.workflow.ruling import replayed
from small_orders import PENDED, an_order

Json = dict[str, Any]


@pytest.fixture
def doctor(harbor: Service) -> Caller:
    return harbor.reviewer("doctor", medical_director=True, organization="1003000126")


@pytest.fixture
def pended(ehr: Caller) -> str:
    ident: str = ehr.task(ehr.submit(an_order(**PENDED)))["id"]
    return ident


def test_a_denial_is_told_with_its_reviewer_reasons_clause_and_offer(
    harbor: Service, doctor: Caller, pended: str
) -> None:
    doctor.record(pended, given.denied())

    told = explain(harbor.desk, pended)

    for line in (
        "decided by doctor",
        "attested by Test Reviewer doctor (doctor), physician, licence A-TEST-1 (CA), medical director",
        "specialty 207RC0000X, direct line 209-555-0180, organization 1003000126",
        "shown as attestation SMO-2026-000001-A1",
        "reasons: in-network-equivalent-available",
        "denied, by clause II.D",
        "offered: PractitionerRole/by-role-role",
        "first appointment 2026-10-12",
        "routed to a person by R11",
        harbor.desk.policy.digest,
    ):
        assert line in told


def test_an_extension_and_what_followed_are_told_in_order(harbor: Service, doctor: Caller, pended: str) -> None:
    doctor.record(pended, given.extended("2026-10-20T16:00:00Z"))
    harbor.clock.move(days=10)
    doctor.record(pended, given.modified())

    told = explain(harbor.desk, pended)

    assert "moved from Mon 2026-10-12 09:00:00 PDT to Tue 2026-10-20 09:00:00 PDT" in told
    assert "ground: member-interest; still needed: The report of the heart test." in told
    assert "authorized instead: Practitioner/by-role" in told
    assert told.index("determined by computer") < told.index("extended by doctor") < told.index("decided by doctor")


def test_an_appeal_is_told_on_both_cases(harbor: Service, doctor: Caller, pended: str) -> None:
    doctor.record(pended, given.denied())
    appeal = json(harbor.partner("plan", kind="plan", npi="1999999984").appeal(pended, given.appeal()))
    harbor.reviewer("another").record(appeal["id"], given.approved())

    first, second = explain(harbor.desk, pended), explain(harbor.desk, appeal["id"])

    assert f"taken up as case {appeal['identifier'][0]['value']}" in first
    assert "an appeal of case SMO-2026-" in second
    assert "decided by another" in second


@pytest.mark.parametrize(
    "body",
    [given.approved(), given.denied(), given.modified(), given.extended("2026-10-20T16:00:00Z")],
    ids=["approved", "denied", "modified", "extended"],
)
def test_what_the_record_holds_is_the_decision_whole(harbor: Service, doctor: Caller, pended: str, body: Json) -> None:
    doctor.record(pended, body)

    stored = harbor.desk.store.case_by_task(pended)
    assert stored is not None
    view = case_file.load(stored.body).view
    (event,) = [each for each in harbor.desk.store.events(stored.number) if each.kind in {"decided", "extended"}]
    assert replayed(event.detail) == (view.decision or view.extension)
