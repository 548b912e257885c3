"""CDex $submit-attachment: who sends which documents about whom, in answer to which tracking number."""

import hashlib
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from second_opinion.directory.stated import Identifier
from second_opinion.errors import BusinessRule, CodeInvalid, InvalidElement, RequiredMissing
from second_opinion.fhir import parameters
from second_opinion.fhir.codes import Json
from second_opinion.fhir.parameters import Given, Named, Parameter
from second_opinion.fhir.resolving import identifiers

PROFILE = "http://hl7.org/fhir/us/davinci-cdex/StructureDefinition/cdex-parameters-submit-attachment"
DEFINITION = "http://hl7.org/fhir/us/davinci-cdex/OperationDefinition/submit-attachment"
ATTACH_TO = ("claim", "preauthorization")
_IDENTIFIER = Parameter(("valueIdentifier",))
KNOWN: Mapping[str, Parameter] = MappingProxyType(
    {
        "TrackingId": _IDENTIFIER,
        "AdminRefNumber": _IDENTIFIER,
        "AttachTo": Parameter(("valueCode",)),
        "PayerId": _IDENTIFIER,
        "OrganizationId": _IDENTIFIER,
        "ProviderId": _IDENTIFIER,
        "MemberId": _IDENTIFIER,
        "ServiceDate": Parameter(("valueDateTime", "valueDate")),
        "Attachment": Parameter(
            many=True,
            parts={
                "LineItem": Parameter(("valueString",), many=True),
                "Code": Parameter(("valueCodeableConcept",)),
                "Content": Parameter(("resource",)),
            },
        ),
        "Final": Parameter(("valueBoolean",)),
    }
)
REQUIRED = ("TrackingId", "AttachTo", "MemberId", "Attachment")


@dataclass(frozen=True)
class ReceivedDocument:
    """One file as it came, byte for byte."""

    data: bytes
    content_type: str
    title: str | None
    language: str | None
    type: Json | None  # CodeableConcept of the document
    path: str

    @property
    def sha1(self) -> str:
        """As FHIR's Attachment.hash has it: SHA-1 in base64, which tells apart, and protects nothing."""
        return b64encode(hashlib.sha1(self.data, usedforsecurity=False).digest()).decode()


@dataclass(frozen=True)
class Submitted:
    """What was submitted. ``sender`` are the numbers of who sends it."""

    tracking: Identifier
    member: Identifier
    member_path: str
    sender: tuple[Identifier, ...]
    documents: tuple[ReceivedDocument, ...]
    final: bool  # nothing more follows


def read(body: Json) -> Submitted:
    """The parameters; 400 for what is no R4, 422 naming what is missing, unknown or wrong."""
    given = parameters.read(body, KNOWN)
    _complete(given)
    member = _one(given, "MemberId")
    final = given.one("Final")
    return Submitted(
        tracking=_number(_one(given, "TrackingId")),
        member=_number(member),
        member_path=f"{member.path}.value",
        sender=tuple(_number(each) for name in ("OrganizationId", "ProviderId") for each in given.each(name)),
        documents=tuple(document for each in given.each("Attachment") for document in _documents(each)),
        final=final is None or bool(final.value),
    )


def _complete(given: Named) -> None:
    missing = [name for name in REQUIRED if given.one(name) is None]
    if given.one("OrganizationId") is None and given.one("ProviderId") is None:
        missing.append("OrganizationId or ProviderId")
    attach_to = given.one("AttachTo")
    if attach_to is not None and attach_to.value not in ATTACH_TO:
        raise CodeInvalid(f"AttachTo is {' or '.join(ATTACH_TO)}", f"{attach_to.path}.value")
    if attach_to is not None and attach_to.value == "claim" and given.one("ServiceDate") is None:
        missing.append("ServiceDate, which a claim needs")
    if missing:
        raise RequiredMissing(f"Missing: {'; '.join(missing)}", "Parameters.parameter")


def _one(given: Named, name: str) -> Given:
    found = given.one(name)
    assert found is not None  # noqa: S101 - _complete looked
    return found


def _number(given: Given) -> Identifier:
    found = identifiers([given.value])
    if not found:
        raise RequiredMissing("An Identifier needs its value", f"{given.path}.value")
    return found[0]


def _documents(given: Given) -> list[ReceivedDocument]:
    """The files of one Attachment: each content of its DocumentReference."""
    parts = given.parts
    content = parts.one("Content") if parts else None
    if parts is None or content is None:
        raise RequiredMissing("An Attachment needs its Content", f"{given.path}.part")
    resource = content.value
    path = f"{content.path}.resource"
    if resource["resourceType"] != "DocumentReference":
        raise BusinessRule("Documents are sent as DocumentReference; no questionnaires are used here", path)
    code = parts.one("Code")
    kind = code.value if code else resource.get("type")
    return [
        document(each["attachment"], kind, f"{path}.content[{index}].attachment")
        for index, each in enumerate(resource["content"])
    ]


def document(attachment: Json, kind: Json | None, path: str) -> ReceivedDocument:
    """The file of an Attachment that brings it inline; 422 where it is not the one that was meant."""
    if "data" not in attachment:
        raise BusinessRule("The document must come inline, as data", f"{path}.data")
    return received(attachment, _decoded(attachment["data"], path), kind, path)


def received(attachment: Json, data: bytes, kind: Json | None, path: str) -> ReceivedDocument:
    """The file with what its Attachment says of it; BusinessRule where size or hash say that it is another."""
    found = ReceivedDocument(
        data=data,
        content_type=attachment.get("contentType", "application/octet-stream"),
        title=attachment.get("title"),
        language=attachment.get("language"),
        type=kind,
        path=path,
    )
    _whole(found, attachment)
    return found


def _decoded(data: str, path: str) -> bytes:
    try:
        return b64decode("".join(data.split()), validate=True)
    except (Error, ValueError):
        raise InvalidElement("data must be base64", f"{path}.data") from None


def _whole(document: ReceivedDocument, attachment: dict[str, Any]) -> None:
    """Whether it is the file that was meant, where size or hash say so."""
    if "size" in attachment and attachment["size"] != len(document.data):
        raise BusinessRule("size is not the size of the data", f"{document.path}.size")
    if "hash" in attachment and attachment["hash"] != document.sha1:
        raise BusinessRule("hash is not the SHA-1 of the data", f"{document.path}.hash")
