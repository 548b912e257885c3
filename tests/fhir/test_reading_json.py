"""Bodies are strict JSON; what is refused is named by its place and never repeated."""

import contextlib
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from second_opinion.errors import MalformedBody
from second_opinion.fhir import json_body
from second_opinion.fhir.json_faults import DEEPEST

ORDER = '{"resourceType":"ServiceRequest",'


def refused(body: str | bytes) -> MalformedBody:
    with pytest.raises(MalformedBody) as error:
        json_body.read(body.encode() if isinstance(body, str) else body)
    assert error.value.status == 400
    return error.value


@pytest.mark.parametrize(
    ("rest", "place"),
    [
        ('"status":"active","status":"draft"}', "ServiceRequest.status"),
        ('"code":{"text":"a","text":"a"}}', "ServiceRequest.code.text"),
        ('"note":[{"text":"a"},{"text":null}]}', "ServiceRequest.note[1].text"),
        ('"subject":null}', "ServiceRequest.subject"),
        ('"subject":{}}', "ServiceRequest.subject"),
        ('"performer":[]}', "ServiceRequest.performer"),
        ('"performer":[{}]}', "ServiceRequest.performer[0]"),
        ('"priority":""}', "ServiceRequest.priority"),
        ('"quantityQuantity":{"value":NaN}}', "ServiceRequest.quantityQuantity.value"),
        ('"quantityQuantity":{"value":-Infinity}}', "ServiceRequest.quantityQuantity.value"),
        ('"quantityQuantity":{"value":1e999999999}}', "ServiceRequest.quantityQuantity.value"),
        ('"quantityQuantity":{"value":1e99999999999999999999}}', "ServiceRequest.quantityQuantity.value"),
        (f'"quantityQuantity":{{"value":{"9" * 5000}}}}}', "ServiceRequest.quantityQuantity.value"),
        (f'"quantityQuantity":{{"value":0.{"9" * 5000}}}}}', "ServiceRequest.quantityQuantity.value"),
        ('"note":[{"text":"\\ud800"}]}', "ServiceRequest.note[0].text"),
        ('"note":[{"text":"a\\u0000b"}]}', "ServiceRequest.note[0].text"),
        ('"note":[{"text":"a\\bb"}]}', "ServiceRequest.note[0].text"),
        ('"instantiatesUri":["a",null]}', "ServiceRequest.instantiatesUri[1]"),
        ('"_instantiatesUri":[null]}', "ServiceRequest.instantiatesUri[0]"),
        ('"instantiatesUri":["a",null],"_instantiatesUri":[{"id":"1"},null]}', "ServiceRequest.instantiatesUri[1]"),
        ('"instantiatesUri":["a",null],"_instantiatesUri":[{"id":"1"}]}', "ServiceRequest.instantiatesUri[1]"),
        ('"a name of someone":null}', "ServiceRequest"),
        ('"\\ud800":1}', "ServiceRequest"),
    ],
)
def test_a_fault_is_named_by_its_place(rest: str, place: str) -> None:
    assert list(refused(ORDER + rest).expression) == [place]


@pytest.mark.parametrize(
    "body",
    [
        *("", " ", "[]", "{}", "7", '"text"', "null", "NaN", '[{"a":1}]'),
        *("{", '{"a":1}}', '{"a":01}', "{'a':1}", '{"a":1,}', '{"a":"\t"}'),
        *("{" * 100_000, "[" * 100_000, '{"a":' * 100_000, '{"a":NaN,"b":' + "[" * 100_000),
    ],
)
def test_what_is_no_json_object_is_refused(body: str) -> None:
    refused(body)


@pytest.mark.parametrize("body", [b"\xff{}", b'{"a":"\xe9"}', '{"a":1}'.encode("utf-16"), '{"a":1}'.encode("utf-32")])
def test_other_encodings_than_utf_8_are_refused(body: bytes) -> None:
    refused(body)


def test_a_byte_order_mark_is_skipped() -> None:
    assert json_body.read(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


def test_null_keeps_places_beside_extensions() -> None:
    body = b'{"given":[null,"x"],"_given":[{"id":"1"},null]}'

    assert json_body.write(json_body.read(body)) == body


def test_text_with_escapes_is_kept() -> None:
    body = b'{"a":"\\ud83d\\ude00 \\u0009 \\\\u0000 \\n"}'

    assert json_body.read(body) == {"a": "😀 \t \\u0000 \n"}


@pytest.mark.parametrize("number", ["1.50", "0.1", "-3", "1E-7", "123456789012345678", "0.30000000000000000004"])
def test_numbers_keep_every_digit(number: str) -> None:
    body = f'{{"a":{number}}}'.encode()

    assert json_body.write(json_body.read(body)) == body


def test_a_number_may_have_eighteen_digits_and_not_nineteen() -> None:
    assert json_body.read(b'{"a":-999999999999999999}') == {"a": -999999999999999999}
    refused('{"a":1000000000000000000}')


def test_an_exponent_may_reach_its_limit_and_not_pass_it() -> None:
    assert json_body.read(b'{"a":1e32}') == {"a": Decimal("1e32")}
    refused('{"a":1e33}')
    refused('{"a":1e-33}')


def test_nesting_may_reach_its_limit_and_not_pass_it() -> None:
    def nested(levels: int) -> str:
        return '{"a":' * levels + "1" + "}" * levels

    json_body.read(nested(DEEPEST).encode())

    assert str(DEEPEST) in refused(nested(DEEPEST + 1)).message


def test_no_message_repeats_a_value() -> None:
    for rest in ('"note":[{"text":"HTEST-SECRET","text":"HTEST-SECRET"}]}', '"a":[null,"HTEST-SECRET"]}'):
        error = refused(ORDER + rest)

        assert "SECRET" not in error.message + "".join(error.expression)


def test_a_type_that_is_not_sent_here_is_not_repeated_in_paths() -> None:
    assert list(refused('{"resourceType":"Secret","a":null}').expression) == ["$this.a"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":"' + b"x" * 5_000_000 + b'"}',
        b'{"a":' + b"1" * 5_000_000 + b"}",
        b"[" * 5_000_000,
        b'{"a":[' + b",".join([b'{"t":"x"}'] * 400_000) + b"]}",
        b'{"a":[' + b",".join([b'{"t":"x"}'] * 400_000) + b",null]}",
    ],
    ids=["text", "digits", "brackets", "objects", "a fault at the end"],
)
def test_five_megabytes_are_read_or_refused_quickly(body: bytes) -> None:
    begun = time.perf_counter()
    with contextlib.suppress(MalformedBody):
        json_body.read(body)
    assert time.perf_counter() - begun < 5


_texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)
_values = st.recursive(
    st.booleans() | st.integers(-(10**17), 10**17) | _texts,
    lambda inner: st.lists(inner, min_size=1, max_size=4) | st.dictionaries(_texts, inner, min_size=1, max_size=4),
)


@given(st.dictionaries(_texts, _values, min_size=1))
def test_sound_json_comes_back_as_it_was(value: dict[str, object]) -> None:
    assert json_body.read(json_body.write(value)) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(MalformedBody):
        assert json_body.read(body)
