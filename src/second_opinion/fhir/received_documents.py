"""A document that came in, as it is kept of the case: DocumentReference, and Binary with its very bytes."""

from base64 import b64encode

from second_opinion.directory.stated import Identifier
from second_opinion.fhir.attachments import ReceivedDocument
from second_opinion.fhir.case_view import CaseView
from second_opinion.fhir.codes import CONSULT_NOTE, Json, Vocabulary
from second_opinion.fhir.elements import instant, to

RESTRICTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}


def write(
    view: CaseView,
    vocabulary: Vocabulary,
    document: ReceivedDocument,
    ident: str,
    binary: str,
    sender: Identifier,
    *,
    kind: str = "additional-information",
) -> list[Json]:
    """First versions of both; ``sender`` is the number of who sent it, ``kind`` a code of document-kind."""
    meta = {"versionId": "1", "lastUpdated": instant(view.updated_at), "security": [RESTRICTED]}
    return [
        {
            "resourceType": "Binary",
            "id": binary,
            "meta": meta,
            "contentType": document.content_type,
            "securityContext": to("DocumentReference", ident),
            "data": b64encode(document.data).decode(),
        },
        {
            "resourceType": "DocumentReference",
            "id": ident,
            "meta": meta,
            "status": "current",
            "type": document.type or {"coding": [CONSULT_NOTE]},
            "category": [vocabulary.own_concept("document-kind", kind)],
            "subject": view.member,
            "date": instant(view.updated_at),
            "author": [{"identifier": _identifier(sender)}],
            "custodian": view.insurer,
            "content": [{"attachment": _attachment(document, binary, instant(view.updated_at))}],
            "context": {"related": [to("Task", view.task_id)]},
        },
    ]


def hashes(document: Json) -> set[str]:
    """SHA-1, in base64, of the files a DocumentReference holds."""
    return {each["attachment"]["hash"] for each in document.get("content", ()) if "hash" in each["attachment"]}


def _identifier(number: Identifier) -> Json:
    return {"system": number.system, "value": number.value} if number.system else {"value": number.value}


def _attachment(document: ReceivedDocument, binary: str, at: str) -> Json:
    attachment = {
        "contentType": document.content_type,
        "language": document.language,
        "url": f"Binary/{binary}",
        "size": len(document.data),
        "hash": document.sha1,
        "title": document.title,
        "creation": at,
    }
    return {name: value for name, value in attachment.items() if value is not None}
