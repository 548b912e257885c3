import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome

from case_views import approved
from second_opinion import errors
from second_opinion.errors import SecondOpinionError
from second_opinion.fhir import outcome

LISTED = """invalid structure required value invariant security login unknown expired forbidden suppressed processing
not-supported duplicate multiple-matches not-found deleted too-long code-invalid extension too-costly business-rule
conflict transient lock-error no-store exception timeout incomplete throttled informational"""
ISSUE_TYPES = frozenset(LISTED.split())  # R4 issue-type, all levels


def every_error() -> list[type[SecondOpinionError]]:
    """Every deliberate error there is."""
    return [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, SecondOpinionError)]


@pytest.mark.parametrize("kind", every_error())
def test_every_error_becomes_an_operation_outcome(kind: type[SecondOpinionError]) -> None:
    written = outcome.write(kind("What is wrong.", "ServiceRequest.subject"))

    OperationOutcome.model_validate(written)
    issue = written["issue"][0]
    assert issue["code"] in ISSUE_TYPES
    assert issue["details"] == {"text": "What is wrong."}
    assert issue["expression"] == ["ServiceRequest.subject"]


def test_what_an_error_does_not_say_is_left_out() -> None:
    issue = outcome.write(errors.NotFound("Nothing of that name is here."))["issue"][0]

    assert issue.keys() == {"severity", "code", "details"}


def test_diagnostics_are_given_where_the_error_has_them() -> None:
    issue = outcome.write(errors.InvalidSearch("Unknown.", "http.x", diagnostics="Supported: _id"))["issue"][0]

    assert issue["diagnostics"] == "Supported: _id"


def test_warnings_are_one_issue_each() -> None:
    written = outcome.warnings(
        [("not-supported", "Ignored.", "http.colour"), ("value", "No such code.", "http.status")]
    )

    OperationOutcome.model_validate(written)
    assert [(each["severity"], each["expression"]) for each in written["issue"]] == [
        ("warning", ["http.colour"]),
        ("warning", ["http.status"]),
    ]


def test_case_opened_names_the_case_and_where_it_stands() -> None:
    issue = outcome.case_opened(approved())["issue"][0]

    assert (issue["severity"], issue["code"]) == ("information", "informational")
    assert issue["details"]["text"].startswith("Case SMO-2026-000123: Approved. ")
    assert issue["diagnostics"] == "Task/case-1"
