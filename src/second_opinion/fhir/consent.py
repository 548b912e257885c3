"""Consents of members: read as they are sent, and whether one lets somebody act, by who is named in it."""

from collections.abc import Collection, Iterator
from datetime import datetime

from second_opinion.errors import InvalidElement, RequiredMissing
from second_opinion.fhir import dates, directory_checks, validation
from second_opinion.fhir.codes import Json


def read(sent: Json) -> Json:
    """The Consent, valid R4 and understood: whose it is, and whom it permits what; the errors of a body that is not."""
    validation.check(sent, "Consent")
    if fault := directory_checks.fault({"id": "new"} | sent):
        raise InvalidElement(fault, "Consent")
    if not {"reference", "identifier"} & sent.get("patient", {}).keys():
        raise RequiredMissing("Consent.patient must name the member", "Consent.patient")
    provision = sent.get("provision", {})
    if provision.get("type", "permit") == "permit" and not any(_named({"provision": provision})):
        raise RequiredMissing(
            "A Consent that permits must name whom, by NPI or Organization/id", "Consent.provision.actor"
        )
    return sent


def permits(consent: Json, parties: Collection[str], at: datetime) -> bool:
    """An active Consent in force that names one of the parties, each an NPI or ``Type/id``, and does not deny."""
    provision = consent.get("provision", {})
    if consent.get("status") != "active" or provision.get("type") == "deny":
        return False
    if not _in_force(provision.get("period", {}), at):
        return False
    return any(each in parties for each in _named(consent))


def _in_force(period: Json, at: datetime) -> bool:
    start, end = period.get("start"), period.get("end")
    return (start is None or dates.span(start)[0] <= at) and (end is None or at <= dates.span(end)[1])


def _named(consent: Json) -> Iterator[str]:
    """Every party it names: its organizations, its performers, and the actors of its provisions."""
    references = [*consent.get("organization", ()), *consent.get("performer", ())]
    provisions = [consent.get("provision", {})]
    while provisions:
        provision = provisions.pop()
        if provision.get("type") != "deny":
            references += [actor.get("reference", {}) for actor in provision.get("actor", ())]
            provisions += provision.get("provision", ())
    for each in references:
        if "reference" in each:
            yield "/".join(each["reference"].split("/")[-2:])
        if value := each.get("identifier", {}).get("value"):
            yield value
