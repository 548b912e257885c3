"""fhirclient, SMART's own: every answer through its strict R4 models, pages by absolute links."""

from importlib import import_module
from typing import Any

import pytest

from clients.test_fhirpy import order
from live import Live, ask

SHOWN = (
    "Task",
    "ServiceRequest",
    "Claim",
    "ClaimResponse",
    "CommunicationRequest",
    "Patient",
    "Coverage",
    "Practitioner",
    "PractitionerRole",
    "Organization",
)


def model(name: str) -> Any:
    """Its model of a type."""
    return getattr(import_module(f"fhirclient.models.{name.lower()}"), name)


@pytest.fixture(scope="module")
def smart(served: Live) -> Any:
    """The client, with cases to see; it has no flow for systems itself, so it is given the token."""
    made = import_module("fhirclient.client").FHIRClient(
        settings={"app_id": "second-opinion-tests", "api_base": served.base}
    )
    made.server.session.headers["Authorization"] = f"Bearer {served.token()}"
    for shows in ("r01-in-network", "r08-without-a-reason", "r01-in-network"):
        answered = ask(
            "POST",
            f"{served.base}/ServiceRequest/$submit",
            json=order(shows),
            headers={
                "Authorization": made.server.session.headers["Authorization"],
                "Content-Type": "application/fhir+json",
            },
        )
        assert answered.status_code == 200, answered.text
    return made


@pytest.mark.parametrize("name", SHOWN)
def test_every_resource_shown_is_valid_to_its_strict_models(smart: Any, name: str) -> None:
    found = list(model(name).where({"_count": "50"}).perform_resources_iter(smart.server))

    assert found
    for each in found:
        assert model(name)(each.as_json(), strict=True).id


def test_its_pages_are_followed_to_the_end(smart: Any) -> None:
    paged = list(model("Task").where({"_count": "1"}).perform_resources_iter(smart.server))

    assert len({each.id for each in paged}) == len(paged) >= 3


def test_statement_and_outcomes_are_valid_to_its_strict_models(served: Live) -> None:
    statement = ask("GET", f"{served.base}/metadata").json()
    refused = ask("GET", f"{served.base}/Task").json()

    assert model("CapabilityStatement")(statement, strict=True).fhirVersion == "4.0.1"
    assert model("OperationOutcome")(refused, strict=True).issue[0].code == "login"
