"""Whatever is sent is read or refused with 400 or 422; it never ends the process and is never repeated."""

import copy
import subprocess
import sys
import textwrap
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders import MEMBER_NUMBERS, NPI, NUCC, VOCABULARY, a_bundle, a_patient, a_practitioner, an_order
from second_opinion.errors import SecondOpinionError
from second_opinion.fhir import json_body, submission, transaction
from second_opinion.fhir.json_faults import DEEPEST

MARK = "HTESTMARK"


def a_full_order() -> dict[str, Any]:
    """An order with something in most elements that are read."""
    role = {
        "resourceType": "PractitionerRole",
        "id": "r",
        "practitioner": {"reference": "#d"},
        "organization": {"identifier": {"system": NPI, "value": "1987654328"}},
        "specialty": [{"coding": [{"system": NUCC, "code": "207X00000X"}]}],
    }
    parts = [
        {
            "url": "mode",
            "valueCodeableConcept": {"coding": [{"system": VOCABULARY.system("transport-mode"), "code": "nmt-bus"}]},
        },
        {"url": "attendant", "valueBoolean": True},
    ]
    return an_order(
        identifier=[{"system": "urn:orders", "value": "1"}],
        contained=[a_patient(), a_practitioner(), role],
        subject={"reference": "#p"},
        requester={"reference": "#r"},
        performer=[{"identifier": {"system": NPI, "value": "1234567893"}}],
        performerType={"coding": [{"system": NUCC, "code": "207X00000X"}]},
        priority="urgent",
        authoredOn="2026-03-02T09:04:00-08:00",
        occurrencePeriod={"start": "2026-03-09", "end": "2026-04-09"},
        insurance=[{"identifier": {"system": MEMBER_NUMBERS, "value": "HTEST-1"}}],
        reasonCode=[
            {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M17.11"}]},
            {"coding": [{"system": VOCABULARY.system("second-opinion-reason"), "code": "other"}], "text": "In words"},
        ],
        note=[{"text": "A note"}],
        quantityQuantity={"value": 1},
        extension=[
            {"url": VOCABULARY.extension("transportation"), "extension": parts},
            {"url": VOCABULARY.extension("initial-provider"), "valueReference": {"reference": "#d"}},
            {"url": VOCABULARY.extension("received"), "valueDateTime": "2026-03-02"},
        ],
        meta={"security": [{"system": "urn:s", "code": "R"}]},
    )


BODIES = (
    a_full_order(),
    a_bundle(
        {"resource": a_full_order(), "fullUrl": "https://ehr.example/fhir/ServiceRequest/1"},
        a_patient(),
        a_practitioner(),
    ),
    a_bundle({"resource": a_full_order(), "request": {"method": "POST", "url": "ServiceRequest"}}, kind="transaction"),
    {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": a_full_order()}]},
)
VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    10**17,
    MARK,
    "",
    " ",
    "#",
    "#" + MARK,
    "2026-02-30",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31",
    "Patient/" + MARK,
    "https://" + MARK + ".example/Patient/1",
    "Patient?identifier=" + MARK,
    "\ud800",
    "a\u0000",
    [],
    {},
    [[]],
    [None],
    [MARK],
    {MARK.lower(): 1},
    {"resourceType": MARK},
    {"resourceType": "Patient"},
    {"reference": MARK},
    {"coding": [{"code": MARK}]},
    {"extension": [{"url": MARK}]},
    {"modifierExtension": [{"url": MARK}]},
    [{"reference": "#" + MARK}] * 3,
]


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every member and item, by the steps that lead to it."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for step, inner in steps for place in [(*at, step), *places(inner, (*at, step))]]


def at(value: Any, steps: tuple[Any, ...]) -> Any:
    for step in steps:
        value = value[step]
    return value


def as_sent(value: Any) -> bytes:
    """JSON as careless clients write it: lone surrogates, null and NaN go out as they are."""
    import json  # noqa: PLC0415  # only here is a careless writer wanted

    return json.dumps(value).encode()


def read(body: bytes) -> None:
    """Read the body at every door that may take it."""
    value = json_body.read(body)
    if value.get("resourceType") == "Bundle" and value.get("type") == "transaction":
        _ = transaction.read(value, VOCABULARY).own_references
    found = submission.read(value, VOCABULARY)
    _ = (found.stated, found.digest, found.references, found.conditions, found.member_informed)


def refusal(body: bytes) -> SecondOpinionError | None:
    """Why the body is refused, None if it is read; any other exception comes through."""
    try:
        read(body)
    except SecondOpinionError as error:
        return error
    return None


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_any_change_to_a_good_body_is_read_or_refused(data: st.DataObject) -> None:
    body = copy.deepcopy(data.draw(st.sampled_from(BODIES)))
    for _ in range(data.draw(st.integers(1, 3))):
        *above, last = data.draw(st.sampled_from(places(body)))
        holder = at(body, tuple(above))
        change = data.draw(st.sampled_from(["replace", "drop", "copy", "rename"]))
        if change == "drop" and len(holder) > 1:
            del holder[last]
        elif change == "copy":
            holder[last] = copy.deepcopy(at(body, data.draw(st.sampled_from(places(body)))))
        elif change == "rename" and isinstance(holder, dict):
            holder[data.draw(st.sampled_from([f"_{last}", f"{last}x", "modifierExtension", "contained", "id"]))] = (
                holder.pop(last)
            )
        else:
            holder[last] = copy.deepcopy(data.draw(st.sampled_from(VALUES)))
    error = refusal(as_sent(body))

    if error is not None:
        told = error.message + str(error.diagnostics) + "".join(error.expression)
        assert error.status in {400, 422}
        assert MARK not in told
        assert "Testmember" not in told


def test_the_bodies_that_are_changed_are_good() -> None:
    for body in BODIES:
        read(as_sent(body))


NESTED = textwrap.dedent(
    """
    import sys, threading
    from second_opinion.errors import SecondOpinionError
    from second_opinion.fhir import json_body, submission, validation
    from second_opinion.fhir.codes import Vocabulary

    HEAD = '{"resourceType":"ServiceRequest","status":"active","intent":"order","code":{"text":"Second opinion"},'
    FORMS = {
        "objects": (HEAD + '"subject":', '{"identifier":{"assigner":', '{"display":"x"}', "}}", "}"),
        "extensions": (HEAD + '"subject":{"identifier":{"value":"1"}},"extension":[',
                       '{"url":"u","extension":[', '{"url":"u"}', "]}", "]}"),
        "bundles": ("", '{"resourceType":"Bundle","type":"collection","entry":[{"resource":',
                    HEAD + '"subject":{"identifier":{"value":"1"}}}', "}]}", ""),
        "arrays": (HEAD + '"note":', "[", "1", "]", "}"),
    }

    def body(form, depth):
        before, opening, middle, closing, after = FORMS[form]
        fixed = sum(map(before.count, "{[")) - sum(map(before.count, "}]")) + middle.startswith("{")
        count = (depth - fixed) // sum(map(opening.count, "{["))
        return (before + opening * count + middle + closing * count + after).encode()

    def run():
        for depth in map(int, sys.argv[2:]):
            try:
                submission.read(json_body.read(body(sys.argv[1], depth)), Vocabulary("https://c.example", "https://b.example"))
                print("read")
            except SecondOpinionError as error:
                print(error.status, error.message)

    threading.stack_size(2 * 1024 * 1024)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    """
)


@pytest.mark.parametrize("form", ["objects", "extensions", "bundles", "arrays"])
def test_nesting_never_ends_the_process_on_a_small_stack(form: str) -> None:
    depths = [DEEPEST - 4, DEEPEST, DEEPEST + 4, 200, 900, 20_000]

    done = subprocess.run(  # noqa: S603  # our own interpreter and text
        [sys.executable, "-c", NESTED, form, *map(str, depths)], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    assert len(told) == len(depths)
    assert all(line.startswith(("400", "422", "read")) for line in told)
    assert [f"limit of {DEEPEST} levels" in line for line in told] == [False, False, True, True, True, True]


@pytest.mark.parametrize(
    "filler",
    [
        {"note": [{"text": "x" * 5_000_000}]},
        {"note": [{"text": "x"}] * 150_000},
        {"note": [{"authorString": "x"}] * 150_000},
        {"note": [{"text": 5}] * 150_000},
        {"identifier": [{"system": "urn:x", "value": str(each)} for each in range(60_000)]},
        {"performer": [{"reference": "https://ehr.example/fhir/Practitioner/1"}] * 60_000},
        {"reasonCode": [{"coding": [{"system": "urn:x", "code": str(each)}]} for each in range(60_000)]},
    ],
    ids=["one text", "notes", "notes without text", "notes of numbers", "identifiers", "performers", "reasons"],
)
def test_five_megabytes_are_read_or_refused_in_seconds(filler: dict[str, Any]) -> None:
    body = json_body.write(an_order(**filler))
    begun = time.perf_counter()

    error = refusal(body)

    assert error is None or error.status in {400, 422}
    assert time.perf_counter() - begun < 15
