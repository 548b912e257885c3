"""Documents that come with a Claim, for the people who review it (supportingInfo, category additionalInformation)."""

from collections.abc import Iterator

from second_opinion.fhir import attachments
from second_opinion.fhir.attachments import ReceivedDocument
from second_opinion.fhir.codes import Json
from second_opinion.fhir.pas import terms
from second_opinion.fhir.pas.request import PasRequest


def read(request: PasRequest, item: Json) -> tuple[ReceivedDocument, ...]:
    """The files behind the item's supporting information; what is no document, or not inline, is left to the Bundle."""
    named = item.get("informationSequence")
    given = [
        each
        for each in request.claim.get("supportingInfo", ())
        if (named is None or each["sequence"] in named) and not terms.taken_back(each)
    ]
    return tuple(document for each in given for document in _documents(request, each))


def _documents(request: PasRequest, info: Json) -> Iterator[ReceivedDocument]:
    target = request.target(info.get("valueReference", {}))
    if target.resource is None or target.entry is None or target.resource["resourceType"] != "DocumentReference":
        return
    for index, each in enumerate(target.resource["content"]):
        if "data" in each["attachment"]:
            path = f"{target.entry.path}.content[{index}].attachment"
            yield attachments.document(each["attachment"], target.resource.get("type"), path)
