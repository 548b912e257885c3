"""A message comes in about a case: the second doctor's report, or something somebody has us hand on."""

from dataclasses import dataclass, replace
from typing import Any

from uuid_utils import uuid7

from second_opinion.access.caller import Caller, require
from second_opinion.cases.status import FAVOURABLE, CaseStatus
from second_opinion.delivery.gate import Refused, Unreachable
from second_opinion.directory.stated import Identifier
from second_opinion.errors import BusinessRule, CaseClosed, Duplicate, Forbidden, RequiredMissing
from second_opinion.fhir import incoming, kept_messages, received_documents
from second_opinion.fhir.attachments import ReceivedDocument
from second_opinion.fhir.case_view import Forwarded, Reference, Report, ReportCopy, report_recipients
from second_opinion.fhir.codes import NPI
from second_opinion.fhir.incoming import Incoming, Link
from second_opinion.store.changes import Event, ResourceWrite, Submission
from second_opinion.workflow import matching, projection, recipients
from second_opinion.workflow.arrival import Arrival, told_anew
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.deciding import milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.saving import save_next

VISITED = frozenset(
    {CaseStatus.SCHEDULED, CaseStatus.MISSED, CaseStatus.REPORT_DUE, CaseStatus.REPORT_DELIVERED, CaseStatus.MODIFIED}
)
AUTHORIZED = FAVOURABLE | VISITED  # cases whose opinion may be given, and so reported
NOT_CALLED = "The document's address is not one that may be called; send it inline"
NO_FILE = "A report needs its document: inline, by url, or as a DocumentReference that is here"


@dataclass(frozen=True)
class Kept:
    """What a message became: the resource that stands for it, and whether it is new."""

    reference: str
    created: bool


def receive(desk: Desk, arrival: Arrival, kind: str) -> Kept:
    """The message kept, and on its way to whom it is for. The same message again is the same answer."""
    require(arrival.caller, kind, "c")
    message = incoming.read(arrival.body, kind)
    if (before := _known(desk, arrival.caller, message)) is not None:
        return before
    case = matching.the_case(desk, arrival.caller, message)
    doctor = matching.is_second_doctor(desk, arrival.caller, case.view)
    if kind == "CommunicationRequest" and not (doctor and message.brings_files):
        documents = _fetched(desk, message.links)
        return told_anew(lambda: _forward(desk, arrival, message, documents))
    if not doctor:
        raise Forbidden("Only the second doctor of the case may report; a CommunicationRequest is forwarded")
    if not message.brings_files:
        raise RequiredMissing(NO_FILE, f"{kind}.payload" if kind.startswith("Communication") else kind)
    documents = _fetched(desk, message.links)
    return told_anew(lambda: _report(desk, arrival, message, documents))


def report_attached(desk: Desk, arrival: Arrival, case: CaseFile, documents: tuple[ReceivedDocument, ...]) -> CaseFile:
    """A report that came through $submit-attachment: the same as any other."""
    if not matching.is_second_doctor(desk, arrival.caller, case.view):
        raise Forbidden("Only the second doctor of the case may report")
    _may_be_reported(case)
    files = _files(desk, arrival.caller, case, documents)
    case = _reported(desk, case, (), [each.id for each in files if each.type == "DocumentReference"], ())
    audit = [arrival.record(case.view.updated_at, f"Task/{case.view.task_id}", case.member)]
    return save_next(desk, case, [_event(case, arrival)], audit=audit, further=files)


def may_report(desk: Desk, caller: Caller, case: CaseFile) -> bool:
    """Whether a document of the caller's about the case is its report."""
    return CaseStatus(case.view.status) in AUTHORIZED and matching.is_second_doctor(desk, caller, case.view)


def _report(desk: Desk, arrival: Arrival, message: Incoming, fetched: list[ReceivedDocument]) -> Kept:
    case = matching.the_case(desk, arrival.caller, message)
    _may_be_reported(case)
    further_to = _meant(desk, case, message)
    files = _files(desk, arrival.caller, case, (*message.documents, *fetched))
    documents = [*_named(desk, case, message), *(each.id for each in files if each.type == "DocumentReference")]
    drafts = _drafts(desk, arrival.caller, case, message)
    case = _reported(desk, case, further_to, documents, tuple(each.id for each in drafts))
    reference, kept = _stands_for(desk, arrival.caller, case, message, documents)
    further = [*files, *drafts, *kept]
    submissions = _submissions(arrival, message, case, reference)
    audit = [arrival.record(case.view.updated_at, reference, case.member)]
    save_next(desk, case, [_event(case, arrival)], audit=audit, further=further, submissions=submissions)
    return Kept(reference, created=True)


def _forward(desk: Desk, arrival: Arrival, message: Incoming, fetched: list[ReceivedDocument]) -> Kept:
    case = matching.the_case(desk, arrival.caller, message)
    if case.view.status == CaseStatus.WITHDRAWN:
        raise CaseClosed(f"Case {case.view.number} is withdrawn: nothing is forwarded any more")
    if not message.recipients:
        raise RequiredMissing("A message to be forwarded needs its recipients", "CommunicationRequest.recipient")
    parties = _meant(desk, case, message)
    now, ident = milliseconds(desk.now()), str(uuid7())
    files = _files(desk, arrival.caller, case, (*message.documents, *fetched), kind="message")
    documents = [*_named(desk, case, message), *(each.id for each in files if each.type == "DocumentReference")]
    body = kept_messages.forwarded(message.resource, case.view, parties, documents)
    forwarded = (*case.view.forwarded, Forwarded(ident, parties, body))
    case = replace(case, version=case.version + 1, view=replace(case.view, forwarded=forwarded, updated_at=now))
    reference = f"CommunicationRequest/{ident}"
    event = Event(case.number, now, "message to forward", arrival.caller.id, {"resource": reference})
    submissions = _submissions(arrival, message, case, reference)
    audit = [arrival.record(case.view.updated_at, reference, case.member)]
    save_next(desk, case, [event], audit=audit, further=files, submissions=submissions)
    return Kept(reference, created=True)


def _may_be_reported(case: CaseFile) -> None:
    if CaseStatus(case.view.status) not in AUTHORIZED:
        raise CaseClosed(f"Case {case.view.number} has no opinion that could be reported")


def _reported(
    desk: Desk, case: CaseFile, further_to: tuple[Reference, ...], documents: list[str], drafts: tuple[str, ...]
) -> CaseFile:
    """The case's next version with the report, one copy for each addressee; whom the sender forgot is added."""
    view, now = case.view, milliseconds(desk.now())
    assert view.opinion_doctor is not None  # noqa: S101 - who reports is the second doctor
    whom = {str(each): each for each in (*report_recipients(view), *further_to) if each != view.opinion_doctor}
    copies = tuple(ReportCopy(str(uuid7()), each) for each in whom.values())
    report = Report(len(view.reports) + 1, now, view.opinion_doctor, tuple(documents), drafts, copies)
    status = view.status if CaseStatus(view.status).is_final else CaseStatus.REPORT_DUE
    view = replace(view, reports=(*view.reports, report), status=str(status), updated_at=now)
    return replace(case, version=case.version + 1, view=view)


def _meant(desk: Desk, case: CaseFile, message: Incoming) -> tuple[Reference, ...]:
    """Who of the case the recipients are, the plan left out; BusinessRule for one outside it."""
    sides, found = matching.sides(desk, case.view), []
    for each in message.recipients:
        if _is_plan(desk, case, each):
            continue
        numbers = recipients.numbers(desk, {"reference": _literal(desk, each)}) if each.literal else frozenset()
        party = sides.of(each, numbers)
        if party is None:
            raise BusinessRule("The recipient takes no part in the case", each.path)
        found.append(party)
    return tuple(found)


def _is_plan(desk: Desk, case: CaseFile, named: incoming.Reference) -> bool:
    return _literal(desk, named) == case.view.insurer.get("reference")


def _literal(desk: Desk, named: incoming.Reference) -> str:
    return (named.literal or "").removeprefix(f"{desk.settings.fhir_base}/")


def _fetched(desk: Desk, links: tuple[Link, ...]) -> list[ReceivedDocument]:
    """The files that are only named; outside every transaction, and only from where calls may go."""
    found = []
    for link in links:
        try:
            reply = desk.calls.call("GET", link.url, {})
        except (Refused, Unreachable):
            raise BusinessRule(NOT_CALLED, f"{link.path}.url") from None
        if not reply.ok:
            raise BusinessRule("There is no document at its address; send it inline", f"{link.path}.url")
        found.append(incoming.fetched(link, reply.body))
    return found


def _files(
    desk: Desk,
    caller: Caller,
    case: CaseFile,
    documents: tuple[ReceivedDocument, ...],
    kind: str = "consultation-report",
) -> list[ResourceWrite]:
    """Each file kept byte for byte, with the DocumentReference that names it."""
    dated = replace(case, view=replace(case.view, updated_at=milliseconds(desk.now())))
    sender = Identifier(NPI, caller.organization or caller.id)
    return [
        projection.keep(desk, resource, dated, partner=caller.id)
        for document in documents
        for resource in received_documents.write(
            dated.view, desk.vocabulary, document, str(uuid7()), str(uuid7()), sender, kind=kind
        )
    ]


def _named(desk: Desk, case: CaseFile, message: Incoming) -> list[str]:
    """Documents already here that the message brings; they must be the case's."""
    found = []
    for reference in message.named:
        stored = desk.store.found("DocumentReference", reference.partition("/")[2].partition("/")[0])
        if stored is None or stored.case_number != case.number:
            raise BusinessRule("The document is not one of this case", f"{message.type}.payload")
        found.append(stored.id)
    return found


def _drafts(desk: Desk, caller: Caller, case: CaseFile, message: Incoming) -> list[ResourceWrite]:
    """What the second doctor recommends: drafts, which authorize nothing and open no case (policy II.G)."""
    dated = replace(case, view=replace(case.view, updated_at=milliseconds(desk.now())))
    return [
        projection.keep(desk, kept_messages.draft(each, dated.view, str(uuid7())), dated, partner=caller.id)
        for each in message.recommended
    ]


def _stands_for(
    desk: Desk, caller: Caller, case: CaseFile, message: Incoming, documents: list[str]
) -> tuple[str, list[ResourceWrite]]:
    """The resource that stands for the report: the message itself, or the document it is."""
    if message.type not in {"Communication", "CommunicationRequest"}:
        return f"DocumentReference/{documents[0]}", []
    written = kept_messages.received(message.resource, case.view, desk.vocabulary, str(uuid7()), documents)
    return f"{message.type}/{written['id']}", [projection.keep(desk, written, case, partner=caller.id, audience="")]


def _known(desk: Desk, caller: Caller, message: Incoming) -> Kept | None:
    """What the same message became before; Duplicate where its identifier stands for another."""
    for key in _keys(message):
        kept = desk.store.submission(caller.id, key)
        if kept is not None and kept.digest != message.digest:
            raise Duplicate("Another message was sent under this identifier", f"{message.type}.identifier")
        if kept is not None:
            return Kept(kept.resource, created=False)
    return None


def _keys(message: Incoming) -> list[str]:
    numbers = [f"{each.system or ''}|{each.value}" for each in message.numbers]
    return [f"message|{message.type}|{each}" for each in numbers or [message.digest]]


def _submissions(arrival: Arrival, message: Incoming, case: CaseFile, reference: str) -> list[Submission]:
    at = case.view.updated_at
    return [
        Submission(arrival.caller.id, key, message.digest, case.number, reference, at, b"") for key in _keys(message)
    ]


def _event(case: CaseFile, arrival: Arrival) -> Event:
    report = case.view.reports[-1]
    detail: dict[str, Any] = {"documents": list(report.document_ids), "recommended": list(report.draft_ids)}
    return Event(case.number, case.view.updated_at, "report received", arrival.caller.id, detail)
