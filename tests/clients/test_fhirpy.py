"""fhirpy, an everyday EHR client: create, conditional create, search, include, paging, operations, errors."""

from typing import Any
from uuid import uuid4

import pytest
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound

from api.running import example
from live import Live

Json = dict[str, Any]


def order(shows: str = "r08-without-a-reason") -> Json:
    """An order of its own on a question of its own."""
    return example(shows) | {
        "identifier": [{"system": "https://ehr.specimen.example/orders", "value": uuid4().hex}],
        "reasonCode": [{"text": uuid4().hex}],
    }


def made(client: SyncFHIRClient, body: Json | None = None) -> Any:
    """The order as the client's own object."""
    elements = {name: value for name, value in (body or order()).items() if name != "resourceType"}
    return client.resource("ServiceRequest", **elements)


@pytest.fixture
def client(served: Live) -> SyncFHIRClient:
    return SyncFHIRClient(served.base, authorization=f"Bearer {served.token()}")


def test_an_order_is_saved_and_its_case_found(client: SyncFHIRClient) -> None:
    saved = made(client)
    saved.save()
    ident = saved["id"]

    (task,) = client.resources("Task").search(focus=f"ServiceRequest/{ident}").fetch_all()
    assert task["status"] in {"received", "accepted"}
    assert client.reference("ServiceRequest", ident).to_resource()["status"] == "active"


def test_get_or_create_makes_one_order(client: SyncFHIRClient) -> None:
    body = order()
    number = body["identifier"][0]
    found = [
        client.resources("ServiceRequest")
        .search(identifier=f"{number['system']}|{number['value']}")
        .get_or_create(made(client, body))
        for _ in range(2)
    ]

    assert [created for _, created in found] == [True, False]
    assert found[0][0]["id"] == found[1][0]["id"]


def test_pages_are_followed_to_the_end_and_counted(client: SyncFHIRClient) -> None:
    for _ in range(3):
        made(client).save()
    search = client.resources("Task").search(_sort="_id")

    rows = search.limit(1).fetch_all()
    assert len(rows) == search.count() >= 3
    assert len({each["id"] for each in rows}) == len(rows)


def test_what_a_case_is_about_comes_with_it(client: SyncFHIRClient) -> None:
    made(client).save()
    bundle = client.resources("Task").search().include("Task", "focus").limit(5).fetch_raw()

    assert {each["resource"]["resourceType"] for each in bundle["entry"]} == {"Task", "ServiceRequest"}


def test_the_operation_answers(client: SyncFHIRClient) -> None:
    answered = client.execute("ServiceRequest/$submit", method="post", data=order("r01-in-network"))

    assert answered["resourceType"] == "ClaimResponse"
    assert answered["disposition"].startswith("No authorization required")


def test_errors_come_as_its_own(client: SyncFHIRClient) -> None:
    with pytest.raises(ResourceNotFound):
        client.reference("Task", "nothing").to_resource()
    with pytest.raises(OperationOutcome) as refused:
        client.execute("ServiceRequest/$submit", method="post", data=order() | {"status": "completed"})
    assert refused.value.resource["issue"][0]["expression"] == ["ServiceRequest.status"]
