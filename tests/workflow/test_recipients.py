"""Where a message goes: the registry by NPI, the role's endpoint, its organization's and those above; else the mail."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import small_directory
from delivery.listening import listening
from desks import Service, service
from second_opinion.access import registry
from second_opinion.delivery.message import Destination
from second_opinion.workflow import recipients
from small_directory import FAMILY_DOCTOR, SPECIALIST
from small_orders import provider

Json = dict[str, Any]

CONFIDENTIAL = "https://second-opinion.example/fhir/StructureDefinition/confidential-communication"


def endpoint(ident: str, url: str, status: str = "active", kind: str = "hl7-fhir-rest") -> Json:
    return {
        "resourceType": "Endpoint",
        "id": ident,
        "status": status,
        "connectionType": {"system": "http://terminology.hl7.org/CodeSystem/endpoint-connection-type", "code": kind},
        "payloadType": [{"coding": [{"code": "any"}]}],
        "address": url,
    }


def changed(kind: str, ident: str, **more: Any) -> list[Json]:
    """The small directory with one resource changed."""
    resources = small_directory.resources()
    assert any((each["resourceType"], each["id"]) == (kind, ident) for each in resources)
    return [each | more if (each["resourceType"], each["id"]) == (kind, ident) else each for each in resources]


def named(*idents: str) -> list[Json]:
    return [{"reference": f"Endpoint/{each}"} for each in idents]


@pytest.fixture
def harbor(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path, directory=[small_directory.write(tmp_path)]) as running:
        yield running


def role_of(npi: str) -> str:
    """The id of the one role of a doctor."""
    resources = small_directory.resources()
    (person,) = (
        each["id"]
        for each in resources
        if each["resourceType"] == "Practitioner" and each["identifier"][0]["value"] == npi
    )
    return next(
        str(each["id"])
        for each in resources
        if each["resourceType"] == "PractitionerRole"
        and each.get("practitioner", {}).get("reference") == f"Practitioner/{person}"
    )


def goes_to(harbor: Service, recipient: Json) -> Destination | None:
    return recipients.destination(harbor.desk, recipient)


def test_nobody_with_an_endpoint_gets_mail(harbor: Service) -> None:
    assert goes_to(harbor, provider(SPECIALIST)) is None
    assert goes_to(harbor, {"reference": "Patient/member-0"}) is None
    assert goes_to(harbor, {"display": "Somebody"}) is None
    assert recipients.partition(harbor.desk, provider(SPECIALIST)) == "mail"


@pytest.mark.parametrize("npis", [(), (FAMILY_DOCTOR, SPECIALIST)])
def test_the_registered_partner_of_the_npi_comes_first(harbor: Service, npis: tuple[str, ...]) -> None:
    harbor.load(
        [*changed("PractitionerRole", role_of(SPECIALIST), endpoint=named("e")), endpoint("e", "https://d.example")]
    )
    own = "1234567893" if npis else SPECIALIST
    registry.add_partner(
        harbor.desk.store,
        "clinic",
        partner_class="ehr",
        organization=own,
        npis=npis,
        endpoint="https://registered.example/fhir",
        client_id="us",
    )
    expected = Destination("https://registered.example/fhir", "clinic", "us")
    assert goes_to(harbor, provider(SPECIALIST)) == expected
    assert goes_to(harbor, {"reference": f"PractitionerRole/{role_of(SPECIALIST)}"}) == expected
    assert recipients.partition(harbor.desk, provider(SPECIALIST)) == "clinic"


def test_a_partner_registered_for_the_doctors_organization_is_the_doctors_too(harbor: Service) -> None:
    npi = [{"system": small_directory.NPI, "value": "3000000001"}]
    harbor.load(changed("Organization", "ipa", identifier=npi))
    registry.add_partner(
        harbor.desk.store, "ipa", partner_class="ehr", organization="3000000001", endpoint="https://ipa.example"
    )
    assert goes_to(harbor, provider(SPECIALIST)) == Destination("https://ipa.example", "ipa", None)


def test_without_a_partner_the_roles_endpoint_comes_before_its_organizations(harbor: Service) -> None:
    directory = changed("PractitionerRole", role_of(SPECIALIST), endpoint=named("role"))
    directory = [each | {"endpoint": named("above")} if each["id"] == "ipa" else each for each in directory]
    harbor.load([*directory, endpoint("role", "https://role.example"), endpoint("above", "https://ipa.example")])
    assert goes_to(harbor, provider(SPECIALIST)) == Destination("https://role.example")
    assert recipients.partition(harbor.desk, provider(SPECIALIST)) == "https://role.example"


def test_an_organization_inherits_the_endpoint_of_the_one_it_is_part_of(harbor: Service) -> None:
    harbor.load([*changed("Organization", "ipa", endpoint=named("above")), endpoint("above", "https://ipa.example")])
    for recipient in (provider(SPECIALIST), {"reference": "Organization/specialists"}):
        assert goes_to(harbor, recipient) == Destination("https://ipa.example")


def test_organizations_part_of_each_other_end_the_search(harbor: Service) -> None:
    harbor.load(changed("Organization", "ipa", partOf={"reference": "Organization/clinic"}))
    assert goes_to(harbor, {"reference": "Organization/clinic"}) is None


@pytest.mark.parametrize(
    "unusable",
    [
        endpoint("first", "https://off.example", status="off"),
        endpoint("first", "https://suspended.example", status="suspended"),
        endpoint("first", "https://direct.example", kind="direct-project"),
    ],
)
def test_only_active_rest_endpoints_count(harbor: Service, unusable: Json) -> None:
    directory = changed("Organization", "specialists", endpoint=named("first", "second"))
    harbor.load([*directory, unusable, endpoint("second", "https://second.example")])
    assert goes_to(harbor, {"reference": "Organization/specialists"}) == Destination("https://second.example")


def test_mail_goes_to_the_confidential_address_where_the_member_asked_for_one(harbor: Service) -> None:
    home = {"use": "home", "line": ["1 Specimen Quay"], "city": "Stockton"}
    safe = {"line": ["PO Box 1"], "extension": [{"url": CONFIDENTIAL, "valueBoolean": True}]}
    member = {"reference": "Patient/member-0"}
    harbor.load(changed("Patient", "member-0", address=[home, safe]))
    assert recipients.address(harbor.desk, member) == {"line": ["PO Box 1"]}

    harbor.load(changed("Patient", "member-0", address=[{"use": "old", "line": ["Gone"]}, home]))
    assert recipients.address(harbor.desk, member) == home


def test_a_doctors_mail_goes_to_the_practice_where_there_is_no_other_address(harbor: Service) -> None:
    place = {"line": ["2 Specimen Pier"], "city": "Stockton"}
    harbor.load(changed("Organization", "specialists", address=[place]))
    assert recipients.address(harbor.desk, provider(SPECIALIST)) == place
    assert recipients.address(harbor.desk, {"display": "Somebody"}) is None


def test_an_unregistered_host_is_not_called_though_the_directory_names_it(harbor: Service) -> None:
    with listening() as listener:
        harbor.load([*changed("Organization", "ipa", endpoint=named("e")), endpoint("e", listener.url)])
        found = goes_to(harbor, provider(SPECIALIST))
        assert found is not None
        with pytest.raises(Exception, match="ALLOWED_HOSTS"):
            harbor.desk.calls.call("GET", found.url, {})
        assert listener.requests == []
