"""The request for information where a client's Claim asks: PAS's Task and CommunicationRequest (ainfo-3, ainfo-7)."""

from second_opinion.fhir.case_view import CaseView
from second_opinion.fhir.codes import CONSULT_NOTE, PAS, Json, Vocabulary, concept
from second_opinion.fhir.elements import identifier
from second_opinion.fhir.pas import terms
from second_opinion.fhir.sent_claim import SentClaim

ICD_10 = "http://hl7.org/fhir/sid/icd-10-cm"
OF_OURS = frozenset({"category", "medium", "sender"})  # wider in our own form than PAS allows


def claim_of(view: CaseView) -> SentClaim | None:
    """The newest Claim of a client that the case answers; None where only orders asked."""
    return next((each for each in reversed(view.sent_claims) if not each.replaced), None)


def as_attachment_request(task: Json, view: CaseView, vocabulary: Vocabulary, sent: SentClaim) -> Json:
    """The child Task in the shape of PAS's attachment request."""
    code = {"coding": [terms.ATTACHMENT_REQUEST, vocabulary.own("case-task", "additional-information")]}
    insurer = sent.numbers.get("insurer") or identifier(vocabulary, "payer", "plan")
    shaped = task | {
        "meta": {name: each for name, each in task["meta"].items() if name != "profile"},
        "identifier": [*task["identifier"], sent.identifiers[0]],
        "code": code,
        "requester": task["requester"] | {"identifier": insurer},
        "reasonCode": {"coding": [terms.PRIOR_AUTHORIZATION], "text": "Second opinion review"},
        "reasonReference": {"reference": f"Claim/{sent.claim_id}"},
        "input": [
            _payer_url(vocabulary),
            _needed(view, sent),
            *(each for each in task["input"] if "valueCode" in each),
        ],
    }
    if "requestor" in sent.numbers:
        shaped["owner"] = task["owner"] | {"identifier": sent.numbers["requestor"]}
    return shaped


def _payer_url(vocabulary: Vocabulary) -> Json:
    return {"type": {"coding": [terms.PAYER_URL]}, "valueUrl": f"{vocabulary.base}/$submit-attachment"}


def _needed(view: CaseView, sent: SentClaim) -> Json:
    return {
        "extension": [_line_number(view, sent), _window()],
        "type": {"coding": [terms.ATTACHMENTS_NEEDED]},
        "valueCodeableConcept": {"coding": [CONSULT_NOTE]},
    }


def as_line_request(request: Json, view: CaseView, sent: SentClaim) -> Json:
    """The CommunicationRequest with the Claim's line, and what the payload's note is about."""
    about = [
        {"url": terms.url("communicatedDiagnosis"), "valueCodeableConcept": {"coding": [each]}}
        for each in view.conditions
        if each.get("system") == ICD_10
    ]
    payload = [each | {"extension": [*about, _window()]} for each in request["payload"]]
    return request | {"extension": [_line_number(view, sent)], "payload": payload}


def in_a_response(resource: Json, vocabulary: Vocabulary) -> Json:
    """Task or CommunicationRequest as PAS profiles them; what is wider in our own form is left out."""
    if resource["resourceType"] == "Task":
        if "identifier" not in resource.get("owner", {}):  # PAS knows owners by number only
            resource = {name: each for name, each in resource.items() if name != "owner"}
        return resource | {"meta": resource["meta"] | {"profile": [f"{PAS}/profile-task"]}}
    return _line_request(resource, vocabulary)


def _line_request(request: Json, vocabulary: Vocabulary) -> Json:
    kept = {name: each for name, each in request.items() if name not in OF_OURS}
    kept["meta"] = request["meta"] | {"profile": [f"{PAS}/profile-communicationrequest"]}
    kept["medium"] = [{"coding": [terms.CDEX_MEDIUM]}]
    if "/Organization/" in request.get("sender", {}).get("reference", ""):  # PAS: nobody else sends
        kept["sender"] = request["sender"]
    if (kind := vocabulary.x12.coding("755", "consult-note")) is not None:
        kept["category"] = [concept(kind)]
    return kept


def _line_number(view: CaseView, sent: SentClaim) -> Json:
    line = next((each.sequence for each in sent.items if each.case == view.number), 1)
    return {"url": terms.url("serviceLineNumber"), "valuePositiveInt": line}


def _window() -> Json:
    return {"url": terms.url("contentModifier"), "valueCodeableConcept": {"coding": [terms.THREE_MONTHS]}}
