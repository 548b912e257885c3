"""$submit-attachment: documents that answer the plan's question are kept of the case, and a clinician reads them."""

from collections.abc import Sequence
from dataclasses import replace

from second_opinion.access.caller import Caller, require
from second_opinion.cases.status import CaseStatus
from second_opinion.directory.members import matches
from second_opinion.directory.stated import Identifier
from second_opinion.errors import BusinessRule, CaseClosed, Unresolved
from second_opinion.fhir import attachments, json_body, received_documents
from second_opinion.fhir.attachments import ReceivedDocument, Submitted
from second_opinion.store.changes import Event, ResourceWrite
from second_opinion.workflow import agenda, projection, receive, tracking
from second_opinion.workflow.arrival import Arrival, told_anew
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.deciding import milliseconds
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.inform import Reconsidered, reconsider
from second_opinion.workflow.opening import new_id
from second_opinion.workflow.saving import save_next
from second_opinion.workflow.submit import determined
from second_opinion.workflow.tracking import Tracked

WHY = "documents came in answer; a clinician reads them"


def submit_attachment(desk: Desk, arrival: Arrival) -> CaseFile:
    """The case with the documents; Unresolved where nobody asked under the tracking number."""
    require(arrival.caller, "DocumentReference", "c")
    given = attachments.read(arrival.read())
    return told_anew(lambda: _submit(desk, arrival, given))


def _submit(desk: Desk, arrival: Arrival, given: Submitted) -> CaseFile:
    found = tracking.resolve(desk, arrival.caller, given.tracking)
    if found is None:
        raise Unresolved("Nothing is asked under this tracking number", "Parameters.parameter('TrackingId').value")
    case = found.case
    _same_member(desk, case, given)
    if found.answers is Tracked.REPORT or receive.may_report(desk, arrival.caller, case):
        return receive.report_attached(desk, arrival, case, given.documents)
    if not CaseStatus(case.view.status).is_open:
        raise CaseClosed(f"Case {case.view.number} has its answer; documents belong to a new request, or an appeal")
    return _kept(desk, arrival, case, given)


def _kept(desk: Desk, arrival: Arrival, case: CaseFile, given: Submitted) -> CaseFile:
    now = milliseconds(desk.now())
    documents = kept_documents(desk, arrival.caller, case, given.documents, given.sender[0])
    ids = [each.id for each in documents if each.type == "DocumentReference"]
    detail = {"documents": ids, "final": given.final, "note": f"{len(ids)} documents: {', '.join(ids)}"}
    events = [Event(case.number, now, "answered", arrival.caller.id, detail)]
    asked = answered(desk, case) if given.final and agenda.may_be_asked_again(case) else None
    anew = asked.case if asked else replace(case, version=case.version + 1, view=replace(case.view, updated_at=now))
    if asked is not None:
        events.append(determined(anew, asked.determination, asked.resolution, now))
    evidence = asked.resolution.evidence if asked else {}
    audit = [arrival.record(anew.view.updated_at, f"Task/{anew.view.task_id}", anew.member)]
    return save_next(desk, anew, events, audit=audit, further=documents, evidence=evidence)


def answered(desk: Desk, case: CaseFile) -> Reconsidered:
    """The question answered: it is not asked again, and what documents say is a clinician's to read."""
    question = case.view.question
    missing = question.missing if question else ()
    return reconsider(desk, replace(case, past_asking=case.past_asking | {fact: WHY for fact, _ in missing}))


def kept_documents(
    desk: Desk,
    caller: Caller,
    case: CaseFile,
    documents: Sequence[ReceivedDocument],
    sender: Identifier,
    *,
    new: bool = False,
) -> list[ResourceWrite]:
    """What is kept of the documents; one that the case already has, which a new case cannot, is not kept twice."""
    if not documents:
        return []
    there = () if new else desk.store.case_resources(case.number)
    kept = [each for each in there if each.type == "DocumentReference"]
    known = {sha1 for each in kept for sha1 in received_documents.hashes(json_body.read(each.body))}
    dated = case if new else replace(case, view=replace(case.view, updated_at=milliseconds(desk.now())))
    written = []
    for document in documents:
        if document.sha1 in known:
            continue
        known.add(document.sha1)
        resources = received_documents.write(dated.view, desk.vocabulary, document, new_id(), new_id(), sender)
        written += [projection.keep(desk, each, dated, partner=caller.id) for each in resources]
    return written


def _same_member(desk: Desk, case: CaseFile, given: Submitted) -> None:
    """BusinessRule unless the number is the case's member's: nothing is filed under somebody else."""
    with desk.directory.snapshot() as lookup:
        member = lookup.member(case.member)
        covered = [number for each in lookup.coverages(case.member) for number in each.numbers]
    if not matches(given.member, (*(member.identifiers if member else ()), *covered)):
        raise BusinessRule("MemberId must be the number of the member the tracking number is about", given.member_path)
