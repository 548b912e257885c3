"""OperationOutcomes: every error as one, warnings beside a search, and the case a request has opened."""

from collections.abc import Sequence

from second_opinion.errors import SecondOpinionError
from second_opinion.fhir.case_view import CaseView
from second_opinion.fhir.codes import Json
from second_opinion.fhir.elements import answered


def write(error: SecondOpinionError) -> Json:
    """The error for its sender; only what the error itself says, which never includes received values."""
    return _outcome(_issue("error", error.issue, error.message, error.expression, error.diagnostics))


def warnings(told: Sequence[tuple[str, str, str]]) -> Json:
    """What was set aside while answering: (issue type, words, expression) each; at least one."""
    return _outcome(*(_issue("warning", kind, words, (expression,)) for kind, words, expression in told))


def case_opened(view: CaseView) -> Json:
    """The case and where it stands, for ``Prefer: return=OperationOutcome``."""
    words = f"Case {view.number}: {answered(view)}"
    return _outcome(_issue("information", "informational", words, (), f"Task/{view.task_id}"))


def _outcome(*issues: Json) -> Json:
    return {"resourceType": "OperationOutcome", "issue": list(issues)}


def _issue(
    severity: str, kind: str, words: str, expression: Sequence[str] = (), diagnostics: str | None = None
) -> Json:
    issue: Json = {"severity": severity, "code": kind, "details": {"text": words}}
    if diagnostics:
        issue["diagnostics"] = diagnostics
    if expression:
        issue["expression"] = list(expression)
    return issue
