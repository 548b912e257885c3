"""``Task/$appeal``: what is stated, read."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from second_opinion.errors import RequiredMissing
from second_opinion.fhir.codes import Json
from second_opinion.fhir.parameters import Parameter
from second_opinion.fhir.parameters import read as read_parameters

PARAMETERS: Mapping[str, Parameter] = MappingProxyType(
    {"reason": Parameter(("valueString",)), "expedited": Parameter(("valueBoolean",))}
)


@dataclass(frozen=True)
class StatedAppeal:
    """Why the decision is to be looked at again, and whether at once."""

    reason: str
    expedited: bool


def read(body: Json) -> StatedAppeal:
    """What is stated; 400 for what is no R4, 422 for what the operation does not take."""
    given = read_parameters(body, PARAMETERS)
    reason, expedited = given.one("reason"), given.one("expedited")
    if reason is None or not reason.words():
        raise RequiredMissing(
            "An appeal cannot be taken up without a reason, in the member's words",
            "Parameters.parameter.where(name='reason')",
        )
    return StatedAppeal(reason.words(), expedited is not None and expedited.value)
