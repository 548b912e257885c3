"""A letter's Communication: in preparation by itself, once released as its delivery fares."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from case_views import DECIDED, VOCABULARY, lettered, sent_letter, waiting_letter
from second_opinion.cases.notices import Notice
from second_opinion.fhir import case_resources
from second_opinion.fhir.case_view import Delivery

Json = dict[str, Any]


def shown(letter: Notice, **delivery: Any) -> Json:
    """The Communication, with or without a delivery."""
    view = lettered(letter)
    if delivery:
        message = Delivery(f"Communication/{letter.communication_id}", letter.recipient, **delivery)
        view = replace(view, deliveries=(message,))
    written = case_resources.write(view, VOCABULARY)
    return next(each for each in written if each["resourceType"] == "Communication")


def test_it_has_one_recipient_one_kind_and_one_document() -> None:
    letter = shown(sent_letter())

    assert letter["recipient"] == [{"reference": "Patient/pt-1"}]
    assert letter["topic"]["coding"][0]["code"] == "denial"
    assert letter["category"][0]["coding"][0]["code"] == "notice-of-action"
    assert letter["payload"] == [{"contentReference": {"reference": "DocumentReference/document-1"}}]
    assert letter["language"] == "es"


def test_in_preparation_it_says_what_it_waits_for() -> None:
    letter = shown(waiting_letter())

    assert (letter["status"], letter["statusReason"]["text"]) == (
        "preparation",
        "Waits for the enclosure your-rights.es.pdf",
    )
    assert "sent" not in letter


LATER = DECIDED + timedelta(days=1)


@pytest.mark.parametrize(
    ("delivery", "status", "has"),
    [
        ({}, "in-progress", {"sent"}),
        ({"state": "handed-over", "sent_at": LATER}, "in-progress", {"sent"}),
        ({"state": "delivered", "sent_at": LATER, "received_at": LATER}, "completed", {"sent", "received"}),
        ({"state": "returned", "sent_at": LATER, "reason": "Moved away"}, "not-done", {"sent", "statusReason"}),
    ],
)
def test_released_it_stands_as_its_delivery_fares(delivery: Json, status: str, has: set[str]) -> None:
    letter = shown(sent_letter(), **delivery)

    assert letter["status"] == status
    assert {"sent", "received", "statusReason"} & set(letter) == has


def test_the_document_names_every_file_and_is_final_once_released() -> None:
    written = {
        name: next(each for each in case_resources.write(lettered(letter), VOCABULARY) if "docStatus" in each)
        for name, letter in (("sent", sent_letter()), ("waiting", waiting_letter()))
    }

    assert [each["docStatus"] for each in written.values()] == ["final", "preliminary"]
    assert [each["attachment"]["url"] for each in written["sent"]["content"]] == ["Binary/file-0", "Binary/file-1"]
    assert written["sent"]["category"][0]["coding"][0]["code"] == "member-notice"


def test_a_waiting_letter_puts_the_case_on_one_more_list() -> None:
    task = case_resources.write(lettered(waiting_letter()), VOCABULARY)[0]

    assert [each["coding"][0]["code"] for each in task["performerType"]] == ["release"]
    assert "your-rights.es.pdf" in task["note"][-1]["text"]


def test_what_only_staff_may_see_is_not_in_the_tasks_notes() -> None:
    task = case_resources.write(lettered(waiting_letter(expiry=True, release=None)), VOCABULARY)[0]

    assert "your-rights" not in str(task)
    assert [each["coding"][0]["code"] for each in task["performerType"]] == ["release"]
