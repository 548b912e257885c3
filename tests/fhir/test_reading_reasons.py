"""Why the opinion is asked for, told from the condition it is about."""

from typing import Any

import pytest

from orders import VOCABULARY, an_order, stated
from second_opinion.errors import (
    CodeInvalid,
    SecondOpinionError,
)

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
    ("changes", "codes", "words", "empty", "conditions"),
    [
        ({}, (), False, False, ()),
        ({"reasonCode": [concept(REASON, "surgery-necessity")]}, ("surgery-necessity",), False, False, ()),
        ({"reasonCode": [concept(REASON, "other")]}, ("other",), False, False, ()),
        ({"reasonCode": [concept(REASON, "other", "In words")]}, ("other",), True, False, ()),
        ({"reasonCode": [{"text": "In words"}]}, (), True, False, ()),
        ({"reasonCode": [{"text": " "}]}, (), False, True, ()),
        ({"reasonCode": [{"coding": [{"system": REASON}]}]}, (), False, True, ()),
        ({"reasonCode": [concept(ICD, "M17.11")]}, (), False, False, (f"{ICD}|M17.11",)),
        ({"reasonCode": [concept(ICD, "M17.11", "Arthrosis")]}, (), False, False, (f"{ICD}|M17.11",)),
        ({"reasonCode": [concept(ICD, "M17.11"), {"text": "In words"}]}, (), True, False, (f"{ICD}|M17.11",)),
        ({"note": [{"text": "In words"}]}, (), True, False, ()),
        ({"note": [{"text": " "}]}, (), False, False, ()),
        (
            {
                "reasonCode": [
                    {
                        "coding": [{"system": REASON, "code": "other"}, {"system": ICD, "code": "C50"}],
                        "text": "In words",
                    }
                ]
            },
            ("other",),
            True,
            False,
            (f"{ICD}|C50",),
        ),
        ({"reasonCode": [{"coding": [{"code": "M17"}]}] * 2}, (), False, False, ("|M17",)),
    ],
)
def test_reasons_are_told_from_conditions(
    changes: dict[str, Any],
    codes: tuple[str, ...],
    words: bool,  # noqa: FBT001  # a fact in a table
    empty: bool,  # noqa: FBT001  # a fact in a table
    conditions: tuple[str, ...],
) -> None:
    said = stated(an_order(**changes))

    assert (said.reason_codes, said.reason_words, said.reason_is_empty, said.conditions) == (
        codes,
        words,
        empty,
        conditions,
    )


def test_a_code_our_reason_system_does_not_have_is_422() -> None:
    order = an_order(reasonCode=[{"text": "x"}, concept(REASON, "HTEST-WRONG")])

    error = refused(order, "ServiceRequest.reasonCode[1]")

    assert isinstance(error, CodeInvalid)
    assert "HTEST" not in error.message


def test_conditions_that_came_along_are_conditions() -> None:
    condition = {"resourceType": "Condition", "id": "c", "subject": {"display": "x"}, "code": concept(ICD, "C50")}
    order = an_order(contained=[condition], reasonReference=[{"reference": "#c"}, {"reference": "Condition/elsewhere"}])

    assert stated(order).conditions == (f"{ICD}|C50",)
