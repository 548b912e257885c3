"""What fhir.resources lets through is refused all the same, and every refusal names its place."""

from typing import Any

import pytest

from orders import an_order
from second_opinion.errors import CodeInvalid, InvalidElement, RequiredMissing, SecondOpinionError, UnknownModifier
from second_opinion.fhir import validation
from second_opinion.fhir.required_codes import REQUIRED_CODES
from second_opinion.fhir.shapes import is_resource, shape
from second_opinion.fhir.structure import MOST_OBJECTS, faults

EXTENSION = "http://example.org/extension"


def refused(**changes: Any) -> SecondOpinionError:
    with pytest.raises(SecondOpinionError) as error:
        validation.check(an_order(**changes), "ServiceRequest")
    return error.value


def contained(resource: dict[str, Any]) -> dict[str, Any]:
    return {"contained": [resource]}


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"colour": "red"}, "ServiceRequest.colour"),
        ({"fhir_comments": "x"}, "ServiceRequest"),
        ({"resource_type": "ServiceRequest"}, "ServiceRequest"),
        ({"status__ext": {"id": "x"}}, "ServiceRequest"),
        ({"status": 5}, "ServiceRequest.status"),
        ({"doNotPerform": "true"}, "ServiceRequest.doNotPerform"),
        ({"doNotPerform": 0}, "ServiceRequest.doNotPerform"),
        ({"authoredOn": 20250203}, "ServiceRequest.authoredOn"),
        ({"authoredOn": "2026-02-30"}, "ServiceRequest.authoredOn"),
        ({"authoredOn": "2026-02-03T10:00:00"}, "ServiceRequest.authoredOn"),
        ({"authoredOn": "1754000000"}, "ServiceRequest.authoredOn"),
        ({"subject": '{"reference":"Patient/1"}'}, "ServiceRequest.subject"),
        ({"subject": [{"reference": "Patient/1"}]}, "ServiceRequest.subject"),
        ({"code": '{"text":"x"}'}, "ServiceRequest.code"),
        ({"identifier": {"value": "x"}}, "ServiceRequest.identifier"),
        ({"identifier": [{"value": 3}]}, "ServiceRequest.identifier[0].value"),
        ({"performer": [{"display": "x"}, 5]}, "ServiceRequest.performer[1]"),
        ({"note": [[{"text": "x"}]]}, "ServiceRequest.note[0]"),
        ({"_note": [{"id": "x"}]}, "ServiceRequest.note"),
        ({"_status": 5}, "ServiceRequest.status"),
        ({"quantityQuantity": {"value": "1.5"}}, "ServiceRequest.quantity.value"),
        ({"occurrenceTiming": {"repeat": {"count": "3"}}}, "ServiceRequest.occurrence.repeat.count"),
        ({"occurrenceTiming": {"repeat": {"count": 2**31}}}, "ServiceRequest.occurrence.repeat.count"),
        ({"occurrenceTiming": {"repeat": {"count": 0}}}, "ServiceRequest.occurrence.repeat.count"),
        ({"occurrencePeriod": {"start": "x"}}, "ServiceRequest.occurrence.start"),
        ({"occurrenceDateTime": "2026", "occurrencePeriod": {"start": "2026"}}, "ServiceRequest.occurrence"),
        ({"code": {"coding": [{"code": " x"}]}}, "ServiceRequest.code.coding[0].code"),
        ({"id": "a b"}, "ServiceRequest.id"),
        ({"meta": {"lastUpdated": "2020"}}, "ServiceRequest.meta.lastUpdated"),
        ({"extension": [{"url": EXTENSION, "valueBoolean": "yes"}]}, "ServiceRequest.extension[0].value"),
        (
            {"extension": [{"url": EXTENSION, "valueString": "x", "valueBoolean": True}]},
            "ServiceRequest.extension[0].value",
        ),
        (contained({"id": "p"}), "ServiceRequest.contained[0].resourceType"),
        (contained({"resourceType": "HumanName", "id": "p"}), "ServiceRequest.contained[0].resourceType"),
        (contained({"resourceType": "Resource", "id": "p"}), "ServiceRequest.contained[0].resourceType"),
        (contained({"resourceType": "../x", "id": "p"}), "ServiceRequest.contained[0].resourceType"),
        (contained({"resourceType": ["Patient"], "id": "p"}), "ServiceRequest.contained[0].resourceType"),
        (
            contained({"resourceType": "Patient", "id": "p", "name": [{"family": 5}]}),
            "ServiceRequest.contained[0].name[0].family",
        ),
        (
            contained({"resourceType": "Patient", "id": "p", "birthDate": "2025-02-29"}),
            "ServiceRequest.contained[0].birthDate",
        ),
        (
            contained({"resourceType": "Patient", "id": "p", "name": [{"given": ["a", "b"], "_given": [{"id": "1"}]}]}),
            "ServiceRequest.contained[0].name[0].given",
        ),
        (
            contained(
                {"resourceType": "Patient", "id": "p", "contained": [{"resourceType": "Patient", "contained": []}]}
            ),
            "ServiceRequest.contained[0].contained[0]",
        ),
    ],
)
def test_wrong_names_and_types_are_400_with_their_place(changes: dict[str, Any], place: str) -> None:
    error = refused(**changes)

    assert isinstance(error, InvalidElement)
    assert list(error.expression) == [place]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"status": None}, "ServiceRequest.status"),
        ({"intent": None}, "ServiceRequest.intent"),
        ({"subject": None}, "ServiceRequest.subject"),
        ({"note": [{"authorString": "x"}]}, "ServiceRequest.note[0].text"),
        ({"extension": [{"valueString": "x"}]}, "ServiceRequest.extension[0].url"),
    ],
)
def test_what_is_missing_is_422_with_its_place(changes: dict[str, Any], place: str) -> None:
    error = refused(**changes)

    assert isinstance(error, RequiredMissing)
    assert list(error.expression) == [place]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"status": "bogus"}, "ServiceRequest.status"),
        ({"status": "Active"}, "ServiceRequest.status"),
        ({"intent": "bogus"}, "ServiceRequest.intent"),
        ({"priority": "high"}, "ServiceRequest.priority"),
        ({"identifier": [{"value": "x", "use": "bogus"}]}, "ServiceRequest.identifier[0].use"),
        (contained({"resourceType": "Patient", "gender": "f"}), "ServiceRequest.contained[0].gender"),
    ],
)
def test_codes_outside_a_required_binding_are_422(changes: dict[str, Any], place: str) -> None:
    error = refused(**changes)

    assert isinstance(error, CodeInvalid)
    assert list(error.expression) == [place]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"modifierExtension": [{"url": EXTENSION}]}, "ServiceRequest.modifierExtension[0]"),
        (
            {"occurrenceTiming": {"modifierExtension": [{"url": EXTENSION}]}},
            "ServiceRequest.occurrence.modifierExtension[0]",
        ),
        (
            contained({"resourceType": "Patient", "modifierExtension": [{"url": EXTENSION}]}),
            "ServiceRequest.contained[0].modifierExtension[0]",
        ),
        ({"implicitRules": "http://example.org/rules"}, "ServiceRequest.implicitRules"),
    ],
)
def test_unknown_modifiers_are_422_with_their_place(changes: dict[str, Any], place: str) -> None:
    error = refused(**changes)

    assert isinstance(error, UnknownModifier)
    assert list(error.expression) == [place]


def test_a_modifier_the_door_understands_passes() -> None:
    order = an_order(modifierExtension=[{"url": EXTENSION, "valueBoolean": True}])

    validation.check(order, "ServiceRequest", understood={EXTENSION})


@pytest.mark.parametrize(
    "changes",
    [
        {"authoredOn": "2026"},
        {"authoredOn": "2026-02"},
        {"authoredOn": "2026-02-28"},
        {"authoredOn": "2026-02-28T10:00:00.123-08:00"},
        {"extension": [{"url": EXTENSION, "valueString": "kept"}]},
        {"extension": [{"url": EXTENSION, "_valueDateTime": {"extension": [{"url": EXTENSION, "valueCode": "x"}]}}]},
        {"_status": {"extension": [{"url": EXTENSION, "valueString": "x"}]}},
        contained({"resourceType": "Coverage", "id": "c", "beneficiary": {"display": "x"}, "payor": [{"display": "x"}]})
        | {"insurance": [{"reference": "#c"}]},
        contained(
            {
                "resourceType": "Patient",
                "id": "p",
                "name": [{"given": [None, "x"], "_given": [{"extension": [{"url": EXTENSION}]}, None]}],
            }
        ),
    ],
)
def test_what_r4_allows_passes(changes: dict[str, Any]) -> None:
    if "contained" in changes and changes["contained"][0]["resourceType"] == "Coverage":
        changes["contained"][0]["status"] = "active"

    validation.check(an_order(**changes), "ServiceRequest")


def test_several_faults_are_told_at_once_the_first_in_words() -> None:
    error = refused(colour=1, doNotPerform="x", authoredOn=5)

    assert sorted(error.expression) == [
        "ServiceRequest.authoredOn",
        "ServiceRequest.colour",
        "ServiceRequest.doNotPerform",
    ]
    assert error.message.startswith(error.expression[0])


@pytest.mark.parametrize("named", ["Patient", None, 5, "Nothing"])
def test_another_resource_type_is_refused(named: object) -> None:
    with pytest.raises(InvalidElement):
        validation.check(an_order(resourceType=named), "ServiceRequest")


def test_every_required_code_belongs_to_an_element_that_exists() -> None:
    assert all(shape(of).elements[name].codes for of, name in REQUIRED_CODES)


def test_only_resources_are_resources() -> None:
    assert is_resource("ServiceRequest")
    assert not any(map(is_resource, ("Element", "DomainResource", "HumanName", "Nothing", "", "patient", "Pätient")))


def test_a_resource_may_have_many_elements_and_not_without_end() -> None:
    notes = [{"text": "x"}]

    faulty = faults(an_order(note=notes * MOST_OBJECTS), "ServiceRequest", "ServiceRequest")
    sound = faults(an_order(note=notes * (MOST_OBJECTS - 20)), "ServiceRequest", "ServiceRequest")

    assert [place for place, _ in faulty.shape] == ["ServiceRequest"]
    assert not sound.shape
