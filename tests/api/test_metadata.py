"""/metadata and the service say the same: what is declared works, what is not declared is refused."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from api.running import BASE, Service, example, fhir, outcome, service
from second_opinion.fhir.search_registry import PARAMETERS, WITHOUT_ROWS

OLDER = "/fhir/pas/2.0"  # a base of its own, for clients of the version before
STRICT = {"Prefer": "handling=strict"}
VALUES = {"token": "active", "reference": "1", "date": "ge2020-01-01", "string": "a", "uri": "https://plan.example/p"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(Path(tmp_path_factory.mktemp("metadata"))) as built:
        for shows in ("r01-in-network", "r08-without-a-reason"):
            assert built.submit(example(shows)).status_code == 201
        yield built


@pytest.fixture(scope="module")
def statement(running: Service) -> dict[str, Any]:
    answered = running.client(None).get("/fhir/metadata")
    assert answered.status_code == 200
    parsed: dict[str, Any] = orjson.loads(answered.data)
    return parsed


@pytest.fixture(scope="module")
def declared(statement: dict[str, Any]) -> Mapping[str, dict[str, Any]]:
    """What the statement says of each type."""
    (rest,) = statement["rest"]
    return {each["type"]: each for each in rest["resource"]}


def _read(declared: Mapping[str, dict[str, Any]]) -> Mapping[str, dict[str, Any]]:
    """Of these, what can be looked at; a DiagnosticReport is only taken, and kept as its documents."""
    return {name: each for name, each in declared.items() if "read" in _interactions(each)}


def _interactions(of: Mapping[str, Any]) -> set[str]:
    return {each["code"] for each in of.get("interaction", ())}


def _routed(running: Service) -> dict[str, set[str]]:
    """Interactions and $operations by type, as the router has them; the whole system's under the empty name."""
    shapes = {
        ("GET", ""): "search-type",
        ("POST", "/_search"): "search-type",
        ("POST", ""): "create",
        ("GET", "/<ident>"): "read",
        ("PUT", "/<ident>"): "update",
        ("DELETE", "/<ident>"): "delete",
        ("GET", "/<ident>/_history"): "history-instance",
        ("GET", "/<ident>/_history/<number>"): "vread",
        ("GET", "/_history"): "history-type",
    }
    found: dict[str, set[str]] = {}
    for rule in running.app.url_map.iter_rules():
        apart = rule.rule.startswith((OLDER, "/fhir/metadata")) or "/.well-known/" in rule.rule
        if apart or not rule.rule.startswith("/fhir"):
            continue
        type_name, slash, rest = rule.rule.removeprefix("/fhir").removeprefix("/").partition("/")
        if type_name.startswith("$"):
            found.setdefault("", set()).add(type_name)
            continue
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            shape = (method, slash + rest)
            operation = rest.rpartition("/")[2].replace("$inquiry", "$inquire")  # one operation by two names
            name = operation if operation.startswith("$") else "transaction" if not type_name else shapes[shape]
            found.setdefault(type_name, set()).add(name)
    return found


def test_the_statement_is_one_r4_can_read(statement: dict[str, Any]) -> None:
    assert CapabilityStatement.model_validate(statement).fhirVersion == "4.0.1"
    assert (statement["status"], statement["kind"]) == ("active", "instance")
    assert {"json", "application/fhir+json"} <= set(statement["format"])
    assert statement["implementation"]["url"] == BASE


def test_the_router_offers_what_is_declared_and_nothing_else(
    running: Service, statement: dict[str, Any], declared: Mapping[str, dict[str, Any]]
) -> None:
    stated = {
        name: _interactions(each) | {f"${operation['name']}" for operation in each.get("operation", ())}
        for name, each in declared.items()
    }
    rest = statement["rest"][0]
    whole = _interactions(rest) | {f"${operation['name']}" for operation in rest.get("operation", ())}
    assert _routed(running) == stated | {"": whole}


def test_every_declared_type_can_be_searched_by_url_and_by_form(
    running: Service, declared: Mapping[str, dict[str, Any]]
) -> None:
    client = running.client()
    for name in _read(declared):
        needed = "&target=Task/1" if name == "Provenance" else ""
        by_url = client.get(f"/fhir/{name}?_count=0{needed}")
        assert by_url.status_code == 200, name
        if name != "Provenance":
            by_form = client.post(f"/fhir/{name}/_search", data={"_count": "0"})
            assert by_form.status_code == 200, name
            assert orjson.loads(by_form.data)["total"] == orjson.loads(by_url.data)["total"], name


def test_every_declared_way_of_reading_works(running: Service, declared: Mapping[str, dict[str, Any]]) -> None:
    client = running.client()
    for name, each in _read(declared).items():
        one = f"/fhir/{name}/{running.known(name)}"
        asked = {"read": one}
        if each["readHistory"]:
            asked |= {"vread": f"{one}/_history/1", "history-instance": f"{one}/_history"}
            asked["history-type"] = f"/fhir/{name}/_history?_count=1"
        assert set(asked) == _interactions(each) - {"search-type", "create", "update", "delete"}, name
        for interaction, address in asked.items():
            assert client.get(address).status_code == 200, (name, interaction)


def test_every_declared_conditional_read_is_one(running: Service, declared: Mapping[str, dict[str, Any]]) -> None:
    client = running.client()
    for name, each in _read(declared).items():
        if each.get("conditionalRead") == "full-support":
            one = f"/fhir/{name}/{running.known(name)}"
            shown = client.get(one)
            tag, changed = shown.headers["ETag"], shown.headers["Last-Modified"]
            for headers in ({"If-None-Match": tag}, {"If-Modified-Since": changed}):
                assert client.get(one, headers=headers).status_code == 304, (name, headers)


def test_every_declared_search_parameter_is_known(running: Service, declared: Mapping[str, dict[str, Any]]) -> None:
    client = running.client()
    tried = 0
    for name, each in _read(declared).items():
        for parameter in each["searchParam"]:
            known = PARAMETERS.get(name, {}).get(parameter["name"])
            value = min(known.codes) if known and known.codes else VALUES[parameter["type"]]
            query = {parameter["name"]: value, "_count": "1"}
            answered = client.get(f"/fhir/{name}", query_string=query, headers=STRICT)
            assert answered.status_code == 200, (name, parameter["name"], answered.text)
            tried += 1
    assert tried > 100


def test_a_search_parameter_of_another_type_is_refused(
    running: Service, declared: Mapping[str, dict[str, Any]]
) -> None:
    client = running.client()
    every = {parameter["name"] for each in _read(declared).values() for parameter in each["searchParam"]}
    for name, each in _read(declared).items():
        for foreign in sorted(every - {parameter["name"] for parameter in each["searchParam"]} | {"colour"}):
            if foreign.startswith("_") and not each["readHistory"]:
                continue  # definitions ignore what is common to all searches
            answered = client.get(f"/fhir/{name}", query_string={foreign: "a"}, headers=STRICT)
            assert answered.status_code == 400, (name, foreign)


def test_every_declared_include_is_offered(running: Service, declared: Mapping[str, dict[str, Any]]) -> None:
    client = running.client()
    tried = 0
    for name, each in _read(declared).items():
        ways = (("_include", each.get("searchInclude", ())), ("_revinclude", each.get("searchRevInclude", ())))
        for way, values in ways:
            for value in values:
                answered = client.get(f"/fhir/{name}", query_string={way: value, "_count": "1"}, headers=STRICT)
                assert answered.status_code == 200, (name, way, value, answered.text)
                tried += 1
    assert tried > 50


def test_what_points_to_nothing_cannot_be_included(running: Service, declared: Mapping[str, dict[str, Any]]) -> None:
    client = running.client()
    for name, each in _read(declared).items():
        if not each["readHistory"]:
            continue  # definitions are told whole
        plain = [one["name"] for one in each["searchParam"] if one["type"] != "reference"]
        for value in ("Nothing:at", "Task:colour", *(f"{name}:{parameter}" for parameter in plain)):
            for way in ("_include", "_revinclude"):
                answered = client.get(f"/fhir/{name}", query_string={way: value}, headers=STRICT)
                assert answered.status_code == 400, (name, way, value)


def test_every_search_from_behind_that_is_understood_is_declared_or_finds_nothing_yet(
    declared: Mapping[str, dict[str, Any]],
) -> None:
    every = {each for one in declared.values() for each in one.get("searchRevInclude", ())}
    assert {"Task:focus", "Task:based-on", "Task:part-of", "CommunicationRequest:based-on"} <= every
    assert not every & {f"{kind}:{parameter}" for kind, parameter in WITHOUT_ROWS}


def test_every_interaction_that_is_not_declared_is_refused(
    running: Service, declared: Mapping[str, dict[str, Any]]
) -> None:
    client = running.client()
    for name, each in declared.items():
        has = _interactions(each)
        tries = {
            "create": ("POST", f"/fhir/{name}"),
            "update": ("PUT", f"/fhir/{name}/1"),
            "conditional update": ("PUT", f"/fhir/{name}?_id=1"),
            "patch": ("PATCH", f"/fhir/{name}/1"),
            "delete": ("DELETE", f"/fhir/{name}/1"),
            "conditional delete": ("DELETE", f"/fhir/{name}?_id=1"),
            "vread": ("GET", f"/fhir/{name}/1/_history/1"),
            "history-instance": ("GET", f"/fhir/{name}/1/_history"),
            "an operation of a type": ("POST", f"/fhir/{name}/$nothing"),
            "an operation of one": ("POST", f"/fhir/{name}/1/$nothing"),
        }
        for interaction, (method, address) in tries.items():
            if interaction in has:
                continue
            answered = client.open(address, method=method, data=b"{}", headers=fhir())
            assert answered.status_code in {404, 405}, (name, interaction)
            assert outcome(answered)["code"] in {"not-found", "not-supported"}, (name, interaction)
            if answered.status_code == 405:
                assert method not in answered.headers["Allow"], (name, interaction)


@pytest.mark.parametrize("address", ["/fhir", "/fhir/_history", "/fhir/_search", "/fhir/Appointment", "/fhir/Binary/1"])
def test_what_no_part_of_the_statement_names_is_refused(running: Service, address: str) -> None:
    assert running.client().get(address).status_code in {404, 405}


def test_every_declared_definition_of_our_own_can_be_read(
    running: Service, statement: dict[str, Any], declared: Mapping[str, dict[str, Any]]
) -> None:
    canonical = statement["url"].partition("/CapabilityStatement/")[0]
    named = {
        entry["definition"]
        for each in _read(declared).values()
        for entry in (*each["searchParam"], *each.get("operation", ()))
        if entry.get("definition", "").startswith(f"{canonical}/")
    }
    assert len(named) >= 2
    client = running.client()
    for url in named:
        type_name = url.removeprefix(f"{canonical}/").partition("/")[0]
        found = orjson.loads(client.get(f"/fhir/{type_name}", query_string={"url": url}).data)
        assert found["total"] == 1, url


def test_the_declared_create_is_a_conditional_one(running: Service, declared: Mapping[str, dict[str, Any]]) -> None:
    assert [name for name, each in declared.items() if each["conditionalCreate"]] == ["Consent", "ServiceRequest"]
    order = example("r02-no-doctor-named")
    condition = f"identifier={order['identifier'][0]['system']}|{order['identifier'][0]['value']}"
    first, again = (running.submit(order, **{"If-None-Exist": condition}) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.headers["Location"] == again.headers["Location"]


@pytest.mark.parametrize("mode", ["full", "normative", "terminology"])
def test_the_statement_is_answered_in_every_mode(running: Service, mode: str) -> None:
    assert running.client(None).get(f"/fhir/metadata?mode={mode}").status_code == 200


def test_another_mode_is_refused(running: Service) -> None:
    answered = running.client(None).get("/fhir/metadata?mode=short")
    assert answered.status_code == 400
    assert outcome(answered)["expression"] == ["http.mode"]


def test_the_statement_is_the_same_at_every_asking(running: Service, statement: dict[str, Any]) -> None:
    assert orjson.loads(running.client("clinic").get("/fhir/metadata").data) == statement


def test_the_base_of_pas_2_0_says_what_it_offers(running: Service) -> None:
    statement = orjson.loads(running.client(None).get(f"{OLDER}/metadata").data)

    assert statement["implementation"]["url"] == f"{BASE}/pas/2.0"
    assert statement["implementationGuide"][0].endswith("|2.0.1")
    (rest,) = statement["rest"]
    assert {each["type"]: [one["name"] for one in each["operation"]] for each in rest["resource"]}["Claim"] == [
        "inquire",
        "submit",
    ]


def test_pas_is_declared_by_its_guides_names(statement: dict[str, Any], declared: Mapping[str, dict[str, Any]]) -> None:
    guide = "http://hl7.org/fhir/us/davinci-pas"
    assert statement["instantiates"] == [f"{guide}/CapabilityStatement/IntermediaryCapabilities"]
    assert {each["name"]: each["definition"] for each in declared["Claim"]["operation"]} == {
        "inquire": f"{guide}/OperationDefinition/Claim-inquiry",
        "submit": f"{guide}/OperationDefinition/Claim-submit",
    }
