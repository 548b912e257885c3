from dataclasses import replace

import pytest

from case_views import VOCABULARY, approved, asked, not_required, withdrawn
from second_opinion.fhir import claim_response, communication_request, information_task
from second_opinion.fhir.case_view import CaseView, Question
from second_opinion.fhir.codes import Json


def report(view: CaseView) -> Json:
    """The request for the report."""
    return communication_request.write_report_request(view, VOCABULARY, "crq-1")


def question() -> Question:
    """The open question."""
    found = asked().question
    assert found is not None
    return found


def test_second_doctor_is_to_send_and_initial_provider_and_member_receive() -> None:
    written = report(approved())

    assert written["sender"] == {"reference": "Practitioner/ortho-9"}
    assert [each["reference"] for each in written["recipient"]] == ["PractitionerRole/ortho-role-2", "Patient/pt-1"]


def test_member_receives_where_no_initial_provider_is_known() -> None:
    assert [each["reference"] for each in report(approved(initial_provider=None))["recipient"]] == ["Patient/pt-1"]


def test_request_waits_on_hold_until_a_doctor_is_named() -> None:
    waiting = report(not_required())

    assert waiting["status"] == "on-hold"
    assert "sender" not in waiting
    assert report(not_required(second_doctor={"reference": "Practitioner/ortho-9"}))["status"] == "active"


@pytest.mark.parametrize(("status", "shown"), [("report-delivered", "completed"), ("withdrawn", "revoked")])
def test_request_ends_with_its_case(status: str, shown: str) -> None:
    assert report(approved(status=status))["status"] == shown


@pytest.mark.parametrize(
    ("doctor", "status"),
    [
        ({"display": "Testdoctor Birch"}, "active"),
        ({"type": "Practitioner", "identifier": {"value": "1"}}, "active"),
        ({"reference": "Patient/pt-1"}, "on-hold"),
        ({"reference": "http://127.0.0.1:8080/fhir/RelatedPerson/1"}, "on-hold"),
    ],
)
def test_doctor_may_be_known_by_name_or_number_only_but_is_never_the_member(doctor: Json, status: str) -> None:
    assert report(approved(second_doctor=doctor))["status"] == status


def test_payload_is_the_bare_loinc_code_and_the_words_are_a_note() -> None:
    written = report(approved())

    assert written["payload"] == [{"contentString": "11488-4"}]
    assert "II.G" in written["note"][0]["text"]


def test_report_is_due_when_the_view_says() -> None:
    assert report(approved())["occurrenceDateTime"] == "2026-04-14T07:00:00.000Z"
    assert "occurrenceDateTime" not in report(approved(report_due_at=None))


def test_question_is_the_same_in_task_request_and_note() -> None:
    view = asked()

    request = communication_request.write_information_request(view, VOCABULARY, question())
    child = information_task.write(view, VOCABULARY, question())

    assert claim_response.write(view, VOCABULARY)["communicationRequest"][0]["reference"].endswith(request["id"])
    assert request["identifier"] == child["identifier"]
    assert request["note"][0]["text"] == child["statusReason"]["text"] == child["description"]


def test_requester_is_asked_and_the_member_where_none_is_stated() -> None:
    for view, reference in ((asked(), "PractitionerRole/pcp-role-1"), (asked(requester=None), "Patient/pt-1")):
        child = information_task.write(view, VOCABULARY, question())
        request = communication_request.write_information_request(view, VOCABULARY, question())
        assert child["owner"]["reference"] == request["sender"]["reference"] == reference


def test_child_task_has_both_codes_and_the_case_number_as_its_group_only() -> None:
    child = information_task.write(asked(), VOCABULARY, question())

    assert [each["code"] for each in child["code"]["coding"]] == ["data-request-code", "additional-information"]
    assert child["groupIdentifier"]["value"] == "SMO-2026-000123"
    assert [each["system"].rpartition("/")[2] for each in child["identifier"]] == ["task"]
    assert child["partOf"] == [{"reference": "Task/case-1"}]


def test_child_task_names_each_missing_fact_and_when_it_is_due() -> None:
    child = information_task.write(asked(), VOCABULARY, question())

    assert child["input"][0]["type"]["coding"][0]["code"] == "data-code"
    assert child["input"][1]["valueCode"] == "reason"
    assert child["restriction"]["period"]["end"] == "2026-03-03T17:05:11.000Z"


def test_question_about_two_facts_is_asked_once_and_names_both() -> None:
    words = "Who asks, and why?"
    view = asked(question=replace(question(), missing=(("requester_kind", words), ("reason", words))))
    assert view.question is not None

    child = information_task.write(view, VOCABULARY, view.question)

    assert child["statusReason"]["text"] == words
    assert [each["valueCode"] for each in child["input"][1:]] == ["requester-kind", "reason"]
    assert [each["text"] for each in claim_response.write(view, VOCABULARY)["processNote"]][1:] == [words]


def test_withdrawn_case_asks_for_no_report() -> None:
    assert report(withdrawn())["status"] == "revoked"
