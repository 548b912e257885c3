"""Our CodeSystems, and one ValueSet of all codes of each."""

from second_opinion.fhir.codes import Json, Vocabulary
from second_opinion.fhir.definitions.published import published
from second_opinion.fhir.own_codes import OWN_SYSTEMS, Code, OwnSystem

_CODED_PROPERTIES = frozenset({"outcome", "kind"})  # the others are words


def code_systems(vocabulary: Vocabulary) -> list[Json]:
    """All our CodeSystems, complete."""
    return [_code_system(vocabulary, name, system) for name, system in OWN_SYSTEMS.items()]


def value_sets(vocabulary: Vocabulary) -> list[Json]:
    """For each CodeSystem the ValueSet of all its codes."""
    return [
        published(vocabulary, "ValueSet", name, system.title, system.description)
        | {"compose": {"include": [{"system": vocabulary.system(name)}]}}
        for name, system in OWN_SYSTEMS.items()
    ]


def _code_system(vocabulary: Vocabulary, name: str, system: OwnSystem) -> Json:
    built = published(vocabulary, "CodeSystem", name, system.title, system.description) | {
        "caseSensitive": True,
        "valueSet": f"{vocabulary.canonical}/ValueSet/{name}",
        "content": "complete",
        "count": len(system.codes),
    }
    if system.properties:
        built["property"] = [
            {"code": code, "description": words, "type": _property_type(code)} for code, words in system.properties
        ]
    built["concept"] = [_concept(each) for each in system.codes]
    return built


def _concept(code: Code) -> Json:
    built: Json = {"code": code.code, "display": code.display, "definition": code.definition}
    if code.properties:
        built["property"] = [
            {"code": name, f"value{_property_type(name).capitalize()}": value} for name, value in code.properties
        ]
    return built


def _property_type(name: str) -> str:
    return "code" if name in _CODED_PROPERTIES else "string"
