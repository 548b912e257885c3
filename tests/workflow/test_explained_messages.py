from collections.abc import Iterator
from pathlib import Path

import pytest

from delivery.listening import Answer, listening
from second_opinion.workflow.explain import explain
from small_directory import SPECIALIST
from small_orders import provider
from workflow.sending import Sending, sending


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Sending]:
    with sending(tmp_path) as running:
        yield running


def test_explain_tells_of_every_message_to_whom_and_how_it_fared(post: Sending) -> None:
    with listening(lambda request: Answer(422 if request.method == "POST" else 404)) as listener:
        post.register(listener, SPECIALIST)
        post.attempts(post.owe(provider(SPECIALIST)))
    post.attempts(post.owe({"reference": "Patient/member-0"}))

    told = explain(post.service.desk, post.case.view.number)
    assert f"{post.reference} to {SPECIALIST}: undelivered\n    The recipient's endpoint answered 422" in told
    assert f"{post.reference} to Patient/member-0: handed-over, " in told
    assert "handed over by computer" in told


def test_what_went_out_is_on_record_with_member_and_recipient(post: Sending) -> None:
    post.attempts(post.owe({"reference": "Patient/member-0"}))

    rows = [each for _, each in post.service.desk.store.audited() if each.action == "delivery"]
    assert [(each.resource, each.patient, each.outcome) for each in rows] == [(post.reference, "member-0", "0")]
    assert rows[0].detail["to"] == "Patient/member-0"
