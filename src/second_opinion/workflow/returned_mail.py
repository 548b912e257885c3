"""The print shop's answers: what was mailed counts as received; what came back is a person's matter."""

import logging
from dataclasses import replace
from datetime import datetime
from typing import Any

from second_opinion.errors import SecondOpinionError
from second_opinion.fhir import json_body
from second_opinion.fhir.case_view import Delivery
from second_opinion.store.stored import Stored
from second_opinion.workflow import fared
from second_opinion.workflow.deciding import milliseconds
from second_opinion.workflow.desk import Desk

MAILED, RETURNED = "mailed", "returned"
POSTED = frozenset({"handed-over", "delivered"})  # states an answer can be about
ACTOR = "print-and-mail"

log = logging.getLogger("second_opinion.mail")


class WrongAnswer(SecondOpinionError):
    """A file in the inbox says nothing that can be understood."""


def read_answers(desk: Desk) -> int:
    """Every answer in the inbox taken to its case; how many. One that is not understood is put aside."""
    count = 0
    for answer in desk.post.mail.answers():
        try:
            _read(desk, answer.said)
        except WrongAnswer as wrong:
            log.warning("%s is put aside: %s", answer.name, wrong.message)
            desk.post.mail.put_aside(answer)
        else:
            desk.post.mail.put_away(answer)
            count += 1
    return count


def _read(desk: Desk, said: dict[str, Any]) -> None:
    number, before = _meant(desk, said)
    after = _after(desk, before, said)
    if before.state in POSTED and after != before:
        fared.told(desk, number, before, after, str(said["status"]), actor=ACTOR)


def _meant(desk: Desk, said: dict[str, Any]) -> tuple[int, Delivery]:
    """The case and its message."""
    reference, recipient = said.get("resource"), said.get("recipient")
    if not isinstance(reference, str) or not isinstance(recipient, dict):
        raise WrongAnswer("It must be the manifest, with resource and recipient")
    kind, _, key = reference.partition("/")
    kept = desk.store.found(kind, key)
    if kept is None or kept.case_number is None:
        raise WrongAnswer("Its resource is not one of ours")
    standing = fared.standing(desk, kept.case_number, reference, recipient, _other_number(kept, said))
    if standing.state == "owed":
        raise WrongAnswer("Its resource was not handed over to this recipient")
    return kept.case_number, standing


def _other_number(kept: Stored, said: dict[str, Any]) -> dict[str, Any] | None:
    """The identifier of the manifest, where it is not the one the resource goes under by itself."""
    identifier = said.get("identifier")
    own = json_body.read(kept.body).get("identifier", [])
    return identifier if isinstance(identifier, dict) and own and identifier != own[0] else None


def _after(desk: Desk, before: Delivery, said: dict[str, Any]) -> Delivery:
    if said.get("status") == MAILED:
        return replace(before, state="delivered", received_at=before.received_at or _at(desk, said))
    if said.get("status") == RETURNED:
        reason = said.get("reason")
        words = f"Returned mail: {reason[:500]}" if isinstance(reason, str) and reason.strip() else "Returned mail"
        return replace(before, state="returned", received_at=None, reason=words)
    raise WrongAnswer(f"Its status must be {MAILED} or {RETURNED}")


def _at(desk: Desk, said: dict[str, Any]) -> datetime:
    """When it was mailed; without a zone it is the plan's local time."""
    try:
        at = datetime.fromisoformat(str(said.get("at")))
    except ValueError:
        raise WrongAnswer("Its at must be an instant such as 2026-10-05T09:00:00-07:00") from None
    return milliseconds(at if at.tzinfo else at.replace(tzinfo=desk.calendar.zone))
