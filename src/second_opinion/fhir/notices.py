"""A letter as FHIR shows it: Communication to one addressee, DocumentReference of every rendition, Binary of each."""

from base64 import b64encode
from collections.abc import Mapping
from types import MappingProxyType

from second_opinion.cases.notices import Addressee, Attachment, Notice, NoticeKind, NoticeStatus
from second_opinion.fhir.case_view import CaseView, Reference
from second_opinion.fhir.codes import (
    CERTIFIED,
    CONFIDENTIALITY,
    MAILED,
    MODIFIED,
    NOT_CERTIFIED,
    NOT_REQUIRED,
    NOTIFICATION,
    PAYER_LETTER,
    Json,
    Vocabulary,
    concept,
)
from second_opinion.fhir.elements import identifier, instant, meta, to

TOLD_BY: Mapping[str, NoticeKind] = MappingProxyType(  # X12 306 → the letter that tells it
    {
        CERTIFIED: NoticeKind.APPROVAL,
        NOT_REQUIRED: NoticeKind.APPROVAL,
        MODIFIED: NoticeKind.MODIFICATION,
        NOT_CERTIFIED: NoticeKind.DENIAL,
    }
)


def write(view: CaseView, vocabulary: Vocabulary) -> list[Json]:
    """The Communication of every letter, and the DocumentReference of those that are rendered."""
    written: list[Json] = []
    for notice in view.notices:
        written.append(communication(view, vocabulary, notice))
        if notice.attachments:
            written.append(document(view, vocabulary, notice))
    return written


def links(view: CaseView, vocabulary: Vocabulary) -> list[Reference]:
    """The letters of the case, each in words; one of which only staff may know yet is not among them."""
    return [
        to("Communication", each.communication_id)
        | {"display": f"{vocabulary.own('notice-kind', each.kind)['display']}, to the {each.addressee}"}
        for each in view.notices
        if not each.is_staffs_alone and each.status is not NoticeStatus.NOT_DONE
    ]


def answered_by(view: CaseView) -> Json | None:
    """The provider's copy of the newest letter that tells the decision in force, once it was released."""
    told = [
        (notice, attachment)
        for notice in view.notices
        for attachment in notice.attachments
        if notice.kind == TOLD_BY.get(view.action) and notice.addressee is Addressee.PROVIDER and notice.released_at
        if attachment.enclosure is None and attachment.content_type == "application/pdf"
    ]
    if not told:
        return None
    notice, attachment = told[-1]
    written: Json = _content(attachment, instant(notice.rendered_at or notice.prepared_at))["attachment"]
    return written


def communication(view: CaseView, vocabulary: Vocabulary, notice: Notice) -> Json:
    """Exactly one recipient; the member's copy and the provider's are two."""
    kind = vocabulary.own("notice-kind", notice.kind)
    communication: Json = {
        "resourceType": "Communication",
        "id": notice.communication_id,
        "meta": _meta(view, f"Communication/{notice.communication_id}"),
        "identifier": [identifier(vocabulary, "notice", notice.number)],
        "basedOn": [to("ServiceRequest", view.service_request_id)],
        "partOf": [to("Task", view.task_id)],
        "status": notice.status,  # until it is released
        "category": [vocabulary.own_concept("communication-kind", "notice-of-action"), concept(NOTIFICATION)],
        "priority": view.priority,
        "medium": [concept(MAILED)],
        "subject": view.member,
        "topic": concept(kind, PAYER_LETTER, text=f"Letter: {kind['display'].lower()}"),
        "about": [to("ClaimResponse", view.claim_response_id), to("Task", view.task_id)],
        "recipient": [notice.recipient],
        "sender": view.insurer,
    }
    if notice.language is not None:
        communication["language"] = notice.language
    if notice.reasons:
        communication["reasonCode"] = [vocabulary.own_concept("determination-reason", each) for each in notice.reasons]
    if notice.attachments:
        communication["payload"] = [{"contentReference": to("DocumentReference", notice.document_id)}]
    return communication | _standing(view, notice)


def document(view: CaseView, vocabulary: Vocabulary, notice: Notice) -> Json:
    """Every language and format of the letter, and what is enclosed; it never changes once the letter is released."""
    assert notice.rendered_at is not None  # noqa: S101 - what has attachments was rendered
    number = identifier(vocabulary, "notice", notice.number)
    copy = "provider-notice" if notice.addressee is Addressee.PROVIDER else "member-notice"
    rendered = instant(notice.rendered_at)
    return {
        "resourceType": "DocumentReference",
        "id": notice.document_id,
        "meta": _meta(view, f"DocumentReference/{notice.document_id}"),
        "masterIdentifier": number,
        "identifier": [number],
        "status": "current",
        "docStatus": "final" if notice.released_at else "preliminary",
        "type": concept(PAYER_LETTER, text=vocabulary.own("notice-kind", notice.kind)["display"]),
        "category": [vocabulary.own_concept("document-kind", copy)],
        "subject": view.member,
        "date": rendered,
        "author": [view.insurer],
        "custodian": view.insurer,
        "content": [_content(each, rendered) for each in notice.attachments],
        "context": {"related": [to("Task", view.task_id), to("ClaimResponse", view.claim_response_id)]},
    }


def binary(view: CaseView, notice: Notice, attachment: Attachment, body: bytes) -> Json:
    """The bytes; who may read the document may read them."""
    return {
        "resourceType": "Binary",
        "id": attachment.binary_id,
        "meta": {
            "versionId": str(attachment.version),
            "lastUpdated": instant(view.updated_at),
            "security": [CONFIDENTIALITY],
        },
        "contentType": attachment.content_type,
        "securityContext": to("DocumentReference", notice.document_id),
        "data": b64encode(body).decode(),
    }


def _standing(view: CaseView, notice: Notice) -> Json:
    """Where it stands and why: in preparation by itself, once released as its delivery fares."""
    if notice.released_at is None:
        words = notice.status_reason or (f"Waits for {'; '.join(notice.waits_for)}" if notice.waits_for else None)
        return {"statusReason": {"text": words}} if words else {}
    fares = view.delivery(f"Communication/{notice.communication_id}")
    standing: Json = {"sent": instant((fares.sent_at if fares else None) or notice.released_at)}
    if fares is None:
        return standing
    if fares.state == "returned":
        standing |= {"status": "not-done", "statusReason": {"text": fares.reason or "Returned"}}
    elif fares.received_at is not None:
        standing |= {"status": "completed", "received": instant(fares.received_at)}
    return standing


def _meta(view: CaseView, reference: str) -> Json:
    return {**meta(view, reference), "security": [CONFIDENTIALITY]}


def _content(attachment: Attachment, created: str) -> Json:
    return {
        "attachment": {
            "contentType": attachment.content_type,
            "language": attachment.language,
            "url": f"Binary/{attachment.binary_id}",
            "size": attachment.size,
            "hash": attachment.sha1,
            "title": attachment.title,
            "creation": created,
        }
    }
