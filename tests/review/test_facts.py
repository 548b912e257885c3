"""Facts keep only values of their own kind, and come back from JSON as they were."""

import json

import pytest

from policies.plans import with_failed
from second_opinion.review.facts import (
    FACT_TYPES,
    CareSource,
    Facts,
    Reason,
    RequesterKind,
    from_recorded,
    recorded,
)


@pytest.mark.parametrize("stray", ["yes", "pcp", 1, 0, [], {"a": 1}, object()])
def test_value_of_another_type_is_kept_only_as_a_mark(stray: object) -> None:
    for name, kind in FACT_TYPES.items():
        if type(stray) is not kind:
            facts = Facts(**{name: stray})  # type: ignore[arg-type]  # a wrong value is the point
            assert getattr(facts, name) == "failed: value"


def test_fault_while_reading_a_fact_is_named_by_its_class_alone() -> None:
    facts = with_failed(Facts(covered=True), care_source=KeyError("Testmember Alder, born 1980"))

    assert facts.care_source == "failed: KeyError"
    assert facts.covered is True


def test_facts_come_back_from_json_with_their_sources() -> None:
    facts = Facts(
        covered=True,
        opinion_number=3,
        requester_kind=RequesterKind.TREATING,
        care_source=CareSource.PCP,
        reason=Reason.EMPTY,
        sources={"covered": "Coverage on record, 2026-01-01 to 2026-12-31", "reason": "ServiceRequest.reasonCode"},
    )

    back = from_recorded(json.loads(json.dumps(recorded(facts))))

    assert back == facts
    assert back.sources == facts.sources
    assert type(back.reason) is Reason


def test_unreadable_fact_comes_back_as_unreadable() -> None:
    facts = with_failed(Facts(), reason=ValueError())

    assert from_recorded(json.loads(json.dumps(recorded(facts)))) == facts


def test_record_names_every_fact_and_no_stray_value() -> None:
    facts = Facts(reason="Testmember Alder fears surgery")  # type: ignore[arg-type]  # a wrong value is the point

    record = recorded(facts)

    assert set(record) == set(FACT_TYPES)
    assert "Testmember" not in json.dumps(record)
