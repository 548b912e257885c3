"""openapi.yaml and the running service say the same: every path, method, parameter, body and status, both ways."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from api.description import DESCRIPTION, FILE, SCHEMA, Json, operations, resolved
from api.running import FHIR_JSON, Service, example, fhir, service
from second_opinion.fhir.search_registry import EXPOSED

Case = schemathesis.Case[Any]

NOT_DESCRIBED = "/docs/<path:path>"  # the page's scripts and styles
CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
RESULTS = frozenset(
    {"_count", "_sort", "_include", "_revinclude", "_elements", "_summary", "_total", "_page", "_format"}
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(Path(tmp_path_factory.mktemp("openapi"))) as built:
        assert built.submit(example("r08-without-a-reason")).status_code == 201
        yield built


def _parameters(path: str, operation: Json, place: str) -> set[str]:
    given = (*DESCRIPTION["paths"][path].get("parameters", ()), *operation.get("parameters", ()))
    return {each["name"] for each in map(resolved, given) if each["in"] == place}


def test_every_route_is_described_and_nothing_else(running: Service) -> None:
    places = {"ident": "id", "number": "version"}
    routed = {
        (method, re.sub(r"<(\w+)>", lambda found: f"{{{places[found[1]]}}}", rule.rule))
        for rule in running.app.url_map.iter_rules()
        if rule.rule != NOT_DESCRIBED
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert set(operations()) == routed


def test_each_operation_has_a_name_of_its_own() -> None:
    names = [each["operationId"] for each in operations().values()]
    assert len(names) == len(set(names))


def test_each_operation_stands_under_a_tag_that_is_explained() -> None:
    explained = {each["name"] for each in DESCRIPTION["tags"]}
    assert {tag for each in operations().values() for tag in each["tags"]} == explained


def test_each_place_in_a_path_is_a_parameter_of_every_operation_on_it() -> None:
    for (method, path), operation in operations().items():
        assert _parameters(path, operation, "path") == set(re.findall(r"{(\w+)}", path)), (method, path)


def test_the_search_parameters_are_those_of_the_statement(running: Service) -> None:
    stated = json.loads(running.client().get("/fhir/metadata").data)["rest"][0]["resource"]
    for each in stated:
        path = f"/fhir/{each['type']}"
        if "searchParam" not in each:
            continue  # what is only taken
        described = _parameters(path, operations()["GET", path], "query")
        assert described - RESULTS == {one["name"] for one in each["searchParam"]}, path
        if each["readHistory"]:
            assert described >= RESULTS, path


def test_only_what_anybody_may_ask_is_described_as_open(running: Service) -> None:
    client = running.client(None)
    for (method, path), operation in operations().items():
        address = path.replace("{id}", "1").replace("{version}", "1")
        data = b"{}" if method in {"POST", "PUT"} else None
        with client.open(address, method=method, data=data, headers=fhir(), buffered=True) as answered:
            assert (answered.status_code == 401) == ("security" not in operation), (method, path)
        assert operation.get("security", []) == []
        assert ("401" in operation["responses"]) == ("security" not in operation), (method, path)


def test_every_named_part_is_used() -> None:
    text = FILE.read_text()
    for kind, parts in DESCRIPTION["components"].items():
        for name in parts:
            if kind != "securitySchemes":
                assert f'"#/components/{kind}/{name}"' in text, (kind, name)


@pytest.mark.parametrize("name", sorted(DESCRIPTION["components"]["examples"]))
def test_every_example_is_taken(tmp_path: Path, name: str) -> None:
    body = DESCRIPTION["components"]["examples"][name]["value"]
    doors = [
        (method, path)
        for (method, path), operation in operations().items()
        for shown in operation.get("requestBody", {}).get("content", {}).get(FHIR_JSON, {}).get("examples", {}).values()
        if shown["$ref"].endswith(f"/{name}")
    ]
    assert doors
    for method, path in doors:
        with service(tmp_path) as fresh:
            answered = fresh.client().open(path, method=method, data=json.dumps(body), headers=fhir())
            assert answered.status_code in {200, 201}, answered.text


@SCHEMA.parametrize()
@settings(
    max_examples=15,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_whatever_is_sent_is_answered_as_described(case: Case, running: Service) -> None:
    _lead_to_something(case, running)
    answered = case.call(app=running.app, headers={"Authorization": _authorization(running)})
    case.validate_response(answered, checks=CHECKS)
    if answered.status_code >= 400 and case.path != "/oauth/token":
        assert answered.headers["content-type"] == [f"{FHIR_JSON}; charset=utf-8"]
        assert answered.json()["resourceType"] == "OperationOutcome"
        assert answered.json()["issue"][0]["details"]["text"]


def _lead_to_something(case: Case, running: Service) -> None:
    """Half of the made-up ids become one that exists."""
    ident = (case.path_parameters or {}).get("id")
    kind = case.path.split("/")[2] if case.path.startswith("/fhir/") else ""
    if isinstance(ident, str) and len(ident) % 2 and kind in EXPOSED:
        case.path_parameters["id"] = _known(running, kind)


@cache
def _known(running: Service, kind: str) -> str:
    return running.known(kind)


@cache
def _authorization(running: Service) -> str:
    return str(running.client().environ_base["HTTP_AUTHORIZATION"])
