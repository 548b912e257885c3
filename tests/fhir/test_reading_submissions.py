"""One order is found in every body a door takes, and a transaction stores nothing but that order."""

from typing import Any

import pytest

from orders import VOCABULARY, a_bundle, a_patient, a_practitioner, an_order, received
from second_opinion.errors import BusinessRule, InvalidElement, SecondOpinionError
from second_opinion.fhir import json_body, submission, transaction
from second_opinion.fhir.submission import MOST_ENTRIES

RIDE = an_order(code={"coding": [{"system": "http://snomed.info/sct", "code": "428632005"}]})
SOMETHING_ELSE = an_order(code={"text": "Knee replacement"})


def parameters(*given: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": list(given)}


def resource(body: dict[str, Any], name: str = "resource") -> dict[str, Any]:
    return {"name": name, "resource": body}


def post(body: dict[str, Any], **request: Any) -> dict[str, Any]:
    return {"resource": body, "request": {"method": "POST", "url": body["resourceType"]} | request}


def a_transaction(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


def transact(body: dict[str, Any]) -> transaction.Transaction:
    return transaction.read(json_body.read(json_body.write(body)), VOCABULARY)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (an_order(), "ServiceRequest"),
        (a_bundle(an_order()), "Bundle.entry[0].resource"),
        (a_bundle(a_patient(), RIDE, an_order()), "Bundle.entry[2].resource"),
        (a_bundle(SOMETHING_ELSE, an_order()), "Bundle.entry[1].resource"),
        (a_bundle(an_order(), kind="transaction"), "Bundle.entry[0].resource"),
        (a_bundle(an_order(), kind="document"), "Bundle.entry[0].resource"),
        (parameters(resource(an_order())), "Parameters.parameter[0].resource"),
        (parameters(resource(a_bundle(an_order()))), "Parameters.parameter[0].resource.entry[0].resource"),
    ],
)
def test_the_order_is_found_in_every_body(body: dict[str, Any], path: str) -> None:
    found = received(body)

    assert found.order == an_order()
    assert found.stated.member.path == f"{path}.subject"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (a_bundle(), "Bundle.entry"),
        (a_bundle(a_patient()), "Bundle.entry"),
        (a_bundle(RIDE), "Bundle.entry"),
        (a_bundle(an_order(), an_order()), "Bundle.entry[1].resource"),
        (a_bundle(SOMETHING_ELSE, SOMETHING_ELSE), "Bundle.entry[1].resource"),
        (a_bundle(an_order(), kind="history"), "Bundle.type"),
        (a_bundle(an_order(), kind="bogus"), "Bundle.type"),
        (
            a_bundle(*({"resource": each, "fullUrl": "urn:uuid:1"} for each in (an_order(), a_patient()))),
            "Bundle.entry[1].fullUrl",
        ),
        (a_bundle(an_order(), *[a_patient()] * MOST_ENTRIES), "Bundle.entry"),
        (a_bundle(an_order(status="draft")), "Bundle.entry[0].resource.status"),
        (parameters(), "Parameters.parameter"),
        (parameters(resource(an_order(), name="order")), "Parameters.parameter[0].name"),
        (parameters(resource(an_order()), resource(an_order())), "Parameters.parameter[1]"),
        (parameters({"name": "resource", "valueString": "x"}), "Parameters.parameter[0].resource"),
        (an_order(contained=[a_patient()]), "ServiceRequest.contained[0]"),
        (
            an_order(contained=[a_patient(), a_patient()], subject={"reference": "#p"}),
            "ServiceRequest.contained[1].id",
        ),
    ],
)
def test_a_body_without_the_one_order_is_422_with_its_place(body: dict[str, Any], place: str) -> None:
    for empty in ("entry", "parameter"):
        if body.get(empty) == []:
            body = {name: value for name, value in body.items() if name != empty}

    with pytest.raises(SecondOpinionError) as error:
        received(body)

    assert error.value.status == 422
    assert list(error.value.expression) == [place]


def test_a_bundle_may_be_full() -> None:
    assert received(a_bundle(an_order(), *[a_patient()] * (MOST_ENTRIES - 1))).order == an_order()


def test_other_resources_are_not_submitted() -> None:
    for body in (a_patient(), parameters(resource(a_patient()))):
        with pytest.raises(InvalidElement):
            received(body)


def test_a_contained_resource_may_refer_to_its_container() -> None:
    related = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"}}
    order = an_order(contained=[related | {"focus": [{"reference": "#"}]}])

    assert received(order).order == order


@pytest.mark.parametrize(
    ("status", "draft_allowed", "amending", "taken"),
    [
        ("active", False, False, True),
        ("draft", False, False, False),
        ("draft", True, False, True),
        ("revoked", True, False, False),
        ("revoked", False, True, True),
        ("completed", False, True, False),
    ],
)
def test_each_door_takes_its_statuses(
    status: str,
    draft_allowed: bool,  # noqa: FBT001  # a fact in a table
    amending: bool,  # noqa: FBT001  # a fact in a table
    taken: bool,  # noqa: FBT001  # a fact in a table
) -> None:
    order = an_order(status=status)
    if taken:
        assert submission.read_order(order, VOCABULARY, draft_allowed=draft_allowed, amending=amending).order == order
        return

    with pytest.raises(BusinessRule) as error:
        submission.read_order(order, VOCABULARY, draft_allowed=draft_allowed, amending=amending)

    assert list(error.value.expression) == ["ServiceRequest.status"]


def test_a_draft_is_not_judged() -> None:
    draft = an_order(status="draft", code={"text": "Something unfinished"}, subject={"display": "HTEST"})

    assert submission.read_order(draft, VOCABULARY, draft_allowed=True).digest


def test_plain_create_takes_no_bundle() -> None:
    with pytest.raises(InvalidElement):
        submission.read_order(a_bundle(an_order()), VOCABULARY)


def test_a_transaction_tells_its_order_condition_and_entries() -> None:
    ours = f"{VOCABULARY.base}/Practitioner/x"

    read = transact(
        a_transaction(
            post(a_patient()) | {"fullUrl": "urn:uuid:0a5d9d5f-95a5-4c1a-9ee3-9d0b6bb0e0b1"},
            post(an_order(status="draft"), ifNoneExist="identifier=urn:o|1"),
            post(a_practitioner(), url=f"{VOCABULARY.base}/Practitioner") | {"fullUrl": ours},
            post(RIDE, url="/ServiceRequest"),
        )
    )

    assert read.received.order == an_order(status="draft")
    assert (read.order, read.condition, read.entries) == (1, "identifier=urn:o|1", 4)
    assert read.own_references == {2: "Practitioner/x"}


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ({"resource": a_patient()}, "Bundle.entry[1].request"),
        ({"request": {"method": "POST", "url": "Patient"}}, "Bundle.entry[1].resource"),
        (post({"resourceType": "Observation", "status": "final", "code": {"text": "x"}}), "Bundle.entry[1].resource"),
        (post(a_patient(), url="Practitioner"), "Bundle.entry[1].request.url"),
        (post(a_patient(), url="Patient/p"), "Bundle.entry[1].request.url"),
        (post(an_order()), "Bundle.entry[1].resource"),
        (post(SOMETHING_ELSE), "Bundle.entry[1].resource"),
        *(
            (post(a_patient(), method=method), "Bundle.entry[1].request.method")
            for method in ("PUT", "GET", "DELETE", "PATCH", "HEAD", "OTHER")
        ),
    ],
)
def test_an_entry_that_cannot_be_done_refuses_the_whole_bundle(entry: dict[str, Any], place: str) -> None:
    with pytest.raises(SecondOpinionError) as error:
        transact(a_transaction(post(an_order()), entry))

    assert error.value.status == 422
    assert list(error.value.expression) == [place]


@pytest.mark.parametrize("kind", ["batch", "collection"])
def test_only_transactions_are_transacted(kind: str) -> None:
    with pytest.raises(SecondOpinionError) as error:
        transact(a_transaction(post(an_order())) | {"type": kind})

    assert (error.value.status, list(error.value.expression)) == (422, ["Bundle.type"])
