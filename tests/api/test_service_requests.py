"""The ServiceRequest doors as HTTP: rights first, then the body, then the story; refusals repeat nothing received."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import small_directory
from desks import BASE, FHIR, Caller, Service, issue, json, service
from small_directory import MEMBERS
from small_orders import PENDED, an_order

Json = dict[str, Any]

DOORS = (("POST", "ServiceRequest/$submit"), ("POST", "ServiceRequest"), ("PUT", "ServiceRequest/some"), ("POST", ""))


@pytest.fixture
def harbor(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path, directory=[small_directory.write(tmp_path)]) as running:
        running.partner("ehr")
        yield running


@pytest.fixture
def ehr(harbor: Service) -> Caller:
    return harbor.caller("ehr")


def call(caller: Caller, method: str, path: str, body: bytes, kind: str = FHIR) -> Any:
    address = f"/fhir/{path}".rstrip("/")
    return caller.client.open(address, method=method, data=body, content_type=kind)


@pytest.mark.parametrize(("method", "path"), DOORS)
def test_rights_are_asked_before_the_body_is_read(harbor: Service, method: str, path: str) -> None:
    reader = harbor.caller("ehr", scope="system/ServiceRequest.rs")

    refused = call(reader, method, path, b"not json")

    assert (refused.status_code, issue(refused)["code"]) == (403, "forbidden")
    assert "insufficient_scope" in refused.headers["WWW-Authenticate"]


@pytest.mark.parametrize(("method", "path"), DOORS)
@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"not json", FHIR, 400),
        (b"", FHIR, 400),
        (b'{"resourceType":"ServiceRequest","resourceType":"Bundle"}', FHIR, 400),
        (b"<ServiceRequest/>", "application/fhir+xml", 415),
        (b'{"resourceType":"Patient"}', FHIR, 400),
    ],
)
def test_a_body_that_cannot_be_read_is_one_operation_outcome(
    harbor: Service, ehr: Caller, method: str, path: str, body: bytes, kind: str, status: int
) -> None:
    refused = call(ehr, method, path, body, kind)

    assert refused.status_code == status
    assert len(json(refused)["issue"]) == 1
    assert harbor.count("case_file") == harbor.count("attempt") == 0


@pytest.mark.parametrize(
    ("changes", "status", "expression"),
    [
        ({"subject": None}, 422, "ServiceRequest.subject"),
        ({"code": None}, 422, "ServiceRequest.code"),
        ({"code": {"text": "PRIVATE-WORDS"}}, 422, "ServiceRequest.code"),
        ({"intent": "option"}, 422, "ServiceRequest.intent"),
        ({"doNotPerform": True}, 422, "ServiceRequest.doNotPerform"),
        ({"requester": {"reference": "Practitioner/PRIVATE-WORDS"}}, 422, "ServiceRequest.requester"),
        ({"requester": {"reference": "RelatedPerson/PRIVATE-WORDS"}}, 422, "ServiceRequest.requester"),
        ({"performer": [{"reference": "Practitioner/PRIVATE-WORDS"}]}, 422, "ServiceRequest.performer[0]"),
        ({"requester": {"reference": "https://ehr.example/PRIVATE-WORDS"}}, 422, "ServiceRequest.requester"),
        ({"unknown": "PRIVATE-WORDS"}, 400, "ServiceRequest.unknown"),
        ({"priority": "PRIVATE-WORDS"}, 422, "ServiceRequest.priority"),
        ({"occurrenceDateTime": "PRIVATE-WORDS"}, 400, "ServiceRequest.occurrence"),
        ({"modifierExtension": [{"url": "https://x.example/PRIVATE-WORDS", "valueBoolean": True}]}, 422, ""),
    ],
)
def test_what_is_wrong_is_named_where_it_stands_and_never_repeated(
    ehr: Caller, changes: Json, status: int, expression: str
) -> None:
    answered = ehr.submit(an_order(**changes))

    assert answered.status_code == status, answered.get_data(as_text=True)
    assert any(each.startswith(expression) for each in issue(answered)["expression"])
    assert "PRIVATE-WORDS" not in answered.get_data(as_text=True)


@pytest.mark.parametrize("kind", ["Practitioner/specialist", "PractitionerRole/specialist-role", "Organization/clinic"])
def test_a_provider_may_be_named_by_an_address_of_ours(ehr: Caller, kind: str) -> None:
    assert ehr.submit(an_order(requester={"reference": kind})).status_code == 200


def test_an_update_of_what_nobody_has_is_404(ehr: Caller) -> None:
    assert ehr.put(an_order(id="nobody-has-this")).status_code == 404


@pytest.mark.parametrize("method", ["DELETE", "PATCH"])
def test_orders_are_neither_deleted_nor_patched(ehr: Caller, method: str) -> None:
    ident = json(ehr.create(an_order()))["id"]

    refused = call(ehr, method, f"ServiceRequest/{ident}", b"{}")

    assert refused.status_code == 405
    assert "PUT" in refused.headers["Allow"]
    assert issue(refused)["code"] == "not-supported"


@pytest.mark.parametrize("preferred", ["return=minimal", "return=representation", "return=OperationOutcome"])
def test_submit_answers_its_resource_whatever_is_preferred(ehr: Caller, preferred: str) -> None:
    assert json(ehr.submit(an_order(), Prefer=preferred))["resourceType"] == "ClaimResponse"


def test_every_version_of_an_order_stays_readable(ehr: Caller) -> None:
    first = ehr.create(an_order(**PENDED))
    ehr.put(json(first) | {"status": "revoked"})

    address = first.headers["Location"].removesuffix("/1")
    assert [ehr.read(f"{address}/{number}")["status"] for number in (1, 2)] == ["active", "revoked"]
    assert ehr.read(first.headers["Location"]) == json(first)


def test_what_is_kept_is_not_the_address_of_the_sender(ehr: Caller) -> None:
    theirs = "https://ehr.example/fhir/Patient/77"
    subject = {"reference": theirs, "identifier": an_order(member=MEMBERS[2])["subject"]["identifier"]}

    kept = json(ehr.create(an_order(subject=subject)))

    assert kept["subject"]["reference"] == "Patient/member-2"
    assert kept["subject"]["identifier"] == subject["identifier"]


def test_the_order_is_found_by_what_it_says(ehr: Caller) -> None:
    kept = json(ehr.create(an_order()))

    for query in ("identifier=ORD-1", "subject=Patient/member-0", "patient.identifier=HARBOR-000", "status=active"):
        assert [each["id"] for each in ehr.found(f"ServiceRequest?{query}")] == [kept["id"]], query
    assert ehr.read("ServiceRequest?identifier=ORD-2")["total"] == 0


def test_addresses_are_those_the_service_is_known_by(ehr: Caller) -> None:
    answered = ehr.submit(an_order())

    assert answered.headers["Location"].startswith(f"{BASE}/Task/")
    assert answered.headers["Link"].startswith(f"<{BASE}/ServiceRequest/")
