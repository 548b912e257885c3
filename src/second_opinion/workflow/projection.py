"""What a case shows, kept: each resource a new version only where it changed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from second_opinion.fhir import case_resources, json_body, search_extract
from second_opinion.store.changes import ResourceWrite
from second_opinion.store.stored import Stored
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.desk import Desk

Json = dict[str, Any]


def first_versions(desk: Desk, case: CaseFile) -> list[ResourceWrite]:
    """The resources of a case just opened."""
    return [keep(desk, resource, case) for resource in case_resources.write(case.view, desk.vocabulary)]


def next_versions(desk: Desk, case: CaseFile, kept: list[Stored]) -> tuple[CaseFile, list[ResourceWrite]]:
    """The case with its versions moved on, and the resources whose content differs from what is ``kept``."""
    before = {f"{each.type}/{each.id}": each for each in kept}
    versions = {name: stored.version for name, stored in before.items()}
    unmoved = replace(case, view=replace(case.view, versions=versions))
    moved = {
        name: versions.get(name, 0) + 1
        for resource in case_resources.write(unmoved.view, desk.vocabulary)
        if (name := _name(resource)) not in before or _content(resource) != _content(json_body.read(before[name].body))
    }
    case = replace(case, view=replace(case.view, versions=versions | moved))
    written = case_resources.write(case.view, desk.vocabulary)
    return case, [keep(desk, resource, case) for resource in written if _name(resource) in moved]


def keep(desk: Desk, resource: Json, case: CaseFile, partner: str | None = None) -> ResourceWrite:
    """The resource of a case as the store keeps it: served bytes and what it is found by."""
    terms, spans = search_extract.extract(resource, desk.settings.fhir_base)
    return ResourceWrite(
        type=resource["resourceType"],
        id=resource["id"],
        version=int(resource["meta"]["versionId"]),
        last_updated=case.view.updated_at,
        body=json_body.write(resource),
        terms=terms,
        spans=spans,
        case=case.number,
        member=case.member,
        partner=partner or case.partner,
    )


def _name(resource: Mapping[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _content(resource: Mapping[str, Any]) -> Json:
    """The resource without what every new version changes."""
    return {element: value for element, value in resource.items() if element not in {"meta", "lastModified"}}
