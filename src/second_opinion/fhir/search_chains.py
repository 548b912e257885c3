"""Searches through a reference: by a parameter of what is pointed to, or of what points here (R4 search §3.1.1.5)."""

from second_opinion.errors import InvalidSearch
from second_opinion.fhir.search_parameters import Parameter
from second_opinion.fhir.search_registry import EXPOSED, PARAMETERS
from second_opinion.fhir.search_syntax import expression, split
from second_opinion.fhir.search_values import Asked, by_identifier, matches
from second_opinion.store.query import Clause, Linked, LinkedBy, Match

_HAS_PARTS = 4  # _has : type : reference : parameter


def chain(asked: Asked, parameter: Parameter, head: str, inner: str, given: tuple[str, str]) -> Clause | None:
    """One step of chaining, ``head`` (with its type) dot ``inner``; None where what is pointed to has no such one."""
    name, text = given
    modifier = head.partition(":")[2]
    if parameter.kind != "reference" or (modifier and modifier not in parameter.targets):
        raise InvalidSearch("Only a reference can be chained through, to a type it may point to", expression(name))
    plain, _, inner_modifier = inner.partition(":")
    if "." in inner:
        raise InvalidSearch("One step of chaining is offered, not more", expression(name))
    if inner_modifier in {"not", "missing"}:
        raise InvalidSearch("The modifiers :not and :missing are not offered behind a chain", expression(name))
    targets = (modifier,) if modifier else parameter.targets
    reached = {each: PARAMETERS[each][plain] for each in targets if plain in PARAMETERS.get(each, {})}
    if not reached:
        return None
    values = split(text, ",")
    found: list[Match] = []
    for type_name, target in reached.items():
        inside = tuple(each for value in values for each in matches(asked, target, inner_modifier, value, name))
        found += [Linked(parameter.stored[0], type_name, inside)] if inside else []
    if plain == "identifier" and not inner_modifier:  # a reference may itself state the identifier
        found += [each for value in values for each in by_identifier(parameter, value) if not isinstance(each, Linked)]
    return Clause(tuple(found), selective=any(each.selective for each in reached.values()))


def has(asked: Asked, name: str, text: str) -> Clause | None:
    """Resources that another one, of which a parameter has this value, points to."""
    parts = name.split(":")
    if len(parts) != _HAS_PARTS or parts[1] not in EXPOSED:
        return None
    _, type_name, through, inner = parts
    reference, parameter = PARAMETERS[type_name].get(through), PARAMETERS[type_name].get(inner)
    if reference is None or parameter is None or asked.type not in reference.targets:
        return None
    found = tuple(each for value in split(text, ",") for each in matches(asked, parameter, "", value, name))
    return Clause((LinkedBy(type_name, reference.stored[0], found),), selective=parameter.selective)
