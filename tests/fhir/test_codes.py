import pytest

from case_views import VOCABULARY
from second_opinion.fhir import codes
from second_opinion.fhir.own_codes import OWN_SYSTEMS

AGREED = {
    "second-opinion-reason": (
        "surgery-necessity serious-condition diagnosis-unclear treatment-not-improving concerns-raised other"
    ),
    "case-status": (
        "received no-authorization-required approved modified denied pended-clinician pended-network "
        "pended-eligibility information-requested not-eligible scheduled missed report-due report-delivered withdrawn"
    ),
    "determination-reason": (
        "no-in-network-equivalent criteria-met in-network-equivalent-available further-opinion-not-warranted "
        "more-time-needed not-enrolled other-system-responsible"
    ),
    "case-task": "second-opinion-review transportation additional-information undelivered",
    "notice-kind": "denial modification delay approval information withdrawal urgency-changed ride-changed",
    "transport-mode": (
        "nmt-taxi nmt-rideshare nmt-bus nmt-mileage nemt-wheelchair-van nemt-litter-van nemt-ambulance nemt-air"
    ),
    "work-queue": "clinician network eligibility release undeliverable medical-director",
    "service": "second-opinion",
}


@pytest.mark.parametrize(("name", "agreed"), AGREED.items())
def test_codes_are_those_agreed_with_partners(name: str, agreed: str) -> None:
    assert [each.code for each in OWN_SYSTEMS[name].codes] == agreed.split()


@pytest.mark.parametrize("name", OWN_SYSTEMS)
def test_every_code_has_words_and_stands_once(name: str) -> None:
    listed = OWN_SYSTEMS[name].codes

    assert len({each.code for each in listed}) == len(listed)
    assert all(each.display and each.definition.endswith(".") for each in listed)


def test_own_coding_has_canonical_system_and_display() -> None:
    assert VOCABULARY.own("case-status", "approved") == {
        "system": "https://second-opinion.example/fhir/CodeSystem/case-status",
        "code": "approved",
        "display": "Approved",
    }


@pytest.mark.parametrize(("system", "code"), [("case-status", "unheard-of"), ("unheard-of", "approved")])
def test_code_that_is_not_published_cannot_be_written(system: str, code: str) -> None:
    with pytest.raises(KeyError):
        VOCABULARY.own(system, code)


def test_reason_for_an_adverse_outcome_names_its_clause() -> None:
    adverse = {
        each.code: dict(each.properties)
        for each in OWN_SYSTEMS["determination-reason"].codes
        if ("outcome", "denied") in each.properties
    }

    assert {code: found["clause"] for code, found in adverse.items()} == {
        "in-network-equivalent-available": "II.D",
        "further-opinion-not-warranted": "II.G",
    }


def test_follow_up_consultation_is_not_taken_for_a_second_opinion() -> None:
    """SNOMED CT 281036007 is a common copying mistake."""
    assert codes.SECOND_OPINION["code"] == "77406008"
