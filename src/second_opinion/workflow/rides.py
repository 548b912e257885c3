"""The ride a case owes (policy II.F): from the member's door, by the plan's vendor, saying nothing of why."""

import logging
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from uuid_utils import uuid7

from second_opinion.access import registry
from second_opinion.directory.lookup import DirectoryMoved
from second_opinion.directory.model import Member
from second_opinion.directory.network import contracts
from second_opinion.directory.stated import StatedTransportation
from second_opinion.errors import Unavailable
from second_opinion.fhir.case_view import Reference, Ride
from second_opinion.fhir.codes import NPI
from second_opinion.fhir.parties import nucc
from second_opinion.workflow import addressees
from second_opinion.workflow.case_file import CaseFile
from second_opinion.workflow.desk import Desk

TRANSPORTATION = "343900000X"  # NUCC: non-emergency medical transport (van)
_OF_A_PLACE = ("line", "city", "district", "state", "postalCode", "country")

log = logging.getLogger(__name__)


def ride(desk: Desk, case: CaseFile, asked: StatedTransportation, member: Member, needed_at: datetime) -> Ride:
    """The ride as asked for; a ride ordered before keeps its ids."""
    body = desk.store.body("Patient", member.id)
    patient: dict[str, Any] = orjson.loads(body) if body else {}
    arranged = case.view.ride or Ride(service_request_id=str(uuid7()), task_id=str(uuid7()))
    return replace(
        arranged,
        mode=asked.mode,
        certification=desk.rides.waits_for_certification(asked.mode),
        certified=case.certified,
        attendant=asked.attendant,
        language=asked.language or member.language,
        pickup=_pickup(patient, desk.vocabulary.extension("confidential-communication")),
        phone=next((each.get("value") for each in patient.get("telecom", ()) if each.get("system") == "phone"), None),
        destination=_destination(desk, case.view.opinion_doctor),
        vendor=_vendor(desk),
        needed_at=needed_at,
    )


def _pickup(patient: dict[str, Any], confidential: str) -> dict[str, Any] | None:
    """Where she is safe to be met: the confidential address where one is set, else home, else any."""
    addresses: list[dict[str, Any]] = patient.get("address", [])

    def rank(address: dict[str, Any]) -> int:
        marked = any(
            each.get("url") == confidential and each.get("valueBoolean") for each in address.get("extension", ())
        )
        return 0 if marked else 1 if address.get("use") == "home" else 2

    chosen = min(addresses, key=rank, default=None)
    return {name: value for name, value in chosen.items() if name != "extension"} if chosen else None


def _destination(desk: Desk, doctor: Reference | None) -> dict[str, Any] | None:
    """Where the second doctor practises, without a name: that would tell the driver of what kind the doctor is."""
    try:
        found = addressees.place(desk, doctor) if doctor else None
    except (DirectoryMoved, Unavailable):
        raise
    except Exception as fault:  # noqa: BLE001 - as for the vendor: the answer does not wait for it
        log.error("destination look-up failed: %s", type(fault).__name__)  # noqa: TRY400 - as below
        return None
    return {name: found[name] for name in _OF_A_PLACE if name in found} if found else None


def _vendor(desk: Desk) -> Reference | None:
    """The one organization of the directory whose number an active partner of class vendor holds.

    Of several, the one the network has a contract with for rides. None where that leaves none or several, and where
    the look-up fails: the answer does not wait for who drives.
    """
    try:
        found = _vendors(desk)
        if len(found) > 1:
            found = {each for each in found if _drives_for_the_network(desk, each[0].partition("/")[2])}
    except (DirectoryMoved, Unavailable):
        raise
    except Exception as fault:  # noqa: BLE001 - whatever broke, a person finds the vendor
        log.error("vendor look-up failed: %s", type(fault).__name__)  # noqa: TRY400 - a traceback may hold health data
        return None
    if len(found) != 1:
        return None
    reference, npi = found.pop()
    return {"reference": reference, "identifier": {"system": NPI, "value": npi}}


def _drives_for_the_network(desk: Desk, organization: str) -> bool:
    """Whether a contract in force puts the organization into one of the networks, for transportation."""
    with desk.directory.snapshot() as lookup:
        networks = [each.id for each in lookup.networks()]
        today = desk.calendar.day(desk.now())
        held = [each for each in contracts(organization, networks, lookup) if each.period.covers(today)]
    bodies = (desk.store.body("OrganizationAffiliation", each.id) for each in held)
    specialties = (orjson.loads(body).get("specialty", ()) for body in bodies if body)
    return any(TRANSPORTATION in nucc(each) for each in specialties)


def _vendors(desk: Desk) -> set[tuple[str, str]]:
    """Every organization of the directory a vendor among the partners stands for: ``Organization/id`` and its NPI."""
    with desk.directory.snapshot() as lookup:
        return {
            (group.reference, npi)
            for partner in registry.active_partners(desk.store, "vendor")
            for npi in (partner.organization, *partner.npis)
            for group in lookup.organizations(npi)
        }
