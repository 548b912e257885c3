"""The whole story of a case, as an auditor reads it."""

import re

import pytest

from desks import Caller, Service
from second_opinion.errors import NotFound
from second_opinion.workflow.explain import explain
from small_directory import CLOSED, NUCC, OUTSIDE
from small_orders import PENDED, an_order, provider


def test_the_story_tells_facts_with_their_sources_rules_tried_clocks_and_who_did_what(
    harbor: Service, ehr: Caller
) -> None:
    number = ehr.task(ehr.submit(an_order(**PENDED)))["groupIdentifier"]["value"]

    lines = explain(harbor.desk, number).splitlines()

    assert lines[0] == f"Case {number}: Pended (pended-clinician)"
    wanted = {
        "decide": "Mon 2026-10-12 09:00:00 PDT",
        "requested_provider": "ServiceRequest.performer[0]: out of network on 2026-10-05",
        "requester_kind": "participating on 2026-10-05 by PractitionerRole/specialist-role",
        "R1 ": "not-met",
        "R11 ": "met",
        "received by ehr": "Mon 2026-10-05 09:00:00 PDT",
        "determined by computer": "",
        "open ": "PractitionerRole/by-role-role (Practitioner/by-role): takes new patients, says the role",
        "covered": "yes",
    }
    for start, said in wanted.items():
        assert any(start in each and said in each for each in lines), (start, said)


def test_a_case_is_found_by_its_number_however_typed_and_by_its_task(harbor: Service, ehr: Caller) -> None:
    task = ehr.task(ehr.submit(an_order()))

    by_task = explain(harbor.desk, task["id"])

    assert explain(harbor.desk, " smo-2026-000001 ") == by_task


@pytest.mark.parametrize("unknown", ["SMO-2026-000002", "nobody", ""])
def test_a_case_nobody_has_is_not_found(harbor: Service, ehr: Caller, unknown: str) -> None:
    ehr.submit(an_order())

    with pytest.raises(NotFound):
        explain(harbor.desk, unknown)


def test_what_failed_is_told_and_who_decides_instead(harbor: Service, ehr: Caller) -> None:
    harbor.spoil("PractitionerRole", "outside-role")
    asked = {"performerType": {"coding": [{"system": NUCC, "code": CLOSED[0]}]}, "performer": [provider(OUTSIDE)]}
    task = ehr.task(ehr.submit(an_order(**asked)))  # type: ignore[arg-type]  # elements of any shape

    story = explain(harbor.desk, task["id"])

    assert "a person decides: " in story
    assert "failed: JSONDecodeError" in story


def test_further_orders_and_withdrawal_are_in_the_story(harbor: Service, ehr: Caller) -> None:
    first = ehr.submit(an_order("ORD-1", **PENDED))
    ehr.submit(an_order("ORD-2", **PENDED))
    ehr.put(ehr.order(first) | {"status": "revoked"})

    story = explain(harbor.desk, "SMO-2026-000001")

    kinds = re.findall(r"^  \w{3} [\d: -]+ P[DS]T  (\w+) by ", story, re.MULTILINE)
    assert kinds == ["received", "determined", "attached", "determined", "withdrawn"]
