from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from second_opinion.fhir import service_request_stored

AT = datetime(2026, 3, 2, 17, 5, 11, tzinfo=UTC)
SUBJECT = {"reference": "Patient/pt-1"}


def an_order(**changes: Any) -> dict[str, Any]:
    """A synthetic order as an EHR sends it."""
    return {
        "resourceType": "ServiceRequest",
        "id": "theirs",
        "meta": {"versionId": "77", "lastUpdated": "2020-01-01T00:00:00Z", "profile": ["https://ehr.example/p"]},
        "identifier": [{"system": "https://ehr.example/orders", "value": "ORD-1"}],
        "status": "active",
        "intent": "order",
        "subject": {"identifier": {"system": "https://plan.example/member", "value": "M-1"}, "display": "Alder"},
        "extension": [{"url": "https://ehr.example/unknown", "valueString": "kept"}],
    } | changes


def stored(order: dict[str, Any], references: dict[str, dict[str, Any]] | None = None) -> dict[str, Any]:
    """The order as kept."""
    return service_request_stored.write(order, ident="sr-1", version=2, at=AT, subject=SUBJECT, references=references)


def test_id_and_version_are_ours_and_profile_stays() -> None:
    written = stored(an_order())

    assert written["id"] == "sr-1"
    assert written["meta"] == {
        "versionId": "2",
        "lastUpdated": "2026-03-02T17:05:11.000Z",
        "profile": ["https://ehr.example/p"],
    }


def test_everything_else_is_as_it_was_sent() -> None:
    written = stored(an_order())

    assert {name: written[name] for name in ("identifier", "status", "intent", "extension")} == {
        name: an_order()[name] for name in ("identifier", "status", "intent", "extension")
    }


def test_subject_is_literal_beside_the_senders_identifier() -> None:
    assert stored(an_order())["subject"] == {
        "identifier": {"system": "https://plan.example/member", "value": "M-1"},
        "display": "Alder",
        "reference": "Patient/pt-1",
    }


def test_known_references_are_replaced_wherever_they_stand() -> None:
    order = an_order(
        requester={"reference": "urn:uuid:1", "display": "Clinic"},
        extension=[{"url": "https://ehr.example/x", "valueReference": {"reference": "urn:uuid:1"}}],
        performer=[{"reference": "Practitioner/unknown"}],
    )

    written = stored(order, {"urn:uuid:1": {"reference": "Organization/clinic-1"}})

    assert written["requester"] == {"display": "Clinic", "reference": "Organization/clinic-1"}
    assert written["extension"][0]["valueReference"] == {"reference": "Organization/clinic-1"}
    assert written["performer"] == [{"reference": "Practitioner/unknown"}]


def test_contained_resource_nothing_points_to_any_more_is_dropped() -> None:
    patient = {"resourceType": "Patient", "id": "p", "generalPractitioner": [{"reference": "#d"}]}
    doctor = {"resourceType": "Practitioner", "id": "d"}
    order = an_order(contained=[patient, doctor], subject={"reference": "#p"})

    assert "contained" not in stored(order)


def test_contained_resource_still_pointed_to_stays_with_what_it_points_to() -> None:
    role = {"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "#d"}}
    doctor = {"resourceType": "Practitioner", "id": "d"}
    patient = {"resourceType": "Patient", "id": "p"}
    backward = {"resourceType": "Provenance", "id": "b", "target": [{"reference": "#"}]}
    order = an_order(
        contained=[patient, role, doctor, backward], subject={"reference": "#p"}, requester={"reference": "#r"}
    )

    assert [each["id"] for each in stored(order)["contained"]] == ["r", "d", "b"]


def test_what_was_received_is_not_changed() -> None:
    order = an_order(contained=[{"resourceType": "Patient", "id": "p"}], subject={"reference": "#p"})
    before = deepcopy(order)

    stored(order, {"#p": SUBJECT})

    assert order == before
