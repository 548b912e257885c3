"""The published definitions: code systems, extensions, operations and the policy itself, served from memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Blueprint, Response, request

from second_opinion.api import negotiation, searching
from second_opinion.api.shelf import Shelf
from second_opinion.errors import InvalidSearch, NotFound
from second_opinion.fhir import bundles, json_body, outcome
from second_opinion.fhir.bundles import SearchEntry
from second_opinion.fhir.search_syntax import expression
from second_opinion.fhir.search_values import Warned

TYPES = ("CodeSystem", "ValueSet", "StructureDefinition", "OperationDefinition", "SearchParameter", "PlanDefinition")
PARAMETERS = ("_id", "name", "status", "title", "url", "version")  # each matched exactly

_IGNORED = frozenset({"_format", "_pretty", "_summary", "_elements", "_count", "_total", "_sort", "_", "nocache"})


@dataclass(frozen=True)
class _Published:
    """One definition, as values to search and as bytes to answer."""

    definition: Mapping[str, Any]
    body: bytes

    def matches(self, name: str, modifier: str, wanted: str) -> bool:
        element = name.removeprefix("_")
        if modifier:
            return (element not in self.definition) is (wanted == "true")
        return str(self.definition.get(element, "")) in wanted.split(",")


def offer(routes: Blueprint, desk: Shelf) -> None:
    """Routes to read and search every published definition; any caller with a token may."""
    shelves: dict[str, dict[str, _Published]] = {type_name: {} for type_name in TYPES}
    for each in desk.definitions:
        shelves[each["resourceType"]][each["id"]] = _Published(each, json_body.write(each))
    for type_name, shelf in shelves.items():
        address = f"/fhir/{type_name}"
        search = partial(_search, desk, type_name, shelf)
        routes.add_url_rule(address, f"{type_name} search", search, methods=["GET"])
        routes.add_url_rule(f"{address}/_search", f"{type_name} _search", search, methods=["POST"])
        routes.add_url_rule(f"{address}/<ident>", f"{type_name} read", partial(_read, desk, shelf), methods=["GET"])


def _read(desk: Shelf, shelf: Mapping[str, _Published], ident: str) -> Response:
    _admitted(desk)
    if ident not in shelf:
        raise NotFound("No definition of that id is published")
    return negotiation.answer(shelf[ident].body)


def _search(desk: Shelf, type_name: str, shelf: Mapping[str, _Published]) -> Response:
    """All definitions of the type for which every parameter holds, on one page: they are few."""
    _admitted(desk)
    found, warnings = list(shelf.values()), list[Warned]()
    used, asked = [], searching.pairs()
    for name, text in asked:
        if name in _IGNORED or not text:
            continue
        plain, _, modifier = name.partition(":")
        if plain not in PARAMETERS:
            warnings.append(_unknown(type_name, name))
            continue
        _check_modifier(name, modifier, text)
        used.append((name, text))
        found = [each for each in found if each.matches(plain, modifier, text)]
    base = desk.settings.fhir_base
    shown = [] if {("_summary", "count"), ("_count", "0")} & set(asked) else found
    entries = [SearchEntry(f"{base}/{type_name}/{each.definition['id']}", each.body) for each in shown]
    if warnings:
        told = json_body.write(outcome.warnings(warnings))
        entries.append(SearchEntry(searching.urn(), told, "outcome"))
    links = [("self", searching.url(desk, type_name, used))]
    return negotiation.answer(bundles.searchset(entries, len(found), links, desk.now()))


def _admitted(desk: Shelf) -> None:
    negotiation.check_accepted(request)
    desk.identify(request.environ.get("HTTP_AUTHORIZATION"))


def _check_modifier(name: str, modifier: str, text: str) -> None:
    if modifier not in {"", "missing"}:
        raise InvalidSearch("This modifier is not offered here; offered is :missing", expression(name))
    if modifier and text not in {"true", "false"}:
        raise InvalidSearch("The modifier :missing takes true or false", expression(name))


def _unknown(type_name: str, name: str) -> Warned:
    words = f"A search parameter is not known for {type_name}; known are {', '.join(PARAMETERS)}"
    if negotiation.prefer(request).strict:
        raise InvalidSearch(words, expression(name))
    return "not-supported", words, expression(name)
