"""Looking into PAS response Bundles."""

from typing import Any

Json = dict[str, Any]


def claim_response(bundle: Json) -> Json:
    """The ClaimResponse, which must be first."""
    response: Json = bundle["entry"][0]["resource"]
    assert response["resourceType"] == "ClaimResponse"
    return response


def lines(bundle: Json) -> list[Json]:
    """The items."""
    found: list[Json] = claim_response(bundle)["item"]
    return found


def line(bundle: Json, sequence: int = 1) -> Json:
    """One item."""
    (found,) = (each for each in lines(bundle) if each["itemSequence"] == sequence)
    return found


def action(bundle: Json, sequence: int = 1) -> str:
    """The X12 306 code of one item."""
    (reviewed,) = line(bundle, sequence)["adjudication"][0]["extension"]
    code = next(each for each in reviewed["extension"] if each["url"].endswith("reviewActionCode"))
    return str(code["valueCodeableConcept"]["coding"][0]["code"])


def number(bundle: Json, sequence: int = 1) -> str:
    """The case number of one item."""
    found = (
        each for each in line(bundle, sequence)["extension"] if each["url"].endswith("administrationReferenceNumber")
    )
    return str(next(found)["valueString"])


def resource(bundle: Json, kind: str) -> Json:
    """The one resource of this type."""
    (found,) = (each["resource"] for each in bundle["entry"] if each["resource"]["resourceType"] == kind)
    inside: Json = found
    return inside
