"""Whether a Consent of the member's lets somebody act, by who is named in it."""

from collections.abc import Collection, Iterator
from datetime import datetime

from second_opinion.fhir import dates
from second_opinion.fhir.codes import Json


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
