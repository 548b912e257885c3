"""Search parameters by resource type: the one table that indexing, searching and the capability statement read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal["token", "reference", "date", "string", "uri"]
Shape = Literal[
    "code",
    "boolean",
    "coding",
    "concept",
    "identifier",
    "reference",
    "uri",
    "date",
    "period",
    "timing",
    "string",
    "name",
]

_KINDS: Mapping[Shape, Kind] = MappingProxyType(
    {
        "code": "token",
        "boolean": "token",
        "coding": "token",
        "concept": "token",
        "identifier": "token",
        "reference": "reference",
        "uri": "uri",
        "date": "date",
        "period": "date",
        "timing": "date",
        "string": "string",
        "name": "string",
    }
)

R4 = "http://hl7.org/fhir/SearchParameter"
PROVIDERS = ("Practitioner", "PractitionerRole", "Organization")
PATIENT = ("Patient",)


@dataclass(frozen=True)
class Parameter:
    """One search parameter; ``paths`` are (element path, shape of what stands there), ``stored`` its index names.

    A parameter whose values another one already keeps has no paths, and that one's name in ``stored``.
    """

    name: str
    kind: Kind
    paths: tuple[tuple[str, Shape], ...] = ()
    targets: tuple[str, ...] = ()  # types a reference may point to
    selective: bool = False  # few resources share a value: a search may start from here
    bounding: bool = False  # enough, alone, to ask for when another parameter was ignored
    definition: str = ""  # canonical URL of the SearchParameter; empty for one only used inside
    system: str = ""  # system of a code element, which does not state it
    codes: frozenset[str] = frozenset()  # the required binding, where it has one
    case_sensitive: bool = True
    stored: tuple[str, ...] = ()


def parameter(
    name: str,
    shape: Shape,
    *paths: str,
    targets: tuple[str, ...] = (),
    selective: bool = False,
    bounding: bool = False,
    definition: str | None = None,
    system: str = "",
    codes: Iterable[str] = (),
    case_sensitive: bool | None = None,
    stored: tuple[str, ...] = (),
) -> Parameter:
    """A parameter of this shape at these paths; a path may name its own shape behind an @."""
    placed = tuple((path.partition("@")[0], path.partition("@")[2] or shape) for path in paths)
    return Parameter(
        name=name,
        kind=_KINDS[shape],
        paths=placed,  # type: ignore[arg-type]  # the shape behind the @ is one of Shape: a test builds every extractor
        targets=targets,
        selective=selective,
        bounding=selective or bounding,
        definition="" if definition is None else definition,
        system=system,
        codes=frozenset(codes),
        case_sensitive=shape not in {"code", "string", "name"} if case_sensitive is None else case_sensitive,
        stored=stored or (name,),
    )


def table(type_name: str, *parameters: Parameter, shared: Mapping[str, str] | None = None) -> dict[str, Parameter]:
    """A type's parameters by name, with R4's canonical URLs: ``shared`` ones, else the type's own."""
    named = {}
    for each in parameters:
        prefix = (shared or {}).get(each.name, type_name)
        definition = each.definition or f"{R4}/{prefix}-{each.name}"
        named[each.name] = Parameter(**{**vars(each), "definition": definition})
    return named


COMMON: Mapping[str, Parameter] = MappingProxyType(
    {
        each.name: each
        for each in (
            parameter("_id", "code", selective=True, definition=f"{R4}/Resource-id", case_sensitive=True),
            parameter("_lastUpdated", "date", definition=f"{R4}/Resource-lastUpdated"),
            parameter("_tag", "coding", "meta.tag", definition=f"{R4}/Resource-tag"),
            parameter("_profile", "uri", "meta.profile", definition=f"{R4}/Resource-profile"),
            parameter("_security", "coding", "meta.security", definition=f"{R4}/Resource-security"),
        )
    }
)
