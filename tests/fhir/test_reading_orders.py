"""What an order states, fact by fact, and what makes it unreadable."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from orders import MEMBER_NUMBERS, NUCC, VOCABULARY, a_bundle, an_order, stated
from second_opinion.directory.stated import Identifier, StatedTransportation
from second_opinion.errors import (
    BusinessRule,
    RequiredMissing,
    SecondOpinionError,
    Unprocessable,
)
from second_opinion.fhir import json_body
from second_opinion.fhir.service_request import content_digest

SNOMED = "http://snomed.info/sct"
X12 = "https://codesystem.x12.org/005010/1365"
CPT = "http://www.ama-assn.org/go/cpt"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
REASON = VOCABULARY.system("second-opinion-reason")


def concept(system: str, code: str, text: str | None = None) -> dict[str, Any]:
    built: dict[str, Any] = {"coding": [{"system": system, "code": code}]}
    return built | ({"text": text} if text else {})


def extension(name: str, **value: Any) -> dict[str, Any]:
    return {"url": VOCABULARY.extension(name), **value}


def refused(order: dict[str, Any], *place: str) -> SecondOpinionError:
    with pytest.raises(SecondOpinionError) as error:
        _ = stated(order)
    assert error.value.status == 422
    assert error.value.expression == place
    return error.value


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"code": concept(SNOMED, "77406008")}, None),
        ({"code": None, "category": [concept(SNOMED, "77406008")]}, None),
        ({"code": concept(VOCABULARY.system("service"), "second-opinion")}, None),
        ({"code": concept(X12, "3")}, None),
        ({"code": concept(X12, "20")}, 2),
        ({"code": concept(X12, "21")}, 3),
        ({"code": concept("https://x12.org/codes/service-type-codes", "21")}, 3),
        ({"code": concept(HCPCS, "SF")}, None),
        ({"code": concept(CPT, "99244"), "orderDetail": [concept(HCPCS, "SM")]}, 2),
        ({"code": concept(CPT, "99244"), "orderDetail": [concept(HCPCS.replace("http:", "https:"), "SN")]}, 3),
        ({"code": {"text": "Second medical opinion"}}, 2),
        ({"code": {"text": "2nd  OPINION, cardiology"}}, 2),
        ({"code": {"text": "Segunda opinión médica"}}, 2),
        ({"code": {"text": "Tercera opinión"}}, 3),
        ({"code": concept(SNOMED, "77406008", "Third opinion")}, 3),
        ({"code": concept(SNOMED, "3457005"), "category": [{"text": "second-opinion"}]}, 2),
    ],
)
def test_category_code_or_modifier_says_second_opinion(changes: dict[str, Any], number: int | None) -> None:
    assert stated(an_order(**changes)).opinion_number == number


@pytest.mark.parametrize(
    "code",
    [
        concept(CPT, "99244"),
        concept(SNOMED, "281036007"),
        concept("http://example.org", "77406008"),
        concept(X12, "2"),
        {"text": "Opinion"},
        {"text": "Seconds opinion"},
        {"text": "Knee replacement"},
    ],
)
def test_what_is_plainly_something_else_is_422(code: dict[str, Any]) -> None:
    assert isinstance(refused(an_order(code=code), "ServiceRequest.code"), BusinessRule)


def test_an_order_that_does_not_say_for_what_lacks_its_code() -> None:
    assert isinstance(refused(an_order(code=None), "ServiceRequest.code"), RequiredMissing)


@pytest.mark.parametrize("status", ["draft", "on-hold", "revoked", "completed", "entered-in-error", "unknown"])
def test_only_active_orders_are_submitted(status: str) -> None:
    refused(an_order(status=status), "ServiceRequest.status")


@pytest.mark.parametrize("intent", ["order", "original-order", "proposal", "plan"])
def test_these_intents_are_acted_on(intent: str) -> None:
    assert stated(an_order(intent=intent)).member.identifiers


@pytest.mark.parametrize("intent", ["directive", "reflex-order", "filler-order", "instance-order", "option"])
def test_other_intents_are_422(intent: str) -> None:
    refused(an_order(intent=intent), "ServiceRequest.intent")


def test_an_order_not_to_do_something_is_422() -> None:
    refused(an_order(doNotPerform=True), "ServiceRequest.doNotPerform")
    assert stated(an_order(doNotPerform=False)).member.identifiers


@pytest.mark.parametrize(("priority", "urgent"), [("urgent", True), ("asap", True), ("stat", True), ("routine", False)])
def test_urgent_asap_and_stat_are_urgent(priority: str, urgent: bool) -> None:  # noqa: FBT001  # a fact in a table
    said = stated(an_order(priority=priority))

    assert (said.priority, said.urgent) == (priority, urgent)


def test_no_priority_is_not_stated() -> None:
    said = stated(an_order())

    assert (said.priority, said.urgent) == (None, False)


@pytest.mark.parametrize(
    ("changes", "first", "last"),
    [
        ({}, None, None),
        ({"occurrenceDateTime": "2026-03-03T07:59:59Z"}, date(2026, 3, 2), date(2026, 3, 2)),
        ({"occurrenceDateTime": "2026-03"}, date(2026, 3, 1), date(2026, 3, 31)),
        ({"occurrencePeriod": {"start": "2026-03-09", "end": "2026-04-09"}}, date(2026, 3, 9), date(2026, 4, 9)),
        ({"occurrencePeriod": {"start": "2026-03-09", "end": "2026-03-09"}}, date(2026, 3, 9), date(2026, 3, 9)),
        ({"occurrencePeriod": {"start": "2026-03-09"}}, date(2026, 3, 9), None),
        ({"occurrencePeriod": {"end": "2026-03-09"}}, None, date(2026, 3, 9)),
        ({"occurrenceTiming": {"event": ["2026-03-09", "2026-03-02"]}}, date(2026, 3, 2), date(2026, 3, 9)),
        ({"occurrenceTiming": {"repeat": {"boundsPeriod": {"start": "2026"}}}}, date(2026, 1, 1), None),
        ({"occurrenceTiming": {"code": {"text": "soon"}}}, None, None),
    ],
)
def test_service_days_are_pacific_days(changes: dict[str, Any], first: date | None, last: date | None) -> None:
    said = stated(an_order(**changes))

    assert (said.service_from, said.service_to) == (first, last)


def test_an_occurrence_that_ends_before_it_begins_is_422() -> None:
    period = {"start": "2026-03-09", "end": "2026-03-08"}

    refused(an_order(occurrencePeriod=period), "ServiceRequest.occurrence")


@pytest.mark.parametrize("far", ["3000", "9999-12-31", "9999-12-31T23:59:59-12:00"])
def test_an_occurrence_that_begins_beyond_any_plan_is_422_and_one_that_ends_there_stays_open(far: str) -> None:
    refused(an_order(occurrenceDateTime=far), "ServiceRequest.occurrence")
    refused(an_order(occurrencePeriod={"start": far, "end": far}), "ServiceRequest.occurrence")

    assert stated(an_order(occurrencePeriod={"start": "2026-03-09", "end": far})).service_from == date(2026, 3, 9)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026", datetime(2026, 1, 1, 8, tzinfo=UTC)),
        ("2026-07", datetime(2026, 7, 1, 7, tzinfo=UTC)),
        ("2026-07-02", datetime(2026, 7, 2, 7, tzinfo=UTC)),
        ("2026-07-02T09:00:00-07:00", datetime(2026, 7, 2, 16, tzinfo=UTC)),
    ],
)
def test_partial_dates_are_their_first_moment(text: str, moment: datetime) -> None:
    said = stated(an_order(authoredOn=text, extension=[extension("received", valueDateTime=text)]))

    assert said.authored_at == said.received_claimed == moment


def test_identifiers_specialties_and_labels_are_read() -> None:
    said = stated(
        an_order(
            identifier=[{"system": "urn:o", "value": "1"}, {"value": "2"}, {"system": "urn:none"}],
            performerType={"coding": [{"system": NUCC, "code": "207X00000X"}, {"system": SNOMED, "code": "1"}]},
            meta={"security": [{"system": "http://example.org", "code": "R"}]},
            extension=[extension("member-informed", valueBoolean=True)],
        )
    )

    assert said.identifiers == (Identifier("1", "urn:o"), Identifier("2"))
    assert said.specialties_needed == ("207X00000X",)
    assert said.sensitive == ("R",)
    assert said.member_informed


def a_ride(**parts: Any) -> dict[str, Any]:
    given = [{"url": name, **value} for name, value in parts.items()]
    return extension("transportation", extension=given)


@pytest.mark.parametrize(
    ("parts", "ride"),
    [
        (
            {
                "mode": {"valueCodeableConcept": concept(VOCABULARY.system("transport-mode"), "nemt-wheelchair-van")},
                "attendant": {"valueBoolean": True},
                "language": {"valueCode": "es"},
            },
            StatedTransportation("nemt-wheelchair-van", attendant=True, language="es"),
        ),
        ({"mode": {"valueCodeableConcept": concept(HCPCS, "A0100")}}, StatedTransportation("nmt-taxi")),
        ({"mode": {"valueCodeableConcept": {"text": "by car"}}}, StatedTransportation()),
        ({"attendant": {"valueBoolean": False}}, StatedTransportation(attendant=False)),
        ({"somethingelse": {"valueBoolean": False}}, StatedTransportation()),
    ],
)
def test_a_ride_is_read_from_the_extension(parts: dict[str, Any], ride: StatedTransportation) -> None:
    assert stated(an_order(extension=[a_ride(**parts)])).transportation == ride


@pytest.mark.parametrize(
    ("extensions", "place"),
    [
        (
            [a_ride(mode={"valueCodeableConcept": concept(VOCABULARY.system("transport-mode"), "rickshaw")})],
            "ServiceRequest.extension[0].extension",
        ),
        ([a_ride(attendant={"valueString": "yes"})], "ServiceRequest.extension[0].extension[0].value"),
        ([a_ride(), a_ride()], "ServiceRequest.extension[1]"),
        ([extension("received", valueString="x")], "ServiceRequest.extension[0].value"),
        ([extension("initial-provider", valueString="x")], "ServiceRequest.extension[0].value"),
        ([extension("member-informed")], "ServiceRequest.extension[0].value"),
    ],
)
def test_our_extensions_are_422_where_they_are_wrong(extensions: list[dict[str, Any]], place: str) -> None:
    for each in extensions:
        if each.get("extension") == []:
            del each["extension"]

    assert isinstance(refused(an_order(extension=extensions), place), Unprocessable)


@pytest.mark.parametrize(
    ("code", "mode"),
    [
        (concept(SNOMED, "428632005"), None),
        (concept(SNOMED, "410365006"), None),
        (concept(HCPCS, "A0130"), "nemt-wheelchair-van"),
    ],
)
def test_a_ride_may_come_as_an_order_of_its_own(code: dict[str, Any], mode: str | None) -> None:
    ride = an_order(code=code)

    assert stated(a_bundle(ride, an_order())).transportation == StatedTransportation(mode)
    assert stated(a_bundle(an_order(), ride)).transportation == StatedTransportation(mode)


def test_content_is_the_same_whatever_order_spacing_and_server_elements() -> None:
    one = json_body.read(b'{"resourceType":"ServiceRequest","id":"1","quantityQuantity":{"value":1.50,"unit":"x"}}')
    other = json_body.read(
        b'{ "quantityQuantity": {"unit": "x", "value": 15e-1}, "meta": {"versionId": "3"}, "text": {"div": "y"},'
        b' "resourceType": "ServiceRequest" }'
    )

    assert content_digest(one) == content_digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("1.5", "1.51"), ("1", '"1"'), ("true", "1"), ("[1,2]", "[2,1]"), ("0.1234567890123456789012345678901", "0.123")],
)
def test_content_differs_where_a_value_differs(one: str, other: str) -> None:
    read = [json_body.read(f'{{"a":{each}}}'.encode()) for each in (one, other)]

    assert content_digest(read[0]) != content_digest(read[1])


@pytest.mark.parametrize(("one", "other"), [("2.0", "2"), ("-0.0", "0"), ("1E2", "100"), ("1.10", "1.1")])
def test_one_number_written_two_ways_is_one_content(one: str, other: str) -> None:
    read = [json_body.read(f'{{"a":{each}}}'.encode()) for each in (one, other)]

    assert content_digest(read[0]) == content_digest(read[1])


def test_the_member_number_is_read_with_its_system() -> None:
    assert stated(an_order()).member.identifiers == (Identifier("HTEST-1", MEMBER_NUMBERS),)
