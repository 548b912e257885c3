"""A person sends an undelivered message again; its arrival completes the list's Task."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from werkzeug.test import TestResponse

from delivery.listening import Answer, Listener, listening
from desks import Caller, issue
from second_opinion.workflow.returned_mail import read_answers
from small_directory import SPECIALIST
from small_orders import provider
from workflow.sending import Sending, sending

Json = dict[str, Any]
DOCTOR = provider(SPECIALIST)
NOTHING: Json = {"resourceType": "Parameters"}


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Sending]:
    with sending(tmp_path) as running:
        yield running


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening(lambda request: Answer(422 if request.method == "POST" else 404)) as running:
        yield running


@pytest.fixture
def entry(post: Sending, listener: Listener) -> Json:
    post.register(listener, SPECIALIST)
    post.attempts(post.owe(DOCTOR))
    (found,) = post.listed()
    return found


def again(caller: Caller, entry: Json, body: Json = NOTHING) -> TestResponse:
    return caller.post(f"Task/{entry['id']}/$resend", body)


def errand(entry: Json, count: int = 1) -> str:
    return f"deliver/{entry['focus']['reference']}/{SPECIALIST}/again/{count}"


def test_it_is_sent_again_and_its_arrival_completes_the_task(post: Sending, listener: Listener, entry: Json) -> None:
    listener.answer = listener.create
    answered = again(post.plan, entry)
    assert answered.status_code == 200
    assert answered.get_json()["status"] == "in-progress"

    assert post.attempts(errand(entry)) == 1
    assert post.delivery(DOCTOR).state == "delivered"
    (after,) = post.listed()
    assert (after["id"], after["status"]) == (entry["id"], "completed")
    assert [each.actor for each in post.events("sent again")] == ["plan"]


def test_it_comes_back_to_the_same_entry_when_it_fails_again(post: Sending, entry: Json) -> None:
    for count in (1, 2):
        assert again(post.plan, entry).status_code == 200
        post.attempts(errand(entry, count))
        (after,) = post.listed()
        assert (after["id"], after["status"]) == (entry["id"], "requested")
    assert post.service.desk.store.undelivered() == 3


def test_what_is_under_way_or_delivered_is_not_sent_again(post: Sending, listener: Listener, entry: Json) -> None:
    again(post.plan, entry)
    assert again(post.plan, entry).status_code == 409
    listener.answer = listener.create
    post.attempts(errand(entry))
    assert again(post.plan, entry).status_code == 409


def test_only_the_plan_and_its_staff_may(post: Sending, entry: Json) -> None:
    assert again(post.ehr, entry).status_code == 404  # it does not see the list
    assert again(post.ehr, post.task).status_code == 403
    assert again(post.plan, post.task).status_code == 404


def test_it_takes_no_parameters_and_needs_no_body(post: Sending, entry: Json) -> None:
    wrong = NOTHING | {"parameter": [{"name": "colour", "valueString": "red"}]}
    answered = again(post.plan, entry, wrong)
    assert answered.status_code == 422
    assert issue(answered)["expression"] == ["Parameters.parameter[0].name"]
    assert post.plan.client.post(f"/fhir/Task/{entry['id']}/$resend").status_code == 200


def test_mail_that_came_back_is_mailed_again_in_another_envelope(post: Sending) -> None:
    member, letter = {"reference": "Patient/member-0"}, post.a_letter()
    post.attempts(post.owe(member, letter))
    said = orjson.loads((post.outbox[0] / "manifest.json").read_bytes())
    post.answer("1.json", said | {"status": "returned", "at": "2026-10-05T11:30:00-07:00"})
    read_answers(post.service.desk)
    (entry,) = post.listed()

    assert again(post.plan, entry).status_code == 200
    assert post.attempts(f"deliver/{letter}/Patient/member-0/again/1") == 1
    assert len(post.outbox) == 2
    assert post.delivery(member, letter).state == "handed-over"
    assert post.listed()[0]["status"] == "in-progress"

    post.answer("2.json", said | {"status": "mailed", "at": "2026-10-06T11:30:00-07:00"})
    read_answers(post.service.desk)
    assert post.listed()[0]["status"] == "completed"
