"""A small directory with every Plan-Net shape there is for a contract and for taking new patients. All synthetic."""

from pathlib import Path
from typing import Any

import orjson

Json = dict[str, Any]

PLAN_NET = "http://hl7.org/fhir/us/davinci-pdex-plan-net"
NPI = "http://hl7.org/fhir/sid/us-npi"
NUCC = "http://nucc.org/provider-taxonomy"
MEMBER_NUMBERS = "https://harbor-plan.example/member-number"
MEMBERS = tuple(f"HARBOR-{number:03d}" for number in range(9))

# Specialties by what the network has for them besides the doctor a request may name.
OPEN = ("207RC0000X", "207RG0100X", "207T00000X")  # said by the role, its service, its location
CLOSED = ("207RR0500X", "207RN0300X", "207K00000X")  # nobody; all closed; contract ended
UNSTATED = ("207RP1001X", "207RE0101X", "207RI0200X")  # nothing said; said for another network; by another directory

FAMILY_DOCTOR, SPECIALIST = "1000000001", "1000000002"  # both participate
VENDOR = "4000000001"  # drives
PHONE = "209-555-0123"  # of the open candidate of the first open specialty
OUTSIDE, UNKNOWN = "1000000003", "1000000004"  # in the directory without a contract; in no directory
INSIDE = {code: f"20000000{index:02d}" for index, code in enumerate((*OPEN, *CLOSED, *UNSTATED))}


def write(folder: Path) -> Path:
    """The directory as one NDJSON file."""
    file = folder / "harbor.ndjson"
    file.write_bytes(b"\n".join(orjson.dumps(each) for each in resources()))
    return file


def resources() -> list[Json]:
    """Everything."""
    return [*_plan(), *_members(), *_groups(), *_doctors(), *_candidates()]


def _plan() -> list[Json]:
    kinds = f"{PLAN_NET}/CodeSystem/OrgTypeCS"
    payer: Json = {"type": [{"coding": [{"system": kinds, "code": "payer"}]}], "name": "Harbor Plan (synthetic)"}
    network: Json = {"type": [{"coding": [{"system": kinds, "code": "ntwk"}]}], "partOf": {"reference": _org("payer")}}
    return [
        _made("Organization", "payer", active=True, **payer),
        _made("Organization", "harbor-network", active=True, name="Harbor Network", **network),
        _made("Organization", "coast-network", active=True, name="Coast Network", **network),
        _made(
            "InsurancePlan",
            "harbor",
            status="active",
            name="Harbor",
            ownedBy={"reference": _org("payer")},
            network=[{"reference": _org("harbor-network")}],
        ),
    ]


def _members() -> list[Json]:
    made = []
    for index, number in enumerate(MEMBERS):
        identifier = [{"system": MEMBER_NUMBERS, "value": number}]
        made += [
            _made(
                "Patient",
                f"member-{index}",
                identifier=identifier,
                name=[{"family": "Testmember", "given": [f"Number{index}"]}],
                birthDate="1970-01-01",
                telecom=[{"system": "phone", "value": "209-555-0100"}],
                address=[{"use": "home", "line": ["1 Specimen Quay"], "city": "Stockton", "state": "CA"}],
                generalPractitioner=[{"reference": "Practitioner/family-doctor"}],
            ),
            _made(
                "Coverage",
                f"coverage-{index}",
                status="active",
                subscriberId=number,
                beneficiary={"reference": f"Patient/member-{index}"},
                payor=[{"reference": _org("payer")}],
                period={"start": "2024-01-01"},
            ),
        ]
    return made


def _groups() -> list[Json]:
    affiliation = {"active": True, "network": [{"reference": _org("harbor-network")}]}
    return [
        _made("Organization", "ipa", active=True, name="Harbor IPA"),
        _made("Organization", "clinic", active=True, name="Harbor Clinic", partOf={"reference": _org("ipa")}),
        _made(
            "Organization", "specialists", active=True, name="Specialist Practice", partOf={"reference": _org("ipa")}
        ),
        _made("Organization", "rides", active=True, name="Rides", identifier=[{"system": NPI, "value": VENDOR}]),
        _made("Organization", "former", active=True, name="Former Practice"),
        _made(
            "OrganizationAffiliation",
            "ipa-contract",
            participatingOrganization={"reference": _org("ipa")},
            **affiliation,
        ),
        _made(
            "OrganizationAffiliation",
            "former-contract",
            participatingOrganization={"reference": _org("former")},
            period={"end": "2025-12-31"},
            **affiliation,
        ),
        _made("HealthcareService", "digestion", active=True, extension=[accepting("newpt")]),
        _made("Location", "quay", status="active", extension=[accepting("newpt")]),
    ]


def _doctors() -> list[Json]:
    """The initial providers and outside doctors; those of the clinic are in the network through its IPA."""
    return [
        *_doctor("family-doctor", FAMILY_DOCTOR, "207Q00000X", extension=[in_network()]),
        *_doctor("specialist", SPECIALIST, "207N00000X", organization="specialists"),
        *_doctor("outside", OUTSIDE, "207X00000X"),
        # Doctors in the network whom a request may name: none of them is anybody's open alternative.
        *(
            each
            for code, npi in INSIDE.items()
            for each in _doctor(f"inside-{code}", npi, code, organization="clinic", extension=[accepting("nopt")])
        ),
    ]


def _candidates() -> list[Json]:
    """The network's other doctors of each specialty."""
    here = accepting("newpt", "harbor-network")
    elsewhere = accepting("newpt") | {"extension": [*accepting("newpt")["extension"], _from("coast-network")]}
    return [
        *_doctor("by-role", "3000000001", OPEN[0], phone=PHONE, extension=[in_network(), here]),
        *_doctor("by-service", "3000000002", OPEN[1], organization="clinic", service="digestion"),
        *_doctor("by-place", "3000000003", OPEN[2], organization="clinic", location="quay"),
        *_doctor("closed", "3000000004", CLOSED[1], organization="clinic", extension=[accepting("existptonly")]),
        *_doctor("ended", "3000000005", CLOSED[2], organization="former", extension=[accepting("newpt")]),
        *_doctor("silent", "3000000006", UNSTATED[0], extension=[in_network()]),
        *_doctor("silent-here", "3000000007", UNSTATED[1], organization="clinic", extension=[elsewhere]),
        *_doctor("silent-too", "3000000008", UNSTATED[2], organization="ipa"),
    ]


def _doctor(
    key: str,
    npi: str,
    specialty: str,
    *,
    organization: str | None = None,
    service: str | None = None,
    location: str | None = None,
    phone: str | None = None,
    extension: list[Json] | None = None,
) -> list[Json]:
    role: Json = {
        "active": True,
        "practitioner": {"reference": f"Practitioner/{key}"},
        "specialty": [{"coding": [{"system": NUCC, "code": specialty}]}],
    }
    role |= {"organization": {"reference": _org(organization)}} if organization else {}
    role |= {"healthcareService": [{"reference": f"HealthcareService/{service}"}]} if service else {}
    role |= {"location": [{"reference": f"Location/{location}"}]} if location else {}
    role |= {"telecom": [{"system": "phone", "value": phone}]} if phone else {}
    role |= {"extension": extension} if extension else {}
    name = [{"family": f"Testdoctor {key}"}]
    person = _made("Practitioner", key, active=True, identifier=[{"system": NPI, "value": npi}], name=name)
    return [person, _made("PractitionerRole", f"{key}-role", **role)]


def in_network(network: str = "harbor-network") -> Json:
    """The role's own contract."""
    return {
        "url": f"{PLAN_NET}/StructureDefinition/network-reference",
        "valueReference": {"reference": _org(network)},
    }


def accepting(code: str, network: str | None = None) -> Json:
    """Whether new patients are taken."""
    system = f"{PLAN_NET}/CodeSystem/AcceptingPatientsCS"
    said = {"url": "acceptingPatients", "valueCodeableConcept": {"coding": [{"system": system, "code": code}]}}
    return {
        "url": f"{PLAN_NET}/StructureDefinition/newpatients",
        "extension": [said, *([_from(network)] if network else [])],
    }


def _from(network: str) -> Json:
    return {"url": "fromNetwork", "valueReference": {"reference": _org(network)}}


def _org(key: str) -> str:
    return f"Organization/{key}"


def _made(kind: str, key: str, **content: Any) -> Json:
    return {"resourceType": kind, "id": key, **content}
