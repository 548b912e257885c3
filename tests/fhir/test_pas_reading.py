"""Anybody's answer is read: the guide's own examples, older forms, and what is none."""

import tarfile
from pathlib import Path
from typing import Any

import orjson
import pytest

from conformance.claims import GUIDE
from second_opinion.fhir.pas.reading import NoAnswer, read
from second_opinion.workflow.read_answer import told

Json = dict[str, Any]

PACKAGE = Path(__file__).parents[2].parent / "shared" / "data" / GUIDE
PAS = "http://hl7.org/fhir/us/davinci-pas/StructureDefinition"


def reviewed(code: str, number: str | None = None, code_url: str = f"{PAS}/extension-reviewActionCode") -> Json:
    """An adjudication."""
    coded = {"coding": [{"system": "https://codesystem.x12.org/005010/306", "code": code}]}
    parts: list[Json] = [{"url": code_url, "valueCodeableConcept": coded}]
    parts += [{"url": "number", "valueString": number}] if number else []
    return {"extension": [{"url": f"{PAS}/extension-reviewAction", "extension": parts}]}


def a_response(**elements: Any) -> Json:
    """A ClaimResponse."""
    return {"resourceType": "ClaimResponse", "outcome": "complete"} | elements


def a_bundle(*responses: Json) -> Json:
    """Around them."""
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in responses]}


ITEM = {"itemSequence": 2, "adjudication": [reviewed("A1", "AUTH0001")]}
ONE = a_response(item=[ITEM])


@pytest.mark.parametrize(
    "content",
    [
        ONE,
        a_bundle(ONE),
        {"resourceType": "Parameters", "parameter": [{"name": "responseBundle", "resource": a_bundle(ONE)}]},
        {
            "resourceType": "Bundle",
            "type": "history",
            "entry": [
                {"resource": {"resourceType": "Parameters", "parameter": [{"name": "status", "valueCode": "active"}]}},
                {"resource": a_bundle(ONE)},
            ],
        },
    ],
    ids=["bare", "bundle", "parameters", "notification"],
)
def test_item_code_and_number_are_found_however_it_is_wrapped(content: Json) -> None:
    (answer,) = read(orjson.dumps(content))

    (line,) = answer.lines
    assert (line.sequence, line.code, line.number) == (2, "A1", "AUTH0001")


def test_code_in_the_form_of_the_first_release_is_read() -> None:
    older = a_response(item=[{"itemSequence": 1, "adjudication": [reviewed("A3", code_url="code")]}])

    assert read(orjson.dumps(older))[0].lines[0].code == "A3"


def test_number_of_a_pended_item_is_its_reference() -> None:
    reference = {"url": f"{PAS}/extension-administrationReferenceNumber", "valueString": "PEND0001"}
    pended = a_response(item=[{"itemSequence": 1, "extension": [reference], "adjudication": [reviewed("A4")]}])

    assert read(orjson.dumps(pended))[0].lines[0].number == "PEND0001"


def test_number_at_the_head_is_that_of_the_only_item() -> None:
    item = {"itemSequence": 1, "adjudication": [reviewed("A1")]}

    assert read(orjson.dumps(a_response(preAuthRef="A-9", item=[item])))[0].lines[0].number == "A-9"
    assert read(orjson.dumps(a_response(preAuthRef="A-9", item=[item, item])))[0].lines[0].number is None


def test_what_was_added_names_the_item_it_takes_the_place_of() -> None:
    modified = a_response(
        item=[{"itemSequence": 1, "adjudication": [reviewed("A6")]}],
        addItem=[{"itemSequence": [1], "adjudication": [reviewed("A1", "N-1")]}],
    )

    assert list(told(orjson.dumps(modified))) == [
        "outcome complete",
        "item 1: code A6, number -",
        "added in place of item 1: code A1, number N-1",
    ]


@pytest.mark.parametrize(
    "element",
    [
        {"extension": [{"url": "error", "valueString": "2010A-NM103"}, {"url": "processNote", "valuePositiveInt": 1}]},
        {"valueString": "2010A-NM103"},
    ],
    ids=["2.2", "2.0"],
)
def test_error_is_read_in_both_forms(element: Json) -> None:
    error = {
        "code": {"coding": [{"code": "T4"}]},
        "extension": [
            {"url": f"{PAS}/extension-errorElement", **element},
            {"url": f"{PAS}/extension-errorPath", "valueString": "Bundle.entry[1].resource.name"},
            {"url": f"{PAS}/extension-errorFollowupAction", "valueCodeableConcept": {"coding": [{"code": "C"}]}},
        ],
    }
    body = a_response(outcome="error", error=[error], processNote=[{"number": 1, "text": "Who?"}])

    (_, line) = told(orjson.dumps(body))
    assert line.startswith("error T4 (element 2010A-NM103, path Bundle.entry[1].resource.name, follow-up C)")


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"resourceType":"Patient"}', b'{"resourceType":"Bundle"}'])
def test_what_is_no_answer_is_told_so(body: bytes) -> None:
    with pytest.raises(NoAnswer):
        read(body)


def test_whatever_stands_in_an_answer_is_survived() -> None:
    odd = a_response(item=[None, {"itemSequence": "1", "adjudication": {}, "extension": [None]}], error=[{}], addItem=5)

    assert len(list(told(orjson.dumps(odd)))) == 3


@pytest.mark.skipif(not PACKAGE.exists(), reason="the guide's package is not beside this repository")
def test_the_guides_own_answers_are_read() -> None:
    found: dict[str, list[tuple[str | None, str | None]]] = {}
    with tarfile.open(PACKAGE) as files:
        for each in files.getmembers():
            if "example/Bundle-" in each.name and ("Response" in each.name or "Notification" in each.name):
                content = files.extractfile(each)
                assert content is not None
                (answer,) = read(content.read())
                name = each.name.rpartition("/")[2].removeprefix("Bundle-").removesuffix(".json")
                found[name] = [(line.code, line.number) for line in answer.lines]
    assert found == {
        "ErrorResponseBundleExample": [],
        "PASClaimInquiryResponseBundleExample": [("A1", "AUTH0001")],
        "PASSubscriptionNotification": [("A1", "AUTH0001")],
        "ReferralAuthorizationResponseBundleExample": [("A1", "AUTH0001")],
        "ReferralPendingAuthorizationResponseBundleExample": [("A4", "PEND0001")],
        "RejectionResponseBundleExample": [("A3", None)],
    }
