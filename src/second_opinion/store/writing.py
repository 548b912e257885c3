"""What one use case saves, worked out as rows before the transaction begins."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import orjson

from second_opinion.cases.attestation import NotAttested
from second_opinion.cases.status import ATTESTED
from second_opinion.store import audit_chain, subscriptions
from second_opinion.store.changes import CaseWrite, Changes, Conflict, Event, ResourceWrite, Submission, Work
from second_opinion.store.database import Batch, Row, Transaction
from second_opinion.store.found_by import FoundBy, found_by, span_rows, term_rows, unpacked, word
from second_opinion.store.stored import microseconds
from second_opinion.store.tables import ALWAYS, NEVER


def batch(changes: Changes, numbers: Callable[[int], int]) -> Batch:
    """The rows and steps that save ``changes``; ``numbers(n)`` is the first of n free row numbers."""
    written = Batch()
    for each in (changes, *changes.also):
        _add(written, each, numbers)
        subscriptions.add(written, each, changes.answered or each.answered, _work)
    if "search_term" in written.rows:
        written.rows["search_term"].sort()
    return written


def _add(written: Batch, changes: Changes, numbers: Callable[[int], int]) -> None:
    number = changes.case.number if changes.case else None
    if changes.close_question:
        written.steps.append(partial(_close_question, number=number))
    if changes.case:
        _add_case(written, changes.case)
    _add_resources(written, changes.resources, numbers)
    if any(each.replaces for each in changes.submissions):
        written.steps.append(partial(_release_keys, submissions=changes.submissions))
    if changes.undelivered:
        written.steps.append(partial(_count, name="undelivered", more=changes.undelivered))
    if changes.report_took is not None:
        written.steps.append(partial(_count, name="reports", more=1))
        written.steps.append(partial(_count, name="report-seconds", more=int(changes.report_took.total_seconds())))
    rows = {
        "case_party": _parties(changes, number),
        "submission": [_submission(each) for each in changes.submissions],
        "case_event": [_event(each) for each in changes.events],
        "audit": [audit_chain.row(each) for each in changes.audit],
        "evidence": sorted(changes.evidence.items()),
        "work": [_work(each) for each in changes.work],
    }
    if changes.open_question:
        partner, question = changes.open_question
        rows["open_question"] = [(partner, word(question), number)]
    for table, added in rows.items():
        if added:
            written.rows[table] += added


def _parties(changes: Changes, number: int | None) -> list[Row]:
    """Who takes part in the cases written: those named, and whoever submitted a resource of theirs."""
    named = {(party, number) for party in changes.parties}
    submitters = {(f"partner:{each.partner}", each.case) for each in changes.resources if each.partner and each.case}
    return sorted(named | submitters)


def _add_resources(written: Batch, resources: list[ResourceWrite], numbers: Callable[[int], int]) -> None:
    new = [resource for resource in resources if resource.version == 1]
    pk = numbers(len(new)) if new else 0
    terms: list[Row] = []
    for resource in resources:
        index = found_by(resource)
        if resource.version > 1:
            written.steps.append(partial(_replace, resource=resource, index=index))
            continue
        written.rows["resource"].append(resource_row(pk, resource, index, since=0))
        terms += term_rows(index.terms, pk)
        written.rows["search_span"] += span_rows(index.spans, pk)
        pk += 1
    if terms:
        written.rows["search_term"] += terms


def resource_row(pk: int, resource: ResourceWrite, index: FoundBy, since: int) -> Row:
    """A new row of table resource, visible from snapshot ``since`` on."""
    return (
        pk,
        resource.type,
        resource.id,
        resource.version,
        microseconds(resource.last_updated),
        resource.case,
        resource.member,
        resource.partner,
        resource.audience,
        resource.sealed,
        since,
        ALWAYS,
        index.packed,
        resource.body,
    )


_STORED = "SELECT pk, found_by FROM resource WHERE type = ? AND id = ? AND since = 0 AND version = ?"
_KEEP = "INSERT INTO resource_history SELECT pk, version, last_updated, body FROM resource WHERE pk = ? AND version = ?"
_REPLACE = (
    "UPDATE resource SET version = ?, last_updated = ?, case_number = COALESCE(?, case_number),"
    " member = COALESCE(?, member), partner = COALESCE(?, partner), audience = ?, sealed = ?, until = ?,"
    " found_by = ?, body = ?"
    " WHERE pk = ? AND version = ?"
)


def _replace(transaction: Transaction, resource: ResourceWrite, index: FoundBy) -> None:
    """Put the new version in the place of the one before, which goes into the history. No body: deleted."""
    before = resource.version - 1
    rows = transaction.fetch(_STORED, (resource.type, resource.id, before))
    if not rows:
        raise Conflict("resource")
    pk, packed = rows[0]
    until = ALWAYS if resource.body else NEVER
    new = (resource.version, microseconds(resource.last_updated), resource.case, resource.member, resource.partner)
    transaction.execute(_KEEP, (pk, before))
    for_whom = (resource.audience, resource.sealed)
    if transaction.execute(_REPLACE, (*new, *for_whom, until, index.packed, resource.body, pk, before)) != 1:
        raise Conflict("resource")
    old = unpacked(packed)
    remove_index(transaction, pk, old.terms - index.terms, old.spans - index.spans)
    transaction.insert("search_term", term_rows(sorted(index.terms - old.terms), pk))
    transaction.insert("search_span", span_rows(sorted(index.spans - old.spans), pk))


def remove_index(
    transaction: Transaction, pk: int, terms: set[tuple[int, str]], spans: set[tuple[int, int, int]]
) -> None:
    """Take index rows of one resource away."""
    for number, value in terms:
        transaction.execute(
            "DELETE FROM search_term WHERE param = ? AND value = ? AND resource = ?", (number, value, pk)
        )
    for number, first, last in spans:
        statement = "DELETE FROM search_span WHERE resource = ? AND param = ? AND first = ? AND last = ?"
        transaction.execute(statement, (pk, number, first, last))


def _add_case(written: Batch, case: CaseWrite) -> None:
    if case.status in ATTESTED and case.attested_by is None:
        raise NotAttested("A case is kept so only by the attested decision of a registered reviewer")
    row = (
        case.number,
        case.version,
        case.task,
        case.status,
        case.member,
        word(case.condition) if case.condition is not None else None,
        case.doctor,
        microseconds(case.received_at),
        microseconds(case.due_at) if case.due_at else None,
        microseconds(case.act_at) if case.act_at else None,
        case.attested_by,
        case.body,
    )
    if case.version == 1:
        written.rows["case_file"].append(row)
    else:
        written.steps.append(partial(_replace_case, row=row))


_REPLACE_CASE = (
    "UPDATE case_file SET version = ?, task = ?, status = ?, member = ?, condition = ?, doctor = ?, received_at = ?,"
    " due_at = ?, act_at = ?, attested_by = ?, body = ? WHERE number = ? AND version = ?"
)


def _replace_case(transaction: Transaction, row: Row) -> None:
    number, version, *_ = row
    if transaction.execute(_REPLACE_CASE, (*row[1:], number, version - 1)) != 1:
        raise Conflict("case")


def _close_question(transaction: Transaction, number: int | None) -> None:
    transaction.execute("DELETE FROM open_question WHERE case_number = ?", (number,))


def _count(transaction: Transaction, name: str, more: int) -> None:
    transaction.execute("UPDATE counter SET value = value + ? WHERE name = ?", (more, name))


def _release_keys(transaction: Transaction, submissions: list[Submission]) -> None:
    """The keys of a changed order stand for its new content; those of another order stay taken, and conflict."""
    statement = "DELETE FROM submission WHERE partner = ? AND key = ? AND resource = ?"
    for each in submissions:
        if each.replaces:
            transaction.execute(statement, (each.partner, word(each.key), each.resource))


def _submission(submission: Submission) -> Row:
    return (
        submission.partner,
        word(submission.key),
        submission.digest,
        submission.case,
        submission.resource,
        microseconds(submission.received_at),
        submission.body,
    )


def _event(event: Event) -> Row:
    return (event.case, microseconds(event.at), event.kind, event.actor, orjson.dumps(event.detail))


def _work(work: Work) -> Row:
    return (
        word(work.key),
        work.kind,
        work.case,
        work.partner,
        microseconds(work.not_before) if work.not_before else None,
        microseconds(datetime.now(UTC)),
        work.tries,
        None,
        orjson.dumps(work.body),
    )
