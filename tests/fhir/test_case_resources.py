from typing import Any

import orjson
import pytest
from fhir.resources.R4B import get_fhir_model_class

from case_views import VOCABULARY, approved, asked, every_kind, pended
from second_opinion.fhir import case_resources
from second_opinion.fhir.case_view import CaseView

KINDS = every_kind()


def places(value: Any, path: str = "") -> list[tuple[str, Any]]:
    """Every member and item with its path."""
    if isinstance(value, dict):
        return [
            found
            for name, each in value.items()
            for found in [(f"{path}.{name}", each), *places(each, f"{path}.{name}")]
        ]
    if isinstance(value, list):
        return [
            found for number, each in enumerate(value) for found in [(f"{path}[{number}]", each), *places(each, path)]
        ]
    return []


@pytest.mark.parametrize("view", KINDS.values(), ids=KINDS.keys())
def test_everything_written_is_valid_r4(view: CaseView) -> None:
    for written in case_resources.write(view, VOCABULARY):
        get_fhir_model_class(written["resourceType"]).model_validate_json(orjson.dumps(written))


@pytest.mark.parametrize("view", KINDS.values(), ids=KINDS.keys())
def test_nothing_written_is_null_or_empty(view: CaseView) -> None:
    for written in case_resources.write(view, VOCABULARY):
        assert not [path for path, value in places(written) if value is None or value in ("", [], {})]


@pytest.mark.parametrize("view", KINDS.values(), ids=KINDS.keys())
def test_references_among_a_cases_resources_lead_somewhere(view: CaseView) -> None:
    written = case_resources.write(view, VOCABULARY)
    known = {f"{each['resourceType']}/{each['id']}" for each in written} | {f"ServiceRequest/{view.service_request_id}"}
    known |= {f"Task/{view.appeal.task_id}"} if view.appeal else set()

    referred = {value for each in written for path, value in places(each) if path.endswith(".reference")}

    ours = {"Task", "Claim", "ClaimResponse", "CommunicationRequest", "ServiceRequest"}
    assert {each for each in referred if each.partition("/")[0] in ours} <= known


def test_case_shows_what_it_has_and_no_more() -> None:
    def shown(view: CaseView) -> list[str]:
        return [each["resourceType"] for each in case_resources.write(view, VOCABULARY)]

    assert shown(pended()) == ["Task", "Claim", "ClaimResponse"]
    assert shown(approved()) == ["Task", "Claim", "ClaimResponse", "CommunicationRequest"]
    assert shown(asked()) == ["Task", "Claim", "ClaimResponse", "Task", "CommunicationRequest"]


def test_claim_a_client_sent_is_not_written_again() -> None:
    own = {"system": "https://ehr.clinic.example/claims", "value": "C-1"}

    written = case_resources.write(approved(claim_identifiers=(own,)), VOCABULARY)

    assert "Claim" not in [each["resourceType"] for each in written]
    assert own in written[0]["identifier"]
    assert written[1]["identifier"][0] == own


def test_writing_twice_gives_the_same() -> None:
    """Shared fragments are not changed by the writers."""
    first = orjson.dumps([case_resources.write(each, VOCABULARY) for each in KINDS.values()])

    assert orjson.dumps([case_resources.write(each, VOCABULARY) for each in KINDS.values()]) == first
