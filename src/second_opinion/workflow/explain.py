"""The whole story of a case, for an auditor: facts and where each came from, rules tried, clocks, who did what."""

from collections.abc import Iterator
from types import NoneType
from typing import Any

import orjson

from second_opinion.cases.numbers import running_number
from second_opinion.errors import NotFound
from second_opinion.store.changes import Event
from second_opinion.workflow import case_file, explain_decisions
from second_opinion.workflow.agenda import next_appointment
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.desk import Desk

IN_WORDS = {True: "yes", False: "no", None: "not stated"}


def explain(desk: Desk, case: str) -> str:
    """The story as text. ``case`` is its number or its Task's id; NotFound otherwise."""
    number = running_number(case)
    stored = desk.store.case(number) if number is not None else desk.store.case_by_task(case)
    if stored is None:
        raise NotFound("There is no case of this number or Task id")
    kept = case_file.load(stored.body)
    return "\n".join([*_standing(desk, kept), *_story(desk, kept)])


def _standing(desk: Desk, case: CaseFile) -> Iterator[str]:
    view = case.view
    yield f"Case {view.number}: {view.disposition} ({view.status})"
    yield f"  {view.sentence}"
    yield f"  rule {view.rule}, clause {view.clause}; directory snapshot {case.snapshot}"
    yield f"  Task/{view.task_id}, ServiceRequest/{view.service_request_id}, ClaimResponse/{view.claim_response_id}"
    yield f"  submitted by {case.partner}; may be seen by {', '.join(case.parties)}"
    yield f"  received {_local(desk, view.received_at)}"
    yield "Clocks"
    for name, due in view.clocks:
        yield f"  {name:<22} {_local(desk, due)}"
    if (to_do := next_appointment(case)) is not None:
        yield f"  next act of the clocks: {to_do.act}, {_local(desk, to_do.at)}"
    for note in view.notes:
        yield f"Note: {note}"
    yield from _letters(case)
    yield from _messages(desk, case)


def _letters(case: CaseFile) -> Iterator[str]:
    """Every letter: to whom, where it stands, and what it waits for."""
    if case.view.notices:
        yield "Letters"
    for each in case.view.notices:
        yield f"  {each.number}  {each.kind} to the {each.addressee}: {each.status}, language {each.language or '-'}"
        if each.status_reason:
            yield f"    {each.status_reason}"
        if each.awaits_a_person:
            yield f"    waits for {'; '.join(each.waits_for) or 'a reviewer to release it'}"


def _messages(desk: Desk, case: CaseFile) -> Iterator[str]:
    """Everything sent or to be sent: to whom, how it fares, and why it is on a person's list."""
    if case.view.deliveries:
        yield "Messages"
    for each in case.view.deliveries:
        when = each.received_at or each.sent_at
        yield f"  {each.reference} to {each.whom}: {each.state}{f', {_local(desk, when)}' if when else ''}"
        if each.reason:
            yield f"    {each.reason}"


def _story(desk: Desk, case: CaseFile) -> Iterator[str]:
    yield "What happened"
    for event in desk.store.events(case.number):
        yield f"  {_local(desk, event.at)}  {event.kind} by {event.actor}"
        if note := event.detail.get("note"):
            yield f"    {note}"
        for fact in event.detail.get("facts", ()):
            yield f"    {fact['name']}: {fact['value']}{''.join(f'; {each}' for each in fact['evidence'])}"
        if same := event.detail.get("same_question"):
            yield f"    the same question is asked in {', '.join(same)}, which this submitter may not see"
        if "trace" in event.detail:
            yield from _trace(desk, event)
        yield from explain_decisions.lines(desk, case.view.number, event)


def _trace(desk: Desk, event: Event) -> Iterator[str]:
    """One determination: every fact with its source, every rule as it was tried."""
    trace: dict[str, Any] = event.detail["trace"]
    yield f"    {trace['outcome']} by {trace['rule'] or 'no rule'}, in the wording of {trace['on']}"
    yield f"    policy {trace['plan']}, version {trace['policy']}"
    if trace["fault"]:
        yield f"    a person decides: {trace['fault']}"
    yield "    Facts"
    for name, fact in trace["facts"].items():
        value = IN_WORDS.get(fact["value"], fact["value"]) if type(fact["value"]) in {bool, NoneType} else fact["value"]
        yield f"      {name:<24} {value!s:<28} {fact.get('source', '')}"
    yield "    Rules tried"
    for finding in trace["findings"]:
        answers = ", ".join(f"{question}: {answer}" for question, answer in finding["answers"].items())
        yield f"      {finding['rule']:<5} {finding['verdict']:<8} {finding['clause']:<12} {answers}"
    yield from _directory(desk, event.detail.get("directory", {}))


def _directory(desk: Desk, directory: dict[str, Any]) -> Iterator[str]:
    """The search for an alternative: where, on which day, and every candidate with why it failed."""
    if not directory:
        return
    yield "    Directory"
    for name, value in directory.items():
        if name not in {"evidence", "excluded", "offered"} and value not in (None, [], {}):
            yield f"      {name:<16} {', '.join(map(str, value)) if isinstance(value, list) else value}"
    for each in directory.get("excluded", []):
        yield f"      not counted: PractitionerRole/{each['role'].removeprefix('PractitionerRole/')}: {each['why']}"
    body = desk.store.evidence(directory["evidence"]) if directory.get("evidence") else None
    for candidate in orjson.loads(body).get("candidates", []) if body else []:
        who = ", ".join(candidate[name] for name in ("practitioner", "organization") if name in candidate)
        yield f"      {candidate['verdict']:<10} {candidate['role']} ({who}): {candidate['why']}"


def _local(desk: Desk, at: Any) -> str:
    return f"{desk.calendar.local(at):%a %Y-%m-%d %H:%M:%S %Z}"
