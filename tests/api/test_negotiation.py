import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from api.front import Front, a_task
from second_opinion.api import negotiation
from second_opinion.api.negotiation import Preferences
from second_opinion.errors import BadRequest, NotAcceptable, UnsupportedMediaType


def asked(**headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(EnvironBuilder(path="/fhir/Task", headers=named.items()).get_environ())


JSON = [
    "application/fhir+json",
    "application/json",
    "text/json",
    "application/json+fhir",
    "application/fhir+json; fhirVersion=4.0",
    "application/fhir+json;charset=utf-8",
    "APPLICATION/FHIR+JSON",
    'application/fhir+json; fhirVersion="4.0"',
]


@pytest.mark.parametrize("accept", [*JSON, "*/*", "application/*", "", "text/html, */*;q=0.1", "application/xml, json"])
def test_caller_that_takes_json_is_answered(accept: str) -> None:
    negotiation.check_accepted(asked(Accept=accept))


@pytest.mark.parametrize(
    "accept",
    [
        "application/fhir+xml",
        "text/html",
        "application/fhir+json; fhirVersion=3.0",
        "application/fhir+json; fhirVersion=5.0",
        "application/fhir+json;q=0",
        "text/turtle",
    ],
)
def test_caller_that_takes_no_json_is_told_406(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        negotiation.check_accepted(asked(Accept=accept))


@pytest.mark.parametrize(
    ("query", "accept", "status"),
    [
        ("_format=json", "application/fhir+xml", 200),
        ("_format=application/fhir+json", "text/html", 200),
        ("_format=application/fhir%2Bjson", "text/html", 200),
        ("_format=application/fhir+json; fhirVersion=4.0", "", 200),
        ("_format=xml", "application/fhir+json", 406),
        ("_format=application/fhir+xml", "", 406),
        ("_format=", "application/fhir+xml", 406),
        ("", "application/fhir+xml", 406),
    ],
)
def test_format_beats_accept(front: Front, query: str, accept: str, status: int) -> None:
    front.keep(a_task())

    response = front.client().get(f"/fhir/Task/case-1?{query}", headers={"Accept": accept})

    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/fhir+json; charset=utf-8"


def test_format_may_stand_in_the_form_of_a_search(front: Front) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    assert front.client().post("/fhir/Task/_search", data="_format=xml", headers=form).status_code == 406


@pytest.mark.parametrize("announced", [*JSON, "application/fhir json"])
def test_body_announced_as_json_is_taken(announced: str) -> None:
    environ = EnvironBuilder(method="POST", data=b"{}", headers=[("Content-Type", announced)]).get_environ()

    assert negotiation.body(Request(environ)) == b"{}"


@pytest.mark.parametrize(
    "announced",
    [
        "application/fhir+xml",
        "application/x-www-form-urlencoded",
        "text/plain",
        "",
        "application/json-patch+json",
        "application/fhir+json; charset=latin-1",
        "application/fhir+json; fhirVersion=5.0",
    ],
)
def test_body_announced_as_anything_else_is_415(announced: str) -> None:
    environ = EnvironBuilder(method="POST", data=b"{}", headers=[("Content-Type", announced)]).get_environ()

    with pytest.raises(UnsupportedMediaType):
        negotiation.body(Request(environ))


@pytest.mark.parametrize(
    ("header", "preferred"),
    [
        ("return=minimal", Preferences(returned="minimal")),
        ("return=minimal, handling=strict", Preferences(returned="minimal", strict=True)),
        ("handling=strict; return=OperationOutcome", Preferences(returned="OperationOutcome", strict=True)),
        ('return="representation"', Preferences(returned="representation")),
        ("respond-async", Preferences(respond_async=True)),
        ("handling=lenient", Preferences()),
        ("return=everything, wait=10", Preferences()),
        ("", Preferences()),
    ],
)
def test_prefer_may_hold_several_tokens(header: str, preferred: Preferences) -> None:
    assert negotiation.prefer(asked(Prefer=header)) == preferred


@pytest.mark.parametrize(
    ("header", "version"), [('W/"3"', 3), ('"3"', 3), ("3", 3), ("*", None), ('W/"x"', 0), ('"99999999999"', 0)]
)
def test_if_match_is_read_in_every_form(header: str, version: int | None) -> None:
    assert negotiation.if_match(asked(If_Match=header)) == version


def test_if_match_may_be_absent_but_not_several_or_nothing() -> None:
    assert negotiation.if_match(asked()) is None
    for wrong in ('W/"1", W/"2"', ",", ""):
        with pytest.raises(BadRequest):
            negotiation.if_match(asked(If_Match=wrong))


def test_request_id_of_the_caller_is_given_back(front: Front) -> None:
    response = front.client().get("/fhir/metadata", headers={"X-Request-Id": "abc-1.2:3_4"})

    assert response.headers["X-Request-Id"] == "abc-1.2:3_4"


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "<script>", "é"])
def test_request_id_that_cannot_be_logged_as_it_stands_is_replaced(front: Front, given: str) -> None:
    first, second = (front.client().get("/fhir/metadata", headers={"X-Request-Id": given}) for _ in range(2))

    assert len(first.headers["X-Request-Id"]) == 32
    assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]


@pytest.mark.parametrize("path", ["/fhir/metadata", "/fhir/Task/none", "/fhir/Nothing", "/nowhere"])
def test_every_answer_carries_the_headers_that_keep_it_safe(front: Front, path: str) -> None:
    headers = front.client().get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "ETag" in headers["Access-Control-Expose-Headers"]


def test_options_says_what_another_origin_may_send(front: Front) -> None:
    response = front.app.test_client().options("/fhir/Task/case-1", headers={"Origin": "https://ehr.example"})

    assert (response.status_code, response.data) == (200, b"")
    assert "GET" in response.headers["Access-Control-Allow-Methods"]
    for each in ("Authorization", "If-Match", "If-None-Exist", "Prefer", "X-Request-Id"):
        assert each in response.headers["Access-Control-Allow-Headers"]
