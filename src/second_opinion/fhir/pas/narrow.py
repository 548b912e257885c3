"""An answer cut down for those who take no part in the case but may know of it: codes, numbers and periods only."""

from second_opinion.fhir.codes import Json
from second_opinion.fhir.pas import terms

HEAD = (
    "resourceType",
    "id",
    "meta",
    "identifier",
    "status",
    "type",
    "use",
    "patient",
    "created",
    "insurer",
    "request",
    "outcome",
    "preAuthRef",
    "preAuthPeriod",
)
WORDS = (
    "No authorization required",
    "Approved",
    "Modified",
    "Denied",
    "Pended",
    "Not eligible",
    "Withdrawn",
    "Not processed",
)
OF_ITEMS = frozenset(
    terms.url(name)
    for name in (
        "itemTraceNumber",
        "authorizationNumber",
        "administrationReferenceNumber",
        "itemPreAuthIssueDate",
        "itemPreAuthPeriod",
        "itemRequestedServiceDate",
    )
)


def write(response: Json) -> Json:
    """The ClaimResponse without words, reasons, notes, people and what was asked for."""
    kept = {name: response[name] for name in HEAD if name in response}
    kept["disposition"] = next((each for each in WORDS if response["disposition"].startswith(each)), "")
    kept["item"] = [_item(each) for each in response.get("item", ())]
    return {name: value for name, value in kept.items() if value}


def _item(item: Json) -> Json:
    extensions = [each for each in item.get("extension", ()) if each["url"] in OF_ITEMS]
    line = {
        "extension": extensions,
        "itemSequence": item["itemSequence"],
        "adjudication": [
            {name: each[name] for name in ("extension", "category") if name in each} for each in item["adjudication"]
        ],
    }
    return {name: value for name, value in line.items() if value}
