"""Answers of the PAS doors as files: what the service really answers, to our Bundles and the guide's own examples."""

import tarfile
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

import determinations as given
import small_directory
from desks import Caller, Service, service
from pas_bundles import (
    PAS,
    TEMP,
    TRACES,
    X12,
    a_bundle,
    an_inquiry,
    an_item,
    an_update,
    coded,
    home_care,
    message,
    with_order,
    with_second,
)
from second_opinion import app
from second_opinion.access import registry
from small_directory import CLOSED, INSIDE, MEMBERS, OPEN, OUTSIDE
from small_orders import an_order, provider

Json = dict[str, Any]

GUIDE = "hl7.fhir.us.davinci-pas-2.2.1.tgz"
NPI = "http://hl7.org/fhir/sid/us-npi"
REQUESTS = (
    "ReferralAuthorizationBundleExample",
    "HomecareAuthorizationBundleExample",
    "HomecareAuthorizationUpdateBundleExample",
    "MedicalServicesAuthorizationBundleExample",
    "SurgicalRequestBundleExample",
)
CANCELLED = [{"url": f"{PAS}/modifierextension-infoCancelled", "valueBoolean": True}]
APPROVABLE = with_second(a_bundle(member=MEMBERS[1]), OUTSIDE, CLOSED[0])
ASKED = with_second(a_bundle(member=MEMBERS[3], number="4", supportingInfo=None), OUTSIDE, CLOSED[0])
RICH = an_item(
    extension=[
        *an_item()["extension"],
        {"url": f"{PAS}/extension-authorizationNumber", "valueString": "EARLIER-1"},
        {"url": f"{PAS}/extension-epsdtIndicator", "valueBoolean": False},
        {"url": f"{PAS}/extension-nursingHomeResidentialStatus", "valueCodeableConcept": coded(f"{X12}/1345", "2")},
        {"url": f"{PAS}/extension-nursingHomeLevelOfCare", "valueCodeableConcept": coded(f"{X12}/1337", "2")},
        {"url": f"{PAS}/extension-revenueUnitRateLimit", "valueDecimal": 100},
        {"url": f"{PAS}/extension-productOrServiceCodeEnd", "valueCodeableConcept": coded(f"{X12}/1365", "4")},
    ],
    modifier=[coded("http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "SM")],
    revenue=coded("https://www.nubc.org/CodeSystem/RevenueCodes", "0202"),
    unitPrice={"value": 100, "currency": "USD"},
)
STAY: list[Json] = [
    message(1, "surgery-necessity"),
    {"sequence": 2, "category": coded(TEMP, "admissionDates"), "timingPeriod": {"start": "2026-10-19"}},
    {"sequence": 3, "category": coded(TEMP, "dischargeDates"), "timingDate": "2026-10-21"},
]
STATES = "https://www.usps.com/"
NUMBERED = {
    "extension": [
        {"url": f"{PAS}/extension-identifierJurisdiction", "valueCodeableConcept": coded(STATES, "CA")},
        {"url": f"{PAS}/extension-identifierSubDepartment", "valueString": "223412"},
    ],
    "system": TRACES,
    "value": "RICH",
}
SEVERAL = a_bundle([an_item(1), home_care(2), an_item(3)], member=MEMBERS[4], number="5")


def keep_all(answers: Path, folder: Path, packages: Path) -> None:
    """Every kind of answer into the folder to be checked."""
    folder.mkdir()
    with service(folder, directory=[small_directory.write(folder)], x12_table=operators_table(folder)) as running:
        running.load(directory())
        for name, body in answered(running, packages):
            (answers / f"pas-{name}.json").write_bytes(body)


def operators_table(folder: Path) -> Path:
    """X12 codes as an operator adds them; those of HL7's examples, and one that means nothing."""
    table = folder / "x12.csv"
    table.write_text("element,use,code\n98,provider,P3\n755,consult-note,15\n886,in-network-equivalent-available,ZZ\n")
    return table


def directory() -> list[Json]:
    """The small directory with a payer that has a number, and the member of the guide's examples."""
    found = deepcopy(small_directory.resources())
    by_id = {f"{each['resourceType']}/{each['id']}": each for each in found}
    by_id["Organization/payer"]["identifier"] = [{"system": NPI, "value": "1234567893"}]
    joe = by_id["Patient/member-0"] | {
        "id": "joe",
        "identifier": [{"system": "http://example.org/MIN", "value": "12345678901"}],
        "name": [{"family": "Smith", "given": ["Joe"]}],
    }
    cover = by_id["Coverage/coverage-0"] | {"id": "joe-cover", "subscriberId": "1122334455"}
    return [*found, joe, cover | {"beneficiary": {"reference": "Patient/joe"}}]


def answered(running: Service, packages: Path) -> Iterator[tuple[str, bytes]]:
    """(name, body) of each answer."""
    ehr, doctor = running.partner("ehr"), running.reviewer("doctor")
    sent = {
        "pended": a_bundle(),
        "approved": APPROVABLE,
        "not-required": with_second(a_bundle(member=MEMBERS[2], number="3"), INSIDE[OPEN[0]], OPEN[0]),
        "asked": ASKED,
        "several": SEVERAL,
        "several-updated": an_update(SEVERAL, [an_item(1), home_care(2), an_item(3, modifierExtension=CANCELLED)], "6"),
        "rich": with_second(a_bundle([RICH], member=MEMBERS[0], number="10", supportingInfo=STAY), OUTSIDE, CLOSED[1]),
        "not-handled": a_bundle([home_care(1)], number="7"),
        "nobody": a_bundle(member="NOBODY", number="8"),
        "with-order": with_order(a_bundle(member=MEMBERS[5], number="9")),
    }
    for name, bundle in (sent | dict(examples(packages))).items():
        yield name, ehr.post("Claim/$submit", bundle).data
    yield from _decided(ehr, doctor)
    yield from _waiting(running)
    yield from _inquired(running, ehr)


def _decided(ehr: Caller, doctor: Caller) -> Iterator[tuple[str, bytes]]:
    """What a reviewer decides, told to the same Bundle sent again."""
    for number, (name, decision) in enumerate((("denied", given.denied()), ("modified", given.modified())), start=6):
        changes = {"supportingInfo": STAY, "identifier": [NUMBERED]}
        bundle = with_order(a_bundle([RICH], member=MEMBERS[number], number=f"D{number}", **changes))
        task = ehr.task(ehr.post("Claim/$submit", bundle))
        recorded = doctor.record(task["id"], decision)
        assert recorded.status_code == 200, recorded.text
        yield name, ehr.post("Claim/$submit", bundle).data
        yield f"{name}-kept", doctor.client.get(f"/fhir/ClaimResponse/{recorded.json['id']}").data  # type: ignore[index]


def _waiting(running: Service) -> Iterator[tuple[str, bytes]]:
    """What is told where there is no time to decide; in the end nobody waits."""
    settings = replace(running.desk.settings, answer_within=0)
    hurried = replace(running, app=app.application(replace(running.desk, settings=settings))).caller("ehr")
    for name, bundle in {
        "waiting": a_bundle([an_item(1), home_care(2)], member=MEMBERS[8], number="W1"),
        "waiting-order": with_order(a_bundle(member=MEMBERS[8], number="W2")),
        "waiting-nobody": a_bundle(member="NOBODY", number="W3"),
    }.items():
        yield name, hurried.post("Claim/$submit", bundle).data
    running.work("claim")


def _inquired(running: Service, ehr: Caller) -> Iterator[tuple[str, bytes]]:
    """To the sender, to an exchange, and about a case that came as an order."""
    scope = "system/Task.rs system/ClaimResponse.rs"
    store = running.desk.store
    registry.add_partner(
        store, "exchange", partner_class="hie", organization="1999999984", name="Exchange", scope=scope
    )
    assert ehr.submit(an_order(member=MEMBERS[8], performer=[provider(OUTSIDE)])).status_code == 200
    yield "inquired-asked", ehr.post("Claim/$inquire", an_inquiry(member=MEMBERS[3])).data
    yield "inquired-order", ehr.post("Claim/$inquire", an_inquiry(member=MEMBERS[8])).data
    yield "inquired-narrow", running.caller("exchange").post("Claim/$inquire", an_inquiry(member=MEMBERS[1])).data
    yield "inquired-older", ehr.post("pas/2.0/Claim/$inquire", an_inquiry()).data


def examples(packages: Path) -> Iterator[tuple[str, Json]]:
    """The guide's own request Bundles, from its package where that is at hand."""
    package = packages / GUIDE
    if not package.exists():
        return
    with tarfile.open(package) as files:
        for name in REQUESTS:
            found = files.extractfile(f"package/example/Bundle-{name}.json")
            assert found is not None
            yield name, orjson.loads(found.read())
