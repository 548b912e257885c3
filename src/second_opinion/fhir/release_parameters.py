"""``$release``: what a reviewer may bring along, the translation a letter waits for."""

from types import MappingProxyType

from second_opinion.fhir.codes import Json
from second_opinion.fhir.parameters import Parameter
from second_opinion.fhir.parameters import read as read_parameters

PARAMETERS = MappingProxyType({"rationale": Parameter(("valueString",))})


def read(body: Json | None) -> tuple[tuple[str, str], ...]:
    """(BCP 47, the rationale in it) of every translation extension on ``rationale``; its own words change nothing."""
    if body is None:
        return ()
    given = read_parameters(body, PARAMETERS).one("rationale")
    return given.translations() if given is not None else ()
