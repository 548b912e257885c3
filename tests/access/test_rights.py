from datetime import UTC, datetime

import pytest

from second_opinion.access import rights
from second_opinion.access.caller import Caller
from second_opinion.access.registry import Reviewer
from second_opinion.cases.attestation import Act
from second_opinion.errors import Forbidden

AT = datetime(2026, 10, 5, 16, 0, tzinfo=UTC)
DOCTOR = Reviewer(
    "doctor",
    "Test Reviewer",
    "physician",
    licence="A-TEST-1",
    state="CA",
    specialty="207X00000X",
    phone="209-555-0180",
    organization="1234567893",
    medical_director=True,
)


def caller(reviewer: Reviewer | None = DOCTOR) -> Caller:
    kind = "reviewer" if reviewer else "partner"
    return Caller("doctor", kind, None if reviewer else "plan", None, (), (), reviewer=reviewer)


def test_the_attestation_says_what_the_registry_says() -> None:
    made = rights.attest(caller(), Act.DENY, AT)

    assert (made.reviewer, made.name, made.kind, made.at) == ("doctor", "Test Reviewer", "physician", AT)
    assert (made.licence, made.state, made.specialty) == ("A-TEST-1", "CA", "207X00000X")
    assert (made.phone, made.organization, made.medical_director) == ("209-555-0180", "1234567893", True)


@pytest.mark.parametrize("act", Act)
def test_a_partner_attests_nothing(act: Act) -> None:
    with pytest.raises(Forbidden):
        rights.attest(caller(None), act, AT)


@pytest.mark.parametrize("act", Act)
def test_of_ones_own_organization_nothing_is_attested(act: Act) -> None:
    with pytest.raises(Forbidden, match="own organization"):
        rights.attest(caller(), act, AT, own={"1234567893"})


@pytest.mark.parametrize("act", Act)
def test_who_decided_before_attests_nothing(act: Act) -> None:
    with pytest.raises(Forbidden, match="own decision"):
        rights.attest(caller(), act, AT, decided_before=("doctor",))


def test_one_of_several_acts_is_enough() -> None:
    staff = Reviewer("staff", "Test Staff", "eligibility-staff")

    made = rights.attest_any(caller(staff), [Act.APPROVE, Act.FIND_NOT_ELIGIBLE], AT)

    assert made.kind == "eligibility-staff"
    with pytest.raises(Forbidden, match="may not approve"):
        rights.attest_any(caller(staff), [Act.APPROVE, Act.EXTEND], AT)
