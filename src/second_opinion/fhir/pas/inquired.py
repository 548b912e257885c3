"""All answers to an inquiry as one: Parameters of Bundles, or for PAS 2.0 one Bundle of everything."""

from collections.abc import Sequence
from datetime import datetime

from second_opinion.fhir.codes import Json
from second_opinion.fhir.elements import instant
from second_opinion.fhir.pas.bundle import Edition


def write(answers: Sequence[Json], identifier: Json, at: datetime, edition: Edition) -> Json:
    """No answer is an answer too: empty Parameters, or a Bundle without entries."""
    if edition is Edition.EARLIER:
        return _together(answers, identifier, at)
    given = [{"name": "return", "resource": each} for each in answers]
    return {"resourceType": "Parameters", **({"parameter": given} if given else {})}


def _together(answers: Sequence[Json], identifier: Json, at: datetime) -> Json:
    """The ClaimResponses first, then what they refer to, each once."""
    responses = [each["entry"][0] for each in answers]
    others = {entry["fullUrl"]: entry for each in answers for entry in each["entry"][1:]}
    entries = [*responses, *others.values()]
    bundle: Json = {
        "resourceType": "Bundle",
        "identifier": identifier,
        "type": "collection",
        "timestamp": instant(at),
    }
    return bundle | ({"entry": entries} if entries else {})
