"""Our extensions as StructureDefinitions, by differential."""

from dataclasses import dataclass

from second_opinion.fhir.codes import Json, Vocabulary
from second_opinion.fhir.definitions.published import published

_PROVIDERS = ("Practitioner", "PractitionerRole", "Organization")


@dataclass(frozen=True)
class Part:
    """One part of a complex extension, or the value of a simple one."""

    type: str  # FHIR data type
    meaning: str
    name: str = ""
    required: bool = False
    targets: tuple[str, ...] = ()  # of a Reference
    value_set: str | None = None  # ours, required


@dataclass(frozen=True)
class OwnExtension:
    """One extension of ours: a value, or named parts."""

    name: str
    title: str
    meaning: str
    contexts: tuple[str, ...]  # elements it may stand on
    value: Part | None = None
    parts: tuple[Part, ...] = ()


OWN_EXTENSIONS = (
    OwnExtension(
        "initial-provider",
        "Initial provider",
        "The provider whose care the second opinion questions.",
        ("ServiceRequest",),
        Part("Reference", "The provider.", targets=_PROVIDERS),
    ),
    OwnExtension(
        "transportation",
        "Transportation",
        "The ride the member needs to the second opinion provider.",
        ("ServiceRequest",),
        parts=(
            Part("CodeableConcept", "Mode of transport.", "mode", value_set="transport-mode"),
            Part("boolean", "Whether somebody rides along.", "attendant"),
            Part("code", "Language the member speaks (BCP 47).", "language"),
        ),
    ),
    OwnExtension(
        "clock",
        "Clock",
        "One of the case's clocks; none is ever paused.",
        ("Task",),
        parts=(
            Part("code", "Name of the clock.", "name", required=True),
            Part("dateTime", "When it runs out.", "due", required=True),
        ),
    ),
    OwnExtension(
        "received",
        "Received",
        "When the plan or a delegate first received the request; the earlier of it and this server's receipt counts.",
        ("ServiceRequest",),
        Part("dateTime", "The instant of receipt."),
    ),
    OwnExtension(
        "member-informed",
        "Member informed",
        "The member knows that her request is withdrawn.",
        ("ServiceRequest",),
        Part("boolean", "True when she knows."),
    ),
    OwnExtension(
        "confidential-communication",
        "Confidential communication",
        "The member asked that her mail goes to this address (California Civil Code 56.107).",
        ("Patient.address",),
        Part("boolean", "True for the address to use."),
    ),
    OwnExtension(
        "first-appointment",
        "First appointment",
        "The first appointment the provider offered as an alternative can give.",
        ("Reference",),
        Part("dateTime", "When it is."),
    ),
)


def extensions(vocabulary: Vocabulary) -> list[Json]:
    """All our extensions."""
    return [_structure(vocabulary, each) for each in OWN_EXTENSIONS]


def _structure(vocabulary: Vocabulary, own: OwnExtension) -> Json:
    head = published(vocabulary, "StructureDefinition", own.name, own.title, own.meaning)
    elements = _elements(vocabulary, own)
    return head | {
        "fhirVersion": "4.0.1",
        "kind": "complex-type",
        "abstract": False,
        "context": [{"type": "element", "expression": each} for each in own.contexts],
        "type": "Extension",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Extension",
        "derivation": "constraint",
        "differential": {"element": elements},
    }


def _elements(vocabulary: Vocabulary, own: OwnExtension) -> list[Json]:
    """Root, parts, url and value in the order of the Extension type."""
    elements: list[Json] = [
        {"id": "Extension", "path": "Extension", "short": own.title, "definition": own.meaning, "max": "1"}
    ]
    if own.value is not None:
        elements.append({"id": "Extension.extension", "path": "Extension.extension", "max": "0"})
    for part in own.parts:
        elements += _part_elements(vocabulary, part)
    elements.append({"id": "Extension.url", "path": "Extension.url", "fixedUri": vocabulary.extension(own.name)})
    if own.value is not None:
        elements.append(_value(vocabulary, "Extension", "Extension", own.value))
    else:
        elements.append({"id": "Extension.value[x]", "path": "Extension.value[x]", "max": "0"})
    return elements


def _part_elements(vocabulary: Vocabulary, part: Part) -> list[Json]:
    ident, path = f"Extension.extension:{part.name}", "Extension.extension"
    return [
        {
            "id": ident,
            "path": path,
            "sliceName": part.name,
            "short": part.meaning,
            "min": int(part.required),
            "max": "1",
        },
        {"id": f"{ident}.extension", "path": f"{path}.extension", "max": "0"},
        {"id": f"{ident}.url", "path": f"{path}.url", "fixedUri": part.name},
        _value(vocabulary, ident, path, part),
    ]


def _value(vocabulary: Vocabulary, ident: str, path: str, part: Part) -> Json:
    kind: Json = {"code": part.type}
    if part.targets:
        kind["targetProfile"] = [f"http://hl7.org/fhir/StructureDefinition/{each}" for each in part.targets]
    built: Json = {
        "id": f"{ident}.value[x]",
        "path": f"{path}.value[x]",
        "short": part.meaning,
        "min": 1,
        "type": [kind],
    }
    if part.value_set is not None:
        built["binding"] = {"strength": "required", "valueSet": f"{vocabulary.canonical}/ValueSet/{part.value_set}"}
    return built
