"""The policy as a PlanDefinition: every rule beside its clause's own words (criteria disclosure, H&S 1363.5)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from second_opinion.fhir.codes import Json, Vocabulary
from second_opinion.fhir.definitions.published import published

_ECA_RULE = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/plan-definition-type", "code": "eca-rule"}]}


class PublishedWording(Protocol):
    """A clause's words from a day on."""

    @property
    def since(self) -> date:
        """First day in force."""
        ...

    @property
    def source(self) -> str:
        """Document and place."""
        ...

    @property
    def text(self) -> str:
        """The words."""
        ...


class PublishedCard(Protocol):
    """One rule."""

    @property
    def rule(self) -> str:
        """Its name."""
        ...

    @property
    def clause(self) -> str:
        """The clause it comes from."""
        ...

    @property
    def heading(self) -> str:
        """What it is, in a line."""
        ...

    @property
    def when(self) -> Mapping[str, Any]:
        """Question → answer, or answers."""
        ...

    @property
    def then(self) -> str:
        """Outcome."""
        ...

    @property
    def wording(self) -> Sequence[PublishedWording]:
        """The clause through time."""
        ...


class PublishedPolicy(Protocol):
    """A plan's policy as it is published."""

    @property
    def plan(self) -> str:
        """Its id."""
        ...

    @property
    def title(self) -> str:
        """The document's title."""
        ...

    @property
    def digest(self) -> str:
        """SHA-256 of the policy file, hexadecimal."""
        ...

    @property
    def cards(self) -> Sequence[PublishedCard]:
        """The rules, first match wins."""
        ...


def plan_definition(vocabulary: Vocabulary, policy: PublishedPolicy) -> Json:
    """The policy in force; ``version`` is the file's SHA-256, so that it names exactly one text."""
    words = "Rules are tried in order; the first whose conditions all hold decides. No rule denies."
    latest = max(each.since for card in policy.cards for each in card.wording)
    return published(vocabulary, "PlanDefinition", policy.plan, policy.title, words) | {
        "identifier": [{"system": vocabulary.naming("policy-sha256"), "value": policy.digest}],
        "version": policy.digest,
        "type": _ECA_RULE,
        "date": latest.isoformat(),
        "action": [_action(card) for card in policy.cards],
    }


def _action(card: PublishedCard) -> Json:
    action: Json = {
        "prefix": card.rule,
        "title": f"{card.rule}: {card.heading}",
        "description": f"Clause {card.clause}",
        "textEquivalent": f"Outcome: {_words(str(card.then))}",
        "documentation": [_documentation(card.clause, each) for each in card.wording],
    }
    if card.when:
        action["condition"] = [_condition(question, answer) for question, answer in card.when.items()]
    return action


def _condition(question: str, answer: Any) -> Json:
    """The answer the question must have, as FHIRPath over the answers and in words."""
    answers = [str(answer)] if isinstance(answer, str) else [str(each) for each in answer]
    listed = " | ".join(f"'{each}'" for each in answers)
    words = f"{_words(question).capitalize()}: {' or '.join(_words(each) for each in answers)}"
    expression = {"description": words, "language": "text/fhirpath", "expression": f"%{question} in ({listed})"}
    return {"kind": "applicability", "expression": expression}


def _documentation(clause: str, wording: PublishedWording) -> Json:
    return {
        "type": "documentation",
        "label": clause,
        "display": f"{wording.source}, since {wording.since.isoformat()}",
        "citation": wording.text,
    }


def _words(name: str) -> str:
    return name.replace("_", " ").replace("-", " ")
