"""However a Bundle's references are written, its answer is whole: what it names is in it, as the client knows it."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from desks import Caller, json
from pas_answers import claim_response, lines
from pas_bundles import CLIENT, a_bundle, an_item, entry, with_order
from small_directory import MEMBER_NUMBERS, MEMBERS, NPI, SPECIALIST
from workflow.test_claims import approvable

Json = dict[str, Any]
ALL = tuple(each["fullUrl"].removeprefix(f"{CLIENT}/") for each in a_bundle()["entry"][1:])


def _each_reference(value: Any) -> Iterator[Json]:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value
        for inside in value.values():
            yield from _each_reference(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from _each_reference(inside)


def _named(bundle: Json, write: Callable[[str], str]) -> Json:
    """The Bundle with each reference to an entry (Type/id) written anew."""
    bundle = deepcopy(bundle)
    known = {each["fullUrl"].removeprefix(f"{CLIENT}/") for each in bundle["entry"]}
    for reference in _each_reference(bundle):
        if (name := reference["reference"].removeprefix(f"{CLIENT}/")) in known:
            reference["reference"] = write(name)
    return bundle


def urns(bundle: Json) -> Json:
    """Entries and references by urn:uuid."""

    def urn(name: str) -> str:
        return f"urn:uuid:{uuid5(NAMESPACE_URL, name)}"

    written = _named(bundle, urn)
    for each in written["entry"]:
        each["fullUrl"] = urn(each["fullUrl"].removeprefix(f"{CLIENT}/"))
    return written


def contained(bundle: Json, *names: str) -> Json:
    """The Bundle with these resources inside the Claim."""
    bundle = _named(bundle, lambda name: f"#{name.replace('/', '-')}" if name in names else name)
    inside = [each for each in bundle["entry"] if each["fullUrl"].removeprefix(f"{CLIENT}/") in names]
    bundle["entry"] = [each for each in bundle["entry"] if each not in inside]
    bundle["entry"][0]["resource"]["contained"] = [
        each["resource"] | {"id": each["fullUrl"].removeprefix(f"{CLIENT}/").replace("/", "-")} for each in inside
    ]
    return bundle


def logical(bundle: Json, element: str, system: str, value: str, *without: str) -> Json:
    """The Bundle whose Claim names somebody by number only."""
    bundle = deepcopy(bundle)
    bundle["entry"][0]["resource"][element] = {"identifier": {"system": system, "value": value}}
    bundle["entry"] = [each for each in bundle["entry"] if each["fullUrl"].removeprefix(f"{CLIENT}/") not in without]
    return bundle


def by_practice(bundle: Json) -> Json:
    """The Bundle sent by an organization."""
    bundle = deepcopy(bundle)
    bundle["entry"][0]["resource"]["provider"] = {"reference": "Organization/practice"}
    number = {"system": NPI, "value": SPECIALIST}
    practice = entry("Organization", "practice", active=True, name="Practice (synthetic)", identifier=[number])
    return bundle | {"entry": [*bundle["entry"], practice]}


WRITTEN: dict[str, Callable[[Json], Json]] = {
    "relative": lambda sent: sent,
    "absolute": lambda sent: _named(sent, lambda name: f"{CLIENT}/{name}"),
    "versioned": lambda sent: _named(sent, lambda name: f"{CLIENT}/{name}/_history/3"),
    "relative and versioned": lambda sent: _named(sent, lambda name: f"{name}/_history/3"),
    "urn": urns,
    "contained patient": lambda sent: contained(sent, "Patient/member"),
    "contained coverage and insurer": lambda sent: contained(sent, "Coverage/cover", "Organization/plan"),
    "contained provider": lambda sent: contained(sent, "PractitionerRole/asks", "Practitioner/asks"),
    "all contained": lambda sent: contained(sent, *ALL),
    "patient by number": lambda sent: logical(sent, "patient", MEMBER_NUMBERS, MEMBERS[0], "Patient/member"),
    "provider by number": lambda sent: logical(sent, "provider", NPI, SPECIALIST, "PractitionerRole/asks"),
    "practice": by_practice,
}


@pytest.mark.parametrize("sent", [approvable(), a_bundle([an_item(1), an_item(2)])])
@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_answer_holds_whom_it_names_as_they_were_sent(ehr: Caller, sent: Json, written: Callable[[Json], Json]) -> None:
    bundle = written(sent)
    answered = ehr.post("Claim/$submit", bundle)
    assert answered.status_code == 200, answered.text
    answer = json(answered)
    response = claim_response(answer)

    assert response["outcome"] == "complete"
    assert [each["itemSequence"] for each in lines(answer)] == [each["sequence"] for each in _claim(bundle)["item"]]
    assert response["request"]["reference"] == bundle["entry"][0]["fullUrl"]
    urls = [each["fullUrl"] for each in answer["entry"]]
    assert len(set(urls)) == len(urls)
    named = {
        each["reference"] for name, value in response.items() if name != "request" for each in _each_reference(value)
    }
    assert named <= set(urls)
    came = {each["fullUrl"]: each["resource"] for each in bundle["entry"]}
    assert all(each["resource"] == came.get(each["fullUrl"], each["resource"]) for each in answer["entry"])
    assert {frozenset(each) for each in answer["entry"]} == {frozenset({"fullUrl", "resource"})}


@pytest.mark.parametrize("name", ["relative", "absolute", "versioned", "urn", "contained provider", "practice"])
def test_order_behind_an_item_is_found(ehr: Caller, name: str) -> None:
    order = with_order(a_bundle(), identifier=[{"system": "urn:orders", "value": "ORDER-1"}])
    answered = ehr.post("Claim/$submit", WRITTEN[name](order))

    assert answered.status_code == 200, answered.text
    assert ehr.order(answered)["identifier"][0]["value"] == "ORDER-1"


def _claim(bundle: Json) -> Json:
    claim: Json = bundle["entry"][0]["resource"]
    return claim
