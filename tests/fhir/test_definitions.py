from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson
import pytest
from fhir.resources.R4B import get_fhir_model_class

from case_views import VOCABULARY
from second_opinion.fhir.codes import Json
from second_opinion.fhir.definitions import definitions
from second_opinion.fhir.definitions.extensions import OWN_EXTENSIONS
from second_opinion.fhir.own_codes import OWN_SYSTEMS
from second_opinion.review import policy, reasons


@dataclass(frozen=True)
class Wording:
    """Words of an invented clause."""

    since: date
    source: str = "Policy, II.A"
    text: str = "(the clause, word for word)"


@dataclass(frozen=True)
class Card:
    """An invented rule."""

    rule: str = "R1"
    clause: str = "II.A"
    heading: str = "In network"
    when: Mapping[str, Any] = field(
        default_factory=lambda: {"provider_is_in_network": "yes", "reason_is_stated": ["no", "not-stated"]}
    )
    then: str = "no-authorization-required"
    wording: Sequence[Wording] = (Wording(date(2024, 1, 1)), Wording(date(2025, 7, 1), text="(amended)"))


@dataclass(frozen=True)
class Policy:
    """An invented policy."""

    plan: str = "example"
    title: str = "Second opinions"
    digest: str = "ab" * 32
    cards: Sequence[Card] = (Card(), Card("R2", when={}))


ALL = definitions(VOCABULARY, Policy())


def the(type_name: str, ident: str) -> Json:
    """The definition of that type and id."""
    return next(each for each in ALL if (each["resourceType"], each["id"]) == (type_name, ident))


@pytest.mark.parametrize("definition", ALL, ids=[f"{each['resourceType']}-{each['id']}" for each in ALL])
def test_every_definition_is_valid_r4_under_our_canonical(definition: Json) -> None:
    get_fhir_model_class(definition["resourceType"]).model_validate_json(orjson.dumps(definition))

    assert definition["url"] == f"{VOCABULARY.canonical}/{definition['resourceType']}/{definition['id']}"
    assert definition["status"] == "active"


def test_no_definition_stands_twice() -> None:
    assert len({each["url"] for each in ALL}) == len(ALL)


@pytest.mark.parametrize("name", OWN_SYSTEMS)
def test_every_code_system_is_published_whole_with_a_value_set(name: str) -> None:
    system = the("CodeSystem", name)

    assert system["content"] == "complete"
    assert system["count"] == len(system["concept"]) == len(OWN_SYSTEMS[name].codes)
    assert system["valueSet"] == the("ValueSet", name)["url"]
    assert the("ValueSet", name)["compose"] == {"include": [{"system": system["url"]}]}


def test_properties_of_reasons_are_declared() -> None:
    system = the("CodeSystem", "determination-reason")

    used = {each["code"] for code in system["concept"] for each in code["property"]}
    assert used == {each["code"] for each in system["property"]} == {"outcome", "kind", "clause"}


def test_reason_for_two_outcomes_names_both() -> None:
    found = next(
        each
        for each in the("CodeSystem", "determination-reason")["concept"]
        if each["code"] == "in-network-equivalent-available"
    )

    assert [each["valueCode"] for each in found["property"] if each["code"] == "outcome"] == ["denied", "modified"]


@pytest.mark.parametrize("own", OWN_EXTENSIONS, ids=[each.name for each in OWN_EXTENSIONS])
def test_extension_has_a_value_or_parts_and_never_both(own: Any) -> None:
    elements = the("StructureDefinition", own.name)["differential"]["element"]

    assert bool(own.value) != bool(own.parts)
    fixed = {each["id"]: each["fixedUri"] for each in elements if "fixedUri" in each}
    assert fixed["Extension.url"] == VOCABULARY.extension(own.name)
    assert {fixed[f"Extension.extension:{part.name}.url"] for part in own.parts} == {part.name for part in own.parts}


def test_due_searches_the_end_of_the_restriction() -> None:
    due = the("SearchParameter", "due")

    assert (due["base"], due["type"], due["expression"]) == (["Task"], "date", "Task.restriction.period.end")


def test_policy_is_published_rule_by_rule_with_the_clauses_words() -> None:
    published = the("PlanDefinition", "example")

    first = published["action"][0]
    assert first["title"] == "R1: In network"
    assert [each["citation"] for each in first["documentation"]] == ["(the clause, word for word)", "(amended)"]
    assert first["documentation"][0]["display"] == "Policy, II.A, since 2024-01-01"
    assert published["date"] == "2025-07-01"


def test_condition_is_given_in_words_and_as_fhirpath() -> None:
    first, second = the("PlanDefinition", "example")["action"][0]["condition"]

    assert first["expression"]["expression"] == "%provider_is_in_network in ('yes')"
    assert second["expression"]["description"] == "Reason is stated: no or not stated"


def test_rule_without_a_condition_has_none() -> None:
    assert "condition" not in the("PlanDefinition", "example")["action"][1]


@pytest.mark.parametrize("plan", policy.available())
def test_every_plans_policy_is_published_with_all_its_rules(plan: str) -> None:
    loaded = policy.load(policy.folder(plan))

    published = definitions(VOCABULARY, loaded)[-1]

    get_fhir_model_class("PlanDefinition").model_validate_json(orjson.dumps(published))
    assert [each["prefix"] for each in published["action"]] == [each.rule for each in loaded.cards]
    assert all(each["documentation"][0]["citation"] for each in published["action"])


@pytest.mark.parametrize("plan", policy.available())
def test_plans_reasons_are_the_published_ones(plan: str) -> None:
    published = {each.code: set(each.properties) for each in OWN_SYSTEMS["determination-reason"].codes}

    for each in reasons.load(policy.folder(plan) / reasons.FILE):
        stated = {*(("outcome", outcome) for outcome in each.outcomes), ("kind", each.kind)}
        assert published[each.code] == stated | ({("clause", each.clause)} if each.clause else set())


def test_version_of_the_policy_is_the_digest_of_its_file() -> None:
    published = the("PlanDefinition", "example")

    assert published["version"] == published["identifier"][0]["value"] == "ab" * 32
