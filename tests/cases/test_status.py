from itertools import pairwise

import pytest

from second_opinion.cases.attestation import NotAttested
from second_opinion.cases.status import ATTESTED, FINAL, OPEN, TRANSITIONS, CaseStatus, from_outcome, move
from second_opinion.errors import CaseClosed

GRANTED = {CaseStatus.NO_AUTHORIZATION_REQUIRED, CaseStatus.APPROVED}


@pytest.mark.parametrize(
    ("status", "task", "bser"),
    [
        ("received", "requested", "2.0"),
        ("no-authorization-required", "accepted", "3.0"),
        ("approved", "accepted", "3.0"),
        ("modified", "accepted", "3.0"),
        ("denied", "rejected", "4.0"),
        ("pended-clinician", "received", "2.0"),
        ("pended-network", "received", "2.0"),
        ("pended-eligibility", "received", "2.0"),
        ("information-requested", "received", "2.0"),
        ("not-eligible", "rejected", "4.0"),
        ("scheduled", "in-progress", "5.1.1"),
        ("missed", "in-progress", "5.1.2"),
        ("report-due", "in-progress", "5.1.4"),
        ("report-delivered", "completed", "7.0"),
        ("withdrawn", "cancelled", "6.0"),
    ],
)
def test_status_is_shown_as_task_and_referral_status(status: str, task: str, bser: str) -> None:
    assert CaseStatus(status).task_status == task
    assert CaseStatus(status).bser == bser


def test_every_status_has_words_and_transitions() -> None:
    assert len({status.display for status in CaseStatus}) == len(CaseStatus) == 15
    assert set(TRANSITIONS) == set(CaseStatus)


@pytest.mark.parametrize("current", CaseStatus)
@pytest.mark.parametrize("following", sorted(ATTESTED))
def test_no_path_leads_to_an_adverse_status_without_attestation(current: CaseStatus, following: CaseStatus) -> None:
    with pytest.raises(NotAttested):
        move(current, following)


@pytest.mark.parametrize("current", sorted(FINAL))
@pytest.mark.parametrize("following", sorted(set(CaseStatus) - ATTESTED.keys()))
def test_nothing_follows_a_final_status(current: CaseStatus, following: CaseStatus) -> None:
    with pytest.raises(CaseClosed, match="nothing: it is closed"):
        move(current, following)


@pytest.mark.parametrize("current", CaseStatus)
def test_no_case_becomes_received_again(current: CaseStatus) -> None:
    with pytest.raises(CaseClosed):
        move(current, CaseStatus.RECEIVED)


@pytest.mark.parametrize("current", sorted(set(CaseStatus) - OPEN))
@pytest.mark.parametrize("following", sorted(OPEN))
def test_what_is_decided_is_never_pended_again(current: CaseStatus, following: CaseStatus) -> None:
    with pytest.raises(CaseClosed):
        move(current, following)


@pytest.mark.parametrize("current", sorted(OPEN))
@pytest.mark.parametrize("following", sorted((OPEN - {CaseStatus.RECEIVED}) | GRANTED | {CaseStatus.WITHDRAWN}))
def test_open_case_goes_wherever_the_table_sends_it(current: CaseStatus, following: CaseStatus) -> None:
    assert move(current, following) is following


@pytest.mark.parametrize(
    "road",
    [
        ["approved", "scheduled", "report-due", "report-delivered"],
        ["no-authorization-required", "scheduled", "missed", "scheduled", "report-due", "report-delivered"],
        ["approved", "report-delivered"],
        ["approved", "no-authorization-required", "withdrawn"],
        ["missed", "withdrawn"],
    ],
)
def test_granted_case_runs_to_its_report(road: list[str]) -> None:
    for current, following in pairwise(road):
        assert move(CaseStatus(current), CaseStatus(following)) == following


def test_visit_that_took_place_can_neither_be_missed_nor_withdrawn() -> None:
    for following in (CaseStatus.MISSED, CaseStatus.WITHDRAWN):
        with pytest.raises(CaseClosed):
            move(CaseStatus.REPORT_DUE, following)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("no-authorization-required", "no-authorization-required"),
        ("approve", "approved"),
        ("ask-for-information", "information-requested"),
        ("to-network-staff", "pended-network"),
        ("to-clinician", "pended-clinician"),
        ("to-eligibility-staff", "pended-eligibility"),
        ("anything else", "pended-clinician"),
    ],
)
def test_outcome_leads_to_its_status_and_what_is_unknown_to_a_clinician(outcome: str, status: str) -> None:
    assert from_outcome(outcome) == status


def test_only_undecided_cases_are_open_and_only_ended_ones_final() -> None:
    assert CaseStatus.PENDED_CLINICIAN.is_open
    assert not CaseStatus.PENDED_CLINICIAN.is_final
    assert CaseStatus.DENIED.is_final
    assert not CaseStatus.APPROVED.is_open
    assert not CaseStatus.APPROVED.is_final
