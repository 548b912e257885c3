"""The answer to a Claim as a PAS response Bundle: now, to a resend, to an inquiry, and in a notification."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from second_opinion.fhir import json_body
from second_opinion.fhir.case_view import CaseView
from second_opinion.fhir.pas import answer, bundle
from second_opinion.fhir.pas.bundle import Edition
from second_opinion.fhir.pas.bundle_rules import bundle_of
from second_opinion.fhir.sent_claim import SentClaim
from second_opinion.workflow import projection
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.desk import Desk

Json = dict[str, Any]


@dataclass(frozen=True)
class ClaimAnswer:
    """The response Bundle, and the cases behind its items: (sequence, case)."""

    bundle: Json
    cases: tuple[tuple[int, CaseView], ...] = ()


def of_case(desk: Desk, case: CaseFile, response: str, edition: Edition = Edition.CURRENT) -> Json:
    """The current response Bundle behind one of a case's ClaimResponses: what a full-resource notification carries.

    ``response`` is the ClaimResponse's id: a case may answer the Claims of several clients, each in its own terms.
    """
    known = next((each for each in case.view.sent_claims if each.response_id == response), None)
    if known is not None:
        return to_claim(desk, case, known, edition)
    stored = desk.store.found("ClaimResponse", response)
    if stored is None:
        raise LookupError("the case's ClaimResponse is not in the store")
    return around(desk, case, json_body.read(stored.body), None, (), edition)


def to_claim(
    desk: Desk,
    case: CaseFile,
    sent: SentClaim,
    edition: Edition = Edition.CURRENT,
    entries: Iterable[Json] | None = None,
) -> Json:
    """The current answer to one Claim; ``entries`` of its Bundle are read from what was kept where not given."""
    case = projection.with_siblings(desk, case)
    response = answer.write(case.view, sent, desk.vocabulary)
    return around(desk, case, response, sent, kept_entries(desk, sent) if entries is None else entries, edition)


def kept_entries(desk: Desk, sent: SentClaim) -> list[Json]:
    """The entries of the Bundle as it was received."""
    submission = desk.store.submission(sent.partner, sent.key)
    return bundle_of(json_body.read(submission.body))[0]["entry"] if submission else []


def around(
    desk: Desk,
    case: CaseFile,
    response: Json,
    sent: SentClaim | None,
    entries: Iterable[Json],
    edition: Edition,
    *,
    inquiry: bool = False,
    questions: bool = True,
) -> Json:
    """The Bundle around a ClaimResponse of the case, with the Tasks of open ``questions`` behind it."""
    asked = [each.question for each in (case.view, *case.view.siblings) if questions]
    tasks = [f"Task/{each.task_id}" for each in asked if each is not None and each.task_status == "requested"]
    return bundle.write(
        response,
        sent,
        entries,
        lambda text: _own(desk, text),
        desk.vocabulary,
        desk.now(),
        edition,
        inquiry=inquiry,
        also=tasks,
    )


def behind(case: CaseView, sent: SentClaim) -> tuple[tuple[int, CaseView], ...]:
    """(sequence, case) for every item a case answers."""
    views = {view.number: view for view in (case, *case.siblings)}
    return tuple((each.sequence, views[each.case]) for each in sent.items if each.case in views)


def _own(desk: Desk, reference: str) -> Json | None:
    kind, _, ident = reference.partition("/")
    body = desk.store.body(kind, ident)
    return json_body.read(body) if body else None


def replaced(sent: SentClaim) -> SentClaim:
    """The Claim once an update has taken its place."""
    return replace(sent, replaced=True)
