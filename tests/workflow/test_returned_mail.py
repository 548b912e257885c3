"""Mail: handed over as an envelope, completed when it was mailed, a person's matter when it comes back."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from second_opinion.workflow.returned_mail import read_answers
from workflow.sending import Sending, sending

MEMBER = {"reference": "Patient/member-0"}
MAILED_AT = "2026-10-05T11:30:00-07:00"


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Sending]:
    with sending(tmp_path) as running:
        yield running


@pytest.fixture
def letter(post: Sending) -> str:
    reference = post.a_letter()
    assert post.attempts(post.owe(MEMBER, reference)) == 1
    return reference


def manifest(post: Sending) -> dict[str, Any]:
    (envelope,) = post.outbox
    said: dict[str, Any] = json.loads((envelope / "manifest.json").read_bytes())
    return said


def test_a_letter_without_an_endpoint_is_in_the_outbox_with_its_pdf(post: Sending, letter: str) -> None:
    said = manifest(post)
    assert (said["resource"], said["recipient"], said["kind"]) == (letter, MEMBER, "approval")
    assert said["about"] == post.case.view.number
    assert said["address"]["line"] == ["1 Specimen Quay"]
    assert (post.outbox[0] / said["documents"][0]["file"]).read_bytes() == b"%PDF-1.7 synthetic"
    delivery = post.delivery(MEMBER, letter)
    assert (delivery.state, delivery.received_at) == ("handed-over", None)
    assert delivery.sent_at == post.service.clock.at


def test_a_request_that_is_no_letter_is_printed_from_what_it_says(post: Sending) -> None:
    assert post.attempts(post.owe(MEMBER)) == 1

    (envelope,) = post.outbox
    words = printed((envelope / "01.pdf").read_bytes())
    assert "Please send the consultation report" in words
    assert "Number0 Testmember" in words
    assert "1 Specimen Quay" in words
    assert post.case.view.number in words
    assert "11488-4" not in words
    assert "M17.11" not in words


def printed(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def test_told_again_it_is_not_handed_over_again(post: Sending, letter: str) -> None:
    post.attempts(post.owe(MEMBER, letter))
    assert len(post.outbox) == 1


def test_what_was_mailed_is_received(post: Sending, letter: str) -> None:
    inbox = post.answer("1.json", manifest(post) | {"status": "mailed", "at": MAILED_AT})

    assert read_answers(post.service.desk) == 1
    delivery = post.delivery(MEMBER, letter)
    assert (delivery.state, delivery.received_at) == ("delivered", datetime(2026, 10, 5, 18, 30, tzinfo=UTC))
    assert [each.name for each in inbox.glob("*.json")] == []
    assert (inbox / "done" / "1.json").exists()
    assert post.listed() == []


@pytest.mark.parametrize("before", [[], ["mailed"]])
def test_what_comes_back_is_on_a_persons_list(post: Sending, letter: str, before: list[str]) -> None:
    for place, status in enumerate([*before, "returned"]):
        said = manifest(post) | {"status": status, "at": MAILED_AT, "reason": "Moved, left no address"}
        post.answer(f"{place}.json", said)
    read_answers(post.service.desk)

    delivery = post.delivery(MEMBER, letter)
    assert (delivery.state, delivery.received_at) == ("returned", None)
    (entry,) = post.listed()
    assert entry["statusReason"]["text"] == "Returned mail: Moved, left no address"
    assert entry["focus"] == {"reference": letter}


def test_the_same_answer_twice_is_one(post: Sending, letter: str) -> None:
    said = manifest(post) | {"status": "returned", "at": MAILED_AT}
    for name in ("1.json", "2.json"):
        post.answer(name, said)
        read_answers(post.service.desk)
    assert len(post.listed()) == 1
    assert len(post.events("returned")) == 1
    assert letter == said["resource"]


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {},
        {"status": "mailed"},
        {"resource": "Communication/unheard-of", "recipient": MEMBER, "status": "mailed", "at": MAILED_AT},
        {"resource": 1, "recipient": MEMBER, "status": "mailed", "at": MAILED_AT},
    ],
)
def test_an_answer_that_is_not_understood_is_put_aside(post: Sending, letter: str, wrong: Any) -> None:
    inbox = post.answer("1.json", wrong)
    assert read_answers(post.service.desk) == 0
    assert (inbox / "refused" / "1.json").exists()
    assert post.delivery(MEMBER, letter).state == "handed-over"


@pytest.mark.parametrize(
    "change", [{"status": "lost"}, {"at": "yesterday"}, {"at": None}, {"recipient": {"display": "X"}}]
)
def test_an_answer_with_a_wrong_part_is_put_aside(post: Sending, letter: str, change: dict[str, Any]) -> None:
    inbox = post.answer("1.json", manifest(post) | {"status": "mailed", "at": MAILED_AT} | change)
    assert read_answers(post.service.desk) == 0
    assert (inbox / "refused" / "1.json").exists()
    assert post.delivery(MEMBER, letter).state == "handed-over"


def test_a_file_that_is_still_being_written_is_left_alone(post: Sending, letter: str) -> None:
    inbox = post.answer("1.json", b'{"resource": "Commun')
    post.answer(".2.json", manifest(post) | {"status": "mailed", "at": MAILED_AT})
    assert read_answers(post.service.desk) == 0
    assert (inbox / "1.json").exists()
    assert (inbox / ".2.json").exists()
    assert post.delivery(MEMBER, letter).state == "handed-over"
