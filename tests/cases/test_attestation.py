import pytest

from case_views import a_physician
from second_opinion.cases.attestation import MAY, Act, NotAttested, attested, refusal

PHYSICIAN, NURSE = {"physician"}, {"nurse"}


@pytest.mark.parametrize(
    ("act", "kinds"),
    [
        (Act.DENY, PHYSICIAN),
        (Act.MODIFY, PHYSICIAN),
        (Act.DOWNGRADE_URGENCY, PHYSICIAN),
        (Act.DECIDE_APPEAL, PHYSICIAN),
        (Act.RELEASE_ADVERSE, PHYSICIAN),
        (Act.APPROVE, PHYSICIAN | NURSE),
        (Act.EXTEND, PHYSICIAN | NURSE),
        (Act.RELEASE, PHYSICIAN | NURSE),
        (Act.RECORD_NETWORK_SEARCH, PHYSICIAN | NURSE | {"network-staff"}),
        (Act.FIND_NOT_ELIGIBLE, PHYSICIAN | {"eligibility-staff"}),
    ],
)
def test_each_act_has_its_reviewers(act: Act, kinds: set[str]) -> None:
    assert MAY[act] == kinds
    for kind in ("physician", "nurse", "network-staff", "eligibility-staff", "", "invented"):
        assert (refusal(kind, "CA", act) is None) == (kind in kinds)


def test_every_act_is_in_the_table() -> None:
    assert set(MAY) == set(Act)


@pytest.mark.parametrize("state", ["NV", None, "", "ca"])
def test_what_goes_against_the_member_takes_a_california_licence(state: str | None) -> None:
    adverse = {act for act in Act if refusal("physician", state, act) is not None}

    assert adverse == {Act.DENY, Act.MODIFY, Act.RELEASE_ADVERSE}


def test_an_attestation_carries_the_acts_of_its_reviewer_only() -> None:
    nurse = a_physician(kind="nurse")

    assert attested(nurse, Act.APPROVE) is nurse
    with pytest.raises(NotAttested, match="may not deny"):
        attested(nurse, Act.DENY)
