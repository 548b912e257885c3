"""Analysts' worked examples, plan by plan."""

import tomllib
from typing import Any

import pytest

from policies.plans import A_DAY, HARBOR, HERE, HPSJ, as_stated
from second_opinion.review.engine import determine
from second_opinion.review.policy import Policy

PLANS = (HPSJ, HARBOR)


def examples(policy: Policy) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads((HERE / policy.plan / "examples.toml").read_text())["examples"]
    return found


@pytest.mark.parametrize(
    ("policy", "example"),
    [pytest.param(policy, each, id=f"{policy.plan}: {each['name']}") for policy in PLANS for each in examples(policy)],
)
def test_worked_example_comes_out_as_the_analyst_says(policy: Policy, example: dict[str, Any]) -> None:
    facts = dict(example["facts"])
    on = facts.pop("requested_on", A_DAY)

    made = determine(as_stated(facts), policy, on)

    assert (made.outcome, made.rule) == (example["outcome"], example.get("rule"))
    assert list(made.notes) == example.get("notes", [])
    assert made.reason == example.get("reason")
    assert list(made.ask.missing if made.ask else ()) == example.get("missing", [])


@pytest.mark.parametrize("policy", PLANS, ids=lambda policy: policy.plan)
def test_every_rule_has_a_worked_example(policy: Policy) -> None:
    decided = {example.get("rule") for example in examples(policy)}
    noted = {note for example in examples(policy) for note in example.get("notes", [])}

    assert decided | noted >= {card.rule for card in policy.cards}
