"""$submit-attachment: documents find the question they answer, are kept byte for byte, and a clinician reads them."""

from base64 import b64decode
from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from desks import Caller, Json, Service, issue, json, status_of
from documents import PDF, attachment, parameters
from pas_answers import action
from pas_bundles import a_bundle, an_item, with_second
from second_opinion.workflow.explain import explain
from second_opinion.workflow.sweep import sweep
from small_directory import CLOSED, MEMBER_NUMBERS, MEMBERS, OUTSIDE
from small_orders import PENDED
from workflow.informing import NO_REASON, R4, R5, R8, code, opened, told

MEMBER = {"system": MEMBER_NUMBERS, "value": MEMBERS[0]}


def question(ehr: Caller) -> Json:
    (child,) = ehr.found("Task?code=additional-information")
    return child


def send(ehr: Caller, tracking: Json, **changes: Any) -> TestResponse:
    return ehr.post("$submit-attachment", parameters(tracking, changes.pop("member", MEMBER), **changes))


def kept(harbor: Service, kind: str) -> list[Json]:
    return [orjson.loads(each.body) for each in harbor.desk.store.case_resources(1) if each.type == kind]


@pytest.mark.parametrize("order", [R8, {**R4, **NO_REASON}], ids=["R8", "R4"])
def test_documents_complete_the_question_and_a_clinician_reads_them(harbor: Service, ehr: Caller, order: Json) -> None:
    task = opened(ehr, **order)
    child = question(ehr)
    harbor.clock.move(hours=2)

    answered = send(ehr, child["identifier"][0])

    assert (answered.status_code, json(answered)["resourceType"]) == (200, "OperationOutcome")
    after = ehr.read(f"Task/{task['id']}")
    assert (status_of(after), after["performerType"][0]["coding"][0]["code"]) == ("pended-clinician", "clinician")
    assert after["restriction"]["period"] == task["restriction"]["period"]
    assert question(ehr)["status"] == "completed"
    (document,) = kept(harbor, "DocumentReference")
    binary = ehr.read(document["content"][0]["attachment"]["url"])
    assert b64decode(binary["data"]) == PDF
    assert binary["securityContext"] == {"reference": f"DocumentReference/{document['id']}"}
    assert document["content"][0]["attachment"]["url"] == f"Binary/{binary['id']}"
    assert document["type"]["coding"][0]["code"] == "11504-8"
    assert document["subject"] == after["for"]
    assert "documents came in answer" in explain(harbor.desk, "SMO-2026-000001")


def test_the_request_for_communication_has_the_same_tracking_number(ehr: Caller) -> None:
    opened(ehr, **R8)
    (request,) = ehr.found("CommunicationRequest?category=information-request")
    assert request["identifier"] == question(ehr)["identifier"]

    send(ehr, request["identifier"][0])

    assert question(ehr)["status"] == "completed"
    assert ehr.read(f"CommunicationRequest/{request['id']}")["status"] == "completed"


def test_a_number_without_its_system_is_enough(ehr: Caller) -> None:
    opened(ehr, **R8)

    assert send(ehr, {"value": question(ehr)["identifier"][0]["value"]}).status_code == 200


def test_what_is_not_yet_final_leaves_the_question_open(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R8)
    number = question(ehr)["identifier"][0]

    assert send(ehr, number, Final={"valueBoolean": False}).status_code == 200
    assert status_of(ehr.read(f"Task/{task['id']}")) == "information-requested"
    assert question(ehr)["status"] == "requested"
    assert send(ehr, number, Attachment=attachment(b"second part"), Final={"valueBoolean": True}).status_code == 200

    assert status_of(ehr.read(f"Task/{task['id']}")) == "pended-clinician"
    assert len(kept(harbor, "DocumentReference")) == 2


def test_the_same_document_again_is_kept_once(harbor: Service, ehr: Caller) -> None:
    opened(ehr, **R8)
    number = question(ehr)["identifier"][0]

    assert send(ehr, number).status_code == 200
    assert send(ehr, number).status_code == 200

    assert len(kept(harbor, "DocumentReference")) == 1


def test_documents_after_the_silence_still_complete_the_question(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **R8)
    harbor.clock.move(days=1)
    sweep(harbor.desk)

    assert send(ehr, question(ehr)["identifier"][0]).status_code == 200

    assert question(ehr)["status"] == "completed"
    assert status_of(ehr.read(f"Task/{task['id']}")) == "pended-clinician"


def test_documents_about_a_pended_case_are_tracked_by_its_number(harbor: Service, ehr: Caller) -> None:
    task = opened(ehr, **PENDED)

    assert send(ehr, task["identifier"][0]).status_code == 200

    assert len(kept(harbor, "DocumentReference")) == 1
    assert status_of(ehr.read(f"Task/{task['id']}")) == "pended-clinician"


def test_an_unknown_number_is_422(ehr: Caller) -> None:
    opened(ehr, **R8)

    refused = send(ehr, {"system": "https://elsewhere.example", "value": "T-1"})

    assert (refused.status_code, issue(refused)["code"]) == (422, "not-found")
    assert "TrackingId" in issue(refused)["expression"][0]


def test_what_the_caller_cannot_see_is_unknown(harbor: Service, ehr: Caller) -> None:
    opened(ehr, **R8)
    stranger = harbor.partner("stranger", npi="1902000004")

    assert send(stranger, question(ehr)["identifier"][0]).status_code == 422


def test_nothing_is_filed_under_another_member(harbor: Service, ehr: Caller) -> None:
    opened(ehr, **R8)

    refused = send(ehr, question(ehr)["identifier"][0], member={"system": MEMBER_NUMBERS, "value": MEMBERS[1]})

    assert (refused.status_code, issue(refused)["code"]) == (422, "business-rule")
    assert not kept(harbor, "DocumentReference")


def test_a_closed_case_takes_no_documents(ehr: Caller) -> None:
    task = opened(ehr, **R5)

    assert send(ehr, task["identifier"][0]).status_code == 409


def test_a_reviewer_submits_no_documents(harbor: Service, ehr: Caller) -> None:
    opened(ehr, **R8)
    number = question(ehr)["identifier"][0]
    hie = harbor.partner("hie", kind="hie", npi="1902000004")

    assert send(hie, number).status_code == 403


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"TrackingId": None}, 422),
        ({"AttachTo": None}, 422),
        ({"MemberId": None}, 422),
        ({"Attachment": None}, 422),
        ({"OrganizationId": None}, 422),
        ({"AttachTo": {"valueCode": "letter"}}, 422),
        ({"AttachTo": {"valueCode": "claim"}}, 422),
        ({"Colour": {"valueString": "blue"}}, 422),
        ({"Final": {"valueString": "yes"}}, 422),
        ({"Final": {"valueBoolean": "yes"}}, 400),
        ({"Attachment": {"part": [{"name": "LineItem", "valueString": "1"}]}}, 422),
        ({"Attachment": attachment(resource={"resourceType": "Basic", "code": {"text": "x"}})}, 422),
        ({"Attachment": attachment(data=None, url="https://files.example/1")}, 422),
        ({"Attachment": attachment(size=1)}, 422),
        ({"Attachment": attachment(hash="AAAA")}, 422),
    ],
)
def test_what_is_missing_or_wrong_is_refused(
    harbor: Service, ehr: Caller, changes: dict[str, Any], status: int
) -> None:
    opened(ehr, **R8)

    refused = send(ehr, question(ehr)["identifier"][0], **changes)

    assert refused.status_code == status, refused.get_data(as_text=True)
    assert not kept(harbor, "DocumentReference")


def test_a_claim_with_its_service_date_and_the_other_ids_is_taken(ehr: Caller) -> None:
    opened(ehr, **R8)

    answered = send(
        ehr,
        question(ehr)["identifier"][0],
        AttachTo={"valueCode": "claim"},
        ServiceDate={"valueDateTime": "2026-10-05"},
        ProviderId={"valueIdentifier": {"value": "1000000002"}},
        PayerId={"valueIdentifier": {"value": "harbor"}},
        AdminRefNumber={"valueIdentifier": {"value": "1"}},
    )

    assert answered.status_code == 200


def test_other_methods_are_405(ehr: Caller) -> None:
    assert ehr.client.get("/fhir/$submit-attachment").status_code == 405


def test_documents_asked_of_a_pas_client_are_tracked_by_what_its_answer_carries(harbor: Service, ehr: Caller) -> None:
    silent = an_item(informationSequence=None)
    bundle = with_second(a_bundle([silent], supportingInfo=None), OUTSIDE, CLOSED[0])
    answered = json(ehr.post("Claim/$submit", bundle))
    (request,) = [
        each["resource"] for each in answered["entry"] if each["resource"]["resourceType"] == "CommunicationRequest"
    ]

    assert send(ehr, request["identifier"][0]).status_code == 200

    assert question(ehr)["status"] == "completed"
    assert len(kept(harbor, "DocumentReference")) == 1
    (review,) = ehr.found("Task?code=second-opinion-review")
    assert status_of(review) == "pended-clinician"


def test_a_pas_case_is_approved_once_its_reason_is_told(ehr: Caller) -> None:
    silent = an_item(informationSequence=None)
    bundle = with_second(a_bundle([silent], supportingInfo=None), OUTSIDE, CLOSED[0])
    ehr.post("Claim/$submit", bundle)
    (task,) = ehr.found("Task?code=second-opinion-review")

    assert status_of(told(ehr, task, code("reason", "surgery-necessity"))) == "approved"

    again = json(ehr.post("Claim/$submit", bundle))
    assert action(again) == "A1"
