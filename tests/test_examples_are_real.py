"""Every file of fhir_examples/ is a real request with its real answer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from fhir.resources.R4B import get_fhir_model_class
from werkzeug.test import TestResponse

from desks import EXAMPLES, Caller, Service, status_of
from examples import demonstration, normalised, readable
from second_opinion import demo
from second_opinion.workflow import case_file

NAMED = {example.path.name: example for example in demo.examples(EXAMPLES)}
Answered = dict[str, TestResponse]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Caller, Answered]]:
    with demonstration(tmp_path_factory.mktemp("examples")) as (running, sender):
        answered = {name: sender.send("ServiceRequest/$submit", each.path.read_bytes()) for name, each in NAMED.items()}
        yield running, sender, answered


def parsed(body: bytes) -> Any:
    content = orjson.loads(body)
    return get_fhir_model_class(content["resourceType"]).model_validate(content)


def test_there_is_an_answer_to_every_request_and_nothing_else() -> None:
    kept = {path.name for path in EXAMPLES.glob("*.json")}

    assert kept == set(NAMED) | {example.answer.name for example in NAMED.values()}


def test_there_is_a_request_for_every_rule_and_every_kind_of_body() -> None:
    named = {name.split("-")[0] for name in NAMED}
    bodies = {
        (body["resourceType"], body.get("type"), "contained" in body)
        for body in (orjson.loads(each.path.read_bytes()) for each in NAMED.values())
    }

    assert named >= {f"r{number:02d}" for number in range(1, 12)} | {"g0", "g1", "g2", "g4", "g5"}
    assert bodies == {
        ("ServiceRequest", None, True),
        ("ServiceRequest", None, False),
        ("Bundle", "collection", False),
        ("Bundle", "transaction", False),
    }


@pytest.mark.parametrize("name", NAMED)
def test_the_request_is_r4_and_says_that_it_is_synthetic(name: str) -> None:
    body = NAMED[name].path.read_bytes()

    assert parsed(body).get_resource_type() in {"ServiceRequest", "Bundle"}
    assert orjson.loads(body)["meta"]["tag"][0]["code"] == "HTEST"


@pytest.mark.parametrize("name", NAMED)
def test_the_request_gets_the_outcome_its_name_promises(shown: tuple[Service, Caller, Answered], name: str) -> None:
    _, sender, answered = shown
    response, example = answered[name], NAMED[name]

    if example.promised == "not-identified":
        assert response.status_code == 422
    else:
        assert response.status_code == 200
        assert status_of(sender.task(response)) == example.promised


@pytest.mark.parametrize("name", [name for name in NAMED if name.startswith("r")])
def test_the_request_is_decided_by_the_rule_its_name_begins_with(
    shown: tuple[Service, Caller, Answered], name: str
) -> None:
    running, sender, answered = shown

    stored = running.desk.store.case_by_task(sender.task(answered[name])["id"])

    assert stored is not None
    rule = case_file.load(stored.body).view.rule.rstrip("ab")
    assert f"r{int(rule.removeprefix('R')):02d}" == name.split("-", maxsplit=1)[0]


@pytest.mark.parametrize("name", NAMED)
def test_the_answer_beside_the_request_is_the_one_it_gets(shown: tuple[Service, Caller, Answered], name: str) -> None:
    kept = NAMED[name].answer.read_bytes()

    assert normalised(kept) == normalised(shown[2][name].data)
    assert kept == readable(kept)
    assert parsed(kept).get_resource_type() in {"ClaimResponse", "Task", "OperationOutcome"}


def test_the_normaliser_forgives_other_ids_and_nothing_else() -> None:
    one, two = "0192f0a0-0000-7000-8000-000000000001", "0192f0a0-0000-7000-8000-000000000002"
    here = b'{"id":"%b","of":"%b","number":"SMO-2026-000001"}'

    assert normalised(here % (one.encode(), two.encode())) == normalised(here % (two.encode(), one.encode()))
    assert normalised(here % (one.encode(), two.encode())) != normalised(here % (one.encode(), one.encode()))
    assert normalised(here % (one.encode(), b"x")) != normalised(here % (one.encode(), b"y"))


def test_every_example_has_a_case_of_its_own(shown: tuple[Service, Caller, Answered]) -> None:
    locations = [each.headers["Location"] for each in shown[2].values() if each.status_code == 200]

    assert len(set(locations)) == len(NAMED) - 1


def test_a_promise_not_kept_would_be_seen(tmp_path: Path) -> None:
    assert demo.Example(tmp_path / "r01-x.approved.request.json").promised == "approved"
    assert demo.Example(tmp_path / "r01-x.approved.request.json").answer.name == "r01-x.approved.answer.json"
