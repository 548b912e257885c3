"""What a case shows, kept: each resource a new version only where it changed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from second_opinion.cases.notices import Addressee
from second_opinion.cases.numbers import running_number
from second_opinion.fhir import audiences, case_resources, json_body, search_extract
from second_opinion.fhir.case_view import CaseView
from second_opinion.fhir.sent_claim import SentClaim
from second_opinion.store.changes import MEMBER, PROVIDER, STAFF, ResourceWrite
from second_opinion.store.stored import Stored
from second_opinion.workflow import case_file
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.desk import Desk

Json = dict[str, Any]
NOBODY: Mapping[str, CaseView] = MappingProxyType({})


def first_versions(desk: Desk, case: CaseFile) -> list[ResourceWrite]:
    """The resources of a case just opened."""
    return [keep(desk, resource, case) for resource in case_resources.write(case.view, desk.vocabulary)]


def next_versions(
    desk: Desk, case: CaseFile, kept: list[Stored], beside: Mapping[str, CaseView] = NOBODY
) -> tuple[CaseFile, list[ResourceWrite]]:
    """The case with its versions moved on, and the resources whose content differs from what is ``kept``.

    ``beside`` are cases that change together with this one, by their numbers.
    """
    before = {f"{each.type}/{each.id}": each for each in [*kept, *_elsewhere(desk, case, kept)]}
    versions = {name: stored.version for name, stored in before.items()}
    case = with_siblings(desk, case, beside)
    unmoved = replace(case, view=replace(case.view, versions=versions))
    moved = {
        name: versions.get(name, 0) + 1
        for resource in case_resources.write(unmoved.view, desk.vocabulary)
        if (name := _name(resource)) not in before or _content(resource) != _content(json_body.read(before[name].body))
    }
    case = replace(case, view=replace(case.view, versions=versions | moved))
    written = case_resources.write(case.view, desk.vocabulary)
    return case, [keep(desk, resource, case) for resource in written if _name(resource) in moved]


def with_siblings(desk: Desk, case: CaseFile, beside: Mapping[str, CaseView] = NOBODY) -> CaseFile:
    """The case with the views of those that answer other items of its Claims, as they are now."""
    numbers = {each.case for claim in case.view.sent_claims for each in claim.items if each.case}
    others = sorted(numbers - {case.view.number})
    if not others:
        return case
    views = [beside[each] if each in beside else _view(desk, each) for each in others]
    return replace(case, view=replace(case.view, siblings=tuple(views)))


def _view(desk: Desk, number: str) -> CaseView:
    stored = desk.store.case(running_number(number) or 0)
    if stored is None:
        raise LookupError("a case named by a Claim is not in the store")
    return case_file.load(stored.body).view


def _elsewhere(desk: Desk, case: CaseFile, kept: list[Stored]) -> list[Stored]:
    """Answers to the case's Claims that are kept with another case, or were given before there was one."""
    here = {each.id for each in kept if each.type == "ClaimResponse"}
    wanted = [each.response_id for each in case.view.sent_claims if not each.replaced and each.response_id not in here]
    found = [desk.store.found("ClaimResponse", each) for each in wanted]
    return [each for each in found if each is not None]


def _owner(claim: SentClaim, case: CaseFile) -> int:
    """Number of the case a Claim's answer is kept with: that of its first item."""
    first = next((each.case for each in claim.items if each.case), None)
    return (running_number(first) if first else None) or case.number


def keep(
    desk: Desk, resource: Json, case: CaseFile, partner: str | None = None, audience: str | None = None
) -> ResourceWrite:
    """The resource of a case as the store keeps it: served bytes, what it is found by, and for whom it is."""
    terms, spans = search_extract.extract(resource, desk.settings.fhir_base)
    return ResourceWrite(
        type=resource["resourceType"],
        id=resource["id"],
        version=int(resource["meta"]["versionId"]),
        last_updated=case.view.updated_at,
        body=json_body.write(resource),
        terms=terms,
        spans=spans,
        case=_kept_under(resource, case),
        member=case.member,
        partner=partner or case.partner,
        audience=_audience(desk, resource, case) if audience is None else audience,
        sealed=sealed(case),
    )


def sealed(case: CaseFile) -> int:
    """How far the case is sealed: very restricted by its sender's word, or sensitive, or not."""
    return 2 if "V" in case.view.labels else 1 if case.view.labels else 0


def _audience(desk: Desk, resource: Json, case: CaseFile) -> str:
    return _of_letter(resource, case) or audiences.audience(resource, desk.vocabulary)


def _of_letter(resource: Json, case: CaseFile) -> str | None:
    """For whom a letter and its files are; one that is a denial only once a person releases it is the staff's."""
    for notice in case.view.notices:
        if resource["id"] in {notice.communication_id, notice.document_id, *(f.binary_id for f in notice.attachments)}:
            return STAFF if notice.is_staffs_alone else MEMBER if notice.addressee is Addressee.MEMBER else PROVIDER
    return None


def _kept_under(resource: Json, case: CaseFile) -> int:
    """The case's number; an answer to a Claim of several items is kept with the first of them."""
    owners = {each.response_id: _owner(each, case) for each in case.view.sent_claims}
    return owners.get(resource["id"], case.number) if resource["resourceType"] == "ClaimResponse" else case.number


def apart(desk: Desk, resource: Json, *, partner: str, at: datetime) -> ResourceWrite:
    """A resource that belongs to no case, for whoever brought what it answers."""
    terms, spans = search_extract.extract(resource, desk.settings.fhir_base)
    return ResourceWrite(
        type=resource["resourceType"],
        id=resource["id"],
        version=int(resource["meta"]["versionId"]),
        last_updated=at,
        body=json_body.write(resource),
        terms=terms,
        spans=spans,
        partner=partner,
    )


def _name(resource: Mapping[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _content(resource: Mapping[str, Any]) -> Json:
    """The resource without what every new version changes."""
    return {element: value for element, value in resource.items() if element not in {"meta", "lastModified"}}
