"""What a reference in a request points to: a contained resource, another entry of the Bundle, or one of ours."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from second_opinion.directory.stated import NPI, Identifier
from second_opinion.fhir.codes import Json

NPI_OID = "urn:oid:2.16.840.1.113883.4.6"

LITERAL = re.compile(
    r"(?P<base>https?://\S+/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?",
    re.ASCII,
)
CONDITIONAL = re.compile(r"(?P<type>[A-Z][A-Za-z]+)\?(?P<query>identifier=\S+)", re.ASCII)
VERSION = re.compile(r"/_history/[A-Za-z0-9\-.]{1,64}\Z", re.ASCII)


@dataclass(frozen=True)
class Entry:
    """A resource of the request that references may point to; ``path`` is its FHIRPath in the body."""

    resource: Json
    path: str
    full_url: str | None = None


@dataclass(frozen=True)
class Target:
    """Where a reference leads. With nothing in it but ``type`` it leads nowhere we can see."""

    type: str | None = None  # of the resource, as far as resource or reference say
    resource: Json | None = None
    entry: Entry | None = None  # the entry the resource stands in, from where its own references lead on
    own_reference: str | None = None  # "Type/id" on this server
    identifiers: tuple[Identifier, ...] = ()  # beside the reference, or in a conditional one
    display: str | None = None

    @property
    def leads_nowhere(self) -> bool:
        """Whether nothing tells who or what is meant."""
        return self.resource is None and self.own_reference is None and not self.identifiers


def identifiers(elements: Iterable[Json]) -> tuple[Identifier, ...]:
    """FHIR Identifiers in our words; those without a value say nothing."""
    return tuple(Identifier(each["value"], _system(each)) for each in elements if "value" in each)


def _system(identifier: Json) -> str | None:
    """The identifier's system; an NPI's in one spelling, also where only the type says that it is one."""
    system: str | None = identifier.get("system")
    if system is None:
        codings = identifier.get("type", {}).get("coding", ())
        return NPI if any(each.get("code") == "NPI" for each in codings) else None
    return NPI if system == NPI_OID else system


class Resolver:
    """Resolves the references of one request. ``base`` is this server's FHIR base URL."""

    def __init__(self, entries: Iterable[Entry], base: str) -> None:
        self.base = f"{base.rstrip('/')}/"
        self.entries = tuple(entries)
        self._by_url: dict[str, Entry] = {}
        self._by_name: dict[str, list[Entry]] = {}
        # By identity, with what was asked kept alive: a request asks of one reference many times.
        self._led: dict[tuple[int, int], tuple[Json, Entry, Target]] = {}
        for entry in self.entries:
            self._file(entry)

    def resolve(self, reference: Json, at: Entry) -> Target:
        """Where a Reference that stands in the entry leads (R4 Bundle 2.36.4.1; our own where no entry matches)."""
        asked = (id(reference), id(at))
        if (known := self._led.get(asked)) is not None:
            return known[2]
        target = self._resolve(reference, at)
        self._led[asked] = (reference, at, target)
        return target

    def _resolve(self, reference: Json, at: Entry) -> Target:
        text = reference.get("reference", "")
        beside = identifiers([reference["identifier"]] if "identifier" in reference else [])
        display = reference.get("display")
        said = _said_type(reference)
        if text.startswith("#"):
            inner = at.resource if text == "#" else _contained(at.resource, text[1:])
            return Target(_type(inner, said), inner, at if inner else None, None, beside, display)
        entry = self._entry(text, at)
        if entry is not None:
            own = self.own(entry.full_url or "")
            return Target(_type(entry.resource, said), entry.resource, entry, own, beside, display)
        if conditional := CONDITIONAL.fullmatch(text):
            return Target(conditional["type"], identifiers=(*_asked(conditional["query"]), *beside), display=display)
        literal = LITERAL.fullmatch(text)
        return Target(
            literal["type"] if literal else said,
            own_reference=self.own(text, relative=True),
            identifiers=beside,
            display=display,
        )

    def own(self, text: str, *, relative: bool = False) -> str | None:
        """``Type/id`` where the text is an address on this server, or relative to it."""
        literal = LITERAL.fullmatch(text)
        ours = literal and (literal["base"] == self.base or (relative and literal["base"] is None))
        return f"{literal['type']}/{literal['id']}" if literal and ours else None

    def _file(self, entry: Entry) -> None:
        if entry.full_url:
            self._by_url.setdefault(_address(entry.full_url), entry)
        literal = LITERAL.fullmatch(entry.full_url or "")
        if literal:
            name = f"{literal['type']}/{literal['id']}"
        elif "id" in entry.resource:
            name = f"{entry.resource['resourceType']}/{entry.resource['id']}"
        else:
            return
        self._by_name.setdefault(name, []).append(entry)

    def _entry(self, text: str, at: Entry) -> Entry | None:
        """The entry meant: by its fullUrl, else by ``Type/id`` where only one entry can be."""
        if found := self._by_url.get(_address(text)):
            return found
        literal = LITERAL.fullmatch(text)
        if literal is None:
            return None
        name = f"{literal['type']}/{literal['id']}"
        if literal["base"] is None:
            around = LITERAL.fullmatch(at.full_url or "")
            base = around["base"] if around else None
            if base and (found := self._by_url.get(_address(base + name))):
                return found
        elif literal["base"] != self.base:
            return None
        # Many clients give entries a urn and still refer by Type/id.
        candidates = self._by_name.get(name, [])
        return candidates[0] if len(candidates) == 1 else None


def _type(resource: Json | None, said: str | None) -> str | None:
    return resource["resourceType"] if resource else said


def _contained(resource: Json, ident: str) -> Json | None:
    return next((each for each in resource.get("contained", ()) if each.get("id") == ident), None)


def _address(url: str) -> str:
    """The URL without its version; urn:uuid in one case (RFC 4122)."""
    return url.lower() if url[:9].lower() == "urn:uuid:" else VERSION.sub("", url)


def _said_type(reference: Json) -> str | None:
    """The type the reference itself names: a name, or the URL of a definition that ends in it."""
    said: str | None = reference.get("type")
    return said.rpartition("/")[2] if said else None


def _asked(query: str) -> tuple[Identifier, ...]:
    """Identifiers of a conditional reference, ``Type?identifier=system|value`` (R4 transaction)."""
    tokens = [value for name, value in parse_qsl(query) if name == "identifier"]
    pairs = [token.rpartition("|") for token in tokens]
    return tuple(Identifier(value, system or None) for system, _, value in pairs if value)
