"""What is accepted at once, the models accept too; and what is sent every day is accepted at once. Data synthetic."""

import random
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from desks import EXAMPLES
from pas_bundles import a_bundle, an_inquiry, an_item, an_update, home_care, with_document
from second_opinion.errors import SecondOpinionError
from second_opinion.fhir import acceptance, json_body, validation
from second_opinion.fhir.codes import Json
from second_opinion.fhir.structure import MOST_OBJECTS
from second_opinion.fhir.walking import objects
from small_orders import an_order

ORDERS = {path.name: json_body.read(path.read_bytes()) for path in sorted(EXAMPLES.glob("*.request.json"))}
CLAIMS = {
    "claim": a_bundle(),
    "claim of two items": a_bundle([an_item(1), home_care(2)]),
    "update": an_update(a_bundle(), [an_item(certification="4")]),
    "claim in Parameters": {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": a_bundle()}]},
    "inquiry": an_inquiry(),
    "claim with a document": with_document(a_bundle()),
}
SENT = ORDERS | CLAIMS | {"order": an_order()}

TEXTS = (
    "a",
    "",
    " ",
    " a",
    "a ",
    "a  b",
    "a b",
    "a\tb",
    "a\n",
    "\n",
    "\xa0",
    "\u2003",
    "\ud7ff",
    "\ud800",
    "a\x00",
    "é",
    "\x7f",
    "x" * 64,
    "x" * 65,
    "a_b",
    "a.b-C",
    "2026",
    "2026-13",
    "2026-00",
    "2026-02-29",
    "2024-02-29",
    "2026-02-30",
    "2026-04-31",
    "2026-12-31",
    "0000",
    "0001",
    "10000",
    "2026-1-1",
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00z",
    "2026-01-01T00:00:00",
    "2026-01-01T00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T23:59:60Z",
    "2026-01-01T23:59:59.1234567Z",
    "2026-01-01T23:59:59.123456+14:00",
    "2026-01-01T23:59:59-13:59",
    "2026-01-01T23:59:59+00:00",
    "2026-01-01T23:59:59-00:00",
    "2026-01-01T23:59:59+14:01",
    "9999-12-31T23:59:59-13:59",
    "1000-01-01T00:00:00+13:59",
    "2026-01-01\n",
    "٢٠٢٦",
    "10:00:00",
    "24:00:00",
    "10:00",
    "10:00:00.1",
    "10:00:60",
    "QUJD",
    "QUI=",
    "QR==",
    "QQ==",
    "Q===",
    "QUJ",
    "QUJD\n",
    "-_==",
    "====",
    "http://example.org",
    "http://example.org/a b",
    "https://a.example:8443/x",
    "https://a.example:0/x",
    "https://1.2.3.4/",
    "https://999.1.1.1/",
    "https://xn--a.example/",
    "https://a..example/",
    "mailto:a@b.example",
    "Binary/1",
    "urn:oid:1.2.3",
    "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7",
    "http://example.org/%zz",
    "https://a-.example/",
)
VALUES: tuple[Any, ...] = (
    *TEXTS,
    True,
    False,
    0,
    1,
    -1,
    2**31 - 1,
    2**31,
    -(2**31),
    -(2**31) + 1,
    10**20,
    1.5,
    Decimal("1.50"),
    Decimal("1E+400"),
    Decimal("-0.0"),
    Decimal("NaN"),
    Decimal("Infinity"),
    None,
    [],
    {},
    ["a"],
    [None],
    {"extension": []},
    {"url": "http://a.example"},
    [{}],
    [[]],
    "Patient/1",
    {"reference": "Patient/1"},
    [{"coding": [{"code": "x"}]}],
    {"coding": [{"code": "x", "system": "http://s.example"}]},
    [{"url": "http://a.example", "valueString": "x", "valueCode": "y"}],
    [{"url": "http://a.example", "valueBoolean": True}],
    {"resourceType": "Patient"},
    [{"resourceType": "Patient", "contained": [{"resourceType": "Patient"}]}],
    {"resourceType": "NoSuch"},
)
TYPES = (
    "Base64Binary",
    "Boolean",
    "Canonical",
    "Code",
    "Date",
    "DateTime",
    "Decimal",
    "Id",
    "Instant",
    "Integer",
    "Markdown",
    "Oid",
    "PositiveInt",
    "String",
    "Time",
    "UnsignedInt",
    "Uri",
    "Url",
    "Uuid",
)
NAMES = (
    "id",
    "status",
    "extension",
    "modifierExtension",
    "implicitRules",
    "_status",
    "contained",
    "value",
    "code",
    "url",
    "valueString",
    "x y",
)


def refusal(resource: Json) -> str | None:
    """What the models and the shapes say against it."""
    try:
        validation.examine(resource)
    except SecondOpinionError as refused:
        return str(refused)
    return None


@pytest.mark.parametrize("name", SENT)
def test_what_is_sent_every_day_is_accepted_at_once(name: str) -> None:
    assert acceptance.accepts(SENT[name])
    assert refusal(SENT[name]) is None


@pytest.mark.parametrize("type_name", TYPES)
def test_a_value_accepted_at_once_is_one_the_models_accept(type_name: str) -> None:
    accepted = 0
    for value in VALUES:
        resource = {"resourceType": "Parameters", "parameter": [{"name": "x", f"value{type_name}": value}]}
        if acceptance.accepts(resource):
            accepted += 1
            assert refusal(resource) is None, value
    assert accepted or type_name in {"Oid", "Uuid"}


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_changed_in_it_what_is_accepted_at_once_the_models_accept(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same changes in every run
    accepted = 0
    for _ in range(700):
        resource = deepcopy(chance.choice(list(SENT.values())))
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            _change(resource, chance)
        if resource.get("resourceType") and acceptance.accepts(resource):
            accepted += 1
            assert refusal(resource) is None
    assert accepted > 20


def _change(resource: Json, chance: random.Random) -> None:
    """Something somewhere is left out, put in, another value, or moved."""
    holder, key = chance.choice([*_places(resource)])
    turn = chance.randrange(5)
    if turn == 0:
        del holder[key]
    elif turn == 1 and isinstance(holder, dict):
        holder[chance.choice(NAMES)] = deepcopy(chance.choice(VALUES))
    elif turn == 2 and isinstance(holder, dict):
        holder[chance.choice(NAMES)] = holder.pop(key)
    elif turn == 3 and isinstance(holder, list):
        holder.append(deepcopy(chance.choice([*holder, *VALUES])))
    else:
        holder[key] = deepcopy(chance.choice(VALUES))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("modifierExtension", [{"url": "http://a.example", "valueBoolean": True}]),
        ("implicitRules", "http://a.example"),
        ("_status", {"extension": [{"url": "http://a.example", "valueBoolean": True}]}),
        ("contained", [{"resourceType": "Patient", "contained": [{"resourceType": "Patient", "id": "x"}]}]),
        ("unknown", "x"),
        ("status", "no-such-status"),
    ],
)
def test_what_must_be_looked_at_is_never_accepted_at_once(element: str, value: Any) -> None:
    assert not acceptance.accepts(an_order() | {element: value})


@pytest.mark.parametrize(
    "carrier",
    [
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {}}]},
        {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": {}}]},
    ],
    ids=["Bundle", "Parameters"],
)
def test_a_resource_carried_by_a_contained_one_contains_none_either(carrier: Json) -> None:
    carried = {"resourceType": "Patient", "contained": [{"resourceType": "Patient", "id": "x"}]}
    (carrier.get("entry") or carrier["parameter"])[0]["resource"] = carried
    resource = an_order() | {"contained": [carrier]}

    assert refusal(resource) is not None
    assert not acceptance.accepts(resource)


@pytest.mark.parametrize("missing", ["status", "intent", "subject"])
def test_what_lacks_a_required_element_is_not_accepted_at_once(missing: str) -> None:
    assert not acceptance.accepts({name: value for name, value in an_order().items() if name != missing})


@pytest.mark.parametrize(("beyond", "refused"), [(0, False), (1, True)])
def test_as_many_objects_as_may_be_are_accepted_and_one_more_is_not(beyond: int, *, refused: bool) -> None:
    coding = [{"code": "x"} for _ in range(MOST_OBJECTS - 3 + beyond)]
    resource = {"resourceType": "Parameters", "parameter": [{"name": "x", "valueCodeableConcept": {"coding": coding}}]}
    assert len(objects(resource)) == MOST_OBJECTS + beyond
    assert acceptance.accepts(resource)

    if refused:
        with pytest.raises(SecondOpinionError):
            validation.check(resource, "Parameters")
    else:
        validation.check(resource, "Parameters")
