"""A kept resource as it is sent to others: it stands alone, whatever they may read here."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from typing import Any

from second_opinion.fhir.codes import Json, Vocabulary

Look = Callable[[str], Json | None]  # the kept resource "Type/id"

_LOCAL = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}(/_history/\d+)?")
_SERVERS_OWN = ("id", "text")
PDF = "application/pdf"


def write(resource: Json, vocabulary: Vocabulary, look: Look) -> Json:
    """The resource without what this server alone gives it, its documents inline, its references absolute."""
    sent = {name: value for name, value in resource.items() if name not in _SERVERS_OWN}
    meta = {name: sent["meta"][name] for name in ("profile", "security", "tag") if name in sent.get("meta", {})}
    sent.pop("meta", None)
    if meta:
        sent["meta"] = meta
    if payloads := sent.get("payload"):
        sent["payload"] = [written for each in payloads for written in _inline(each, look)]
    if not sent.get("identifier"):
        number = {"system": vocabulary.naming("delivery"), "value": f"{resource['resourceType']}-{resource['id']}"}
        sent["identifier"] = [number]
    absolute: Json = _absolute(sent, vocabulary.base)
    return absolute


def pdfs(sent: Json) -> list[bytes]:
    """The PDFs among the documents of a resource as it is sent, byte for byte."""
    attachments = (each.get("contentAttachment", {}) for each in sent.get("payload", ()))
    return [content for each in attachments if each.get("contentType") == PDF and (content := _bytes(each))]


def kind(resource: Json) -> str:
    """What the message is, in one of our own codes: its topic's, else its category's, else its type."""
    concepts = [resource.get("topic", {}), *resource.get("category", ()), resource.get("code", {})]
    for concept in concepts:
        for coding in concept.get("coding", ()):
            own = "/CodeSystem/" in (system := coding.get("system", "")) and "hl7.org/" not in system
            if own and "code" in coding:
                return str(coding["code"])
    return str(resource["resourceType"])


def _bytes(attachment: Json) -> bytes:
    try:
        return base64.b64decode(attachment.get("data", ""), validate=True)
    except binascii.Error:
        return b""


def _inline(payload: Json, look: Look) -> Iterator[Json]:
    """The payload with its document's bytes; one payload for each attachment of a DocumentReference."""
    reference = payload.get("contentReference", {}).get("reference", "")
    document = look(reference) if reference.startswith("DocumentReference/") else None
    attachments = [each["attachment"] for each in (document or {}).get("content", ()) if "attachment" in each]
    if "contentAttachment" in payload:
        attachments = [payload["contentAttachment"]]
    if not attachments:
        yield payload
    for attachment in attachments:
        yield {"contentAttachment": _with_data(attachment, look)}


def _with_data(attachment: Json, look: Look) -> Json:
    url = str(attachment.get("url", ""))
    place = url.find("Binary/")
    binary = look(url[place:]) if "data" not in attachment and place >= 0 else None
    if binary is None or "data" not in binary:
        return attachment
    return {name: value for name, value in attachment.items() if name != "url"} | {"data": binary["data"]}


def _absolute(value: Any, base: str) -> Any:
    """Every literal reference to this server with its whole address."""
    if isinstance(value, list):
        return [_absolute(each, base) for each in value]
    if not isinstance(value, dict):
        return value
    written = {name: _absolute(each, base) for name, each in value.items()}
    reference = written.get("reference")
    if isinstance(reference, str) and _LOCAL.fullmatch(reference):
        written["reference"] = f"{base}/{reference}"
    return written
