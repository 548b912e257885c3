"""Every search parameter of every type, and what may be included with a search's matches."""

from collections.abc import Mapping
from types import MappingProxyType

from second_opinion.fhir.search_of_cases import CASE_PARAMETERS
from second_opinion.fhir.search_of_directory import DIRECTORY_PARAMETERS, INSIDE_PARAMETERS
from second_opinion.fhir.search_of_notices import NOTICE_PARAMETERS
from second_opinion.fhir.search_of_subscriptions import SUBSCRIPTION
from second_opinion.fhir.search_parameters import COMMON, Parameter

_OWN_PARAMETERS = {"Subscription": SUBSCRIPTION}
_ALL = CASE_PARAMETERS | NOTICE_PARAMETERS | DIRECTORY_PARAMETERS | _OWN_PARAMETERS

EXPOSED: tuple[str, ...] = tuple(_ALL)  # types callers may read and search

PARAMETERS: Mapping[str, Mapping[str, Parameter]] = MappingProxyType(
    {type_name: MappingProxyType({**COMMON, **own}) for type_name, own in (_ALL | INSIDE_PARAMETERS).items()}
)


def _include_paths(type_name: str) -> dict[str, str]:
    """Element paths of a type's reference parameters; an alias reads its original's."""
    parameters = PARAMETERS[type_name]
    references = (each for each in parameters.values() if each.kind == "reference")
    return {each.name: parameters[each.stored[0]].paths[0][0] for each in references}


INCLUDES: Mapping[str, Mapping[str, str]] = MappingProxyType(  # type → parameter → element path
    {type_name: MappingProxyType(_include_paths(type_name)) for type_name in EXPOSED}
    | {"Task": MappingProxyType({**_include_paths("Task"), "output": "output.valueReference"})}  # HRex; ours in R4
)

# Reverse includes partners send for types this server has none of yet: nothing is found, nothing is wrong.
WITHOUT_ROWS: frozenset[tuple[str, str]] = frozenset(
    {
        ("DiagnosticReport", "based-on"),
    }
)

# Told from what is kept when it is asked for, and indexed nowhere.
TOLD: frozenset[tuple[str, str]] = frozenset({("Provenance", "target")})
