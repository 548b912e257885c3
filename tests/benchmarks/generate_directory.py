"""Write a synthetic directory of any size as NDJSON: always the same files for the same numbers.

    python tests/benchmarks/generate_directory.py FOLDER --members 500000 --providers 20000 [--gzip]

Member n has number SYN00000n, family name and birth date by ``family(n)`` and ``birth_date(n)``; provider n has
``npi(n)``, practises ``SPECIALTIES[n % 30]`` and is in the network unless ``is_outside(n)``. All of it is invented.
"""

import argparse
import gzip
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TextIO

SPECIALTIES = [
    "207Q00000X",
    "207R00000X",
    "208000000X",
    "208D00000X",
    "207RC0000X",
    "207RI0011X",
    "207X00000X",
    "207XS0106X",
    "207T00000X",
    "207RG0100X",
    "207VX0201X",
    "207N00000X",
    "207RX0202X",
    "207RH0003X",
    "2085R0001X",
    "2084N0400X",
    "208600000X",
    "207W00000X",
    "207RE0101X",
    "207RN0300X",
    "207RP1001X",
    "207RR0500X",
    "208800000X",
    "207Y00000X",
    "207V00000X",
    "2086S0129X",
    "208G00000X",
    "207K00000X",
    "207RI0200X",
    "208100000X",
]
FAMILIES = [
    "Alder",
    "Birch",
    "Cedar",
    "Dogwood",
    "Elm",
    "Fir",
    "Gum",
    "Hazel",
    "Juniper",
    "Katsura",
    "Larch",
    "Maple",
    "Nutmeg",
    "Oak",
    "Palm",
    "Quince",
    "Rowan",
]
ACCEPTING = ("newpt", "newpt", "nopt", "", "existptonly")  # by provider; empty: nothing stated
GROUP_SIZE = 10  # providers in one group
GROUPS_IN_IPA = 50
CLINICS = 2000  # general practitioners members are spread over, at most

PLAN_NET = "http://hl7.org/fhir/us/davinci-pdex-plan-net"
MEMBER_SYSTEM = "https://synthetic-health-plan.example/member-number"
HTEST = '"meta":{"tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"HTEST"}]}'


def npi(n: int) -> str:
    """The number of provider n: ten digits that no real provider has, with a right check digit (prefix 80840)."""
    digits = f"99{n:07d}"
    doubled = (int(digit) * 2 if place % 2 == 0 else int(digit) for place, digit in enumerate(reversed(digits)))
    total = 24 + sum(each - 9 if each > 9 else each for each in doubled)
    return f"{digits}{-total % 10}"


def family(n: int) -> str:
    """Family name of member n."""
    return FAMILIES[n % len(FAMILIES)]


def birth_date(n: int) -> str:
    """Birth date of member n."""
    return f"{1930 + n % 90}-{1 + n % 12:02d}-{1 + n % 28:02d}"


def is_outside(n: int) -> bool:
    """Whether provider n is out of network: a fifth of each specialty."""
    return _round(n) % 5 == 4


def write(folder: Path, members: int, providers: int, *, compress: bool = False) -> None:
    """Write the files; the same numbers always make the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    tables: dict[str, Callable[[], Iterable[str]]] = {
        "Organization": lambda: _organizations(providers),
        "InsurancePlan": _products,
        "OrganizationAffiliation": lambda: _affiliations(providers),
        "Practitioner": lambda: _practitioners(providers),
        "PractitionerRole": lambda: _roles(providers),
        "Patient": lambda: _patients(members, providers),
        "Coverage": lambda: _coverages(members),
    }
    for kind, lines in tables.items():
        with _opened(folder / f"{kind}.ndjson", compress=compress) as file:
            file.writelines(lines())


def _opened(path: Path, *, compress: bool) -> TextIO:
    if compress:
        return gzip.open(path.with_name(f"{path.name}.gz"), "wt", compresslevel=3, encoding="utf-8")
    return path.open("w", encoding="utf-8")


def _organizations(providers: int) -> Iterator[str]:
    for key, code in (("synthetic-health-plan", "payer"), ("network-medi-cal", "ntwk")):
        yield _organization(key, code, f"Synthetic {key}", "")
    for ipa in range(_ipas(providers)):
        yield _organization(f"ipa-{ipa}", "prvgrp", f"Specimen IPA {ipa}", "")
    for group in range(_groups(providers)):
        part_of = f',"partOf":{{"reference":"Organization/ipa-{group // GROUPS_IN_IPA}"}}'
        yield _organization(f"group-{group}", "prvgrp", f"Specimen Group {group}", part_of)


def _organization(key: str, code: str, name: str, rest: str) -> str:
    kind = f'"type":[{{"coding":[{{"system":"{PLAN_NET}/CodeSystem/OrgTypeCS","code":"{code}"}}]}}]'
    return f'{{"resourceType":"Organization","id":"{key}",{HTEST},"active":true,{kind},"name":"{name}"{rest}}}\n'


def _products() -> Iterator[str]:
    yield (
        f'{{"resourceType":"InsurancePlan","id":"product-medi-cal",{HTEST},"identifier":[{{"value":"MCAL-HMO"}}],'
        '"status":"active","name":"Synthetic Medi-Cal HMO",'
        '"ownedBy":{"reference":"Organization/synthetic-health-plan"},'
        '"network":[{"reference":"Organization/network-medi-cal"}]}\n'
    )


def _affiliations(providers: int) -> Iterator[str]:
    for ipa in range(_ipas(providers)):
        yield (
            f'{{"resourceType":"OrganizationAffiliation","id":"ipa-{ipa}-medi-cal",{HTEST},"active":true,'
            f'"period":{{"start":"2023-01-01"}},"participatingOrganization":{{"reference":"Organization/ipa-{ipa}"}},'
            '"network":[{"reference":"Organization/network-medi-cal"}]}\n'
        )


def _practitioners(providers: int) -> Iterator[str]:
    for n in range(providers):
        yield (
            f'{{"resourceType":"Practitioner","id":"provider-{n}",{HTEST},'
            f'"identifier":[{{"system":"http://hl7.org/fhir/sid/us-npi","value":"{npi(n)}"}}],"active":true,'
            f'"name":[{{"family":"{family(n)}-{n}","given":["Testdoctor"]}}],'
            f'"telecom":[{{"system":"phone","value":"209-555-{100 + n % 100:04d}"}}]}}\n'
        )


def _roles(providers: int) -> Iterator[str]:
    for n in range(providers):
        yield (
            f'{{"resourceType":"PractitionerRole","id":"role-{n}",{HTEST}{_extensions(n)},"active":true,'
            f'"period":{{"start":"2023-01-01"}},"practitioner":{{"reference":"Practitioner/provider-{n}"}}'
            f'{_practice(n)},"specialty":[{{"coding":[{{"system":"http://nucc.org/provider-taxonomy",'
            f'"code":"{SPECIALTIES[n % len(SPECIALTIES)]}"}}]}}]}}\n'
        )


def _extensions(n: int) -> str:
    """Most say whether they take new patients; one in five of the network is in it by its own role."""
    found = []
    if code := ACCEPTING[_round(n) // 5 % len(ACCEPTING)]:
        coding = f'{{"coding":[{{"system":"{PLAN_NET}/CodeSystem/AcceptingPatientsCS","code":"{code}"}}]}}'
        said = f'"extension":[{{"url":"acceptingPatients","valueCodeableConcept":{coding}}}]'
        found.append(f'{{"url":"{PLAN_NET}/StructureDefinition/newpatients",{said}}}')
    if _round(n) % 5 == 0:
        network = '"valueReference":{"reference":"Organization/network-medi-cal"}'
        found.append(f'{{"url":"{PLAN_NET}/StructureDefinition/network-reference",{network}}}')
    return f',"extension":[{",".join(found)}]' if found else ""


def _practice(n: int) -> str:
    """The group of providers in the network; those out of it practise alone."""
    return "" if is_outside(n) else f',"organization":{{"reference":"Organization/group-{n // GROUP_SIZE}"}}'


def _patients(members: int, providers: int) -> Iterator[str]:
    for n in range(members):
        yield (
            f'{{"resourceType":"Patient","id":"member-{n:07d}",{HTEST},"identifier":[{{"type":{{"coding":[{{"system":'
            f'"http://terminology.hl7.org/CodeSystem/v2-0203","code":"MB"}}]}},"system":"{MEMBER_SYSTEM}",'
            f'"value":"SYN{n:09d}"}}],"active":true,"name":[{{"use":"official","family":"{family(n)}",'
            f'"given":["Testmember"]}}],"telecom":[{{"system":"phone","value":"209-555-{100 + n % 100:04d}"}}],'
            f'"gender":"{"female" if n % 2 else "male"}","birthDate":"{birth_date(n)}","address":[{{"use":"home",'
            f'"line":["{n} Specimen Lane"],"city":"Stockton","state":"CA","postalCode":"95200"}}],'
            '"communication":[{"language":{"coding":[{"system":"urn:ietf:bcp:47","code":"en"}]},"preferred":true}],'
            f'"generalPractitioner":[{{"reference":"Practitioner/provider-{n % min(providers, CLINICS)}"}}]}}\n'
        )


def _coverages(members: int) -> Iterator[str]:
    for n in range(members):
        yield (
            f'{{"resourceType":"Coverage","id":"coverage-{n:07d}",{HTEST},"identifier":[{{"system":"{MEMBER_SYSTEM}",'
            f'"value":"SYN{n:09d}"}}],"status":"active","subscriberId":"SYN{n:09d}",'
            f'"beneficiary":{{"reference":"Patient/member-{n:07d}"}},"period":{{"start":"2024-01-01"}},'
            '"payor":[{"reference":"Organization/synthetic-health-plan"}],"class":[{"type":{"coding":[{"system":'
            '"http://terminology.hl7.org/CodeSystem/coverage-class","code":"plan"}]},"value":"MCAL-HMO"}]}\n'
        )


def _round(n: int) -> int:
    """How many providers of the same specialty come before provider n."""
    return n // len(SPECIALTIES)


def _groups(providers: int) -> int:
    return -(-providers // GROUP_SIZE)


def _ipas(providers: int) -> int:
    return -(-_groups(providers) // GROUPS_IN_IPA)


def main() -> None:
    """Write what the command line asks for."""
    parser = argparse.ArgumentParser(description="Write a synthetic directory as NDJSON.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--members", type=int, default=500_000)
    parser.add_argument("--providers", type=int, default=20_000)
    parser.add_argument("--gzip", action="store_true")
    asked = parser.parse_args()
    write(asked.folder, asked.members, asked.providers, compress=asked.gzip)


if __name__ == "__main__":
    main()
