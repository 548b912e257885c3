"""The items of a Claim as its lines: what each asks for, and where the sender finds what is wrong with it."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from second_opinion.errors import SecondOpinionError
from second_opinion.fhir import service_request
from second_opinion.fhir.attachments import ReceivedDocument
from second_opinion.fhir.codes import Json
from second_opinion.fhir.pas import documents, orders, terms
from second_opinion.fhir.pas.request import PasRequest
from second_opinion.fhir.service_request import content_digest
from second_opinion.fhir.submission import Received

SAID_BY = {  # elements of an order, by the Claim's that say the same
    "requester": "provider",
    "subject": "patient",
    "performer": "careTeam",
    "performerType": "careTeam",
    "insurance": "insurance",
    "authoredOn": "created",
    "reasonCode": "supportingInfo",
}
UNCOUNTED = frozenset({"authored_at", "received_claimed"})  # of what an item asks for


@dataclass(frozen=True)
class Line:
    """One item of the Claim with its order for a second opinion; None where it asks for something else."""

    item: Json
    order: Received | None
    documents: tuple[ReceivedDocument, ...] = ()
    claim_path: str = "Bundle.entry[0].resource"

    @property
    def sequence(self) -> int:
        """The item's number, which never changes."""
        number: int = self.item["sequence"]
        return number

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what is asked for, whatever addresses it is asked with; empty where that is not clear."""
        if self.order is None:
            return content_digest(self.item)
        try:
            stated = orjson.loads(orjson.dumps(self.order.stated))
        except SecondOpinionError:
            return ""
        asked = {name: _without_places(each) for name, each in stated.items() if name not in UNCOUNTED}
        return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def check(self) -> None:
        """Raise what is wrong in the order itself, without looking anything up."""
        if self.order is not None:
            service_request.read(self.order.at, self.order.resolver, self.order.vocabulary)

    def place(self, path: str) -> str:
        """Where the sender finds what is at the path of the order: in the Claim, unless the order itself says it."""
        if self.order is None or not path.startswith(f"{self.order.at.path}."):
            return path
        element = path.removeprefix(f"{self.order.at.path}.").partition(".")[0].partition("[")[0]
        if element in (self.order.sent or ()):
            return path
        if element.startswith("occurrence"):
            return f"{self.claim_path}.item.where(sequence={self.sequence}).serviced"
        return f"{self.claim_path}.{SAID_BY[element]}" if element in SAID_BY else path

    @property
    def marked(self) -> bool:
        """Whether the client says that the item is changed or added."""
        return bool(terms.extensions(self.item, "infoChanged"))


def _without_places(value: Any) -> Any:
    """The same without where in the body it stood."""
    if isinstance(value, dict):
        return {name: _without_places(each) for name, each in value.items() if name != "path"}
    return [_without_places(each) for each in value] if isinstance(value, list) else value


def lines_of(request: PasRequest) -> tuple[Line, ...]:
    """Every item with what it asks for."""
    found = ((item, orders.read(request, item)) for item in request.claim.get("item", ()))
    path = request.claim_at.path
    return tuple(Line(item, order, documents.read(request, item) if order else (), path) for item, order in found)
