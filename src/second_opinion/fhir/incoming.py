"""What comes in about a case: which case its references name, the files it brings, what it recommends."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from second_opinion.directory.stated import Identifier
from second_opinion.errors import BusinessRule, RequiredMissing
from second_opinion.fhir import attachments, json_body, validation
from second_opinion.fhir.attachments import ReceivedDocument
from second_opinion.fhir.codes import Json
from second_opinion.fhir.resolving import identifiers

TYPES = ("Communication", "CommunicationRequest", "DocumentReference", "DiagnosticReport")
_ABOUT = {  # where each type says what it is about
    "Communication": ("basedOn", "about", "partOf", "inResponseTo"),
    "CommunicationRequest": ("basedOn", "about", "replaces"),
    "DocumentReference": ("context.related",),
    "DiagnosticReport": ("basedOn",),
}
_IDENTIFIED = ("groupIdentifier",)
RECOMMENDED = frozenset({"proposal", "plan"})  # ServiceRequest.intent of what a report recommends


@dataclass(frozen=True)
class Reference:
    """One reference of the message, with where it stands."""

    path: str
    literal: str | None
    numbers: tuple[Identifier, ...]


@dataclass(frozen=True)
class Link:
    """A file that is only named by its address; whoever may fetch it does so before it is kept."""

    url: str
    attachment: Json
    kind: Json | None
    path: str


@dataclass(frozen=True)
class Incoming:
    """One message as it came."""

    resource: Json
    about: tuple[Reference, ...]
    recipients: tuple[Reference, ...]
    numbers: tuple[Identifier, ...]  # the sender's own
    documents: tuple[ReceivedDocument, ...]
    links: tuple[Link, ...]
    named: tuple[str, ...]  # DocumentReferences already here that it brings, as "DocumentReference/id"
    recommended: tuple[Json, ...]  # ServiceRequests, proposals and plans

    @property
    def type(self) -> str:
        """The type of the message."""
        return str(self.resource["resourceType"])

    @property
    def brings_files(self) -> bool:
        """Whether there is anything to hand on."""
        return bool(self.documents or self.links or self.named)

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        said = {name: value for name, value in self.resource.items() if name not in {"id", "meta", "text"}}
        return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def read(body: bytes, kind: str) -> Incoming:
    """The message; 400 for what is no R4, 422 for what breaks a rule. Paths begin at the resource."""
    resource = json_body.read(body)
    validation.check(resource, kind)
    found = list(_files(resource))
    contained = [each for each in resource.get("contained", ()) if each.get("resourceType") == "ServiceRequest"]
    return Incoming(
        resource=resource,
        about=tuple(_about(resource)),
        recipients=tuple(_references(resource, "recipient", kind)),
        numbers=identifiers([*_list(resource.get("identifier")), *_list(resource.get("masterIdentifier"))]),
        documents=tuple(each for each in found if isinstance(each, ReceivedDocument)),
        links=tuple(each for each in found if isinstance(each, Link)),
        named=tuple(each for each in found if isinstance(each, str)),
        recommended=tuple(each for each in contained if each.get("intent") in RECOMMENDED),
    )


def fetched(link: Link, data: bytes) -> ReceivedDocument:
    """The file of a link; BusinessRule where it is not the one that was meant."""
    return attachments.received(link.attachment, data, link.kind, link.path)


def _about(resource: Json) -> Iterator[Reference]:
    kind = resource["resourceType"]
    for place in _ABOUT[kind]:
        outer, _, inner = place.partition(".")
        holder, path = (resource.get(outer, {}), f"{kind}.{outer}") if inner else (resource, kind)
        yield from _references(holder, inner or outer, path)
    for name in _IDENTIFIED:
        if numbers := identifiers(_list(resource.get(name))):
            yield Reference(f"{kind}.{name}", None, numbers)


def _references(holder: Json, name: str, path: str) -> Iterator[Reference]:
    for place, each in enumerate(_list(holder.get(name))):
        where = f"{path}.{name}[{place}]" if isinstance(holder.get(name), list) else f"{path}.{name}"
        yield Reference(where, each.get("reference"), identifiers(_list(each.get("identifier"))))


def _files(resource: Json) -> Iterator[ReceivedDocument | Link | str]:
    kind = resource["resourceType"]
    if kind == "DocumentReference":
        yield from _of_document(resource, kind)
    elif kind == "DiagnosticReport":
        yield from _of_report(resource, kind)
    else:
        for place, payload in enumerate(resource.get("payload", ())):
            yield from _of_payload(resource, payload, f"{kind}.payload[{place}]")


def _of_payload(resource: Json, payload: Json, path: str) -> Iterator[ReceivedDocument | Link | str]:
    if "contentAttachment" in payload:
        yield _file(payload["contentAttachment"], None, f"{path}.contentAttachment")
        return
    reference = payload.get("contentReference", {}).get("reference", "")
    if reference.startswith("#"):
        for place, each in enumerate(resource.get("contained", ())):
            if each.get("id") == reference[1:]:
                where = f"{resource['resourceType']}.contained[{place}]"
                yield from (
                    _of_report(each, where) if each["resourceType"] == "DiagnosticReport" else _of_document(each, where)
                )
    elif "DocumentReference/" in reference:
        yield reference[reference.index("DocumentReference/") :]


def _of_document(document: Json, path: str) -> Iterator[ReceivedDocument | Link]:
    if document["resourceType"] != "DocumentReference":
        raise BusinessRule("A payload is a DocumentReference or a DiagnosticReport", path)
    for place, content in enumerate(document.get("content", ())):
        yield _file(content["attachment"], document.get("type"), f"{path}.content[{place}].attachment")


def _of_report(report: Json, path: str) -> Iterator[ReceivedDocument | Link]:
    forms = report.get("presentedForm", ())
    for place, form in enumerate(forms):
        yield _file(form, report.get("code"), f"{path}.presentedForm[{place}]")
    if not forms and report.get("conclusion"):
        said = {"contentType": "text/plain; charset=utf-8", "title": "Conclusion"}
        yield attachments.received(said, report["conclusion"].encode(), report.get("code"), f"{path}.conclusion")


def _file(attachment: Json, kind: Json | None, path: str) -> ReceivedDocument | Link:
    if "data" in attachment:
        return attachments.document(attachment, kind, path)
    if "url" not in attachment:
        raise RequiredMissing("The document must come inline, as data, or be named by its url", f"{path}.data")
    return Link(attachment["url"], attachment, kind, path)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
