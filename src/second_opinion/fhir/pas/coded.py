"""What an answer says in X12 codes only where the operator's table has them: decision reasons, type of provider."""

from second_opinion.fhir.case_view import CaseView
from second_opinion.fhir.codes import Json
from second_opinion.fhir.pas import terms
from second_opinion.fhir.x12 import X12

PROVIDER = "provider"  # use of X12 98
ADVERSE = frozenset({"A3", "A6"})


def decision_reasons(view: CaseView, x12: X12) -> list[Json]:
    """X12 886 for the reasons of an adverse decision; the use in the table is the code of determination-reason."""
    given = view.decision.reasons if view.decision and view.action in ADVERSE else ()
    found = (x12.coding("886", each) for each in given)
    return [{"url": "reasonCode", "valueCodeableConcept": {"coding": [each]}} for each in found if each is not None]


def with_reasons(adjudication: Json, reasons: list[Json]) -> Json:
    """The adjudication with the reasons in its review action."""
    wanted = terms.url("reviewAction")
    extensions = [
        each | {"extension": [*each["extension"], *reasons]} if each["url"] == wanted else each
        for each in adjudication.get("extension", ())
    ]
    return adjudication | {"extension": extensions}


def provider_type(x12: X12) -> list[Json]:
    """X12 98 of an authorized provider."""
    kind = x12.coding("98", PROVIDER)
    return [{"url": terms.url("authorizedProviderType"), "valueCodeableConcept": {"coding": [kind]}}] if kind else []
