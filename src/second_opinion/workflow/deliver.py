"""One delivery: a kept resource goes to one recipient, and the case knows how it fared.

Whoever owes a message asks for ``Work("deliver", {"reference": "Type/id", "recipient": Reference})``. One try is made
here. It is delivered, or tried again later, or stands on a person's list with the reason.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from second_opinion.delivery.message import Destination, Document, HandedOver, Later, Message, Undeliverable
from second_opinion.fhir import json_body, outgoing, postal
from second_opinion.fhir.case_view import Delivery, Reference
from second_opinion.store.changes import Work
from second_opinion.workflow import addressees, fared, paper, recipients
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.trying import TryAgain

Json = dict[str, Any]

DIED = "The member has died; a person decides whether and to whom it is sent"
# Of what is not to be done any more, nothing is sent that was not sent before.
OVER = frozenset({"revoked", "cancelled", "entered-in-error", "stopped", "not-done"})


@dataclass(frozen=True)
class Errand:
    """What is to be sent to whom, for which case."""

    case: int
    reference: str
    recipient: Reference
    identifier: Json | None = None  # the one of the body's identifiers it is created under; its first if not given


def deliver(desk: Desk, work: Work) -> None:
    """One try."""
    errand = _errand(desk, work)
    delivery = fared.standing(desk, errand.case, errand.reference, errand.recipient, errand.identifier)
    kept = _kept(desk, errand.reference)
    if delivery.state != "owed" or kept is None:
        return  # it was done by an earlier telling of this story
    if kept.get("status") in OVER and errand.identifier is None:
        fared.told(desk, errand.case, delivery, replace(delivery, state="dropped"), "not sent")
        return
    if delivery.resent == 0 and _has_died(desk, errand.recipient):
        _listed(desk, errand, delivery, Undeliverable(DIED), 1)
        return
    destination = recipients.destination(desk, errand.recipient)
    sent_at = desk.now()
    outcome = desk.post.channel(destination).hand_over(_message(desk, errand, kept, destination, delivery.resent))
    if isinstance(outcome, HandedOver):
        _handed_over(desk, errand, delivery, outcome, sent_at)
    elif isinstance(outcome, Later) and work.tries < len(desk.settings.retry_delays):
        raise TryAgain(outcome.reason, outcome.not_before)
    else:
        _listed(desk, errand, delivery, outcome, work.tries + 1)


def _has_died(desk: Desk, recipient: Reference) -> bool:
    """Whether it is for a member who has died: to the household nothing goes but by a person's resend."""
    kind, _, key = str(recipient.get("reference", "")).partition("/")
    return kind == "Patient" and postal.deceased(addressees.patient(desk, key))


def partition(desk: Desk, work: Work) -> str:
    """Whose limits of rate and concurrency the errand counts against."""
    return recipients.partition(desk, _errand(desk, work).recipient)


def _handed_over(desk: Desk, errand: Errand, delivery: Delivery, outcome: HandedOver, sent_at: datetime) -> None:
    state = "delivered" if outcome.received else "handed-over"
    received_at = desk.now() if outcome.received else None
    after = replace(delivery, state=state, sent_at=sent_at, received_at=received_at)
    fared.told(desk, errand.case, delivery, after, state.replace("-", " "))


def _listed(desk: Desk, errand: Errand, delivery: Delivery, outcome: Later | Undeliverable, tries: int) -> None:
    reason = f"{outcome.reason}; tried {tries} times" if tries > 1 else outcome.reason
    fared.told(desk, errand.case, delivery, replace(delivery, state="undelivered", reason=reason), "undelivered")


def _errand(desk: Desk, work: Work) -> Errand:
    """What the work asks for; ``number`` is another of our own numbers of the message, ``identifier`` any other."""
    recipient = work.body["recipient"]
    recipient = {"reference": recipient} if isinstance(recipient, str) else recipient
    assert work.case is not None  # noqa: S101 - every message is about a case
    identifier = work.body.get("identifier")
    if (number := work.body.get("number")) is not None:
        identifier = {"system": desk.vocabulary.naming("delivery"), "value": number}
    return Errand(work.case, work.body["reference"], recipient, identifier)


def _kept(desk: Desk, reference: str) -> Json | None:
    """The resource of ours, None where there is none any more."""
    kind, _, key = reference.partition("/")
    stored = desk.store.found(kind, key.partition("/")[0])
    return json_body.read(stored.body) if stored is not None and not stored.deleted else None


def _message(desk: Desk, errand: Errand, kept: Json, destination: Destination | None, resent: int) -> Message:
    """What is handed over. Mail carries the resource's PDFs, byte for byte, to where the recipient wants its mail."""
    body = outgoing.write(kept, desk.vocabulary, lambda reference: _kept(desk, reference))
    if errand.identifier is not None:  # If-None-Exist names an identifier of the body
        others = [each for each in body["identifier"] if each != errand.identifier]
        body["identifier"] = [errand.identifier, *others]
    message = Message(
        identifier=errand.identifier or body["identifier"][0],
        reference=errand.reference,
        body=body,
        recipient=errand.recipient,
        kind=outgoing.kind(kept),
        about=fared.number(desk, errand.case),
        resent=resent,
    )
    return message if destination is not None else _by_mail(desk, message, kept)


def _by_mail(desk: Desk, message: Message, kept: Json) -> Message:
    """The message with its envelope; one that has no document of its own is printed from what it says."""
    address = recipients.address(desk, message.recipient)
    pdfs = outgoing.pdfs(message.body)
    if not pdfs and address is not None:
        pdfs = [paper.printed(desk, kept, message.recipient, address, message.about)]
    documents = tuple(Document(f"{place:02}.pdf", content) for place, content in enumerate(pdfs, 1))
    return replace(message, address=address, documents=documents)
