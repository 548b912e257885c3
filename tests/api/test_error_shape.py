import logging

import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome
from flask import abort

from api.front import Front, bundle
from second_opinion.errors import Throttled, Unprocessable

MARKER = "Zyxw-marker"


def outcome(response: object) -> dict[str, object]:
    """The answer's only issue, of a body that is an OperationOutcome."""
    data = response.data  # type: ignore[attr-defined]  # a test response
    OperationOutcome.model_validate_json(data)
    (issue,) = bundle(response)["issue"]  # type: ignore[arg-type]  # as above
    assert issue["severity"] == "error"
    assert issue["details"]["text"]
    return dict(issue)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", f"/fhir/{MARKER}", 404, "not-found"),
        ("GET", f"/fhir/{MARKER}/1", 404, "not-found"),
        ("GET", f"/fhir/Task/{MARKER}", 404, "not-found"),
        ("GET", f"/fhir/Task/1/{MARKER}", 404, "not-found"),
        ("GET", f"//fhir//Task/{MARKER}", 404, "not-found"),
        ("POST", f"/fhir/Task/1/${MARKER}", 404, "not-found"),
        ("DELETE", f"/fhir/Task/{MARKER}", 405, "not-supported"),
        ("PUT", f"/fhir/Task/{MARKER}", 405, "not-supported"),
        ("PATCH", f"/fhir/Task/{MARKER}", 405, "not-supported"),
        ("POST", "/fhir/Task", 405, "not-supported"),
        ("POST", "/fhir/metadata", 405, "not-supported"),
        ("POST", f"/fhir/Task/_search?x={MARKER}", 415, "not-supported"),
        ("GET", f"/fhir/Task?authored-on={MARKER}", 400, "invalid"),
        ("GET", f"/fhir/Task?_page={MARKER}", 400, "invalid"),
        ("GET", f"/fhir/Task?{MARKER}=1", 400, "too-costly"),
    ],
)
def test_every_refusal_is_one_outcome_that_repeats_nothing(
    front: Front, method: str, path: str, status: int, code: str
) -> None:
    response = front.client().open(path, method=method, data=b"{}" if method == "POST" else None)

    assert response.status_code == status
    assert outcome(response)["code"] == code
    assert response.headers["Content-Type"] == "application/fhir+json; charset=utf-8"
    assert MARKER not in response.get_data(as_text=True)


def test_refused_method_is_told_which_are_allowed(front: Front) -> None:
    response = front.client().delete("/fhir/Task/case-1")

    assert {each.strip() for each in response.headers["Allow"].split(",")} == {"GET", "HEAD", "OPTIONS"}


def test_fault_inside_tells_nothing_but_the_requests_id(front: Front, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> str:
        raise RuntimeError(MARKER)

    front.app.add_url_rule("/fhir/fails", view_func=fail)
    with caplog.at_level(logging.INFO):
        response = front.client().get(f"/fhir/fails?name={MARKER}", headers={"X-Request-Id": "request-7"})

    issue = outcome(response)
    assert (response.status_code, issue["code"]) == (500, "exception")
    assert "request-7" in response.get_data(as_text=True)
    assert MARKER not in response.get_data(as_text=True)
    assert "RuntimeError" in caplog.text
    assert "request-7" in caplog.text
    assert MARKER not in caplog.text
    assert "Traceback" not in caplog.text


def test_deliberate_error_keeps_its_status_words_places_and_headers(front: Front) -> None:
    def refuse() -> str:
        raise Unprocessable("Two places are wrong", "Task.status", "Task.code", diagnostics="how to mend it")

    def slow_down() -> str:
        raise Throttled("Too many requests", headers={"Retry-After": "7"})

    front.app.add_url_rule("/fhir/refuses", view_func=refuse)
    front.app.add_url_rule("/fhir/throttles", view_func=slow_down)
    client = front.client()

    refused = client.get("/fhir/refuses")
    issue = outcome(refused)
    assert (refused.status_code, issue["code"], issue["expression"]) == (422, "invariant", ["Task.status", "Task.code"])
    assert issue["diagnostics"] == "how to mend it"
    assert client.get("/fhir/throttles").headers["Retry-After"] == "7"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 406, 408, 410, 413, 415, 417, 429, 500, 501, 503])
def test_error_of_the_framework_keeps_its_kind_and_loses_its_html(front: Front, status: int) -> None:
    def refuse() -> str:
        abort(status, description=MARKER)

    front.app.add_url_rule("/fhir/aborts", view_func=refuse)

    response = front.client().get("/fhir/aborts")

    outcome(response)
    assert response.status_code // 100 == status // 100
    assert response.status_code in {status, 500}
    assert MARKER not in response.get_data(as_text=True)


def test_body_over_the_limit_is_413(front: Front) -> None:
    front.app.config["MAX_CONTENT_LENGTH"] = 10

    response = front.client().post("/fhir/Task/_search", data={"identifier": "x" * 11})

    assert (response.status_code, outcome(response)["code"]) == (413, "too-long")
