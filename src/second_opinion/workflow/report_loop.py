"""The loop of the consultation report closes when the member and the initial provider both have it, and only then."""

from dataclasses import replace
from datetime import datetime, timedelta

from second_opinion.cases.status import CaseStatus, move
from second_opinion.fhir import json_body
from second_opinion.fhir.elements import instant
from second_opinion.store.changes import ResourceWrite
from second_opinion.workflow import projection
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.desk import Desk


def closes(case: CaseFile) -> bool:
    """Whether everybody has the report, and the case does not say so yet."""
    return case.view.reported and not CaseStatus(case.view.status).is_final


def closed(case: CaseFile, now: datetime) -> CaseFile:
    """The case with its report delivered to both."""
    status = move(CaseStatus(case.view.status), CaseStatus.REPORT_DELIVERED)
    return replace(case, view=replace(case.view, status=str(status), queue=None, closed_at=now, updated_at=now))


def took(case: CaseFile, now: datetime) -> timedelta:
    """How long both waited for the report of a case about to close: since the visit kept, else since the decision."""
    kept = case.view.visit_at if case.view.status == CaseStatus.REPORT_DUE else None
    return max(now - (kept or case.view.decided_at), timedelta())


def completed_order(desk: Desk, case: CaseFile) -> list[ResourceWrite]:
    """The order the case began with, completed."""
    stored = desk.store.found("ServiceRequest", case.view.service_request_id)
    if stored is None:
        return []
    order = json_body.read(stored.body)
    if order.get("status") != "active":
        return []
    meta = order["meta"] | {"versionId": str(stored.version + 1), "lastUpdated": instant(case.view.updated_at)}
    partner = desk.store.submitter(stored.type, stored.id)
    return [projection.keep(desk, order | {"status": "completed", "meta": meta}, case, partner=partner)]
