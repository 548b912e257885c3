"""One letter rendered: in which language, what is still missing, every file of it, and whether it goes out."""

import hashlib
from base64 import b64encode
from dataclasses import replace
from typing import Any

from uuid_utils import uuid7

from second_opinion.cases.notices import Addressee, Attachment, Notice, NoticeStatus
from second_opinion.fhir import notices as writing
from second_opinion.letters import enclosures
from second_opinion.letters.enclosures import Enclosure
from second_opinion.letters.stationery import Rendition
from second_opinion.letters.wording import ENGLISH
from second_opinion.workflow import addressees, letter_content
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.desk import Desk
from second_opinion.workflow.letter_content import Mailing

Json = dict[str, Any]
PDF = "application/pdf"


def render(desk: Desk, case: CaseFile, notice: Notice) -> tuple[Notice, list[Json]]:
    """The letter with its files; released as of now where somebody releases it and nothing is missing, else a draft."""
    now, patient = case.view.updated_at, addressees.patient(desk, case.member)
    language = _language(desk, case, notice)
    enclosed, missing = enclosures.find(desk.settings.enclosures_folder, notice.kind, language)
    waits_for = (*(f"the enclosure {each}" for each in missing), *_untranslated(desk, case, notice, language))
    goes_out = notice.release is not None and not waits_for
    content = letter_content.letter(desk, case.view, notice, patient, Mailing(now, draft=not goes_out))
    files = [*desk.stationery.render(content, language, now), *(_enclosed(desk, each) for each in enclosed)]
    attachments = tuple(_attachment(notice, each) for each in files)
    drawn = replace(
        notice,
        language=language,
        waits_for=waits_for,
        attachments=attachments,
        rendered_at=now,
        status=NoticeStatus.IN_PROGRESS if goes_out else NoticeStatus.PREPARATION,
        released_at=now if goes_out else None,
    )
    written = [writing.binary(case.view, drawn, kept, file.body) for kept, file in zip(attachments, files, strict=True)]
    return drawn, written


def _language(desk: Desk, case: CaseFile, notice: Notice) -> str:
    """The member's, where the plan has wording in it; English for everybody else."""
    if notice.addressee is Addressee.PROVIDER:
        return ENGLISH
    with desk.directory.snapshot() as lookup:
        member = lookup.member(case.member)
    return desk.stationery.language(member.language if member else None)


def _untranslated(desk: Desk, case: CaseFile, notice: Notice, language: str) -> tuple[str, ...]:
    """A notice of action gives its reason in the member's language: the reviewer's words too (APL 21-011)."""
    said = letter_content.rationale(case.view, notice)
    if not notice.kind.is_adverse or not said or language in said:
        return ()
    return (f"a translation of the rationale into {desk.stationery.wordings[language].name} ({language})",)


def _enclosed(desk: Desk, enclosure: Enclosure) -> Rendition:
    words = desk.stationery.wordings[enclosure.language]
    title = f"{words.enclosures[enclosure.name]} ({words.name})"
    return Rendition(PDF, enclosure.language, title, enclosure.body, enclosure.name)


def _attachment(notice: Notice, file: Rendition) -> Attachment:
    """The file as it is kept: a new version of the one it takes the place of."""
    same = (file.content_type, file.language, file.enclosure)
    before = next(
        (each for each in notice.attachments if (each.content_type, each.language, each.enclosure) == same), None
    )
    return Attachment(
        binary_id=before.binary_id if before else str(uuid7()),
        version=before.version + 1 if before else 1,
        content_type=file.content_type,
        language=file.language,
        title=file.title,
        size=len(file.body),
        sha1=b64encode(hashlib.sha1(file.body, usedforsecurity=False).digest()).decode(),
        enclosure=file.enclosure,
    )
