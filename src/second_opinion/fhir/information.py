"""The Parameters of $add-information: each fact's name, its value and what proves it."""

from datetime import datetime
from typing import NamedTuple

from second_opinion.directory.learned import LearnedFact, LearnedName
from second_opinion.errors import CodeInvalid, RequiredMissing, Unprocessable
from second_opinion.fhir import learned_values, validation
from second_opinion.fhir.codes import Json, Vocabulary
from second_opinion.fhir.learned_values import Place, plain, value

FACT = "fact"
PARTS = ("name", "value", "evidence")
PROVEN = frozenset({LearnedName.ALTERNATIVE, LearnedName.REQUESTER_KIND})  # never without evidence


class Claim(NamedTuple):
    """A fact as far as it must be known to say who may bring it."""

    name: LearnedName
    value: str | None

    @property
    def is_downgrade(self) -> bool:
        """Whether it makes an urgent request standard."""
        return self.name is LearnedName.URGENCY and self.value == "standard"


def claims(body: Json) -> list[Claim]:
    """The facts brought, as far as their names are known; InvalidElement 400 where the body is no Parameters."""
    validation.check(body, "Parameters")
    found = []
    for each in body.get("parameter", ()):
        parts = {part["name"]: plain(value(part)) for part in each.get("part", ())}
        if (name := parts.get("name")) in list(LearnedName):
            found.append(Claim(LearnedName(name), parts.get("value")))
    return found


def read(body: Json, vocabulary: Vocabulary, by: str, at: datetime) -> tuple[LearnedFact, ...]:
    """Every fact, said by ``by`` at ``at``; 422 naming the first part that is unknown, missing or wrong."""
    given = body.get("parameter", ())
    if not given:
        raise RequiredMissing("At least one parameter fact is required", "Parameters.parameter")
    facts = []
    for index, each in enumerate(given):
        path = f"Parameters.parameter[{index}]"
        if each["name"] != FACT:
            raise Unprocessable("The only parameter is fact", f"{path}.name")
        facts.append(_fact(_parts(each, path, body, vocabulary), path, by, at))
    return tuple(facts)


def _fact(parts: dict[str, list[Place]], path: str, by: str, at: datetime) -> LearnedFact:
    name = plain(parts["name"][0].value)
    if name not in list(LearnedName):
        raise CodeInvalid(f"A fact is one of {', '.join(LearnedName)}", f"{parts['name'][0].path}.value")
    evidence = tuple(_words(each) for each in parts.get("evidence", ()))
    fact = learned_values.read(LearnedFact(LearnedName(name), by, at, evidence=evidence), parts["value"][0])
    if (fact.name in PROVEN or Claim(fact.name, fact.value).is_downgrade) and not evidence:
        raise RequiredMissing("This fact needs evidence: who was asked, when, and what was found", f"{path}.part")
    return fact


def _parts(parameter: Json, path: str, body: Json, vocabulary: Vocabulary) -> dict[str, list[Place]]:
    found: dict[str, list[Place]] = {}
    for index, part in enumerate(parameter.get("part", ())):
        place = Place(part, f"{path}.part[{index}]", body, vocabulary)
        if part["name"] not in PARTS:
            raise Unprocessable(f"A fact has only the parts {', '.join(PARTS)}", f"{place.path}.name")
        if part["name"] in found and part["name"] != "evidence":
            raise Unprocessable("This part may stand once", place.path)
        found.setdefault(part["name"], []).append(place)
    for needed in ("name", "value"):
        if needed not in found:
            raise RequiredMissing(f"A fact needs its {needed}", f"{path}.part")
    return found


def _words(place: Place) -> str:
    if not isinstance(place.value, str) or not place.value.strip():
        raise RequiredMissing("Evidence is a string of words", f"{place.path}.value")
    return place.value
