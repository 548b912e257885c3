"""A message without a document of its own, for a recipient no system reaches: its words on the plan's letterhead."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from second_opinion.fhir import postal
from second_opinion.fhir.case_view import Reference
from second_opinion.letters import pdf, sheet
from second_opinion.letters.letter import Party
from second_opinion.letters.sheet import Sheet
from second_opinion.workflow import addressees
from second_opinion.workflow.desk import Desk

Json = dict[str, Any]

_CODE = re.compile(r"[0-9]+-[0-9]")  # a LOINC code standing for words (PAS profile-communicationrequest)
_WHEN = {"CommunicationRequest": "Please answer by", "ServiceRequest": "Appointment", "Task": "Appointment"}


def printed(desk: Desk, kept: Json, recipient: Reference, address: Json | None, case_number: str) -> bytes:
    """The message as a PDF, with what the resource says and nothing that is only in the case."""
    at = datetime.fromisoformat(kept["meta"]["lastUpdated"])
    name = recipient.get("display") or postal.name(addressees.resolved(desk, recipient)) or addressees.UNNAMED
    said = Sheet(
        title=_title(kept),
        to=Party(name, postal.lines(address)),
        on=desk.calendar.day(at),
        case_number=case_number,
        facts=tuple(_facts(desk, kept, recipient, case_number)),
        paragraphs=tuple(_paragraphs(kept)),
    )
    return pdf.render(sheet.compose(said, desk.stationery.letterhead), at)


def _title(kept: Json) -> str:
    for concept in (kept.get("topic", {}), *kept.get("category", ()), kept.get("code", {})):
        for coding in concept.get("coding", ()):
            if coding.get("display"):
                return str(coding["display"])
    return "Message about a second medical opinion"


def _facts(desk: Desk, kept: Json, recipient: Reference, case_number: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "Case", (case_number,)
    member = kept.get("subject") or kept.get("for") or {}
    patient = addressees.patient(desk, str(member.get("reference", "")).removeprefix("Patient/"))
    if (name := postal.name(patient)) is not None:
        yield "Member", tuple(filter(None, (name, _born(patient))))
    if (when := kept.get("occurrenceDateTime") or kept.get("restriction", {}).get("period", {}).get("end")) is not None:
        local = datetime.fromisoformat(when).astimezone(desk.calendar.zone)
        yield _WHEN.get(kept["resourceType"], "When"), (f"{local:%A, %B} {local.day}, {local.year}, {local:%H:%M}",)
    for concept in kept.get("orderDetail", ()):
        yield "Kind of ride", (str(concept["coding"][0].get("display", concept["coding"][0]["code"])),)
    if _asked_of(kept, recipient):
        yield from (("Send it to", _receiver(desk, each)) for each in kept.get("recipient", ()))
    for given in kept.get("input", ()):
        label = str(given["type"]["coding"][0].get("display", "Detail"))
        if (value := _value(given)) is not None:
            yield label, value


def _asked_of(kept: Json, recipient: Reference) -> bool:
    """Whether the reader is whom the message asks to send something to others."""
    sender = kept.get("sender", {}).get("reference")
    return (
        kept["resourceType"] == "CommunicationRequest" and sender is not None and sender == recipient.get("reference")
    )


def _receiver(desk: Desk, reference: Reference) -> tuple[str, ...]:
    """Name and address of a provider. Where the member gets her mail is for the plan alone to know."""
    if str(reference.get("reference", "")).startswith("Patient/"):
        return ("The member, through us: send us the member's copy, and we pass it on",)
    party = addressees.provider_party(desk, reference)
    telephone = postal.phone(addressees.resolved(desk, reference))
    return (party.name, *party.address, *([f"Phone {telephone}"] if telephone else []))


def _born(patient: Json) -> str | None:
    return f"born {patient['birthDate']}" if "birthDate" in patient else None


def _value(given: Json) -> tuple[str, ...] | None:
    """What a Task was given, as far as it is words."""
    if "valueAddress" in given:
        return postal.lines(given["valueAddress"])
    if "valueContactPoint" in given:
        return (str(given["valueContactPoint"]["value"]),)
    if "valueBoolean" in given:
        return ("yes" if given["valueBoolean"] else "no",)
    return (str(given["valueCode"]),) if "valueCode" in given else None


def _paragraphs(kept: Json) -> Iterator[str]:
    yield from (each["text"] for each in kept.get("note", ()))
    words = (each.get("contentString", "") for each in kept.get("payload", ()))
    yield from (each for each in words if each and not _CODE.fullmatch(each))
    if kept.get("patientInstruction"):
        yield kept["patientInstruction"]
